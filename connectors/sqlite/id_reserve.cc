#include "connectors/sqlite/id_reserve.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <set>

#include "connectors/sqlite/sql_text.h"
#include "engine/model/wire.h"

namespace couplet::sqlite {
namespace {

Result<std::optional<std::int64_t>> last_given(Database& writer, const Relation& relation) {
  const std::string table = quote_literal(relation.info.name.table);
  COUPLET_ASSIGN(Statement last,
                 writer.prepare(fmt::format(
                     "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = {}), 0), "
                     "coalesce((SELECT max(rowid) FROM {}), 0))",
                     table, quote_identifier(relation.info.name.table))));
  COUPLET_ASSIGN(const bool row, last.step());
  return row ? std::optional(last.integer(0)) : std::nullopt;
}

Result<std::optional<std::int64_t>> move_counter(Database& writer, const Relation& relation,
                                                 std::size_t count) {
  COUPLET_ASSIGN(const auto last, last_given(writer, relation));
  const auto room = std::numeric_limits<std::int64_t>::max() - static_cast<std::int64_t>(count);
  if (!last || *last > room) {
    return std::nullopt;
  }
  const std::string table = quote_literal(relation.info.name.table);
  const std::int64_t next = *last + static_cast<std::int64_t>(count);
  // The counter has a row from the table's first insert on.
  COUPLET_TRY(writer.execute(fmt::format(
      "INSERT INTO sqlite_sequence (name, seq) SELECT {0}, 0 WHERE NOT EXISTS (SELECT 1 FROM "
      "sqlite_sequence WHERE name = {0})",
      table)));
  COUPLET_TRY(writer.execute(
      fmt::format("UPDATE sqlite_sequence SET seq = {} WHERE name = {}", next, table)));
  return last;
}

Result<std::optional<RowBatch>> from_counter(Database& writer, const Relation& relation,
                                             std::size_t count) {
  COUPLET_TRY(writer.execute("BEGIN IMMEDIATE"));
  auto last = move_counter(writer, relation, count);
  auto committed = last ? writer.execute("COMMIT") : Result<void>();
  writer.roll_back();
  COUPLET_TRY(std::move(committed));
  COUPLET_ASSIGN(const auto before, std::move(last));
  if (!before) {
    return std::nullopt;
  }
  RowBatch ids(1);
  for (std::size_t i = 1; i <= count; ++i) {
    std::string bytes;
    wire::append(bytes, *before + static_cast<std::int64_t>(i));
    ids.begin_row();
    ids.push(bytes);
  }
  return ids;
}

Result<std::optional<RowBatch>> from_default(Database& writer, const std::string& expression,
                                             const Type& type, std::size_t count) {
  // One more than asked for, so that a constant is seen for what it is.
  auto prepared = writer.prepare(
      fmt::format("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
                  "SELECT ({}) FROM n",
                  count, expression));
  if (!prepared) {
    return std::nullopt;  // CURRENT_TIMESTAMP and the like stand without parentheses: no ids.
  }
  Statement& values = *prepared;
  RowBatch ids(1);
  std::set<std::string> seen;
  while (true) {
    COUPLET_ASSIGN(const bool more, values.step());
    if (!more) {
      break;
    }
    RowBatch one(1);
    one.begin_row();
    const bool fits = values.push(0, type, one);
    if (!fits || values.is_null(0) || !seen.emplace(one.at(0, 0).bytes()).second) {
      return std::nullopt;
    }
    if (ids.rows() < count) {
      ids.append(one, 0);
    }
  }
  return ids;
}

}  // namespace

Result<std::optional<RowBatch>> reserve_ids(Database& writer, const Relation& relation,
                                            std::span<const std::string> id,
                                            std::span<const Type> id_types, std::size_t count) {
  if (id.size() != 1) {
    return std::nullopt;
  }
  if (relation.rowid == id.front()) {
    return relation.autoincrement ? from_counter(writer, relation, count)
                                  : Result<std::optional<RowBatch>>(std::nullopt);
  }
  const auto by_default = relation.defaults.find(id.front());
  return by_default == relation.defaults.end()
             ? Result<std::optional<RowBatch>>(std::nullopt)
             : from_default(writer, by_default->second, id_types.front(), count);
}

}  // namespace couplet::sqlite
