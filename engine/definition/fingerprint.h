#pragma once

#include <string>

#include "engine/definition/bound.h"

namespace couplet {

// A digest, as hex, of everything in the definition that decisions depend on: the same for the same
// meaning, whatever the file's layout and the ids that a server gives its types.
std::string fingerprint_of(const BoundDefinition& definition);

}  // namespace couplet
