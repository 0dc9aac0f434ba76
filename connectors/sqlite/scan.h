#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/sqlite/database.h"
#include "engine/ports/source.h"

namespace couplet::sqlite {

// The rows of a table in scope, in the order of ObjectKey, over one snapshot, on a connection of
// its own. In WAL mode they are read as they are asked for: a reader blocks nobody. With a rollback
// journal a reader blocks every writer, us included, so the rows are first copied into a temporary
// table of the connection, which SQLite keeps on disk, and the file is let go.
class SqliteScan final : public Scan {
 public:
  static Result<std::unique_ptr<Scan>> start(const SqliteSourceSettings& settings,
                                             const std::string& sql, const Projection& projection,
                                             std::uint64_t& statements);

  Result<bool> next(RowBatch& out) override;

 private:
  SqliteScan(std::unique_ptr<Database> database, Statement rows, const Projection& projection);
  static Result<Statement> copied(Database& database, const std::string& sql, std::size_t width);

  std::unique_ptr<Database> database_;
  Statement rows_;
  TableName table_;
  std::vector<Type> types_;
  std::size_t ids_;
  bool ended_ = false;
};

}  // namespace couplet::sqlite
