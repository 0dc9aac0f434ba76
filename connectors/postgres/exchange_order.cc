#include "connectors/postgres/exchange_order.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace couplet::postgres {

ExchangeOrder exchange_order(const std::vector<std::string>& held,
                             const std::vector<std::string>& wanted) {
  std::unordered_map<std::string, std::uint32_t> holders;
  for (std::uint32_t row = 0; row < held.size(); ++row) {
    holders.emplace(held[row], row);
  }
  // Each row waits for one other at most: the one that holds what it wants.
  std::vector<std::optional<std::uint32_t>> waits_for(held.size());
  for (std::uint32_t row = 0; row < wanted.size(); ++row) {
    const auto holder = holders.find(wanted[row]);
    if (holder != holders.end() && holder->second != row) {
      waits_for[row] = holder->second;
    }
  }
  enum class Mark : std::uint8_t { kNew, kOnThePath, kDone };
  std::vector<Mark> marks(held.size(), Mark::kNew);
  ExchangeOrder result;
  for (std::uint32_t start = 0; start < held.size(); ++start) {
    std::vector<std::uint32_t> path;
    std::optional<std::uint32_t> row = start;
    while (row && marks[*row] == Mark::kNew) {
      marks[*row] = Mark::kOnThePath;
      path.push_back(*row);
      row = waits_for[*row];
    }
    if (row && marks[*row] == Mark::kOnThePath) {
      // The walk came round to `row`: it steps aside, and the last of the path, which waits for
      // it, can be written first.
      result.aside.push_back(*row);
    }
    for (; !path.empty(); path.pop_back()) {
      marks[path.back()] = Mark::kDone;
      result.order.push_back(path.back());
    }
  }
  std::sort(result.aside.begin(), result.aside.end());
  return result;
}

}  // namespace couplet::postgres
