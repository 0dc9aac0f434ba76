#include "connectors/postgres/sqlstate.h"

#include <fmt/format.h>

#include "engine/model/planted_bug.h"

namespace couplet::postgres {
namespace {

bool one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  for (const std::string_view candidate : codes) {
    if (code == candidate) {
      return true;
    }
  }
  return false;
}

// Policies refuse a row under the code that refuses a role (src/backend/executor/execMain.c).
bool is_policy_violation(const ServerError& error) {
  return error.code == "42501" && error.routine == "ExecWithCheckOptions";
}

// What a row did wrong, without its values.
std::string fault_of(const ServerError& error) {
  const std::string table =
      error.schema.empty() ? error.table : fmt::format("{}.{}", error.schema, error.table);
  const std::string where = table.empty() ? "" : fmt::format(" of {}", table);
  if (error.code == "23505") {
    return fmt::format("unique constraint {}{} refuses the row", error.constraint, where);
  }
  if (error.code == "23503") {
    return fmt::format("foreign key {}{} refuses the row", error.constraint, where);
  }
  if (error.code == "23514") {
    return error.constraint.empty()
               ? fmt::format("no partition{} takes the row", where)
               : fmt::format("check constraint {}{} refuses the row", error.constraint, where);
  }
  if (error.code == "23502") {
    return fmt::format("column {}{} may not be null", error.column, where);
  }
  if (error.code == "23P01") {
    return fmt::format("exclusion constraint {}{} refuses the row", error.constraint, where);
  }
  if (error.code == "22001") {
    return "a text is too long for its column";
  }
  if (error.code == "22003") {
    return "a number is out of its column's range";
  }
  if (error.code == "22008") {
    return "a date or time is out of range";
  }
  if (error.code == "22P02" || error.code == "22P03" || error.code == "22021") {
    return "a value is no value of its column's type";
  }
  if (error.code == "P0001") {
    return "a trigger of the database refuses the row";
  }
  if (error.code == "44000") {
    return fmt::format("the check option of view {} refuses the row", table);
  }
  if (is_policy_violation(error)) {
    return "a row security policy refuses the row";
  }
  return "the database refuses the row";
}

std::string advice_for(const ServerError& error) {
  if (error.code == "25006") {
    return "The server takes no writes: is it a standby, or default_transaction_read_only on?";
  }
  if (error.code == "53300") {
    return "Raise max_connections, or the role's or the database's connection limit.";
  }
  if (error.code == "53100") {
    return "Free space on the server's disk.";
  }
  return error.hint;
}

}  // namespace

ErrorKind kind_of(const ServerError& error) {
  const std::string_view code = error.code;
  if (code.size() != 5) {
    return ErrorKind::kTransient;  // The client library's own: the connection broke.
  }
  const std::string_view code_class = code.substr(0, 2);
  if (code == "53100") {
    return ErrorKind::kDiskFull;
  }
  // 25006 heals by itself when a standby is promoted or the client is led to the new primary.
  if (one_of(code, {"25006", "57P03", "53300"})) {
    return ErrorKind::kUnavailable;
  }
  // 26000: a prepared statement that an earlier failure kept from being made. 25P02: a transaction
  // that already failed. 58030: an I/O error of the server.
  if (planted("unique_is_transient") && code == "23505") {
    return ErrorKind::kTransient;
  }
  if (one_of(code_class, {"08", "40", "53"}) ||
      one_of(code, {"55P03", "57014", "57P01", "57P02", "57P04", "57P05", "25P03", "25P02", "26000",
                    "55006", "58030"})) {
    return ErrorKind::kTransient;
  }
  if (is_policy_violation(error)) {
    return ErrorKind::kRowFault;
  }
  if (code == "42501") {
    return ErrorKind::kPrivilege;
  }
  if (one_of(code_class, {"28"}) || code == "3D000") {
    return ErrorKind::kAuthentication;
  }
  // 0A000: "cached plan must not change result type", and what a view or a foreign table cannot do.
  // 55000: "cannot insert into view", a sequence that is gone.
  if (one_of(code_class, {"42", "3F", "0A"}) || code == "55000") {
    return ErrorKind::kSchema;
  }
  // Data exceptions, constraints, and what triggers and functions raise.
  if (one_of(code_class,
             {"22", "23", "21", "09", "27", "2F", "38", "39", "44", "54", "P0", "2D"})) {
    return ErrorKind::kRowFault;
  }
  // Classes of the application's own, as RAISE ... USING ERRCODE makes them, start with what the
  // standard leaves to implementations: 5-9 or I-Z (SQL standard, "SQLSTATE class"); the server's
  // own of these were all named above.
  const char first = code.front();
  const bool the_applications =
      (first >= 'I' && first <= 'Z' && code_class != "XX") || (first >= '6' && first <= '9');
  return the_applications ? ErrorKind::kRowFault : ErrorKind::kInternal;
}

ErrorKind kind_of_refusal(std::string_view sqlstate) {
  if (sqlstate.substr(0, 2) == "28" || sqlstate == "3D000") {
    return ErrorKind::kAuthentication;
  }
  if (sqlstate == "42501") {
    return ErrorKind::kPrivilege;
  }
  return ErrorKind::kUnavailable;
}

Error to_error(const std::string& source_name, const ServerError& error) {
  Error result;
  result.kind = kind_of(error);
  result.code = error.code;
  result.constraint = error.constraint.empty() ? error.column : error.constraint;
  result.detail = error.message;
  if (!error.detail.empty()) {
    result.detail += "\n" + error.detail;
  }
  const bool own_words = result.kind == ErrorKind::kRowFault;
  result.message =
      fmt::format("source {}: {}{}", source_name, own_words ? fault_of(error) : error.message,
                  error.code.empty() ? "" : fmt::format(" ({})", error.code));
  result.hint = own_words ? std::string() : advice_for(error);
  return result;
}

}  // namespace couplet::postgres
