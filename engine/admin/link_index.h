#pragma once

#include <string>
#include <vector>

#include "engine/model/result.h"
#include "engine/ports/state_store.h"

namespace couplet {

// What is wrong with the links of a state as seen from their right ends, as sentences: each link is
// recorded twice, so that it is found from either end (docs/state-format.md). Reads both families
// once, in batches; memory does not grow with the links. Needs no definition: what former ones left
// is looked at too. Errors: kStateCorrupt for a record that is none.
Result<std::vector<std::string>> verify_link_index(const StateStore& store);

}  // namespace couplet
