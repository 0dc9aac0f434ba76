#include "engine/sync/refused_writes.h"

#include <algorithm>

#include "engine/sync/byte_codec.h"
#include "engine/sync/object_name.h"

namespace couplet {
namespace {

bool is_refused(const Task& task, Side side) {
  const auto& written = task.written[index_of(side)];
  return written.has_value() && written->refused;
}

// A row as it was seen; where there is none, who wants it.
std::string attempt(const MappingPlan& plan, const Task& task, Side side) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(static_cast<std::uint8_t>(side));
  if (const View* row = task.views[index_of(side)]) {
    out.text(row->key.bytes);
    out.u64(row->version.value);
  } else if (plan.entities->many && !task.members.empty()) {
    out.u64(task.members.front().identity.value);
  } else if (const View* from = task.views[index_of(other(side))]) {
    out.text(from->key.bytes);
  }
  return bytes;
}

Error without_effect(const MappingPlan& plan, const Task& task, Side side) {
  const View* row = task.views[index_of(side)];
  const std::string table = to_string(plan.side(side).entity->table.name);
  const std::string lets_pass =
      "a trigger, a rule or a policy of the table lets it pass without effect. Once that is "
      "mended: `couplet parked retry`";
  Error fault;
  fault.kind = ErrorKind::kRowFault;
  fault.code = "no_effect";
  fault.message =
      row != nullptr
          ? "the database took the update of " + object_name(plan, side, row->key) + " (table " +
                table + ") and changed nothing, though the row is as it was seen: " + lets_pass
          : "the database took the insert into table " + table + " for " +
                object_name(plan, task.subject.side, task.subject.key) +
                " and made no row, and none with its identity key is there: " + lets_pass;
  return fault;
}

}  // namespace

bool RefusedWrites::any(const Task& task) {
  return is_refused(task, Side::kLeft) || is_refused(task, Side::kRight);
}

void RefusedWrites::add(const MappingPlan& plan, const Task& task) {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (is_refused(task, side)) {
      attempts_.insert(attempt(plan, task, side));
    }
  }
}

bool RefusedWrites::contains(const MappingPlan& plan, const Task& task, Side side) const {
  return is_refused(task, side) && attempts_.contains(attempt(plan, task, side));
}

void park_without_effect(const MappingPlan& plan, const RefusedWrites& earlier, TaskBatch& batch) {
  for (Task& task : batch.tasks) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (task.act != Task::Act::kPark && earlier.contains(plan, task, side)) {
        task.act = Task::Act::kPark;
        task.fault = without_effect(plan, task, side);
        task.fault_side = side;
      }
    }
  }
}

}  // namespace couplet
