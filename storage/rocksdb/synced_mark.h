#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/model/result.h"

namespace couplet {

// How far the state is known to be synced, in a small file beside the database: a number that every
// later recovery must reach.
//
// RocksDB recovers to the last point up to which its write-ahead log is whole. It cannot tell a log
// that was torn because the power went before a sync (nothing promised is missing) from one whose
// synced part was damaged or cut off (promised changes are missing): both end early. This mark can.
// It is written after each sync and is not synced itself, so that it costs no disk access: after a
// loss of power it may be older than the truth, which only makes it forgiving, never newer.
class SyncedMark {
 public:
  static constexpr const char* kFileName = "couplet.synced";

  // The number in the file. Errors: kNotFound if there is no such file; kStateCorrupt if it holds
  // anything else.
  static Result<std::uint64_t> read(const std::filesystem::path& folder);
  // Makes the file, holding zero, durably.
  static Result<void> create(const std::filesystem::path& folder);
  static Result<std::unique_ptr<SyncedMark>> open(const std::filesystem::path& folder);

  ~SyncedMark();
  SyncedMark(const SyncedMark&) = delete;
  SyncedMark& operator=(const SyncedMark&) = delete;

  // Everything up to `sequence` is synced. Never moves back. Failing to write it is no error: an
  // older mark holds as well. Safe for concurrent use.
  void advance(std::uint64_t sequence) noexcept;

 private:
  SyncedMark(int descriptor, std::uint64_t sequence)
      : descriptor_(descriptor), sequence_(sequence) {}

  const int descriptor_;
  std::mutex mutex_;
  std::uint64_t sequence_;  // Guarded by mutex_.
};

}  // namespace couplet
