#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/strong_int.h"
#include "engine/ports/spool_file.h"

namespace couplet {

// Keys with a digest each, brought into key order whatever their number: sorted in memory as runs,
// which spill to a file, and merged as they are read (external merge sort). What comes in order
// already is one run and is never sorted. Memory: about three times `memory` bytes while it is
// filled, less while it is read. Errors: those of SpoolFile.
class KeyRuns {
 public:
  static constexpr std::size_t kMemory = 4U << 20U;
  explicit KeyRuns(std::string folder, std::size_t memory = kMemory)
      : memory_(memory), file_(std::move(folder)) {}

  Result<void> add(std::string_view key, Digest digest);
  // After the last one is added, once: stands at the first.
  Result<void> start();

  // False behind the last. Views live until next().
  [[nodiscard]] bool valid() const { return !order_.empty(); }
  [[nodiscard]] std::string_view key() const { return runs_[order_.front()].key; }
  [[nodiscard]] Digest digest() const { return runs_[order_.front()].digest; }
  Result<void> next();

  // Both past what they have in common from where they stand, or past the beginning of that. Sees
  // it only where each came in order.
  static Result<void> skip_alike(KeyRuns& a, KeyRuns& b);

 private:
  // Where an entry stands in the arena. Compared by `prefix`, the first eight bytes of its key,
  // before the rest is looked at.
  struct Place {
    std::uint64_t prefix = 0;
    std::size_t at = 0;
  };
  // A sorted stretch of the file, and where its reader stands.
  struct Run {
    std::uint64_t next = 0;
    std::uint64_t end = 0;
    std::string ahead;
    std::size_t at = 0;
    std::string_view key;
    Digest digest;
    // From the entry at hand to the end of what has been read.
    [[nodiscard]] std::string_view unread() const;
  };

  [[nodiscard]] std::string_view key_at(std::size_t at) const;
  void sort();
  Result<void> spill();
  Result<bool> advance(Run& run);

  std::size_t memory_;
  std::string arena_;  // entries as a run holds them: head, key
  std::size_t last_at_ = 0;
  bool ascending_ = true;      // they are in key order as they stand
  std::vector<Place> places_;  // of all, once they are not
  SpoolFile file_;
  std::string last_;  // key of the last run
  std::vector<Run> runs_;
  std::size_t read_ahead_ = 0;
  std::vector<std::size_t> order_;  // runs that are not read to their end: a heap, smallest first
};

}  // namespace couplet
