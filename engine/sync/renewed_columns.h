#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/definition/bound.h"
#include "engine/sync/merge.h"
#include "engine/sync/state.h"

// Columns that were dropped and added again under their name. What stands in such a column is no
// change by anybody until somebody writes there: it must not empty the other side.
namespace couplet {

// What is known of a slot whose base is `renewed`. A side that holds what its old column held is as
// it was (a table that was dumped and restored). Else nothing is known of the slot: its default is
// nobody's word in a row that nobody has written since (`unwritten`, indexed by Side), and `rules`
// are set so that a tie goes to the side whose column is the old one.
BaseSlot base_of_renewed(const BaseSlot& base, const std::array<Digest, 2>& held,
                         const std::array<bool, 2>& unwritten, MergeRules& rules);

// A sentence for each of State::renewed.
std::vector<std::string> tell_renewed(const BoundDefinition& definition, const State& state);

}  // namespace couplet
