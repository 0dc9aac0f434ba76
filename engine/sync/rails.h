#pragma once

#include <cstdint>
#include <string>

#include "engine/definition/bound.h"

namespace couplet {

// Whether `count` objects of a class, out of `of`, are more than the mapping's `limits` allow
// (DESIGN section 5.9): why they are held; empty: they are not.
std::string rail_reason(const BoundMapping& mapping, LimitClass limit_class, std::uint64_t count,
                        std::uint64_t of);

// False if so few cannot trip the rail, whatever they are out of.
bool may_trip(const BoundMapping& mapping, LimitClass limit_class, std::uint64_t count);

}  // namespace couplet
