#pragma once

#include <cstddef>

#include "connectors/memory/memory_table.h"
#include "engine/model/result.h"

namespace couplet::memory {

// What a column is set to while its value changes places with another row's: null where it may be,
// else a value of its type that no row has. Errors: kRowFault if the type has no such value left.
Result<Cell> displaced_value(const MemoryTable& table, std::size_t column);

}  // namespace couplet::memory
