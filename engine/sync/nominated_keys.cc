#include "engine/sync/nominated_keys.h"

#include <algorithm>

namespace couplet {

NominatedKeys nominated_keys(std::span<const Nominee> nominees, Side side) {
  std::vector<const Nominee*> sorted;
  for (const Nominee& nominee : nominees) {
    if (nominee.side == side) {
      sorted.push_back(&nominee);
    }
  }
  // Of one key, those that were nominated for more come first.
  std::sort(sorted.begin(), sorted.end(),
            [](const Nominee* a, const Nominee* b) { return *a < *b; });
  NominatedKeys found;
  for (const Nominee* nominee : sorted) {
    if (found.keys.empty() || found.keys.back() != nominee->key) {
      found.keys.push_back(nominee->key);
      found.unlinked.push_back(nominee->unlinked);
    }
  }
  return found;
}

}  // namespace couplet
