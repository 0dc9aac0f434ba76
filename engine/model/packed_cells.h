#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/model/row_batch.h"

// Cells of one row as one piece of bytes, so that a row travels without memory for each of them.
namespace couplet {

// Behind what is there already.
void append_cell(std::string& out, Value cell);
// Adds `count` cells to the row that `out` has begun. False: the bytes are not so many, and nothing
// was added.
bool add_cells(std::string_view packed, std::size_t count, RowBatch& out);

}  // namespace couplet
