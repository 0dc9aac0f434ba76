#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/model/canonical.h"
#include "engine/model/row_batch.h"
#include "engine/model/strong_int.h"
#include "engine/ports/catalog.h"

namespace couplet::memory {

// Bytes as engine/model/type.h says; nullopt: null. A stored row has no absent cell.
using Cell = std::optional<std::string>;
using Tuple = std::vector<Cell>;

inline Value value_of(const Cell& cell) { return cell ? Value(*cell) : Value::null(); }

// Where a row lives for as long as it lives, whatever its id becomes.
using RowPlace = StrongInt<struct RowPlaceTag, std::uint64_t>;

struct StoredRow {
  Tuple cells;
  RowVersion version;
};

// The rows of one table and the ways to them. Knows nothing of constraints and transactions
// (memory_transaction.h). Not thread-safe: MemoryDatabase's lock guards it.
class MemoryTable {
 public:
  // `info` as describe gives it. A column whose type is unknown is kept as text.
  explicit MemoryTable(TableInfo info);

  [[nodiscard]] const TableInfo& info() const { return info_; }
  [[nodiscard]] TableInfo& info() { return info_; }
  [[nodiscard]] std::size_t width() const { return types_.size(); }
  // Position of a column; nullopt if there is none of this name.
  [[nodiscard]] std::optional<std::size_t> position(std::string_view column) const;
  [[nodiscard]] const Type& type(std::size_t column) const { return types_[column]; }
  // How values of this column are compared with each other.
  [[nodiscard]] const Comparison& comparison(std::size_t column) const {
    return comparisons_[column];
  }

  [[nodiscard]] const std::map<RowPlace, StoredRow>& rows() const { return rows_; }
  // nullptr: no row is there.
  [[nodiscard]] const StoredRow* at(RowPlace place) const;

  RowPlace insert(StoredRow row);           // To a place of its own.
  void put(RowPlace place, StoredRow row);  // Over what is there, or back to where it was.
  void remove(RowPlace place);

  // Equal values have equal bytes, whatever their form. nullopt if one is null: null equals
  // nothing.
  [[nodiscard]] std::optional<std::string> lookup_key(const Tuple& cells,
                                                      std::span<const std::size_t> columns) const;
  // The same for values of `row` of another table, as a reference compares them; nullopt too where
  // types are such that nothing can be equal.
  [[nodiscard]] std::optional<std::string> lookup_key(std::span<const std::size_t> columns,
                                                      const MemoryTable& from, const Tuple& row,
                                                      std::span<const std::size_t> by) const;
  // The rows that hold these values in these columns. The first question about a set of columns
  // builds an index, which is kept up from then on. The answer lives until the table changes.
  [[nodiscard]] const std::set<RowPlace>& matches(const std::vector<std::size_t>& columns,
                                                  const std::string& key) const;

 private:
  struct Index {
    std::vector<std::size_t> columns;
    std::unordered_map<std::string, std::set<RowPlace>> places;
  };

  void enter(Index& index, RowPlace place, const Tuple& cells) const;
  void leave(Index& index, RowPlace place, const Tuple& cells) const;

  TableInfo info_;
  std::vector<Type> types_;
  std::vector<Comparison> comparisons_;
  std::map<RowPlace, StoredRow> rows_;
  RowPlace next_place_{1};
  mutable std::map<std::vector<std::size_t>, Index> indexes_;  // A cache: a reader may build one.
};

// Appends a value's canonical bytes so that a sequence of them can be told apart.
void append_lookup_piece(const Comparison& as, const Type& type, Value value, std::string& out);

}  // namespace couplet::memory
