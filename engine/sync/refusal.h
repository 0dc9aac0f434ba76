#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/sync/task.h"

namespace couplet {

// Of a parked task: the attributes that were refused, as the side at fault calls them, as far as
// the error tells: by attribute, column, unique key or foreign key. Often it does not.
std::vector<std::string> refused_attributes(const MappingPlan& plan, const Task& task);

// The column of a row that was refused alone as too long or out of range (SQLSTATE 22001, 22003;
// servers do not name it) whose value is more than it holds. Empty: another error, or none is seen.
std::string overfull_column(std::span<const WriteGroup> groups, const Error& error);

}  // namespace couplet
