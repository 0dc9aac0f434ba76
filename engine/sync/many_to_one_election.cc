// ManyToOneResolver: whose value counts (DESIGN section 5.5).
#include <algorithm>
#include <compare>
#include <iterator>
#include <limits>
#include <unordered_set>

#include "engine/sync/many_to_one.h"

#include "engine/sync/planted_bug.h"

namespace couplet {
namespace {

// What decides before mapping and id do: values before nulls, known times before unknown, newest
// first. Less: comes first.
std::weak_ordering rank(bool null_a, std::optional<Timestamp> a, bool null_b,
                        std::optional<Timestamp> b) {
  if (null_a != null_b && !planted("newest_null_wins")) {
    return null_a <=> null_b;
  }
  if (a.has_value() != b.has_value()) {
    return b.has_value() <=> a.has_value();
  }
  if (planted("pairwise_order") && a && std::abs(a->value - b->value) <= 2'000'000) {
    return std::weak_ordering::equivalent;  // About as new: not transitive.
  }
  return a ? *b <=> *a : std::strong_ordering::equal;
}

bool is_null(const SlotState& state) { return state.kind == SlotState::Kind::kNull; }

// One that has moved since is where its own identity key says.
bool linked_by_hand(const Member& member) {
  return member.before && member.before->by == LinkedBy::kManual && !member.joins &&
         member.situation != Situation::kMoved;
}

}  // namespace

// One total order, within a mapping: by rank, then the smallest id.
bool ManyToOneResolver::better(std::size_t use, const View& a, const View& b) {
  const SlotState& left = a.slots[use].state;
  const SlotState& right = b.slots[use].state;
  const auto order = rank(is_null(left), left.time, is_null(right), right.time);
  return order == 0 ? a.key < b.key : order < 0;
}

// The same order over mappings: by rank, then the mapping that is listed first.
void ManyToOneResolver::weigh(Task& task, const Touched& touched) const {
  task.leads.assign(plan_.uses.size(), Task::Lead::kLeads);
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const View* elected = task.elected[use];
    if (elected == nullptr) {
      continue;
    }
    const SlotState& own = elected->slots[use].state;
    const Winner& before = task.target->winners[plan_.uses[use]->slot];
    bool contested = false;
    bool outvoted = false;
    for (const Competitor& competitor : plan_.competitors[use]) {
      const Target* record =
          competitor.pair == plan_.pair ? &*task.target : touched.competing.at(competitor.pair);
      if (record == nullptr || record->winners[competitor.slot].key.empty()) {
        continue;
      }
      const Winner& rival = record->winners[competitor.slot];
      contested = true;
      const auto order = rank(is_null(own), own.time, rival.null, rival.time);
      outvoted = outvoted || order > 0 || (order == 0 && competitor.mapping < plan_.mapping);
    }
    if (outvoted) {
      task.leads[use] = Task::Lead::kOutvoted;
    } else if (before.key.empty() ? contested : !before.leads) {
      task.leads[use] = Task::Lead::kLeadsAnew;
    }
  }
}

// One that has millions of contributors is not to be walked whole for every batch of them.
Result<std::vector<ObjectKey>> ManyToOneResolver::others(const Task& task,
                                                         std::size_t limit) const {
  std::unordered_set<ObjectKey> members;
  for (const Member& member : task.members) {
    members.insert(member.key);
  }
  const std::size_t most = std::numeric_limits<std::size_t>::max() - members.size();
  COUPLET_ASSIGN(auto found, state_.contributors(plan_.pair, task.target_key,
                                                 members.size() + std::min(limit, most)));
  std::erase_if(found, [&](const ObjectKey& key) { return members.contains(key); });
  return found;
}

// Whose value counts, per attribute. The recorded winners stand for everyone who is not in this
// batch, as long as none of them is in it; else everyone is read.
Result<void> ManyToOneResolver::elect(Task& task, bool all) {
  std::vector<ObjectKey> voters;
  if (!all) {
    for (const Winner& winner : task.target->winners) {
      if (!winner.key.empty()) {
        voters.push_back(winner.key);
      }
    }
    std::sort(voters.begin(), voters.end());
    voters.erase(std::unique(voters.begin(), voters.end()), voters.end());
    all = voters.empty();
  }
  if (all) {
    COUPLET_ASSIGN(voters, others(task, std::numeric_limits<std::size_t>::max()));
  }
  COUPLET_ASSIGN(const auto found, reader_.fetch(many_, voters));
  COUPLET_ASSIGN(auto contributions, state_.contributions(plan_.pair, voters));
  std::vector<Member> counted;
  for (std::size_t i = 0; i < voters.size(); ++i) {
    const auto view = found.find(voters[i]);
    if (view == found.end() || !view->second->in_scope || !contributions[i]) {
      continue;
    }
    const Identity identity = identity_of(plan_, state_.digester(), *view->second);
    const Digest recorded = contributions[i]->identity;
    if (identity.kind == Identity::Kind::kComplete && recorded != Digest{} &&
        identity.digest != recorded) {
      continue;  // It belongs elsewhere by now, and goes there when its own turn comes.
    }
    Member& member = counted.emplace_back();
    member.key = voters[i];
    member.view = view->second;
    member.identity = contributions[i]->identity;
    member.values = contribution_digest(state_.digester(), *view->second);
    member.before = std::move(contributions[i]);
  }
  if (!all && counted.size() < voters.size()) {
    return elect(task, true);  // A winner has gone unnoticed.
  }
  // What others are found by is not for those to say who were linked against it, unless they are
  // alone.
  task.elected.assign(plan_.uses.size(), nullptr);
  for (const bool by_hand : {false, true}) {
    const std::vector<const View*> settled = task.elected;
    for (const std::vector<Member>* members : {&task.members, &counted}) {
      for (const Member& member : *members) {
        if (!member.leaves && member.view != nullptr && member.view->in_scope &&
            linked_by_hand(member) == by_hand) {
          vote(*member.view, task, &settled);
        }
      }
    }
  }
  if (all && task.views[index_of(one_)] == nullptr) {
    // The target is to be found or made again: everyone is linked anew.
    task.members.insert(task.members.end(), std::make_move_iterator(counted.begin()),
                        std::make_move_iterator(counted.end()));
  }
  return {};
}

// Who has no identity key at present has no say in that of the target.
void ManyToOneResolver::vote(const View& view, Task& task,
                             const std::vector<const View*>* settled) const {
  const bool identity =
      identity_of(plan_, state_.digester(), view).kind == Identity::Kind::kComplete;
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const View*& best = task.elected[use];
    const bool has_say = !plan_.uses[use]->identity ||
                         (identity && (settled == nullptr || (*settled)[use] == nullptr));
    if (has_say && view.slots[use].state.kind != SlotState::Kind::kAbsent &&
        (best == nullptr || better(use, view, *best))) {
      best = &view;
    }
  }
}

}  // namespace couplet
