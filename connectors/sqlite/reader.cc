#include "connectors/sqlite/reader.h"

#include <fmt/format.h>

#include "connectors/sqlite/cell.h"
#include "connectors/sqlite/row_functions.h"
#include "connectors/sqlite/select_text.h"

namespace couplet::sqlite {

std::vector<Type> types_of(const Projection& projection) {
  std::vector<Type> types = projection.id_types;
  for (const ColumnPath& column : projection.columns) {
    types.push_back(column.type);
  }
  return types;
}

Result<void> push_row(const Statement& statement, int first, std::span<const Type> types,
                      std::size_t ids, const std::string& source_name, const TableName& table,
                      RowBatch& out) {
  for (std::size_t i = 0; i < types.size(); ++i) {
    const int column = first + static_cast<int>(i);
    const bool fits = statement.push(column, types[i], out);
    if (i < ids && (!fits || statement.is_null(column))) {
      return fail(
          ErrorKind::kSchema,
          fmt::format("source {}: a row of table {} has {} in its id, declared {}", source_name,
                      to_string(table), fits ? "a null" : "a value that is none of its type",
                      types[i].name),
          "SQLite keeps any value in any column; find it with typeof(), and give the row an "
          "id or take it out");
    }
  }
  return {};
}

Result<Database*> Reader::database() {
  if (!database_) {
    COUPLET_ASSIGN(database_, Database::open(settings_, Purpose::kRead, statements_));
  }
  return database_.get();
}

Result<const Catalog*> Reader::catalog() {
  return known_ ? Result<const Catalog*>(&catalog_) : read_catalog();
}

Result<const Catalog*> Reader::read_catalog() {
  COUPLET_ASSIGN(Database* const open, database());
  COUPLET_TRY(catalog_.read(*open));
  known_ = true;
  return &catalog_;
}

Result<void> Reader::answer(const std::string& sql, const Projection& projection,
                            const AskedRows& asked, RowBatch& out) {
  COUPLET_ASSIGN(Database* const open, database());
  COUPLET_TRY(open->offer_asked_rows(asked.width()));
  COUPLET_ASSIGN(Statement statement, open->prepare(sql));
  statement.bind(1, asked);
  const std::vector<Type> types = types_of(projection);
  while (true) {
    COUPLET_ASSIGN(const bool more, statement.step());
    if (!more) {
      return {};
    }
    out.begin_row(version_of(statement.integer(1)),
                  static_cast<std::uint32_t>(statement.integer(0)), statement.integer(2) != 0);
    COUPLET_TRY(push_row(statement, kLeadingColumns, types, projection.id.size(), settings_.name,
                         projection.table, out));
  }
}

Result<void> Reader::fetch(const Projection& projection, std::span<const ObjectKey> keys,
                           RowBatch& out) {
  out.reset(projection.width());
  COUPLET_ASSIGN(const Catalog* const known, catalog());
  COUPLET_ASSIGN(const Relation* const relation, known->at(projection.table));
  AskedRows asked(projection.id.size());
  std::string arena;
  std::vector<Value> cells;
  for (const ObjectKey& key : keys) {
    cells.clear();
    COUPLET_TRY(decode_key(projection.id_types, key.bytes, arena, cells));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      asked.push(encode_question(projection.id_types[i], cells[i]));
    }
  }
  return keys.empty() ? Result<void>()
                      : answer(fetch_text(*relation, projection), projection, asked, out);
}

Result<void> Reader::find(const Projection& projection, std::span<const std::size_t> by,
                          const ValueTable& wanted, RowBatch& out) {
  out.reset(projection.width());
  COUPLET_ASSIGN(const Catalog* const known, catalog());
  COUPLET_ASSIGN(const Relation* const relation, known->at(projection.table));
  AskedRows asked(by.size());
  for (std::size_t row = 0; row < wanted.rows.rows(); ++row) {
    for (std::size_t i = 0; i < by.size(); ++i) {
      asked.push(encode_question(wanted.types[i], wanted.rows.at(row, i),
                                 wanted.as.empty() ? nullptr : &wanted.as[i]));
    }
  }
  if (wanted.rows.empty()) {
    return {};
  }
  std::string sql = find_text(*relation, projection, by, wanted.as,
                              [&](const TableName& table) { return known->find(table); });
  if (wanted.answers_most != 0) {
    sql += " limit " + std::to_string(wanted.answers_most);
  }
  return answer(sql, projection, asked, out);
}

Result<void> Reader::check(const TableName& table, const SqlCondition& condition) {
  COUPLET_ASSIGN(Database* const open, database());
  auto prepared = open->prepare(condition_probe(table, condition));
  if (!prepared) {
    return fail(std::move(prepared.error()));
  }
  return {};
}

}  // namespace couplet::sqlite
