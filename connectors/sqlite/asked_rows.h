#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/sqlite/stored_value.h"

// Rows of values of ours as a table of a statement, so that thousands of questions are one
// statement and reach SQLite as they are: no text, no limit of parameters.
//
//   SELECT … FROM couplet_asked_2(?1) AS "couplet$asked", …
//
// has the columns "couplet$i" (the row's number) and "couplet$k0", "couplet$k1", …; ?1 is a pointer
// to AskedRows (sqlite.org/bindptr.html). A virtual table of the connection, nothing of it is in
// the database. Where all its columns are compared with `=`, a row is found by a hash.
namespace couplet::sqlite {

class AskedRows {
 public:
  explicit AskedRows(std::size_t width) : width_(width) {}

  // `width` calls make a row.
  void push(StoredValue value) { values_.push_back(std::move(value)); }
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::size_t rows() const { return width_ == 0 ? 0 : values_.size() / width_; }
  [[nodiscard]] const StoredValue& at(std::size_t row, std::size_t column) const {
    return values_[row * width_ + column];
  }

  // Rows that equal these values, by SQLite's `=`: numbers by value, null to nothing.
  [[nodiscard]] const std::vector<std::uint32_t>& equal_to(sqlite3_value** values) const;

 private:
  std::size_t width_;
  std::vector<StoredValue> values_;
  mutable std::unordered_map<std::string, std::vector<std::uint32_t>> by_values_;
  mutable bool indexed_ = false;
};

// The name that sqlite3_bind_pointer has to be given.
inline constexpr const char* kAskedRowsPointer = "couplet_asked";
inline constexpr std::string_view kAsked = "\"couplet$asked\"";

// Makes the table function for rows of this width known to the connection. Returns SQLite's code.
int register_asked_rows(sqlite3* connection, std::size_t width);

// `couplet_asked_2(?1) AS "couplet$asked"`
std::string asked_text(std::size_t width);
std::string asked_key(std::size_t index);
std::string asked_ordinal();

}  // namespace couplet::sqlite
