#include "connectors/sqlite/database.h"

#include <fmt/format.h>

#include <system_error>

#include "connectors/sqlite/cell.h"
#include "connectors/sqlite/row_functions.h"

namespace couplet::sqlite {

void Statement::bind(int index, const StoredValue& value) {
  int bound = SQLITE_OK;
  switch (value.storage) {
    case StorageClass::kNull:
      bound = sqlite3_bind_null(statement_.get(), index);
      break;
    case StorageClass::kInteger:
      bound = sqlite3_bind_int64(statement_.get(), index, value.integer);
      break;
    case StorageClass::kReal:
      bound = sqlite3_bind_double(statement_.get(), index, value.real);
      break;
    case StorageClass::kText:
      bound = sqlite3_bind_text64(statement_.get(), index, value.bytes.data(), value.bytes.size(),
                                  nullptr, SQLITE_UTF8);
      break;
    case StorageClass::kBlob:
      bound = sqlite3_bind_blob64(statement_.get(), index, value.bytes.data(), value.bytes.size(),
                                  nullptr);
      break;
  }
  if (bound != SQLITE_OK) {
    unbound_ = bound;
  }
}

void Statement::bind(int index, const AskedRows& rows) {
  // The table function only reads them.
  COUPLET_CHECK(sqlite3_bind_pointer(statement_.get(), index, const_cast<AskedRows*>(&rows),
                                     kAskedRowsPointer, nullptr) == SQLITE_OK);
}

Result<bool> Statement::step() {
  if (unbound_ != SQLITE_OK) {
    return fail(to_error(database_->source_name(), {unbound_, sqlite3_errstr(unbound_)}));
  }
  const int stepped = sqlite3_step(statement_.get());
  if (stepped == SQLITE_ROW) {
    return true;
  }
  if (stepped == SQLITE_DONE) {
    return false;
  }
  Error error = database_->error();
  sqlite3_reset(statement_.get());
  return fail(std::move(error));
}

Result<void> Statement::run() {
  while (true) {
    COUPLET_ASSIGN(const bool more, step());
    if (!more) {
      sqlite3_reset(statement_.get());
      return {};
    }
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  unbound_ = SQLITE_OK;
}

StoredView Statement::at(int column) const {
  sqlite3_stmt* statement = statement_.get();
  const auto size = [&] {
    return static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  };
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return {StorageClass::kInteger, sqlite3_column_int64(statement, column), 0, {}};
    case SQLITE_FLOAT:
      return {StorageClass::kReal, 0, sqlite3_column_double(statement, column), {}};
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return {StorageClass::kText, 0, 0, {text, size()}};
    }
    case SQLITE_BLOB: {
      const auto* blob = static_cast<const char*>(sqlite3_column_blob(statement, column));
      return {StorageClass::kBlob, 0, 0,
              blob == nullptr ? std::string_view() : std::string_view(blob, size())};
    }
    default:
      return {};
  }
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const StoredView value = at(column);
  return value.storage == StorageClass::kInteger ? std::to_string(value.integer)
                                                 : std::string(value.bytes);
}

bool Statement::is_null(int column) const { return at(column).storage == StorageClass::kNull; }

bool Statement::push(int column, const Type& type, RowBatch& out) const {
  const StoredView stored = at(column);
  if (stored.storage == StorageClass::kNull) {
    out.push_null();
    return true;
  }
  std::string bytes;
  const bool fits = decode(type, stored, bytes);
  out.push(bytes);
  return fits;
}

Result<std::unique_ptr<Database>> Database::open(const SqliteSourceSettings& settings,
                                                 Purpose purpose, std::uint64_t& statements) {
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::absolute(settings.path, failed);
  const auto status = std::filesystem::status(path, failed);
  if (!std::filesystem::exists(status)) {
    const bool hidden = failed && failed != std::errc::no_such_file_or_directory;
    return fail(ErrorKind::kUnavailable,
                fmt::format("source {}: there is no file {}{}", settings.name, path.string(),
                            hidden ? ": " + failed.message() : ""),
                "`path` names a database that exists; Couplet makes none");
  }
  if (!std::filesystem::is_regular_file(status)) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("source {}: {} is no file", settings.name, path.string()),
                "`path` names a database file");
  }
  sqlite3* connection = nullptr;
  // Readers too: they may have to finish what a crash left in the journal, and share WAL's index.
  const int opened = sqlite3_open_v2(path.c_str(), &connection,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(settings.name, connection, statements));
  if (opened != SQLITE_OK) {
    return fail(database->error());
  }
  if (auto ready = database->set_up(settings, purpose); !ready) {
    if (ready.error().kind == ErrorKind::kUnavailable) {
      ready.error().message += fmt::format(" ({})", path.string());
    }
    return fail(std::move(ready.error()));
  }
  return database;
}

Result<void> Database::set_up(const SqliteSourceSettings& settings, Purpose purpose) {
  sqlite3_extended_result_codes(native(), 1);
  sqlite3_busy_timeout(native(), static_cast<int>(settings.busy_timeout.count()));
  if (register_row_functions(native()) != SQLITE_OK) {
    return fail(error());
  }
  // The first statement that reads the file.
  COUPLET_ASSIGN(Statement encoding, prepare("SELECT (SELECT count(*) FROM sqlite_schema), "
                                             "encoding FROM pragma_encoding"));
  COUPLET_ASSIGN(const bool row, encoding.step());
  if (!row || encoding.text(1) != "UTF-8") {
    return fail(ErrorKind::kUnsupported,
                fmt::format("source {}: not supported yet: a database in {}", source_name_,
                            row ? encoding.text(1) : "another encoding"),
                "VACUUM INTO a new file whose connection has PRAGMA encoding = 'UTF-8'");
  }
  encoding.reset();
  if (purpose == Purpose::kWrite) {
    // FULL: a commit that the state remembers has to survive a loss of power, in WAL too.
    COUPLET_TRY(execute("PRAGMA foreign_keys = ON"));
    return execute("PRAGMA synchronous = FULL");
  }
  return purpose == Purpose::kRead ? execute("PRAGMA query_only = ON") : Result<void>();
}

Result<Statement> Database::prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int prepared =
      sqlite3_prepare_v2(native(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (prepared != SQLITE_OK) {
    return fail(error());
  }
  ++statements_;
  return Statement(*this, statement);
}

Result<void> Database::execute(const std::string& sql) {
  COUPLET_ASSIGN(Statement statement, prepare(sql));
  return statement.run();
}

void Database::roll_back() {
  if (in_transaction()) {
    static_cast<void>(execute("ROLLBACK"));
  }
}

Result<void> Database::offer_asked_rows(std::size_t width) {
  if (asked_widths_.insert(width).second && register_asked_rows(native(), width) != SQLITE_OK) {
    return fail(error());
  }
  return {};
}

LibraryError Database::library_error() const {
  return native() == nullptr
             ? LibraryError{SQLITE_NOMEM, "out of memory"}
             : LibraryError{sqlite3_extended_errcode(native()), sqlite3_errmsg(native())};
}

Error Database::error() const { return to_error(source_name_, library_error()); }

}  // namespace couplet::sqlite
