#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/ports/do_all.h"
#include "engine/ports/tuning.h"
#include "engine/sync/applier.h"
#include "engine/sync/clash.h"
#include "engine/sync/fast_lane.h"
#include "engine/sync/joint_changes.h"
#include "engine/sync/read_ahead.h"
#include "engine/sync/refused_writes.h"
#include "engine/sync/report.h"

namespace couplet {

// One code path for live events, reconcile, plan and a hand-run sync (DESIGN sections 1.2, 5.1):
// load both sides of a batch of objects, decide, apply, record.
class Syncer {
 public:
  struct Settings {
    bool dry_run = false;  // nothing is written; `state` must be an overlay that is thrown away
    CrashPoints crash_points;
    // Asked while a batch that was refused is cut up, which may take long.
    std::function<bool()> stop_requested = [] { return false; };
    DoAll do_all = one_after_the_other;  // what goes to both sources
    // Nominees of a batch, as `rounds` makes them: small ones for histories of few objects.
    std::size_t batch_rows = tuning::kBatchRows;
  };

  Syncer(const BoundDefinition& definition, State& state, std::vector<Source*> sources,
         Clock& clock, Observer& observer, Settings settings);

  // Attaches marks where the roles may, and finishes what a crash left: intents whose transaction
  // was committed are recorded, the others dropped. Call before the first sync. Errors as of
  // Source.
  Result<void> recover();
  // Sources where this deployment's mark stood already before recover: a fresh state beside one is
  // a lost state.
  [[nodiscard]] bool marks_found() const { return marks_found_; }
  // Empty: they are not, unless a reconcile is to rebuild the state.
  [[nodiscard]] std::string why_creates_are_held() const;
  [[nodiscard]] bool marked(std::size_t source) const { return writers_.sources[source].marked; }

  // What a run has told and counted.
  struct Run {
    Timestamp began;
    Summary summary;
    std::unordered_map<std::uint64_t, std::optional<OperationReport>> reported;
    std::unordered_set<std::uint64_t> conflicts;
  };
  // From now on is another run: what parks once more has been tried once more, and what was done or
  // reported on is told and counted anew.
  void begin_run();
  // Where other runs come in between: puts this one aside, until it goes on.
  [[nodiscard]] Run suspend_run() { return std::exchange(run_, {}); }
  void resume_run(Run run) { run_ = std::move(run); }

  // A row that was written.
  struct Changed {
    std::size_t entity = 0;
    ObjectKey key;
    auto operator<=>(const Changed&) const = default;
  };
  // One end of a link that was there before in another form.
  struct Relinked {
    std::size_t pair = 0;
    Side side = Side::kLeft;
    ObjectKey key;
    auto operator<=>(const Relinked&) const = default;
  };
  struct Outcome {
    std::vector<Subject> again;  // changed under us, or claimed by another: sync them again
    std::vector<Clash> clashes;  // refused by a unique or foreign key: may fit once others moved
    std::vector<Subject> dirty;  // of this or other mappings: what they rest on has changed
    // The same, of objects that are as their mapping has recorded them: no scan nominates them.
    std::vector<Subject> hidden;
    // Who reads these by a path, or refers to them, is found by FanOut.
    std::vector<Changed> written;
    std::vector<Relinked> relinked;
    // Objects that are on a worklist now, and that are on none.
    std::vector<Subject> standing;
    std::vector<Subject> settled;
    std::uint64_t operations = 0;
    RailCounts counts;  // of the objects that were written
  };
  // What is read beside a batch, for the next one.
  struct Ahead {
    const ReadAhead* rows = nullptr;  // of this batch, from when the one before was written
    std::span<const Nominee> next;    // whom the very next call will be about; may be none
    ReadAhead* next_rows = nullptr;   // filled with theirs, while these are written
  };
  // At most tuning::kExchangeRows nominees; batch_rows(), but where they exchange unique values.
  // `clashing`: a clash parks. After an error nothing of `ahead` is of use.
  Result<Outcome> sync(std::size_t mapping, std::span<const Nominee> nominees,
                       const Permissions& permissions, bool clashing, const Ahead& ahead);

  // The same for objects whose row an event has brought, by the fast lane; only where that is open.
  // What it refuses is left to `sync`. After an error that leaves open whether something was
  // written: recover.
  Result<FastLane::Outcome> sync_fast(const FastWay& way, std::span<const FastLane::Event> events,
                                      const FastLane::Visible& visible);
  // False where the mapping has something left that only the full lane settles.
  Result<bool> fast_lane_is_open(std::size_t mapping);
  // By entity: whose events may take it.
  [[nodiscard]] const std::vector<std::optional<FastWay>>& fast_ways() const { return fast_ways_; }
  // What `sync` reads is noted there. After recover.
  [[nodiscard]] ReadHorizon& horizon() { return *horizon_; }

  // Decides without acting: leaves in `batch` what `sync` would go on to apply. Of what a dry run
  // has planned so far, nothing is seen.
  Result<void> decide(std::size_t mapping, std::span<const Nominee> nominees,
                      const Permissions& permissions, TaskBatch& batch);
  // What `sync` would write: for rails that are checked before the first write.
  Result<RailCounts> rehearse(std::size_t mapping, std::span<const Nominee> nominees,
                              const Permissions& permissions);

  // Who is held for one of these objects on the other side, of which somebody says that they have
  // changed. (Those on its own side are told by its own decision.)
  Result<std::vector<Subject>> held_opposite(std::span<const Changed> objects) const;

  [[nodiscard]] const std::vector<MappingPlan>& plans() const { return plans_; }
  [[nodiscard]] const DoAll& do_all() const { return settings_.do_all; }
  [[nodiscard]] std::size_t batch_rows() const { return settings_.batch_rows; }
  // Counts of the run's operations so far; what stands at the end is counted from the state
  // (reconcile).
  [[nodiscard]] const Summary& summary() const { return run_.summary; }
  // Tells of the objects that are reported on as of their last decision, and counts them and those
  // that have had a conflict.
  void tell_reported(Summary& summary) const;

 private:
  // Who is to be looked at once more.
  struct SecondLook {
    RefusedWrites writes;
    std::vector<Subject> refused;  // whose write was refused
    std::vector<Subject> besides;  // in whose row a trigger has changed more than was written
  };
  struct Looked {
    std::span<const Nominee> nominees;
    bool clashing = false;
    Ahead ahead;
  };
  // A batch, looked at once. What was refused at an earlier look, and is again, parks.
  Result<void> look(const MappingPlan& plan, const Looked& looked, const Permissions& permissions,
                    const RefusedWrites& earlier, SecondLook& second, Outcome& outcome);
  Result<void> decide_batch(const MappingPlan& plan, std::span<const Nominee> nominees,
                            const Permissions& permissions, Reader& reader, TaskBatch& batch);
  // An intent that a crash left; committed: its mark says so.
  struct Left {
    Intent intent;
    bool committed = false;
  };
  // The definition still has the entry's mapping, and writes there.
  [[nodiscard]] bool is_mapped(const Intent::Entry& entry, std::size_t source) const;
  Result<void> recover_source(std::size_t source, const std::vector<Left>& left);
  Result<void> link_unnamed(const MappingPlan& plan, Reader& reader,
                            std::span<const Intent::Entry* const> entries, JointChanges& joint);
  Result<void> leave_to_the_rule(const MappingPlan& plan,
                                 std::span<const Intent::Entry* const> entries,
                                 const Reader::Found& rows, JointChanges& joint);
  [[nodiscard]] bool writes_to(std::size_t source) const;
  // `committed`: its batch was, as the mark says.
  static bool was_made(const MappingPlan& plan, const Intent::Entry& entry, const View* row,
                       bool committed);
  void report(const Task& task, const MappingPlan& plan);
  Result<void> follow(const Task& task, const MappingPlan& plan, const Recorder& recorder,
                      Outcome& outcome) const;
  void follow_writes(const Task& task, const MappingPlan& plan, Outcome& outcome) const;
  Result<void> follow_rivals(std::vector<PairEnd> rivals, Outcome& outcome) const;
  void append_ends(const Changed& object, std::vector<PairEnd>& ends) const;
  void note_read(const Task& task, std::size_t pair);
  Result<void> record(const TaskBatch& batch, const MappingPlan& plan, bool clashing,
                      SecondLook& second, Outcome& outcome);

  const BoundDefinition& definition_;
  State& state_;
  std::vector<Source*> sources_;
  Clock& clock_;
  Observer& observer_;
  Settings settings_;
  std::vector<MappingPlan> plans_;
  std::vector<std::optional<FastWay>> fast_ways_;
  std::vector<bool> has_fast_way_;                 // by mapping
  std::vector<std::optional<bool>> fast_is_open_;  // by mapping
  std::optional<ReadHorizon> horizon_;             // of what is more than a dry run
  WriterState writers_;
  bool marks_found_ = false;
  Run run_;
  std::set<std::size_t> future_times_;  // mappings that were told of
  std::uint64_t planned_ = 0;
  PlannedRows planned_rows_;
};

}  // namespace couplet
