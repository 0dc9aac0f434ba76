#pragma once

#include <span>

#include "engine/sync/mapping_plan.h"
#include "engine/sync/report.h"
#include "engine/sync/state.h"

namespace couplet {

// The worklists whose objects are decided again, each with what a report calls its objects.
inline constexpr std::array<Family, 3> kWorklists = {Family::kWaiting, Family::kHeld,
                                                     Family::kParked};
Operation operation_of(Family worklist);

// The names of the objects whose links are waited for.
std::vector<std::string> names_of(const BoundDefinition& definition, const State& state,
                                  const Waiting& waiting);

// Tells which of `subjects`, all of one mapping, stand on that worklist; how many do.
Result<std::uint64_t> tell_standing(const BoundDefinition& definition, const State& state,
                                    const MappingPlan& plan, Family worklist,
                                    std::span<const Subject> subjects, Observer& observer);

}  // namespace couplet
