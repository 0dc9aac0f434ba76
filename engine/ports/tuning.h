#pragma once

#include <cstddef>

// Bounds that are no options, each with its reason.
namespace couplet::tuning {

// Objects in a batch: enough to hide a round trip and a sync, few enough that a batch of wide rows
// stays small. field measurements: 2000 against 500 rows is 1.15 in throughput.
inline constexpr std::size_t kBatchRows = 1000;
// A batch of rows is cut at this size even if it has few rows; bounds memory for wide rows.
inline constexpr std::size_t kBatchBytes = 4U << 20U;
// Objects that exchange unique values, and are written together because no smaller part of them
// could be: one transaction, some tens of MiB.
inline constexpr std::size_t kExchangeRows = 16 * kBatchRows;
// Longest wait between retries of a transient error, and how many within one verb that ends.
inline constexpr int kRetries = 6;

// Changed objects and those that read them through a path, together, that a reconcile follows one
// by one, per mapping and round: some ten batches. Beyond that a scan of the whole mapping, which
// streams rows instead of looking each of them up, is the shorter way.
inline constexpr std::size_t kFanOutMost = 10'000;
// The same where nothing is scanned (a hand-run sync), per changed object: as much as one answer
// may hold in memory, some 10 MiB.
inline constexpr std::size_t kReadersMost = 100'000;

}  // namespace couplet::tuning
