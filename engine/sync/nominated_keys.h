#pragma once

#include <span>
#include <vector>

#include "engine/sync/task.h"

namespace couplet {

// The keys of the nominees on one side, each once and in order.
struct NominatedKeys {
  std::vector<ObjectKey> keys;
  std::vector<bool> unlinked;  // each: nominated for nothing but having no link
};
NominatedKeys nominated_keys(std::span<const Nominee> nominees, Side side);

}  // namespace couplet
