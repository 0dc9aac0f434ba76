#include "connectors/sqlite/constraint_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/sqlite/sql_text.h"

namespace couplet::sqlite {
namespace {

// "customers.email, customers.city"
std::string columns_as_told(const TableInfo& table, const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns) {
    text += fmt::format("{}{}.{}", text.empty() ? "" : ", ", table.name.table, column);
  }
  return text;
}

// Whether a row of `child` refers to nothing.
bool is_broken(Database& database, const TableInfo& child, const ForeignKey& key) {
  std::string given;
  std::string equal;
  for (std::size_t i = 0; i < key.columns.size(); ++i) {
    const std::string column = "c." + quote_identifier(key.columns[i]);
    given += fmt::format("{}{} IS NOT NULL", i == 0 ? "" : " AND ", column);
    equal += fmt::format("{}p.{} = {}", i == 0 ? "" : " AND ",
                         quote_identifier(key.target_columns[i]), column);
  }
  auto probe = database.prepare(fmt::format(
      "SELECT 1 FROM {} AS c WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
      quote_identifier(child.name.table), given, quote_identifier(key.table.table), equal));
  return probe && probe->step().value_or(false);
}

}  // namespace

std::string constraint_named(const Catalog& catalog, const Error& error) {
  const std::string_view refused_by = error.constraint;
  for (const auto& [name, relation] : catalog.relations()) {
    const TableInfo& table = relation.info;
    if (error.code == "23502" || error.code == "22P02") {
      for (const ColumnInfo& column : table.columns) {
        // Of a type it says "INTEGER value in goods.stock".
        const std::string told = name + "." + column.name;
        if (refused_by == told || refused_by.ends_with(" " + told)) {
          return column.name;
        }
      }
      continue;
    }
    for (const UniqueKey& key : table.unique_keys) {
      if (refused_by == columns_as_told(table, key.columns)) {
        return key.name;
      }
    }
  }
  return std::string(refused_by);
}

std::string broken_foreign_key(Database& database, const Catalog& catalog,
                               const std::vector<WriteGroup>& groups) {
  struct Candidate {
    const TableInfo* child;
    const ForeignKey* key;
  };
  std::vector<Candidate> candidates;
  for (const auto& named : catalog.relations()) {
    const TableInfo& child = named.second.info;
    for (const ForeignKey& key : child.foreign_keys) {
      if (std::any_of(groups.begin(), groups.end(), [&](const WriteGroup& group) {
            const bool refers =
                group.table == child.name && group.operation != WriteGroup::Operation::kDelete;
            const bool is_referred_to =
                group.table == key.table && group.operation != WriteGroup::Operation::kCreate;
            return refers || is_referred_to;
          })) {
        candidates.push_back({&child, &key});
      }
    }
  }
  if (candidates.size() == 1) {
    return candidates.front().key->constraint;
  }
  for (const Candidate& candidate : candidates) {
    if (is_broken(database, *candidate.child, *candidate.key)) {
      return candidate.key->constraint;
    }
  }
  return {};
}

}  // namespace couplet::sqlite
