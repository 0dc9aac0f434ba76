#pragma once

#include <span>
#include <vector>

#include "engine/sync/decider.h"
#include "engine/sync/report.h"
#include "engine/sync/task.h"

namespace couplet {

// What a task comes to in the state. The same changes stand in the intent before the write and are
// made after it, so that a crash between the two loses nothing.
class Recorder {
 public:
  // `run_began`: an object that fails again and again within one run has been tried once.
  Recorder(const State& state, const MappingPlan& plan, Timestamp now, Timestamp run_began = {})
      : state_(state), plan_(plan), now_(now), run_began_(run_began) {}

  // Links, bases, tombstones as they are after `task.written`. Without what did not change.
  Result<void> record(const Task& task, StateBatch& changes) const;
  // Worklist entries of everything that the tasks speak for.
  struct Stands {
    std::vector<Subject> standing;  // on a worklist now
    std::vector<Subject> settled;   // on none
    std::vector<Subject> changed;   // no longer held as they were: who is held for them may go on
  };
  Result<Stands> record_standing(std::span<const Task* const> tasks, StateBatch& changes) const;
  Result<void> record_conflicts(const Task& task, StateBatch& changes) const;

  // Ends whose link appeared or moved: who waits for them is to be looked at again.
  struct Linked {
    Side side;
    ObjectKey key;
    bool moved = false;  // there may have been another before
  };
  [[nodiscard]] std::vector<Linked> linked(const Task& task) const;

  // Ends whose link appeared, moved or went, those that it left too: who is held for them is to be
  // looked at again.
  [[nodiscard]] std::vector<PairEnd> relinked(const Task& task) const;

  // Many to one: targets of other mappings that write the same attributes, where the rank of ours
  // is another now.
  [[nodiscard]] std::vector<Subject> outranked(const Task& task) const;

  // The subjects whose worklist entries the task decides; the one that it stands by is the first.
  [[nodiscard]] std::vector<Subject> speaks_for(const Task& task) const;

  // Who is to be looked at for the task to be decided again: many to one, everyone it was about.
  [[nodiscard]] std::vector<Subject> nominees(const Task& task) const;

  // Whether the write of a task that needed one was done: a link is made only then.
  [[nodiscard]] static bool succeeded(const Task& task);

 private:
  Result<void> sever(const Link& link, Side survivor, StateBatch& changes) const;
  Result<void> record_link(const Task& task, StateBatch& changes) const;
  Result<void> record_target(const Task& task, StateBatch& changes) const;
  Result<void> settle_conflicts(const Task& task, StateBatch& changes) const;
  Result<void> record_members(const Task& task, const ObjectKey& target, StateBatch& changes) const;
  [[nodiscard]] Winner winner_of(const Task& task, std::size_t use) const;
  void end_separations(std::span<const Ends> reunited, StateBatch& changes) const;
  void update_agreement(const Task& task, Agreement& agreement) const;
  [[nodiscard]] Subject main_subject(const Task& task) const;
  [[nodiscard]] ObjectKey counterpart_of(const Task& task) const;
  [[nodiscard]] State::Standing standing_after(const Task& task) const;

  const State& state_;
  const MappingPlan& plan_;
  Timestamp now_;
  Timestamp run_began_;
};

}  // namespace couplet
