#include "connectors/postgres/displacement.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

const ForeignKey* foreign_key_of(const Relation& relation, const std::string& column) {
  for (const ForeignKey& key : relation.info.foreign_keys) {
    if (std::find(key.columns.begin(), key.columns.end(), column) != key.columns.end()) {
      return &key;
    }
  }
  return nullptr;
}

MovedColumn moved_column(const Relation& relation, const WriteGroup& group, std::size_t index,
                         bool nulls_equal) {
  MovedColumn moved;
  moved.name = group.columns[index];
  moved.column = index;
  const auto id = std::find(group.id.begin(), group.id.end(), moved.name);
  if (id != group.id.end()) {
    moved.id_index = static_cast<std::size_t>(id - group.id.begin());
  }
  const ColumnInfo* info = relation.info.column(moved.name);
  moved.to_null = info != nullptr && info->nullable && !nulls_equal && !moved.id_index;
  return moved;
}

// Smaller is better.
int cost_of(const Relation& relation, const MovedColumn& moved) {
  if (moved.to_null) {
    return 0;
  }
  return (foreign_key_of(relation, moved.name) == nullptr ? 1 : 2) + (moved.id_index ? 2 : 0);
}

// A query over a column `v` of values to try, most promising first. They are made one by one, as
// far as LIMIT asks for them.
std::optional<std::string> whole_numbers(const std::string& column, const std::string& table,
                                         const char* lowest, const char* highest,
                                         const char* type) {
  return fmt::format(
      "select v::{type} as v from (select generate_series(coalesce(max({column}), 0)::numeric + 1, "
      "{highest}) as v from {table} union all select generate_series(coalesce(min({column}), "
      "0)::numeric - 1, {lowest}, -1) from {table} union all select "
      "generate_series(max({column})::numeric - 1, min({column}) + 1, -1) from {table}) as n",
      fmt::arg("type", type), fmt::arg("column", column), fmt::arg("highest", highest),
      fmt::arg("lowest", lowest), fmt::arg("table", table));
}

std::optional<std::string> decimals(const std::string& column, const std::string& table,
                                    const Type& type) {
  if (type.precision < 0) {
    return fmt::format(
        "select generate_series(coalesce(max({0}) filter (where {0} < 'infinity'), 0) + 1, 1e1000) "
        "as v from {1}",
        column, table);
  }
  const std::string step = fmt::format("1e{}", -type.scale);
  const std::string limit = fmt::format("(1e{} - {})", type.precision - type.scale, step);
  return fmt::format(
      "select generate_series(coalesce(max({0}) filter (where {0} <> 'NaN'), 0) + {2}, {3}, {2}) "
      "as "
      "v from {1} union all select generate_series({3}, -{3}, -{2})",
      column, table, step, limit);
}

std::optional<std::string> texts(const Type& type, std::size_t tries) {
  constexpr std::int32_t kUuidLength = 36;
  constexpr std::int32_t kRandomFrom = 8;
  if (type.length < 0 || type.length >= kUuidLength) {
    return fmt::format("select gen_random_uuid()::text as v from generate_series(1, {})", tries);
  }
  if (type.length >= kRandomFrom) {
    return fmt::format(
        "select left(md5(gen_random_uuid()::text), {}) as v from generate_series(1, {})",
        type.length, tries);
  }
  // Single characters: capitals, then letters of many scripts.
  return "select chr(i) as v from (select generate_series(65, 90) as i union all select "
         "generate_series(192, 40000)) as n";
}

// Values at random.
std::string drawn(const std::string& value, std::size_t tries) {
  return fmt::format("select {} as v from generate_series(1, {})", value, tries);
}

std::optional<std::string> candidates(const std::string& column, const std::string& table,
                                      const Type& type, std::size_t tries) {
  switch (type.kind) {
    case TypeKind::kInt16:
      return whole_numbers(column, table, "-32768", "32767", "int2");
    case TypeKind::kInt32:
      return whole_numbers(column, table, "-2147483648", "2147483647", "int4");
    case TypeKind::kInt64:
      return whole_numbers(column, table, "-9223372036854775808", "9223372036854775807", "int8");
    case TypeKind::kNumeric:
      return decimals(column, table, type);
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
      return texts(type, tries);
    case TypeKind::kUuid:
      return fmt::format("select gen_random_uuid() as v from generate_series(1, {})", tries);
    case TypeKind::kBytea:
      return fmt::format("select uuid_send(gen_random_uuid()) as v from generate_series(1, {})",
                         tries);
    case TypeKind::kJsonb:
      return fmt::format(
          "select to_jsonb(gen_random_uuid()::text) as v from generate_series(1, {})", tries);
    case TypeKind::kFloat32:
      return fmt::format("select (random() * 1e6)::float4 as v from generate_series(1, {})", tries);
    case TypeKind::kFloat64:
      return fmt::format("select random() * 1e6 as v from generate_series(1, {})", tries);
    case TypeKind::kDate:
      return "select date '2000-01-01' + i as v from (select generate_series(0, 2000000) as i "
             "union "
             "all select generate_series(-1, -2000000, -1)) as n";
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return fmt::format(
          "select (timestamp '2000-01-01' + random() * interval '365000 days')::{}({}) as v from "
          "generate_series(1, {})",
          type.kind == TypeKind::kTimestamp ? "timestamp" : "timestamptz", type.fraction_digits,
          tries);
    case TypeKind::kEnum: {
      std::string values;
      for (const std::string& label : type.labels) {
        values += fmt::format("{}({}::text)", values.empty() ? "" : ", ", quote_literal(label));
      }
      return fmt::format("select v from (values {}) as n(v)", values);
    }
    case TypeKind::kBool:
      return "select v from (values (true), (false)) as n(v)";
    case TypeKind::kTime:
    case TypeKind::kTimeTz:
      return drawn(
          fmt::format("(timestamp '2000-01-01' + random() * interval '1 day')::{}({})",
                      type.kind == TypeKind::kTime ? "time" : "timetz", type.fraction_digits),
          tries);
    case TypeKind::kInterval:
      return drawn("make_interval(years => (random() * 100000000)::int)", tries);
    case TypeKind::kMoney:
      return drawn("(random() * 1e14)::numeric(16)::money", tries);
    case TypeKind::kOid:
      return drawn("(random() * 4294967295)::int8::oid", tries);
    case TypeKind::kLsn:
      return drawn(
          "(to_hex((random() * 1e9)::int8) || '/' || to_hex((random() * 1e9)::int8))::pg_lsn",
          tries);
    case TypeKind::kInet:
    case TypeKind::kCidr:
      return drawn(
          fmt::format("(inet '240.0.0.0' + (random() * 268435455)::int8)::{}", name_of(type.kind)),
          tries);
    case TypeKind::kMacaddr:
    case TypeKind::kMacaddr8:
      return drawn(fmt::format("left(md5(gen_random_uuid()::text), {})::{}",
                               type.kind == TypeKind::kMacaddr ? 12 : 16, name_of(type.kind)),
                   tries);
    case TypeKind::kBit:
    case TypeKind::kVarbit: {
      constexpr std::int32_t kBits = 128;
      const std::int32_t length = type.length < 0 ? kBits : std::min(type.length, kBits);
      std::string bits =
          fmt::format("('x' || md5(gen_random_uuid()::text))::bit(128)::bit({})", length);
      if (type.kind == TypeKind::kBit && type.length > kBits) {
        bits += fmt::format("::bit({})", type.length);
      }
      return drawn(bits, tries);
    }
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
    case TypeKind::kOpaque:
    case TypeKind::kJson:  // Cannot be unique.
      break;
  }
  return std::nullopt;
}

std::string id_condition(const WriteGroup& group) {
  std::string text;
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    text += fmt::format("{}t.{} = o.k{}", i == 0 ? "" : " and ", quote_identifier(group.id[i]), i);
  }
  return text;
}

std::size_t free_columns(const std::vector<MovedColumn>& moved) {
  return static_cast<std::size_t>(std::count_if(
      moved.begin(), moved.end(), [](const MovedColumn& column) { return !column.to_null; }));
}

// "unnest($1, $2, $3) as o(k0, v, f0)"
std::string arrays(const WriteGroup& group, const std::vector<MovedColumn>& moved) {
  const std::size_t free = free_columns(moved);
  return fmt::format("unnest({}) as o({}, v{}{})", placeholders(group.id.size() + 1 + free),
                     numbered("k", group.id.size()), free == 0 ? "" : ", ", numbered("f", free));
}

}  // namespace

std::vector<MovedColumn> columns_to_move(const Relation& relation, const WriteGroup& group) {
  std::vector<MovedColumn> result;
  const auto add = [&](const MovedColumn& moved) {
    for (MovedColumn& present : result) {
      if (present.column == moved.column) {
        present.to_null = present.to_null && moved.to_null;
        return;
      }
    }
    result.push_back(moved);
  };
  std::vector<bool> covered(group.columns.size(), false);
  for (const UniqueIndex& index : relation.unique_indexes) {
    std::optional<MovedColumn> best;
    for (const std::size_t column : group.displaced_columns) {
      if (std::find(index.columns.begin(), index.columns.end(), group.columns[column]) ==
          index.columns.end()) {
        continue;
      }
      covered[column] = true;
      const MovedColumn candidate = moved_column(relation, group, column, index.nulls_equal);
      if (!best || cost_of(relation, candidate) < cost_of(relation, *best)) {
        best = candidate;
      }
    }
    if (best) {
      add(*best);
    }
  }
  // Unique by an expression, a predicate or an exclusion constraint: of that we know nothing more.
  for (const std::size_t column : group.displaced_columns) {
    if (!covered[column]) {
      add(moved_column(relation, group, column, false));
    }
  }
  return result;
}

std::optional<std::string> free_values_text(const Relation& relation, const MovedColumn& column,
                                            const Type& type, std::size_t count) {
  const std::string table = qualified(relation.info.name);
  const std::string name = quote_identifier(column.name);
  const ForeignKey* key = foreign_key_of(relation, column.name);
  std::optional<std::string> query;
  if (key != nullptr && key->columns.size() == 1) {
    query = fmt::format("select {} as v from {}", quote_identifier(key->target_columns[0]),
                        qualified(key->table));
  } else {
    // Of random values a few may be taken: one more try for each would be enough.
    query = candidates(name, table, type, 2 * count + 16);
  }
  if (!query) {
    return std::nullopt;
  }
  const bool as_text = type.kind == TypeKind::kEnum;
  return fmt::format(
      "select c.v from ({}) as c where not exists (select from {} as t where t.{}{} = c.v{}) "
      "limit {}",
      *query, table, name, as_text ? "::text" : "", as_text ? "::text" : "", count);
}

std::string held_values_text(const Relation& relation, const WriteGroup& group,
                             const MovedColumn& column) {
  return fmt::format(
      "select o.i, t.{} from unnest({}) with ordinality as o({}, i) join {} as t on {}",
      quote_identifier(column.name), placeholders(group.id.size()), numbered("k", group.id.size()),
      qualified(relation.info.name), id_condition(group));
}

std::string move_text(const Relation& relation, const WriteGroup& group,
                      const std::vector<MovedColumn>& moved) {
  std::string assignments;
  std::size_t free = 0;
  for (const MovedColumn& column : moved) {
    assignments +=
        fmt::format("{}{} = {}", assignments.empty() ? "" : ", ", quote_identifier(column.name),
                    column.to_null ? "null" : fmt::format("o.f{}", free++));
  }
  return fmt::format("update {} as t set {} from {} where {} and t.xmin = o.v",
                     qualified(relation.info.name), assignments, arrays(group, moved),
                     id_condition(group));
}

std::string moved_check_text(const Relation& relation, const WriteGroup& group,
                             const std::vector<MovedColumn>& moved) {
  std::string still_there;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const std::string name = quote_identifier(moved[i].name);
    still_there += i == 0 ? "" : " or ";
    still_there += moved[i].to_null ? fmt::format("(t.{} is null and o.m{})", name, i)
                                    : fmt::format("t.{} = o.m{}", name, i);
  }
  return fmt::format(
      "select 1 / case when exists (select from {} as t, unnest({}) as o({}, {}) where {} and ({}) "
      "and t.xmin = pg_current_xact_id()::xid) then 0 else 1 end",
      qualified(relation.info.name), placeholders(group.id.size() + moved.size()),
      numbered("k", group.id.size()), numbered("m", moved.size()), id_condition(group),
      still_there);
}

}  // namespace couplet::postgres
