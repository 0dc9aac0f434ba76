#include "connectors/postgres/write_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

std::string id_matches(const Relation& relation, const WriteGroup& group) {
  std::string text;
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    text += i == 0 ? "" : " and ";
    text += equals_text("t." + quote_identifier(group.id[i]), fmt::format("o.k{}", i),
                        group.id_types[i], relation.traits_of(group.id[i]));
  }
  return text;
}

std::string version_matches(const Relation& relation, bool displaced) {
  if (!relation.has_xmin) {
    return "hashtextextended((t.*)::text, 0) = o.v";
  }
  return displaced ? "(t.xmin = o.v or (o.v is null and t.xmin = pg_current_xact_id()::xid))"
                   : "t.xmin = o.v";
}

// Id, then what is to be returned, of the row `t`.
std::string returned(const WriteGroup& group) {
  std::string text;
  const auto add = [&](const std::string& column, const Type& type) {
    text += (text.empty() ? "" : ", ") + read_text("t." + quote_identifier(column), type);
  };
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    add(group.id[i], group.id_types[i]);
  }
  for (std::size_t i = 0; i < group.returning.size(); ++i) {
    add(group.returning[i], group.returning_types[i]);
  }
  return text;
}

// The written column `index` of a row of arrays.
std::string written_column(const Relation& relation, const WriteGroup& group, std::size_t index) {
  return written_text(fmt::format("o.c{}", index), group.column_types[index],
                      relation.traits_of(group.columns[index]));
}

}  // namespace

std::string update_text(const Relation& relation, const WriteGroup& group) {
  std::string assignments;
  for (std::size_t i = 0; i < group.columns.size(); ++i) {
    assignments += fmt::format("{}{} = {}", i == 0 ? "" : ", ", quote_identifier(group.columns[i]),
                               written_column(relation, group, i));
  }
  return fmt::format(
      "update {} as t set {} from unnest({}) with ordinality as o({}, {}, v, i) where {} and {} "
      "returning o.i, {}",
      qualified(group.table), assignments, placeholders(group.rows.width() + 1),
      numbered("k", group.id.size()), numbered("c", group.columns.size()),
      id_matches(relation, group), version_matches(relation, !group.displaced_rows.empty()),
      returned(group));
}

std::string delete_text(const Relation& relation, const WriteGroup& group) {
  return fmt::format(
      "delete from {} as t using unnest({}) with ordinality as o({}, v, i) where {} and {} "
      "returning o.i, {}",
      qualified(group.table), placeholders(group.id.size() + 1), numbered("k", group.id.size()),
      id_matches(relation, group), version_matches(relation, false), returned(group));
}

bool id_is_written(const WriteGroup& group, std::size_t index) {
  return std::find(group.columns.begin(), group.columns.end(), group.id[index]) !=
         group.columns.end();
}

CreateText create_text(const Relation& relation, const WriteGroup& group,
                       const std::vector<bool>& id_given) {
  std::vector<std::string> names;    // Of the target's columns.
  std::vector<std::string> values;   // Names in `o`.
  std::vector<std::string> written;  // What is made of them.
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    if (id_given[i]) {
      names.push_back(quote_identifier(group.id[i]));
      values.push_back(fmt::format("k{}", i));
      written.push_back("o." + values.back());
    }
  }
  for (std::size_t i = 0; i < group.columns.size(); ++i) {
    names.push_back(quote_identifier(group.columns[i]));
    values.push_back(fmt::format("c{}", i));
    written.push_back(written_column(relation, group, i));
  }
  bool id_known = true;
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    id_known = id_known && (id_given[i] || id_is_written(group, i));
  }
  std::string probe;
  if (!group.unless_exists.empty()) {
    for (const std::size_t index : group.unless_exists) {
      probe += fmt::format(
          "{}{}", probe.empty() ? "" : " and ",
          equals_text("x." + quote_identifier(group.columns[index]), fmt::format("o.c{}", index),
                      group.column_types[index], relation.traits_of(group.columns[index])));
    }
    probe = fmt::format(" where not exists (select from {} as x where {})", qualified(group.table),
                        probe);
  }
  const std::string columns = names.empty() ? "" : fmt::format(" ({})", fmt::join(names, ", "));
  const std::string arrays = names.empty()
                                 ? fmt::format("unnest($1) with ordinality as o(n, i)")
                                 : fmt::format("unnest({}) with ordinality as o({}, i)",
                                               placeholders(names.size()), fmt::join(values, ", "));
  const std::string selected = fmt::format("{}", fmt::join(written, ", "));
  CreateText text;
  if (id_known) {
    text.form = CreateForm::kByIdOrOrder;
    text.sql = fmt::format(
        "insert into {} as t{} overriding system value select {} from {}{} order by o.i "
        "returning {}",
        qualified(group.table), columns, selected, arrays, probe, returned(group));
    return text;
  }
  std::string nothing;
  std::string rows;
  for (std::size_t i = 0; i < group.id.size() + group.returning.size(); ++i) {
    nothing += ", null";
    rows += fmt::format(", w.r{}", i);
  }
  text.form = CreateForm::kByOrder;
  text.sql = fmt::format(
      "with o as materialized (select o.* from {arrays}{probe}), "
      "w({names}) as (insert into {table} as t{columns} overriding system value "
      "select {selected} from o order by o.i returning {returned}) "
      "select p.i{nothing} from (select o.i from o order by o.i) as p "
      "union all select nullif(0 / case when (select count(*) from w) = (select count(*) from o) "
      "then 1 else 0 end, 0)::bigint{written} from w",
      fmt::arg("arrays", arrays), fmt::arg("probe", probe),
      fmt::arg("table", qualified(group.table)), fmt::arg("columns", columns),
      fmt::arg("selected", selected), fmt::arg("returned", returned(group)),
      fmt::arg("names", numbered("r", group.id.size() + group.returning.size())),
      fmt::arg("nothing", nothing), fmt::arg("written", rows));
  return text;
}

}  // namespace couplet::postgres
