#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "connectors/sqlite/asked_rows.h"
#include "connectors/sqlite/settings.h"
#include "connectors/sqlite/sqlite_error.h"
#include "connectors/sqlite/stored_value.h"
#include "engine/model/result.h"
#include "engine/model/row_batch.h"
#include "engine/model/type.h"

namespace couplet::sqlite {

// What a connection is for.
enum class Purpose : std::uint8_t {
  kRead,   // query_only.
  kScan,   // The same, and it may keep a copy of the rows in a temporary table.
  kWrite,  // Foreign keys enforced, commits durable.
};

class Database;

// A prepared statement. Lives no longer than its connection.
class Statement {
 public:
  // `index` from 1 on. Texts and blobs are borrowed until the next reset or bind.
  void bind(int index, const StoredValue& value);
  void bind(int index, const AskedRows& rows);
  // True: there is a row. False: it is done. Errors: of the statement, which is then reset.
  Result<bool> step();
  // Runs it to its end.
  Result<void> run();
  void reset();

  // Of the row; lives until the next step.
  [[nodiscard]] StoredView at(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;  // Empty for null.
  [[nodiscard]] bool is_null(int column) const;
  // Appends the cell; false if what is stored is no value of the type.
  bool push(int column, const Type& type, RowBatch& out) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Statement(Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}

  Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int unbound_ =
      SQLITE_OK;  // Why a value could not be bound (too big): else null would be written.
};

// One connection to the file. Used by one thread at a time.
class Database {
 public:
  // Opens the file, which must exist, and looks whether it is a database. `statements` counts what
  // is run, for as long as the connection lives. Errors: kUnavailable (no file, no database),
  // kTransient (locked), kPrivilege, kUnsupported (UTF-16).
  static Result<std::unique_ptr<Database>> open(const SqliteSourceSettings& settings,
                                                Purpose purpose, std::uint64_t& statements);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // One statement, which counts once however often it is run.
  Result<Statement> prepare(const std::string& sql);
  Result<void> execute(const std::string& sql);
  // Ends a transaction that may be open; what went wrong in it is known already. Should even this
  // fail, it is still open, and the connection is to be closed.
  void roll_back();
  // Makes `couplet_asked_<width>` known.
  Result<void> offer_asked_rows(std::size_t width);

  [[nodiscard]] sqlite3* native() const { return connection_.get(); }
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(native()) == 0; }
  // Of the last call that failed.
  [[nodiscard]] LibraryError library_error() const;
  [[nodiscard]] Error error() const;
  [[nodiscard]] const std::string& source_name() const { return source_name_; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  Database(std::string source_name, sqlite3* connection, std::uint64_t& statements)
      : source_name_(std::move(source_name)), connection_(connection), statements_(statements) {}
  Result<void> set_up(const SqliteSourceSettings& settings, Purpose purpose);

  std::string source_name_;
  std::unique_ptr<sqlite3, Close> connection_;
  std::uint64_t& statements_;
  std::set<std::size_t> asked_widths_;
};

}  // namespace couplet::sqlite
