#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/ports/catalog.h"

namespace couplet::sqlite {

// What statements over a table depend on, beside what the engine is told of it.
struct Relation {
  TableInfo info;
  bool change_log = false;     // Of ours or of another deployment.
  bool strict = false;         // Columns take values of their type alone.
  bool autoincrement = false;  // Ids of its rows are never given twice.
  // The column that is the rowid, under another name; integers only, chosen by SQLite where it is
  // not given.
  std::optional<std::string> rowid;
  std::set<std::string> numeric;                // Columns that turn a text like a number into one.
  std::set<std::string> loosely_compared;       // Under a collation that is not BINARY.
  std::map<std::string, std::string> defaults;  // Expressions, by column.
  std::vector<std::vector<std::string>> indexes;  // Columns of each index, none over a part.
  std::vector<std::string> row_columns;  // What a version is taken from: all that is stored.

  // True if an index begins with one of these columns.
  [[nodiscard]] bool indexed_by(std::span<const std::string> columns) const {
    const auto among = [&](const std::string& column) {
      return std::find(columns.begin(), columns.end(), column) != columns.end();
    };
    return (rowid && among(*rowid)) ||
           std::any_of(indexes.begin(), indexes.end(), [&](const std::vector<std::string>& index) {
             return !index.empty() && among(index.front());
           });
  }
};

}  // namespace couplet::sqlite
