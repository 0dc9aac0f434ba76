#pragma once

#include <span>
#include <vector>

#include "engine/sync/mapping_plan.h"
#include "engine/sync/object_name.h"
#include "engine/sync/state.h"

namespace couplet {

// What is known of an object at all.
struct KnownObject {
  bool exists = false;      // there is a row
  bool remembered = false;  // a link, a tombstone or an entry of a worklist speaks of it
};

// Answers in the order of `objects`. A statement per entity and tuning::kBatchRows objects; for
// those of whom nothing is found, the tombstones of their pairs are walked once.
Result<std::vector<KnownObject>> look_up(const BoundDefinition& definition, const State& state,
                                         const std::vector<Source*>& sources,
                                         const std::vector<MappingPlan>& plans,
                                         std::span<const NamedObject> objects);

}  // namespace couplet
