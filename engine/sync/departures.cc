#include "engine/sync/departures.h"

#include <algorithm>

#include "engine/sync/recorder.h"

namespace couplet {
namespace {

bool moves_away(const Member& member) {
  return member.leaves && member.situation == Situation::kMoved;
}

bool is_left(const Task& task) {
  return std::any_of(task.members.begin(), task.members.end(), moves_away);
}

}  // namespace

void Departures::find(TaskBatch& batch, std::vector<RowWrite>& writes) {
  std::stable_partition(writes.begin(), writes.end(),
                        [](const RowWrite& row) { return is_left(*row.task); });
  for (const RowWrite& row : writes) {
    writing_.insert(row.task);
  }
  std::map<ObjectKey, const Task*> arrivals;
  for (const Task& task : batch.tasks) {
    for (const Member& member : task.members) {
      if (member.joins && !member.leaves) {
        arrivals[member.key] = &task;
      }
    }
  }
  for (Task& task : batch.tasks) {
    if (!is_left(task) || writing_.contains(&task)) {
      continue;
    }
    order_.push_back(&task);
    for (const Member& member : task.members) {
      if (moves_away(member)) {
        const auto found = arrivals.find(member.key);
        to_[&task].push_back(found == arrivals.end() ? nullptr : found->second);
      }
    }
  }
}

std::vector<Task*> Departures::completed_by(std::span<RowWrite* const> writes) const {
  std::set<const Task*> here;
  for (const RowWrite* row : writes) {
    here.insert(row->task);
  }
  std::vector<Task*> completed;
  for (Task* left : order_) {
    const std::vector<const Task*>& to = to_.at(left);
    if (!left->recorded &&
        std::any_of(to.begin(), to.end(), [&](const Task* task) { return here.contains(task); }) &&
        std::all_of(to.begin(), to.end(),
                    [&](const Task* task) { return here.contains(task) || arrived(task); })) {
      completed.push_back(left);
    }
  }
  return completed;
}

std::size_t Departures::arrival(const Task& left, std::span<RowWrite* const> writes) const {
  const std::vector<const Task*>& to = to_.at(&left);
  const auto found = std::find_if(writes.begin(), writes.end(), [&](const RowWrite* row) {
    return std::find(to.begin(), to.end(), row->task) != to.end();
  });
  COUPLET_CHECK(found != writes.end());
  return static_cast<std::size_t>(found - writes.begin());
}

void Departures::end() {
  for (Task* left : order_) {
    const bool ends = left->act == Task::Act::kSever || left->act == Task::Act::kDropLink;
    if (ends && !left->recorded && !complete(*left)) {
      left->act = Task::Act::kNothing;
    }
  }
}

bool Departures::complete(const Task& left) const {
  const std::vector<const Task*>& to = to_.at(&left);
  return std::all_of(to.begin(), to.end(), [&](const Task* task) { return arrived(task); });
}

// What has nothing to write has arrived when it is recorded; else when its write has come back,
// done or refused.
bool Departures::arrived(const Task* task) const {
  const auto came_back = [](const auto& written) { return written.has_value(); };
  return task != nullptr && Recorder::succeeded(*task) &&
         (!writing_.contains(task) ||
          std::any_of(task->written.begin(), task->written.end(), came_back));
}

}  // namespace couplet
