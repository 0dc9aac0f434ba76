#pragma once

#include <vector>

#include "engine/sync/decider.h"
#include "engine/sync/task.h"

namespace couplet {

// The fast lane (DESIGN section 5.1): of a link whose one end has changed, the end that is written
// to is not read. Its row is what the state says it was when we looked last, and the write names
// that version: as long as it goes through, it has been decided on what is there. Whatever comes to
// anything but a plain update goes through the full lane, as does what the write refuses: so this
// lane is never different, only faster.
class FastLane {
 public:
  explicit FastLane(const DecisionContext& context);

  // True if what the state says of this end of the link is all that there is to know of its row.
  [[nodiscard]] bool may_skip(const Link& link, Side end) const {
    return skippable_[index_of(end)] && knows(link.agreement, end);
  }
  // The ends of these links as the state has them, without values; in the order of the links.
  void add_ends(std::span<const Link* const> links, Side end, TaskBatch& batch,
                std::vector<const View*>& views) const;
  // Decides on a task whose `end` came from add_ends. False: that end has to be read, and the task
  // made anew.
  bool decide(Task& task, Side end) const;

 private:
  [[nodiscard]] bool knows(const Agreement& agreement, Side end) const;
  [[nodiscard]] bool is_plain_update(const Task& task, Side end) const;

  const DecisionContext& context_;
  std::array<bool, 2> skippable_{};  // indexed by Side
};

// The part of it that the definition decides: whether rows on that side, as long as they have the
// version that the state has for them, hold what its base says.
bool may_skip_rows(const BoundDefinition& definition, const MappingPlan& plan, Side side);

}  // namespace couplet
