#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temporary_folder.h"

struct sqlite3;

namespace couplet::test {

// Quoted for SQL.
std::string sqlite_name(std::string_view name);
std::string sqlite_literal(std::string_view text);

// A SQLite database file of its own, empty when made, gone with the object, and a session of a user
// in it with foreign keys enforced. What goes wrong is a std::runtime_error.
class SqliteFile {
 public:
  using Row = std::vector<std::optional<std::string>>;

  SqliteFile();
  ~SqliteFile();
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;

  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "test.db"; }

  // Statements, separated by semicolons.
  void exec(const std::string& sql) const;
  // Rows of the last of them: text as it is stored, blobs as \x and hex.
  [[nodiscard]] std::vector<Row> query(const std::string& sql) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  TemporaryFolder folder_;
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace couplet::test
