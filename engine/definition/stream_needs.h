#pragma once

#include <cstddef>

#include "engine/definition/access.h"
#include "engine/definition/definition.h"
#include "engine/ports/stream_setup.h"

namespace couplet {

// What the source has to stream for this definition: the tables that its mappings read, those that
// a path leads through among them. None where `stream` is false or no mapping reads from it; with
// `stream: true` a source that is only written tells its changes, too. The names are there in any
// case; `access` may be empty where they alone are wanted.
StreamNeeds stream_needs(const Definition& definition, std::size_t source, const Access& access);

}  // namespace couplet
