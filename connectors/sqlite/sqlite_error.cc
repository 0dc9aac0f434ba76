#include "connectors/sqlite/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace couplet::sqlite {
namespace {

constexpr int primary(int code) { return code & 0xFF; }

const char* sqlstate_of(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_NOTNULL:
      return "23502";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return "23503";
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return "23505";
    case SQLITE_CONSTRAINT_CHECK:
      return "23514";
    case SQLITE_CONSTRAINT_DATATYPE:
    case SQLITE_MISMATCH:
      return "22P02";
    case SQLITE_CONSTRAINT_TRIGGER:
      return "P0001";
    default:
      break;
  }
  switch (primary(code)) {
    case SQLITE_CONSTRAINT:
      return "23000";
    case SQLITE_TOOBIG:
      return "54000";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "55P03";
    default:
      return "";
  }
}

std::string fault_of(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_NOTNULL:
      return "a column may not be null";
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return "a foreign key refuses the row";
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return "a row with these unique values exists";
    case SQLITE_CONSTRAINT_CHECK:
      return "a check constraint refuses the row";
    case SQLITE_CONSTRAINT_DATATYPE:
    case SQLITE_MISMATCH:
      return "a value is no value of its column's type";
    case SQLITE_CONSTRAINT_TRIGGER:
      return "a trigger of the database refuses the row";
    case SQLITE_TOOBIG:
      return "the row is larger than SQLite takes";
    default:
      return "the database refuses the row";
  }
}

std::string sentence_of(const LibraryError& error) {
  switch (primary(error.code)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another connection holds the file locked for longer than busy_timeout";
    case SQLITE_NOTADB:
      return "the file is no SQLite database";
    case SQLITE_CORRUPT:
      return "the database file is damaged: " + error.message;
    case SQLITE_CANTOPEN:
      return "the file cannot be opened: " + error.message;
    case SQLITE_READONLY:
      return "the file cannot be written: " + error.message;
    case SQLITE_FULL:
      return "no space is left for the file";
    case SQLITE_IOERR:
      return "the file cannot be read or written: " + error.message;
    default:
      return error.message;
  }
}

std::string advice_for(int code) {
  switch (primary(code)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "End the other program's transaction, or raise busy_timeout. With PRAGMA "
             "journal_mode=WAL readers and a writer do not block each other.";
    case SQLITE_NOTADB:
      return "Is `path` the right file? An encrypted database looks like this too.";
    case SQLITE_CORRUPT:
      return "PRAGMA integrity_check tells what is damaged; restore the file or use .recover of "
             "the sqlite3 shell.";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return "Couplet's user needs to read and write the file, and to write its folder, where "
             "SQLite keeps the journal.";
    case SQLITE_FULL:
      return "Free space on the disk of the file.";
    default:
      return {};
  }
}

}  // namespace

ErrorKind kind_of(int code) {
  switch (primary(code)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return ErrorKind::kTransient;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return ErrorKind::kRowFault;
    case SQLITE_FULL:
      return ErrorKind::kDiskFull;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::kPrivilege;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      return ErrorKind::kUnavailable;
    case SQLITE_ERROR:  // No such table, column, function; a syntax error.
    case SQLITE_SCHEMA:
      return ErrorKind::kSchema;
    default:
      return ErrorKind::kInternal;
  }
}

std::string_view refused_by(std::string_view message) {
  constexpr std::string_view kFailed = " constraint failed: ";
  const std::size_t at = message.find(kFailed);
  return at == std::string_view::npos ? std::string_view() : message.substr(at + kFailed.size());
}

Error to_error(const std::string& source_name, const LibraryError& error) {
  Error result;
  result.kind = kind_of(error.code);
  result.code = sqlstate_of(error.code);
  const bool own_words = result.kind == ErrorKind::kRowFault;
  result.message = fmt::format(
      "source {}: {}{}", source_name, own_words ? fault_of(error.code) : sentence_of(error),
      result.code.empty() || !own_words ? "" : fmt::format(" ({})", result.code));
  result.hint = own_words ? std::string() : advice_for(error.code);
  result.detail = error.message;
  result.constraint = refused_by(error.message);
  return result;
}

}  // namespace couplet::sqlite
