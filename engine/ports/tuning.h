#pragma once

#include <cstddef>

// Bounds that are no options, each with its reason.
namespace couplet::tuning {

// Objects in a batch: enough to hide a round trip and a sync, few enough that a batch of wide rows
// stays small. field measurements: 2000 against 500 rows is 1.15 in throughput.
inline constexpr std::size_t kBatchRows = 1000;
// A batch of rows is cut at this size even if it has few rows; bounds memory for wide rows.
inline constexpr std::size_t kBatchBytes = 4U << 20U;
// Longest wait between retries of a transient error, and how many within one verb that ends.
inline constexpr int kRetries = 6;

}  // namespace couplet::tuning
