#include "engine/sync/settlement.h"

#include <algorithm>

namespace couplet {
namespace {

using Act = Task::Act;

bool written(const Task& task, Side side) {
  const auto& outcome = task.written[index_of(side)];
  return outcome && outcome->done;
}

// "phone", or, where the sides call it otherwise, "crm.customers.phone = shop.buyers.number": which
// of the two the file calls left is not known here.
std::string attribute_name(const MappingPlan& plan, std::size_t use) {
  const Slot& slot = plan.slot(use);
  const std::string& left = slot.left.text;
  const std::string& right = slot.right.text;
  if (left == right || right.empty()) {
    return left;
  }
  return left.empty() ? right
                      : plan.side(Side::kLeft).entity->name + "." + left + " = " +
                            plan.side(Side::kRight).entity->name + "." + right;
}

}  // namespace

std::vector<Contest> contests_of(const MappingPlan& plan, const Task& task) {
  std::vector<Contest> contests;
  const auto add = [&](const ObjectKey& left, const ObjectKey& right, bool over) {
    const bool known = std::any_of(contests.begin(), contests.end(), [&](const Contest& contest) {
      return contest.ends.left == left && contest.ends.right == right;
    });
    if (!known && !left.empty() && !right.empty() && !is_planned(left) && !is_planned(right)) {
      contests.push_back({{left, right}, over});
    }
  };
  const bool ended =
      task.act == Act::kSever || task.act == Act::kDropLink ||
      (task.act == Act::kCreate && (written(task, Side::kLeft) || written(task, Side::kRight)));
  if (!plan.entities->many) {
    if (task.link) {
      add(task.link->left, task.link->right, ended);
    }
    if (task.replaced) {
      add(task.replaced->left, task.replaced->right, ended || task.act == Act::kMerge);
    }
    return contests;
  }
  const Side many = *plan.entities->many;
  const auto add_contributor = [&](const ObjectKey& contributor, bool over) {
    many == Side::kLeft ? add(contributor, task.target_key, over)
                        : add(task.target_key, contributor, over);
  };
  for (const Member& member : task.members) {
    add_contributor(member.key, ended || member.leaves);
  }
  for (const View* elected : task.elected) {
    if (elected != nullptr) {
      add_contributor(elected->key, ended);
    }
  }
  return contests;
}

std::optional<State::Settlement> settlement_of(const MappingPlan& plan, const Task& task,
                                               const std::string& attribute,
                                               const std::array<Digest, 2>& digests) {
  if ((task.act != Act::kMerge && task.act != Act::kReport) || task.merges.empty()) {
    return std::nullopt;
  }
  std::size_t use = 0;
  while (use < plan.uses.size() && plan.slot(use).name != attribute) {
    ++use;
  }
  if (use == plan.uses.size()) {
    return State::Settlement{settled_by::kGone, std::nullopt};
  }
  const Merge& merge = task.merges[use];
  const View* left = task.holder(Side::kLeft, use);
  const View* right = task.holder(Side::kRight, use);
  if (left == nullptr || right == nullptr) {
    return std::nullopt;
  }
  switch (merge.outcome) {
    case Merge::Outcome::kWait:
    case Merge::Outcome::kPark:
      return std::nullopt;
    case Merge::Outcome::kWrite:
      if (task.act != Act::kMerge || !written(task, merge.to)) {
        return std::nullopt;
      }
      break;
    case Merge::Outcome::kNone:
    case Merge::Outcome::kReport:
      if (merge.because == because::kNotRead) {
        return std::nullopt;
      }
      break;
    case Merge::Outcome::kHold:
      break;
  }
  const bool same =
      left->slots[use].state.digest == digests[0] && right->slots[use].state.digest == digests[1];
  if (merge.rule != nullptr && !same) {
    return State::Settlement{settled_by::kSuperseded, std::nullopt};
  }
  if (merge.outcome == Merge::Outcome::kHold) {
    return std::nullopt;
  }
  return State::Settlement{merge.because, merge.winner};
}

std::string why_conflict_is_held(const MappingPlan& plan, const Task& task) {
  std::string names;
  std::size_t count = 0;
  bool met = true;  // for the first time, all of them
  for (std::size_t use = 0; use < task.merges.size(); ++use) {
    if (task.merges[use].outcome == Merge::Outcome::kHold) {
      names += (names.empty() ? "" : ", ") + attribute_name(plan, use);
      met = met && task.merges[use].first_contact;
      ++count;
    }
  }
  return names +
         (met          ? " differ" + std::string(count == 1 ? "s" : "") + " on the two sides"
          : count == 1 ? " was changed on both sides"
                       : " were changed on both sides") +
         ": make both sides equal" + (met ? "" : ", set one back to what it was") +
         ", or let a rule decide (`conflict: left_wins`, `right_wins` or `last_write_wins`)";
}

}  // namespace couplet
