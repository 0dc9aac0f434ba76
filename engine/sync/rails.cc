#include "engine/sync/rails.h"

#include <algorithm>

#include "engine/sync/task.h"

namespace couplet {
namespace {

const char* name_of(LimitClass limit_class) {
  switch (limit_class) {
    case LimitClass::kCreate:
      return "create";
    case LimitClass::kRecreate:
      return "recreate";
    case LimitClass::kUpdate:
      return "update";
    case LimitClass::kDelete:
      return "delete";
  }
  return "delete";
}

}  // namespace

std::optional<LimitClass> limit_class_of(const Task& task) {
  if (task.act == Task::Act::kCreate) {
    return task.situation == Situation::kTargetMissing ? LimitClass::kRecreate
                                                       : LimitClass::kCreate;
  }
  return task.act == Task::Act::kMerge ? std::optional(LimitClass::kUpdate) : std::nullopt;
}

bool is_to_write(const Task& task, Side side) {
  return (task.act == Task::Act::kMerge || task.act == Task::Act::kCreate) &&
         std::any_of(task.merges.begin(), task.merges.end(), [&](const Merge& merge) {
           return merge.outcome == Merge::Outcome::kWrite && merge.to == side;
         });
}

bool may_trip(const BoundMapping& mapping, LimitClass limit_class, std::uint64_t count) {
  const auto limit = mapping.limits.find(limit_class);
  return limit != mapping.limits.end() && count != 0 &&
         (!limit->second.count || count > *limit->second.count);
}

std::string rail_reason(const BoundMapping& mapping, LimitClass limit_class, std::uint64_t count,
                        std::uint64_t of, RailSpan span) {
  if (!may_trip(mapping, limit_class, count)) {
    return {};
  }
  const Limit& limit = mapping.limits.at(limit_class);
  const double percent =
      of == 0 ? 100.0 : 100.0 * static_cast<double>(count) / static_cast<double>(of);
  if (limit.percent && percent <= *limit.percent) {
    return {};
  }
  const std::string told = std::to_string(count) + " of " + std::to_string(of) + " objects";
  return "the rail '" + std::string(name_of(limit_class)) + "' holds" +
         (span == RailSpan::kHour ? ": " + told + " in an hour are" : " " + told + ":") +
         " more than `limits` of mapping '" + mapping.name + "' allow";
}

}  // namespace couplet
