#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/postgres/column_text.h"
#include "engine/model/strong_int.h"
#include "engine/model/wire.h"
#include "engine/ports/catalog.h"

namespace couplet::postgres {

// A unique index that is valid, immediate or deferrable, over plain columns, without a predicate.
struct UniqueIndex {
  std::vector<std::string> columns;
  bool nulls_equal = false;  // NULLS NOT DISTINCT.
};

// What statements over a table depend on, beside what the engine is told of it.
struct Relation {
  TableInfo info;
  // Rows have an xmin. Those of views and foreign tables have none: their version is a hash of what
  // they show, and a row's version after a write is not known.
  bool has_xmin = true;
  std::vector<UniqueIndex> unique_indexes;
  // By column.
  std::map<std::string, ColumnTraits> traits;

  [[nodiscard]] const ColumnTraits& traits_of(const std::string& column) const {
    static const ColumnTraits kPlain;
    const auto found = traits.find(column);
    return found == traits.end() ? kPlain : found->second;
  }

  // True if one value of these columns finds one row at most, by an index.
  [[nodiscard]] bool unique_by(std::span<const std::string> columns) const {
    return std::any_of(unique_indexes.begin(), unique_indexes.end(), [&](const UniqueIndex& index) {
      return std::all_of(
          index.columns.begin(), index.columns.end(), [&](const std::string& column) {
            return std::find(columns.begin(), columns.end(), column) != columns.end();
          });
    });
  }
};

// A version as an answer holds it: an xmin (xid) or a hash (bigint).
inline RowVersion version_of_bytes(std::string_view bytes) {
  return bytes.size() == sizeof(std::uint32_t)
             ? RowVersion{wire::read<std::uint32_t>(bytes.data())}
             : RowVersion{wire::read<std::uint64_t>(bytes.data())};
}

}  // namespace couplet::postgres
