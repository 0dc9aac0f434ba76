#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/sync/mapping_plan.h"
#include "engine/sync/task.h"

namespace couplet {

// Writes of a batch that the database took and that wrote nothing: the row was changed or made by
// somebody between look and write, or a trigger, rule or policy lets the statement pass without
// effect. A second look tells the two apart.
class RefusedWrites {
 public:
  [[nodiscard]] static bool any(const Task& task);

  void add(const MappingPlan& plan, const Task& task);
  // Whether this write was refused before, of the very row that it was refused of: then nobody has
  // changed it, nor made what was to be made.
  [[nodiscard]] bool contains(const MappingPlan& plan, const Task& task, Side side) const;

 private:
  std::set<std::string> attempts_;
};

// Parks each task of the batch of which a write was refused again.
void park_without_effect(const MappingPlan& plan, const RefusedWrites& earlier, TaskBatch& batch);

}  // namespace couplet
