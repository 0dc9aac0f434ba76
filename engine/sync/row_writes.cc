#include "engine/sync/row_writes.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/model/planted_bug.h"
#include "engine/sync/byte_codec.h"
#include "engine/sync/decider.h"
#include "engine/sync/exchange.h"

namespace couplet {
namespace {

std::optional<std::string> bytes_of(Value value) {
  return value.has_bytes() ? std::optional<std::string>(value.bytes()) : std::nullopt;
}

void park(Task& task, Side at_fault, Error error) {
  task.act = Task::Act::kPark;
  task.fault = std::move(error);
  task.fault_side = at_fault;
}

// The attribute's cells on the written side; false where the task parks instead.
bool add_attribute(const ViewBuilder& builder, const MappingPlan& plan, std::size_t use,
                   RowWrite& write) {
  Task& task = *write.task;
  const Endpoint& end = plan.slot(use).end(write.side);
  const View* holder = task.holder(other(write.side), use);
  std::string arena;
  std::vector<Value> values;
  if (auto sent = builder.send(*holder, use, arena, values); !sent) {
    park(task, other(write.side), std::move(sent.error()));
    return false;
  }
  for (std::size_t i = 0; i < end.columns.size(); ++i) {
    RowWrite::Cell cell;
    cell.column = end.columns[i].column;
    cell.type = end.columns[i].type;
    cell.use = use;
    cell.value = bytes_of(values[i]);
    write.cells.push_back(std::move(cell));
  }
  return true;
}

// The winner's change time travels along, and never moves the target's back.
void add_change_time(const MappingPlan& plan, RowWrite& write) {
  const SidePlan& side = plan.side(write.side);
  const Task& task = *write.task;
  for (const RowWrite::Cell& cell : write.cells) {
    if (cell.use == RowWrite::kNoUse) {
      continue;
    }
    const View* holder = task.holder(other(write.side), cell.use);
    if (holder == nullptr) {
      continue;
    }
    const auto time = change_time(task, other(write.side), holder->slots[cell.use],
                                  plan.side(other(write.side)).slots[cell.use].own);
    if (time && (!write.carried || *time > *write.carried)) {
      write.carried = time;
    }
  }
  const View* target = task.views[index_of(write.side)];
  if (!write.carried || !side.changed_at || !side.entity->updated_at_writable ||
      write.cell(*side.entity->updated_at) != nullptr ||
      (target != nullptr && target->changed_at && *target->changed_at >= *write.carried)) {
    return;
  }
  write.cells.push_back({*side.entity->updated_at, side.entity->updated_at_type, RowWrite::kNoUse,
                         timestamp_bytes(*write.carried)});
}

void finish_create(const MappingPlan& plan, Clock& clock, RowWrite& write) {
  const SidePlan& side = plan.side(write.side);
  for (const BoundMapping::Written& fixed : plan.bound->create_values[index_of(write.side)]) {
    if (write.cell(fixed.column) == nullptr) {
      write.cells.push_back({fixed.column, fixed.type, RowWrite::kNoUse, fixed.value});
    }
  }
  // A change time that must be there and that nobody knows is the time of our write.
  if (side.entity->updated_at && side.entity->updated_at_writable &&
      write.cell(*side.entity->updated_at) == nullptr) {
    const ColumnInfo* column = side.entity->table.column(*side.entity->updated_at);
    if (column != nullptr && !column->nullable && !column->has_default) {
      write.cells.push_back({*side.entity->updated_at, side.entity->updated_at_type,
                             RowWrite::kNoUse, timestamp_bytes(clock.now())});
    }
  }
  if (auto key = new_id(side, write)) {
    write.key = std::move(*key);
    write.id_written = true;
  }
}

}  // namespace

std::optional<ObjectKey> new_id(const SidePlan& side, const RowWrite& write) {
  const std::vector<std::string>& columns = side.entity->id;
  const bool is_made = write.operation == WriteGroup::Operation::kCreate;
  std::string arena;
  std::vector<Value> id(columns.size());
  if (!is_made && !decode_key(side.entity->id_types, write.key.bytes, arena, id)) {
    return std::nullopt;
  }
  bool written = false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const RowWrite::Cell* cell = write.cell(columns[i]);
    if (cell != nullptr ? !cell->value : is_made) {
      return std::nullopt;
    }
    if (cell != nullptr) {
      id[i] = Value(std::string_view(*cell->value));
      written = true;
    }
  }
  ObjectKey key;
  if (!written || !append_key(side.entity->id_types, id, key.bytes)) {
    return std::nullopt;
  }
  return key;
}

std::string timestamp_bytes(Timestamp time) {
  std::string bytes;
  ByteWriter(bytes).u64(static_cast<std::uint64_t>(time.value));
  return bytes;
}

const RowWrite::Cell* RowWrite::cell(const std::string& column) const {
  const auto found = std::find_if(cells.begin(), cells.end(),
                                  [&](const Cell& cell) { return cell.column == column; });
  return found == cells.end() ? nullptr : &*found;
}

std::vector<RowWrite> row_writes_of(const ViewBuilder& builder, const MappingPlan& plan,
                                    Clock& clock, Task& task) {
  std::vector<RowWrite> writes;
  if (task.act != Task::Act::kMerge && task.act != Task::Act::kCreate) {
    return writes;
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    RowWrite write;
    write.task = &task;
    write.side = side;
    const View* target = task.views[index_of(side)];
    bool any = false;
    for (std::size_t use = 0; use < task.merges.size(); ++use) {
      if (task.merges[use].outcome == Merge::Outcome::kWrite && task.merges[use].to == side) {
        any = true;
        if (!add_attribute(builder, plan, use, write)) {
          return {};
        }
      }
    }
    if (!any) {
      continue;
    }
    add_change_time(plan, write);
    if (target != nullptr) {
      write.key = target->key;
      write.expected = target->version;
    } else {
      write.operation = WriteGroup::Operation::kCreate;
      finish_create(plan, clock, write);
    }
    writes.push_back(std::move(write));
  }
  return writes;
}

std::vector<std::size_t> returned_columns(const SidePlan& plan) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < plan.projection.columns.size(); ++i) {
    if (plan.projection.columns[i].joins.empty()) {
      columns.push_back(i);
    }
  }
  return columns;
}

namespace {

void find_displaced(const SidePlan& side, const std::vector<const RowWrite*>& rows,
                    WriteGroup& group) {
  const Moves moves = moves_among(side, rows);
  group.displaced_rows.assign(moves.holders.begin(), moves.holders.end());
  for (std::size_t i = 0; i < group.columns.size(); ++i) {
    if (moves.columns.contains(group.columns[i])) {
      group.displaced_columns.push_back(i);
    }
  }
}

WriteGroup make_group(const SidePlan& target, const std::vector<const RowWrite*>& rows) {
  WriteGroup group;
  group.operation = rows.front()->operation;
  group.table = target.entity->table.name;
  group.id = target.entity->id;
  group.id_types = target.entity->id_types;
  for (const RowWrite* row : rows) {
    for (const RowWrite::Cell& cell : row->cells) {
      if (std::find(group.columns.begin(), group.columns.end(), cell.column) ==
          group.columns.end()) {
        group.columns.push_back(cell.column);
        group.column_types.push_back(cell.type);
      }
    }
  }
  for (const std::size_t column : returned_columns(target)) {
    group.returning.push_back(target.projection.columns[column].column);
    group.returning_types.push_back(target.projection.columns[column].type);
  }
  group.rows.reset(group.id.size() + group.columns.size());
  return group;
}

void add_row(const SidePlan& side, const RowWrite& write, WriteGroup& group) {
  group.rows.begin_row(write.expected, static_cast<std::uint32_t>(group.rows.rows()));
  if (write.key.empty() || write.id_written) {
    for (std::size_t i = 0; i < group.id.size(); ++i) {
      group.rows.push_absent();
    }
  } else {
    std::string arena;
    std::vector<Value> id;
    const auto decoded = decode_key(group.id_types, write.key.bytes, arena, id);
    COUPLET_CHECK(decoded.has_value());
    for (const Value& cell : id) {
      group.rows.push(cell);
    }
  }
  for (const std::string& column : group.columns) {
    group.rows.push(wanted_value(side, write, column));
  }
}

using Shapes = std::map<std::string, std::vector<const RowWrite*>>;

// Rows whose unique values change places go into one group, since only inside a group can they be
// moved out of each other's way: a row that does not write one of its columns writes there what it
// holds already. Where that was not read they are left as they are.
void join_exchanging(const SidePlan& side, Shapes& shapes) {
  std::vector<const RowWrite*> updates;
  std::vector<const std::string*> shape_of;
  for (const auto& [shape, rows] : shapes) {
    if (rows.front()->operation == WriteGroup::Operation::kUpdate) {
      updates.insert(updates.end(), rows.begin(), rows.end());
      shape_of.insert(shape_of.end(), rows.size(), &shape);
    }
  }
  if (updates.empty() || shape_of.front() == shape_of.back()) {
    return;
  }
  const Moves moves = moves_among(side, updates);
  std::set<std::size_t> joined = moves.holders;
  joined.insert(moves.takers.begin(), moves.takers.end());
  std::set<const std::string*> from;
  std::set<std::string> columns;
  for (const std::size_t i : joined) {
    from.insert(shape_of[i]);
    for (const RowWrite::Cell& cell : updates[i]->cells) {
      columns.insert(cell.column);
    }
  }
  if (from.size() < 2) {
    return;
  }
  std::vector<const RowWrite*> together;
  std::set<const RowWrite*> taken;
  for (const std::size_t i : joined) {
    if (std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
          return wanted_value(side, *updates[i], column).is_absent();
        })) {
      return;
    }
    together.push_back(updates[i]);
    taken.insert(updates[i]);
  }
  for (auto& [shape, rows] : shapes) {
    std::erase_if(rows, [&](const RowWrite* row) { return taken.contains(row); });
  }
  std::erase_if(shapes, [](const auto& shape) { return shape.second.empty(); });
  // A name that no operation begins with: a shape of its own, the last one.
  shapes.emplace("\xff", std::move(together));
}

}  // namespace

void add_probe(const MappingPlan& plan, Side side, WriteGroup& group) {
  std::vector<std::size_t> probe;
  std::vector<std::string> names;
  const SidePlan& target = plan.side(side);
  for (const std::size_t column : target.identity) {
    const ColumnPath& path = target.projection.columns[column];
    const auto found = std::find(group.columns.begin(), group.columns.end(), path.column);
    if (!path.joins.empty() || found == group.columns.end()) {
      return;
    }
    probe.push_back(static_cast<std::size_t>(found - group.columns.begin()));
    names.push_back(path.column);
  }
  for (const UniqueKey& key : target.entity->table.unique_keys) {
    if (std::all_of(key.columns.begin(), key.columns.end(), [&](const std::string& column) {
          return std::find(names.begin(), names.end(), column) != names.end();
        })) {
      return;
    }
  }
  if (!planted("create_without_probe")) {
    group.unless_exists = std::move(probe);
  }
}

GroupedWrites group_writes(const MappingPlan& plan, Side side,
                           std::span<const RowWrite* const> writes) {
  const SidePlan& target = plan.side(side);
  Shapes by_shape;
  for (const RowWrite* write : writes) {
    std::string shape;
    ByteWriter out(shape);
    out.u8(static_cast<std::uint8_t>(write->operation));
    out.u8(write->key.empty() ? 0 : write->id_written ? 1 : 2);
    for (const RowWrite::Cell& cell : write->cells) {
      out.text(cell.column);
    }
    by_shape[shape].push_back(write);
  }
  join_exchanging(target, by_shape);
  GroupedWrites grouped;
  for (auto& [shape, rows] : by_shape) {
    // Locks in one order, clustered pages.
    std::stable_sort(rows.begin(), rows.end(),
                     [](const RowWrite* a, const RowWrite* b) { return a->key < b->key; });
    WriteGroup group = make_group(target, rows);
    for (const RowWrite* row : rows) {
      add_row(target, *row, group);
    }
    if (group.operation == WriteGroup::Operation::kUpdate) {
      find_displaced(target, rows, group);
    } else if (group.operation == WriteGroup::Operation::kCreate) {
      add_probe(plan, side, group);
    }
    grouped.groups.push_back(std::move(group));
    grouped.order.push_back(std::move(rows));
  }
  return grouped;
}

}  // namespace couplet
