#pragma once

#include <memory>

#include "tests/contract/source_backend.h"

namespace couplet::contract {

// A MemoryDatabase as the suite wants it.
std::unique_ptr<SourceBackend> make_memory_backend();

}  // namespace couplet::contract
