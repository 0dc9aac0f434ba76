#include "engine/model/packed_cells.h"

#include <cstdint>
#include <vector>

#include "engine/model/wire.h"

namespace couplet {

// For each cell its Value::length(), four bytes, then its bytes.
void append_cell(std::string& out, Value cell) {
  wire::append(out, cell.length());
  if (cell.has_bytes()) {
    out.append(cell.bytes());
  }
}

bool add_cells(std::string_view packed, std::size_t count, RowBatch& out) {
  std::size_t found = 0;
  for (std::size_t at = 0; at < packed.size(); ++found) {
    if (packed.size() - at < sizeof(std::int32_t)) {
      return false;
    }
    const auto length = wire::read<std::int32_t>(packed.data() + at);
    at += sizeof(std::int32_t) + (length > 0 ? static_cast<std::size_t>(length) : 0);
    if (at > packed.size()) {
      return false;
    }
  }
  if (found != count) {
    return false;
  }
  const std::uint32_t base = out.keep(packed);
  for (std::size_t at = 0; at < packed.size();) {
    const auto length = wire::read<std::int32_t>(packed.data() + at);
    at += sizeof(std::int32_t);
    out.push_kept(base + static_cast<std::uint32_t>(at), length);
    at += length > 0 ? static_cast<std::size_t>(length) : 0;
  }
  return true;
}

}  // namespace couplet
