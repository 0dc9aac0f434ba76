#pragma once

#include <memory>
#include <span>
#include <string>

#include "connectors/sqlite/catalog.h"
#include "connectors/sqlite/database.h"
#include "engine/ports/source.h"

namespace couplet::sqlite {

// What is asked on one connection of its own, made when it is first needed: the catalog, look-ups.
class Reader {
 public:
  Reader(const SqliteSourceSettings& settings, std::uint64_t& statements)
      : settings_(settings), statements_(statements) {}

  Result<Database*> database();
  // What is known of the tables; read when first asked for.
  Result<const Catalog*> catalog();
  // The same, read anew.
  Result<const Catalog*> read_catalog();

  Result<void> fetch(const Projection& projection, std::span<const ObjectKey> keys, RowBatch& out);
  Result<void> find(const Projection& projection, std::span<const std::size_t> by,
                    const ValueTable& wanted, RowBatch& out);
  Result<void> check(const TableName& table, const SqlCondition& condition);

 private:
  Result<void> answer(const std::string& sql, const Projection& projection, const AskedRows& asked,
                      RowBatch& out);

  const SqliteSourceSettings& settings_;
  std::uint64_t& statements_;
  std::unique_ptr<Database> database_;
  Catalog catalog_;
  bool known_ = false;
};

// The types of a projection's rows.
std::vector<Type> types_of(const Projection& projection);

// Appends the columns of the statement's row from `first` on. Errors: kSchema where an id is null
// or no value of its type: such a row can be named by nothing.
Result<void> push_row(const Statement& statement, int first, std::span<const Type> types,
                      std::size_t ids, const std::string& source_name, const TableName& table,
                      RowBatch& out);

}  // namespace couplet::sqlite
