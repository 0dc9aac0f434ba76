#pragma once

#include <cstddef>
#include <string>

#include "engine/definition/bound.h"
#include "engine/definition/definition.h"
#include "engine/ports/stream_setup.h"

namespace couplet {

// What the source keeps for a deployment of that name is named by both names, or as its options
// say. No tables.
StreamNeeds stream_names(const std::string& deployment, const SourceDefinition& source);

// The same with what the source has to stream for this definition: exactly what `run` follows
// (followed_tables). `bound` need not be whole.
StreamNeeds stream_needs(const Definition& definition, const BoundDefinition& bound,
                         std::size_t source);

}  // namespace couplet
