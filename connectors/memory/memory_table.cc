#include "connectors/memory/memory_table.h"

#include <utility>

#include "engine/model/result.h"

namespace couplet::memory {

void append_lookup_piece(const Comparison& as, const Type& type, Value value, std::string& out) {
  const std::size_t start = out.size();
  out.append(4, '\0');
  append_canonical(as, type, value, out);
  const std::size_t length = out.size() - start - 4;
  for (std::size_t i = 0; i < 4; ++i) {
    out[start + i] = static_cast<char>((length >> (8 * i)) & 0xFFU);
  }
}

MemoryTable::MemoryTable(TableInfo info) : info_(std::move(info)) {
  for (const ColumnInfo& column : info_.columns) {
    types_.push_back(column.type.value_or(Type{}));
    const std::optional<Comparison> with_itself = comparison_between(types_.back(), types_.back());
    COUPLET_CHECK(with_itself.has_value());
    comparisons_.push_back(*with_itself);
  }
}

std::optional<std::size_t> MemoryTable::position(std::string_view column) const {
  for (std::size_t i = 0; i < info_.columns.size(); ++i) {
    if (info_.columns[i].name == column) {
      return i;
    }
  }
  return std::nullopt;
}

const StoredRow* MemoryTable::at(RowPlace place) const {
  const auto found = rows_.find(place);
  return found == rows_.end() ? nullptr : &found->second;
}

RowPlace MemoryTable::insert(StoredRow row) {
  const RowPlace place = next_place_;
  ++next_place_.value;
  put(place, std::move(row));
  return place;
}

void MemoryTable::put(RowPlace place, StoredRow row) {
  COUPLET_CHECK(row.cells.size() == width());
  const StoredRow* before = at(place);
  for (auto& [columns, index] : indexes_) {
    if (before != nullptr) {
      leave(index, place, before->cells);
    }
    enter(index, place, row.cells);
  }
  rows_.insert_or_assign(place, std::move(row));
}

void MemoryTable::remove(RowPlace place) {
  const auto found = rows_.find(place);
  COUPLET_CHECK(found != rows_.end());
  for (auto& [columns, index] : indexes_) {
    leave(index, place, found->second.cells);
  }
  rows_.erase(found);
}

std::optional<std::string> MemoryTable::lookup_key(const Tuple& cells,
                                                   std::span<const std::size_t> columns) const {
  std::string key;
  for (const std::size_t column : columns) {
    if (!cells[column]) {
      return std::nullopt;
    }
    append_lookup_piece(comparisons_[column], types_[column], Value(*cells[column]), key);
  }
  return key;
}

std::optional<std::string> MemoryTable::lookup_key(std::span<const std::size_t> columns,
                                                   const MemoryTable& from, const Tuple& row,
                                                   std::span<const std::size_t> by) const {
  COUPLET_CHECK(columns.size() == by.size());
  std::string key;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Type& type = from.type(by[i]);
    if (!row[by[i]] || !comparison_between(type, types_[columns[i]])) {
      return std::nullopt;
    }
    append_lookup_piece(comparisons_[columns[i]], type, Value(*row[by[i]]), key);
  }
  return key;
}

const std::set<RowPlace>& MemoryTable::matches(const std::vector<std::size_t>& columns,
                                               const std::string& key) const {
  auto found = indexes_.find(columns);
  if (found == indexes_.end()) {
    found = indexes_.emplace(columns, Index{columns, {}}).first;
    for (const auto& [place, row] : rows_) {
      enter(found->second, place, row.cells);
    }
  }
  static const std::set<RowPlace> kNone;
  const auto places = found->second.places.find(key);
  return places == found->second.places.end() ? kNone : places->second;
}

void MemoryTable::enter(Index& index, RowPlace place, const Tuple& cells) const {
  if (const std::optional<std::string> key = lookup_key(cells, index.columns)) {
    index.places[*key].insert(place);
  }
}

void MemoryTable::leave(Index& index, RowPlace place, const Tuple& cells) const {
  const std::optional<std::string> key = lookup_key(cells, index.columns);
  if (!key) {
    return;
  }
  const auto places = index.places.find(*key);
  COUPLET_CHECK(places != index.places.end());
  places->second.erase(place);
  if (places->second.empty()) {
    index.places.erase(places);
  }
}

}  // namespace couplet::memory
