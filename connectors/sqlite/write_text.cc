#include "connectors/sqlite/write_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/sqlite/asked_rows.h"
#include "connectors/sqlite/row_functions.h"
#include "connectors/sqlite/select_text.h"
#include "connectors/sqlite/sql_text.h"

namespace couplet::sqlite {
namespace {

std::string joined(const std::vector<std::string>& parts, const char* between) {
  return fmt::format("{}", fmt::join(parts, between));
}

// Always with the table: a name in double quotes that is no column is a text to SQLite.
std::string own(const WriteGroup& group, const std::string& column) {
  return column_of(group.table.table, column);
}

std::string version_of_row(const Relation& relation, const WriteGroup& group) {
  std::vector<std::string> columns;
  for (const std::string& column : relation.row_columns) {
    columns.push_back(own(group, column));
  }
  return version_text(columns);
}

std::string row_text(const Relation& relation, const WriteGroup& group) {
  std::vector<std::string> parts{version_of_row(relation, group)};
  for (const auto* names : {&group.id, &group.returning}) {
    for (const std::string& name : *names) {
      parts.push_back(own(group, name));
    }
  }
  return joined(parts, ", ");
}

std::string id_condition(const Relation& relation, const WriteGroup& group,
                         const std::vector<std::string>& values) {
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    conditions.push_back(
        equals_text(&relation, group.id[i], group.id_types[i], own(group, group.id[i]), values[i]));
  }
  return joined(conditions, " AND ");
}

std::string id_condition(const Relation& relation, const WriteGroup& group) {
  return id_condition(relation, group, std::vector<std::string>(group.id.size(), "?"));
}

std::string assignments(const WriteGroup& group, const std::vector<std::size_t>& columns) {
  std::vector<std::string> parts;
  for (const std::size_t column : columns) {
    parts.push_back(quote_identifier(group.columns[column]) + " = ?");
  }
  return joined(parts, ", ");
}

}  // namespace

std::string create_text(const Relation& relation, const WriteGroup& group,
                        const std::vector<bool>& id_given) {
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    if (id_given[i]) {
      columns.push_back(group.id[i]);
    }
  }
  columns.insert(columns.end(), group.columns.begin(), group.columns.end());
  const std::string table = quote_identifier(group.table.table);
  const std::string returning = row_text(relation, group);
  if (columns.empty()) {
    return fmt::format("INSERT INTO {} DEFAULT VALUES RETURNING {}", table, returning);
  }
  std::string text = fmt::format("INSERT INTO {} ({}) SELECT {}", table, quoted_list(columns),
                                 joined(std::vector<std::string>(columns.size(), "?"), ", "));
  if (!group.unless_exists.empty()) {
    std::vector<std::string> conditions;
    for (const std::size_t index : group.unless_exists) {
      const std::string& name = group.columns[index];
      conditions.push_back(equals_text(&relation, name, group.column_types[index],
                                       "x." + quote_identifier(name), "?"));
    }
    text += fmt::format(" WHERE NOT EXISTS (SELECT 1 FROM {} AS x WHERE {})", table,
                        joined(conditions, " AND "));
  }
  return fmt::format("{} RETURNING {}", text, returning);
}

std::string update_text(const Relation& relation, const WriteGroup& group, bool by_version) {
  std::vector<std::size_t> all(group.columns.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = i;
  }
  std::string text = fmt::format("UPDATE {} SET {} WHERE {}", quote_identifier(group.table.table),
                                 assignments(group, all), id_condition(relation, group));
  if (by_version) {
    text += fmt::format(" AND {} = ?", version_of_row(relation, group));
  }
  return fmt::format("{} RETURNING {}", text, row_text(relation, group));
}

std::string delete_text(const Relation& relation, const WriteGroup& group) {
  return fmt::format("DELETE FROM {} WHERE {} AND {} = ? RETURNING {}",
                     quote_identifier(group.table.table), id_condition(relation, group),
                     version_of_row(relation, group), row_text(relation, group));
}

std::string move_text(const Relation& relation, const WriteGroup& group) {
  return fmt::format("UPDATE {} SET {} WHERE {} AND {} = ? RETURNING 1",
                     quote_identifier(group.table.table),
                     assignments(group, group.displaced_columns), id_condition(relation, group),
                     version_of_row(relation, group));
}

std::string read_text(const Relation& relation, const WriteGroup& group) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    keys.push_back(asked_key(i));
  }
  return fmt::format("SELECT {}, {} FROM {} CROSS JOIN {} WHERE {}", asked_ordinal(),
                     row_text(relation, group), asked_text(group.id.size()),
                     quote_identifier(group.table.table), id_condition(relation, group, keys));
}

}  // namespace couplet::sqlite
