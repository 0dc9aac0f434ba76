#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

#include "engine/model/result.h"

namespace couplet::memory {

// The calls of a Source that can be made to fail.
enum class SourceCall : std::uint8_t {
  kIdentity,
  kDescribe,
  kTables,
  kScan,
  kScanNext,
  kFetch,
  kFind,
  kReserveIds,
  kAttachMark,
  kMarkExists,
  kSubmit,
  kAreVisible,
  kChanges,
  kNextChanges,
  kCommit,  // Inside a batch, when all is written and nothing is committed yet.
};
inline constexpr std::size_t kSourceCalls = 15;

// What goes wrong in a MemoryDatabase, for all of its sessions: as scripted, or by chance from a
// seed. Safe for concurrent use.
//
// Scripts are taken in the order in which they were given, one at a call: of each kind of call the
// first script waits until its turn has come, then is spent.
class MemoryFaults {
 public:
  struct Rates {
    double transient = 0;           // Of every call. A batch is rolled back.
    double commit_lost_before = 0;  // Of every batch: kCommitUnknown, and it did not happen.
    double commit_lost_after = 0;   // kCommitUnknown, and it did.
    double execute_at_collect = 0;  // The batch runs when it is collected, not when submitted.
  };

  // The next `times` calls of this kind, after `skip` that go well, answer with `error`.
  void fail_next(SourceCall call, Error error, int times = 1, int skip = 0);
  // The next batch, after `skip` others, ends in kCommitUnknown. The session is broken until what
  // is in flight has been collected: a batch submitted meanwhile ends alike and never runs.
  void lose_commit(bool took_effect, int skip = 0);
  // Runs `action` once, just before a call of this kind: a user's edit between read and write. May
  // use the MemoryDatabase. Not for kCommit, which runs under its lock.
  void before(SourceCall call, std::function<void()> action, int skip = 0);
  // The next batches run when they are collected, or never, if the session ends before that.
  void execute_at_collect(bool on);
  // From now on by chance, besides the scripts. The same seed gives the same history.
  void randomise(std::uint64_t seed, Rates rates);
  // Drops scripts and chance.
  void heal();
  // Faults that happened so far.
  [[nodiscard]] std::uint64_t happened() const;

  // --- Asked by the sources

  enum class LostCommit : std::uint8_t { kNone, kBefore, kAfter };
  // Runs what is to be run, outside of any lock; then says whether the call fails.
  Result<void> enter(SourceCall call);
  LostCommit commit_lost();
  bool executes_at_collect();

 private:
  struct Script {
    int skip = 0;
    int times = 1;
    std::optional<Error> error;
    std::function<void()> action;
    LostCommit lost = LostCommit::kNone;
  };

  void add(SourceCall call, Script script);
  bool by_chance(double rate);

  mutable std::mutex mutex_;
  std::array<std::vector<Script>, kSourceCalls> scripts_;
  std::vector<Script> commits_;
  std::mt19937_64 random_;
  Rates rates_;
  bool execute_at_collect_ = false;
  std::uint64_t happened_ = 0;
};

}  // namespace couplet::memory
