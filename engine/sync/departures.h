#pragma once

#include <map>
#include <set>
#include <span>
#include <vector>

#include "engine/sync/row_writes.h"
#include "engine/sync/task.h"

namespace couplet {

// Many to one: targets that contributors of a batch move away from, with nothing to write
// themselves. What becomes of one is recorded together with the arrival of those who leave it:
// after a crash in between nothing would lead to it any more. And who cannot arrive has not left.
class Departures {
 public:
  // Puts the writes of what others leave before those of what they join, for a batch that is
  // halved. `batch` outlives this.
  void find(TaskBatch& batch, std::vector<RowWrite>& writes);
  // Those that are complete once these rows are written, and not recorded yet.
  [[nodiscard]] std::vector<Task*> completed_by(std::span<RowWrite* const> writes) const;
  // Which of these rows is an arrival from there.
  [[nodiscard]] std::size_t arrival(const Task& left, std::span<RowWrite* const> writes) const;
  // Whether everyone who leaves has arrived. One whose write was refused is linked all the same,
  // and written when it is looked at again.
  [[nodiscard]] bool complete(const Task& left) const;
  // After all writes: what somebody could not leave is no orphan.
  void end();

 private:
  [[nodiscard]] bool arrived(const Task* task) const;

  std::map<const Task*, std::vector<const Task*>> to_;  // null: it goes nowhere in this batch
  std::vector<Task*> order_;
  std::set<const Task*> writing_;
};

}  // namespace couplet
