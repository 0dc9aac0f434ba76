#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/sync/state.h"
#include "engine/sync/task.h"

// Conflicts that are held, and what has settled them since.
namespace couplet {

// How a conflict that was held was settled, where no rule of because::kAll says it.
namespace settled_by {
// A side was changed once more: a later conflict over the new values has a record of its own.
inline constexpr const char* kSuperseded = "superseded";
// An object, the link of the two, or the attribute's place in the mapping is gone.
inline constexpr const char* kGone = "gone";
}  // namespace settled_by

// Two objects whose conflicts a task may settle.
struct Contest {
  Ends ends;
  bool over = false;  // nothing relates the two any more
};
std::vector<Contest> contests_of(const MappingPlan& plan, const Task& task);

// What the task, decided and written, comes to for a conflict over these two values of the
// attribute; nullopt: it is held still, or the task does not tell.
std::optional<State::Settlement> settlement_of(const MappingPlan& plan, const Task& task,
                                               const std::string& attribute,
                                               const std::array<Digest, 2>& digests);

// Why an object with a conflict under `conflict: hold` stands still: which attributes, since when
// they differ, and what to do.
std::string why_conflict_is_held(const MappingPlan& plan, const Task& task);

}  // namespace couplet
