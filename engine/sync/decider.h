#pragma once

#include <set>
#include <utility>

#include "engine/sync/task.h"

// Pure: what a task's two ends, its base and the mapping's policies come to. No I/O; times are
// those of the task's views.
namespace couplet {

struct DecisionContext {
  const BoundDefinition& definition;
  const State& state;  // for the ids that worklists use; nothing is read
  const MappingPlan& plan;
  Timestamp now;
  // Versions that transactions of this run wrote: a row that has one was not changed by others.
  std::function<bool(std::size_t source, RowVersion version)> ours;
  const Permissions& permissions;
  // Objects that read through a path what somebody else has just changed.
  const std::set<std::pair<Side, ObjectKey>>& told;
};

// Fills `merges`, and turns the task's act into what is left of it: a merge or create that has to
// wait, park or be held becomes that; the mapping's `actions` are obeyed.
void decide(const DecisionContext& context, Task& task);

// The merge of one use of a task that has both its ends, as `decide` sees it.
Merge merge_of(const DecisionContext& context, const Task& task, std::size_t use);

// The change time that counts for a value on that side: what we carried, while the row is as we
// wrote it, else what the row says.
std::optional<Timestamp> change_time(const Task& task, Side side, const SlotView& slot, bool own);

// How far a change time may be ahead of our clock and still decide a conflict: more than any time
// zone that one without a zone may have been written in (UTC+14), and than clocks are off.
inline constexpr std::int64_t kAheadMostUs = 86'400'000'000;

inline constexpr int kFlipsMax = 3;
inline constexpr std::int64_t kFlipWindowUs = 60'000'000;

}  // namespace couplet
