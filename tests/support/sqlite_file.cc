#include "tests/support/sqlite_file.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <stdexcept>

namespace couplet::test {
namespace {

std::string enclosed(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out += c;
    if (c == quote) {
      out += quote;
    }
  }
  return out + quote;
}

std::optional<std::string> text_of(sqlite3_stmt* statement, int column) {
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return std::nullopt;
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const unsigned char*>(sqlite3_column_blob(statement, column));
      std::string hex = "\\x";
      for (std::size_t i = 0; i < size; ++i) {
        hex += fmt::format("{:02x}", bytes[i]);
      }
      return hex;
    }
    default: {
      // Numbers are made text by this call, which may change the size.
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
    }
  }
}

}  // namespace

std::string sqlite_name(std::string_view name) { return enclosed(name, '"'); }
std::string sqlite_literal(std::string_view text) { return enclosed(text, '\''); }

void SqliteFile::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

SqliteFile::SqliteFile() : folder_(fast_parent()) {
  sqlite3* connection = nullptr;
  const int opened = sqlite3_open(path().c_str(), &connection);
  connection_.reset(connection);
  if (opened != SQLITE_OK) {
    throw std::runtime_error(sqlite3_errmsg(connection));
  }
  sqlite3_busy_timeout(connection, 10'000);
  exec("pragma foreign_keys = on; pragma synchronous = off");
}

SqliteFile::~SqliteFile() = default;

void SqliteFile::exec(const std::string& sql) const {
  const auto rows = query(sql);
  static_cast<void>(rows);
}

std::vector<SqliteFile::Row> SqliteFile::query(const std::string& sql) const {
  std::vector<Row> rows;
  const char* rest = sql.c_str();
  const char* const end = rest + sql.size() + 1;  // With the zero, so that nothing is copied.
  while (*rest != '\0') {
    sqlite3_stmt* made = nullptr;
    if (sqlite3_prepare_v2(connection_.get(), rest, static_cast<int>(end - rest), &made, &rest) !=
        SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(connection_.get()));
    }
    const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(made, sqlite3_finalize);
    if (made == nullptr) {
      continue;  // A blank or a comment.
    }
    rows.clear();
    int stepped = SQLITE_ROW;
    while ((stepped = sqlite3_step(made)) == SQLITE_ROW) {
      Row row;
      for (int i = 0; i < sqlite3_column_count(made); ++i) {
        row.push_back(text_of(made, i));
      }
      rows.push_back(std::move(row));
    }
    if (stepped != SQLITE_DONE) {
      throw std::runtime_error(sqlite3_errmsg(connection_.get()));
    }
  }
  return rows;
}

}  // namespace couplet::test
