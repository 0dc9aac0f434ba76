#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "engine/ports/clock.h"
#include "engine/ports/source.h"
#include "engine/sync/reader.h"

namespace couplet {

// One row that a task writes on one side, in the written columns' own types.
struct RowWrite {
  static constexpr std::size_t kNoUse = std::numeric_limits<std::size_t>::max();
  struct Cell {
    std::string column;
    Type type;
    std::size_t use = kNoUse;          // the attribute it belongs to; kNoUse: `updated_at`, `where`
    std::optional<std::string> value;  // nullopt: null
  };
  Task* task = nullptr;
  Side side = Side::kRight;
  WriteGroup::Operation operation = WriteGroup::Operation::kUpdate;
  ObjectKey key;  // of the row as it is; create: the one chosen, empty if the source chooses
  RowVersion expected;
  std::vector<Cell> cells;
  std::optional<Timestamp> carried;
  bool id_written = false;  // create: the id is among the cells

  // nullptr: the column is not written.
  [[nodiscard]] const Cell* cell(const std::string& column) const;
};

// The id that the row has once it is written; nullopt: that which it has, or the source chooses.
std::optional<ObjectKey> new_id(const SidePlan& side, const RowWrite& write);

// As a cell of a column of change times.
std::string timestamp_bytes(Timestamp time);

// What a decided task has to write. A value that the other side cannot hold turns the task's act
// into kPark and gives no writes.
std::vector<RowWrite> row_writes_of(const ViewBuilder& builder, const MappingPlan& plan,
                                    Clock& clock, Task& task);

// The writes of one side as groups of one operation and one set of columns, in key order; `order`
// says which write each row of each group is.
struct GroupedWrites {
  std::vector<WriteGroup> groups;
  std::vector<std::vector<const RowWrite*>> order;
};
GroupedWrites group_writes(const MappingPlan& plan, Side side,
                           std::span<const RowWrite* const> writes);

// A create is refused where one with its identity stands already, unless a unique key says so by
// itself. Only where the whole identity is made of plain columns of the row.
void add_probe(const MappingPlan& plan, Side side, WriteGroup& group);

// The own columns of a side's projection: what a write gives back. Indexes into projection.columns.
std::vector<std::size_t> returned_columns(const SidePlan& plan);

}  // namespace couplet
