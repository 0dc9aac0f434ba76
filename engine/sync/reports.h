#pragma once

#include <vector>

#include "engine/sync/report.h"
#include "engine/sync/task.h"

namespace couplet {

// What a task has done, as operations proper: one create with its link, one update per row written,
// a link per object linked, an unlink. Nothing for a task that wrote and linked nothing. `values`:
// with what the attributes of an update held and hold; else with their names alone.
std::vector<OperationReport> operations_of(const ViewBuilder& builder, const MappingPlan& plan,
                                           const Task& task, bool values);

// A task that only stands: reported, deferred, held or parked.
OperationReport standing_of(const MappingPlan& plan, const Task& task);

}  // namespace couplet
