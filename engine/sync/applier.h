#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/ports/clock.h"
#include "engine/sync/departures.h"
#include "engine/sync/planned_rows.h"
#include "engine/sync/recorder.h"
#include "engine/sync/row_writes.h"

namespace couplet {

// Versions of rows as we have written them, the latest ones: a source may give each row its own, so
// their number is bounded. One that is forgotten is taken for a version that others have made.
class RecentVersions {
 public:
  void insert(RowVersion version) {
    if (newer_.size() >= kKept) {
      older_ = std::move(newer_);
      newer_.clear();
    }
    newer_.insert(version.value);
  }
  [[nodiscard]] bool contains(RowVersion version) const {
    return newer_.contains(version.value) || older_.contains(version.value);
  }

 private:
  static constexpr std::size_t kKept = 100'000;  // A few MiB; as many again are still known.
  std::unordered_set<std::uint64_t> newer_;
  std::unordered_set<std::uint64_t> older_;
};

// What the writers of a run share: the numbers of their batches and which versions are ours.
struct WriterState {
  struct PerSource {
    BatchNumber last;     // the number given out last
    bool marked = false;  // transactions carry their number as a mark
    RecentVersions versions;
  };
  std::vector<PerSource> sources;

  [[nodiscard]] bool ours(std::size_t source, RowVersion version) const {
    return sources[source].versions.contains(version);
  }
};

// Places in the order of durability where a test kills the process (DESIGN section 6).
struct CrashPoints {
  std::function<void(const char* name)> reached = [](const char*) {};
};

// Writes what decided tasks want, in batches: intents first, then one transaction a side, then the
// outcome into the tasks. A row's own fault is bisected to the row, whose task parks.
class Applier {
 public:
  Applier(const BoundDefinition& definition, State& state, const std::vector<Source*>& sources,
          const MappingPlan& plan, Reader& reader, TaskBatch& batch, WriterState& writers,
          Clock& clock, const CrashPoints& crash_points,
          const std::function<bool()>& stop_requested, std::function<void()> meanwhile)
      : definition_(definition),
        state_(state),
        sources_(sources),
        plan_(plan),
        reader_(reader),
        batch_(batch),
        writers_(writers),
        clock_(clock),
        crash_points_(crash_points),
        stop_requested_(stop_requested),
        meanwhile_(std::move(meanwhile)) {}

  // Errors: kTransient and kCommitUnknown (some sides of some tasks may be written: recover, then
  // sync the whole batch again), and everything that stops the mapping.
  Result<void> apply();
  // Fills the tasks as if every write had succeeded; created objects get a key that no row has.
  void pretend(std::uint64_t& created, PlannedRows& planned);

 private:
  Result<void> choose_ids(std::vector<RowWrite>& writes);
  Result<void> find_outlived(std::span<const RowWrite> writes) const;
  static void look_again_at_outlived(std::span<RowWrite* const> writes);
  // One transaction for these writes of one side. On a row fault those park that wait for a row
  // which stays where it is, else halves are tried. `whole`: why all rows of an exchange that they
  // are of were refused together; null: they were not. When the run is to stop, what is not written
  // yet parks as interrupted.
  Result<void> write(Side side, std::vector<RowWrite*> writes, const Error* whole);
  Result<void> park_alone(Side side, RowWrite& write, Error refusal);
  Result<bool> park_blocked(Side side, std::vector<RowWrite*>& writes, const Error& refusal,
                            const Error* whole);
  Result<void> write_once(Side side, std::vector<RowWrite*>& writes);
  Result<void> promise(const Intent& intent);
  Result<Intent> intent_of(Side side, std::span<RowWrite* const> writes, BatchNumber number) const;
  Result<void> take_outcome(Side side, const GroupedWrites& grouped, const WriteOutcome& outcome);

  const BoundDefinition& definition_;
  State& state_;
  const std::vector<Source*>& sources_;
  const MappingPlan& plan_;
  Reader& reader_;
  TaskBatch& batch_;
  WriterState& writers_;
  Clock& clock_;
  const CrashPoints& crash_points_;
  const std::function<bool()>& stop_requested_;
  std::function<void()> meanwhile_;  // once, while a source works on what was submitted
  bool cut_up_ = false;              // a part of the batch has been refused
  Departures departures_;
};

}  // namespace couplet
