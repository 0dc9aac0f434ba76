#pragma once

#include <cstddef>
#include <span>

#include "engine/sync/mapping_plan.h"
#include "engine/sync/records.h"

// Which attributes of a pair a create leaves to the columns' defaults. What stands there then is
// nobody's word: no mapping over the pair takes it for a value that somebody has set.
namespace couplet {

// Whether a create on that side that does not write the slot leaves it to a default: it stands in
// columns of the row itself that have one and are neither computed nor its id.
bool may_be_left_to_default(const MappingPlan& plan, std::size_t slot, Side made);

// Marks in `base` the slots that the mapping's create on that side has left to their defaults, for
// all mappings over the pair. `said`: the uses whose columns it has written, or will once their
// links are there.
void leave_to_default(const MappingPlan& plan, Side made, std::span<const std::size_t> said,
                      Base& base);

// An object that takes the place of one that we made says all of its attributes itself.
void forget_defaults(Side newcomer, Base& base);

}  // namespace couplet
