#pragma once

#include <string>
#include <vector>

#include "engine/sync/task.h"

namespace couplet {

// Of a parked task: the attributes that were refused, as the side at fault calls them, as far as
// the error tells: by attribute, column, unique key or foreign key. Often it does not.
std::vector<std::string> refused_attributes(const MappingPlan& plan, const Task& task);

}  // namespace couplet
