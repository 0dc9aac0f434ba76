#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace couplet::postgres {

// Rows that exchange unique values one after the other: which of them have to step aside first, one
// for each circle, and in which order the rest can then be written without a clash.
struct ExchangeOrder {
  std::vector<std::uint32_t> aside;  // Ascending.
  std::vector<std::uint32_t> order;  // All rows.
};

// `held` and `wanted` are the values of each row now and afterwards; those held are distinct. Pure.
ExchangeOrder exchange_order(const std::vector<std::string>& held,
                             const std::vector<std::string>& wanted);

}  // namespace couplet::postgres
