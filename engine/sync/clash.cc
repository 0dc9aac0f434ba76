#include "engine/sync/clash.h"

#include <array>
#include <cstddef>
#include <optional>
#include <unordered_map>

namespace couplet {

void holders_first(std::vector<Clash>& clashes) {
  std::array<std::unordered_map<ObjectKey, std::size_t>, 2> holders;  // indexed by Side
  for (std::size_t i = 0; i < clashes.size(); ++i) {
    if (!clashes[i].row.empty()) {
      holders[index_of(clashes[i].side)].emplace(clashes[i].row, i);
    }
  }
  const auto holder_of = [&](const Clash& clash) -> std::optional<std::size_t> {
    const auto& rows = holders[index_of(clash.side)];
    const auto found = clash.held_by.empty() ? rows.end() : rows.find(clash.held_by);
    return found == rows.end() ? std::nullopt : std::optional(found->second);
  };
  std::vector<Clash> ordered;
  ordered.reserve(clashes.size());
  std::vector<bool> taken(clashes.size(), false);
  std::vector<std::size_t> path;
  for (std::size_t start = clashes.size(); start-- > 0;) {
    for (std::optional<std::size_t> next = start; next && !taken[*next];
         next = holder_of(clashes[*next])) {
      taken[*next] = true;
      path.push_back(*next);
    }
    for (; !path.empty(); path.pop_back()) {
      ordered.push_back(std::move(clashes[path.back()]));
    }
  }
  clashes = std::move(ordered);
}

}  // namespace couplet
