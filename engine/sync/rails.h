#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/definition/bound.h"

// The bounds on how much of a mapping is written unasked: `limits` (DESIGN section 5.9).
namespace couplet {

struct Task;

// What has a budget of its own: what of a class is written on a side.
struct Rail {
  LimitClass limit_class = LimitClass::kCreate;
  Side side = Side::kLeft;
  auto operator<=>(const Rail&) const = default;
};
using RailCounts = std::map<Rail, std::uint64_t>;  // of objects

// The class of what a task writes; nullopt: it writes nothing.
std::optional<LimitClass> limit_class_of(const Task& task);
// Whether a decided task is to write on that side.
bool is_to_write(const Task& task, Side side);

// Whether `count` objects of a class, out of `of`, are more than the mapping's `limits` allow, in a
// run or in an hour: why they are held; empty: they are not.
enum class RailSpan : std::uint8_t { kRun, kHour };
std::string rail_reason(const BoundMapping& mapping, LimitClass limit_class, std::uint64_t count,
                        std::uint64_t of, RailSpan span = RailSpan::kRun);

// False if so few cannot trip the rail, whatever they are out of.
bool may_trip(const BoundMapping& mapping, LimitClass limit_class, std::uint64_t count);

}  // namespace couplet
