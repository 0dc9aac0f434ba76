#pragma once

#include <cstdint>
#include <string>

#include "engine/ports/state_store.h"

// Content of which a reader can tell whether it is whole: batch n puts its number into three
// families, and the number of the newest batch into a fourth. So after batches 1 to n, and only
// then, each of the three holds exactly 1 to n.
namespace couplet::test {

StateBatch numbered_batch(std::uint64_t number);

struct FoundContent {
  Result<void> read;          // Whether everything could be read, by cursor and by key.
  std::uint64_t newest = 0;   // Of what was read.
  std::string inconsistency;  // Empty if it is what batches 1 to `newest` leave.
};
FoundContent find_content(const StateStore& store);

}  // namespace couplet::test
