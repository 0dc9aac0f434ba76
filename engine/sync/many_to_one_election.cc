// ManyToOneResolver: whose value counts (DESIGN section 5.5).
#include <algorithm>
#include <compare>
#include <iterator>
#include <limits>
#include <unordered_set>

#include "engine/model/planted_bug.h"
#include "engine/sync/many_to_one.h"

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

// Who comes back to a target that this mapping had left: what it knows of it is from then. Where
// another mapping that writes the same attribute has left it since, with its own value there, and
// nobody has written it after that, what is there is what that one said.
void ManyToOneResolver::take_over(Task& task, const Touched& touched) const {
  for (std::size_t use = 0; touched.view != nullptr && use < plan_.uses.size(); ++use) {
    const Digest held = touched.view->slots[use].state.digest;
    const BaseSlot its_own{true, {held, held}};
    for (const Competitor& competitor : plan_.competitors[use]) {
      const auto left = touched.left_by.find(competitor.pair);
      if (left == touched.left_by.end() || left->second == nullptr) {
        continue;
      }
      const Agreement& theirs = left->second->agreement;
      const Side one = other(*definition_.pairs[competitor.pair].many);
      const bool untouched = (left->second->at >= touched.tombstone->at &&
                              theirs.ends[index_of(one)].version == touched.view->version) ||
                             planted("written_since_is_forgotten");
      if (untouched && theirs.base[competitor.slot] == its_own) {
        task.target->agreement.base[plan_.uses[use]->slot] = its_own;
      }
    }
  }
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
    // Nulls alone, and none of them came behind a value or takes one back: what is there is
    // nobody's word, and no null goes over it because another one came first.
    bool unsaid = is_null(own) && (before.key.empty() || (before.null && before.leads));
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
      unsaid = unsaid && rival.null && rival.leads;
    }
    const BaseSlot& base = task.target->agreement.base[plan_.uses[use]->slot];
    // Somebody came first before, and then nobody had a say: what is there may be another
    // mapping's. (Not so where winners are forgotten since the definition has changed.)
    const bool lapsed =
        before.leads && !task.links && !plan_.competitors[use].empty() && base.known;
    if (outvoted) {
      task.leads[use] = unsaid ? Task::Lead::kBehindNull : Task::Lead::kOutvoted;
    } else if (before.key.empty() ? (contested && !unsaid) || lapsed : !before.leads) {
      task.leads[use] = Task::Lead::kLeadsAnew;
    }
  }
}

Result<void> ManyToOneResolver::weigh(Task& task) const {
  Touched touched;
  COUPLET_ASSIGN(const auto theirs, competing({&task.target_key, 1}));
  for (const auto& [pair, records] : theirs) {
    touched.competing[pair] = records[0] ? &*records[0] : nullptr;
  }
  weigh(task, touched);
  return {};
}

Result<bool> ManyToOneResolver::gets_its_key_back(const View& target) {
  COUPLET_ASSIGN(auto records, state_.targets(plan_.pair, {&target.key, 1}));
  const auto renamed = [&](std::size_t use) {
    const std::size_t slot = plan_.uses[use]->slot;
    const Base& base = records[0]->agreement.base;
    return plan_.uses[use]->identity && slot < base.size() && base[slot].known &&
           base[slot].digests[index_of(one_)] != target.slots[use].state.digest;
  };
  bool any = false;
  for (std::size_t use = 0; records[0] && use < plan_.uses.size(); ++use) {
    any = any || renamed(use);
  }
  if (!any) {
    return false;
  }
  Task task;
  task.views[index_of(one_)] = &target;
  task.target_key = target.key;
  task.target = std::move(records[0]);
  COUPLET_TRY(elect(task, false));
  COUPLET_TRY(weigh(task));
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    if (plan_.uses[use]->identity) {
      const Merge merge = merge_of(context_, task, use);
      // One that nobody has seen go says what it said.
      if (task.unseen_wins[use] || (merge.outcome == Merge::Outcome::kWrite && merge.to == one_)) {
        return true;
      }
    }
  }
  return false;
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

// Whether the target and all who contribute to it, as far as they say, have one identity key by
// now: then nobody who has changed it is on the way elsewhere. `voters`: those who are no members.
bool ManyToOneResolver::renamed_together(const Task& task, std::span<const ObjectKey> voters,
                                         const Reader::Found& found) const {
  const View* target = task.views[index_of(one_)];
  if (target == nullptr) {
    return false;
  }
  const Identity name = identity_of(plan_, state_.digester(), *target);
  const auto agrees = [&](const View* view) {
    if (view == nullptr || !view->in_scope) {
      return true;
    }
    const Identity own = identity_of(plan_, state_.digester(), *view);
    return own.kind != Identity::Kind::kComplete || own.digest == name.digest;
  };
  return name.kind == Identity::Kind::kComplete &&
         std::all_of(task.members.begin(), task.members.end(),
                     [&](const Member& member) { return member.leaves || agrees(member.view); }) &&
         std::all_of(voters.begin(), voters.end(), [&](const ObjectKey& key) {
           const auto view = found.find(key);
           return agrees(view == found.end() ? nullptr : view->second);
         });
}

// Whether somebody who came behind it may come before it by now.
bool ManyToOneResolver::has_fallen_back(const Task& task, const View& winner) const {
  const bool named =
      identity_of(plan_, state_.digester(), winner).kind == Identity::Kind::kComplete;
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const Winner& recorded = task.target->winners[plan_.uses[use]->slot];
    const SlotState& state = winner.slots[use].state;
    if (recorded.key == winner.key &&
        (state.kind == SlotState::Kind::kAbsent || (plan_.uses[use]->identity && !named) ||
         rank(is_null(state), state.time, recorded.null, recorded.time) > 0)) {
      return true;
    }
  }
  return false;
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
  std::vector<Member> moved_on;
  std::vector<Member> renamed;  // along with the target
  std::vector<ObjectKey> unseen;
  bool fell_back = false;        // a recorded winner, since it was recorded
  std::optional<bool> together;  // Only everyone can tell.
  const auto stays = [&] {
    if (!together) {
      together = all && renamed_together(task, voters, found);
    }
    return *together;
  };
  for (std::size_t i = 0; i < voters.size(); ++i) {
    const auto view = found.find(voters[i]);
    if (!contributions[i] || contributions[i]->target != task.target_key) {
      continue;  // A winner that has left.
    }
    if (view == found.end()) {
      if (!permissions_.doubt(many_, voters[i]).empty()) {
        unseen.push_back(voters[i]);
      }
      continue;
    }
    if (!view->second->in_scope) {
      continue;
    }
    const Identity identity = identity_of(plan_, state_.digester(), *view->second);
    const Digest recorded = contributions[i]->identity;
    Member member;
    member.key = voters[i];
    member.view = view->second;
    member.identity = recorded;
    member.before = std::move(contributions[i]);
    if (identity.kind == Identity::Kind::kComplete && recorded != Digest{} &&
        identity.digest != recorded) {
      member.stands_alone = true;
      if (stays()) {
        member.identity = identity.digest;
        renamed.push_back(std::move(member));
        continue;
      }
      // It goes there when its own turn comes. Should it come back instead, a scan is to see it.
      member.moved_on = true;
      moved_on.push_back(std::move(member));
      continue;
    }
    member.values = contribution_digest(state_.digester(), *view->second);
    fell_back = fell_back || has_fallen_back(task, *member.view);
    counted.push_back(std::move(member));
  }
  if (!all && (fell_back || counted.size() + unseen.size() < voters.size())) {
    return elect(task, true);  // A winner has gone unnoticed, or may come behind others by now.
  }
  // What others are found by is not for those to say who were linked against it, unless they are
  // alone.
  task.elected.assign(plan_.uses.size(), nullptr);
  std::vector<const Member*> electors;
  for (const std::vector<Member>* members : {&task.members, &counted, &renamed}) {
    for (const Member& member : *members) {
      if (!member.leaves && !member.moved_on && member.view != nullptr && member.view->in_scope) {
        electors.push_back(&member);
      }
    }
  }
  const Behind behind = behind_its_name(task, electors, unseen);
  for (const bool by_hand : {false, true}) {
    const std::vector<const View*> settled = task.elected;
    for (const Member* elector : electors) {
      if (linked_by_hand(*elector) == by_hand) {
        vote(*elector->view, task, &settled, &behind);
      }
    }
  }
  keep_unseen(task, unseen);
  // The new names go on record with the election, or the next batch would take the winner for one
  // that is on its way, and read everyone again.
  for (std::vector<Member>* members : {&moved_on, &renamed}) {
    task.members.insert(task.members.end(), std::make_move_iterator(members->begin()),
                        std::make_move_iterator(members->end()));
  }
  if (all && task.views[index_of(one_)] == nullptr) {
    // The target is to be found or made again: everyone is linked anew. Who does not say where it
    // belongs is on record for that by its own look.
    for (Member& member : counted) {
      if (!says_where(identity_of(plan_, state_.digester(), *member.view),
                      identity_waits(*member.view))) {
        member.stands_alone = true;
        member.values = member.before->values;
      }
    }
    task.members.insert(task.members.end(), std::make_move_iterator(counted.begin()),
                        std::make_move_iterator(counted.end()));
  }
  return {};
}

// What a winner has contributed that nobody has seen go stands, unless somebody comes before it.
void ManyToOneResolver::keep_unseen(Task& task, std::span<const ObjectKey> unseen) const {
  task.unseen_wins.assign(plan_.uses.size(), false);
  if (task.views[index_of(one_)] == nullptr) {
    return;
  }
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const Winner& winner = task.target->winners[plan_.uses[use]->slot];
    if (std::find(unseen.begin(), unseen.end(), winner.key) == unseen.end()) {
      continue;
    }
    const View*& elected = task.elected[use];
    if (elected != nullptr) {
      const SlotState& state = elected->slots[use].state;
      const auto order = rank(is_null(state), state.time, winner.null, winner.time);
      if (order < 0 || (order == 0 && elected->key < winner.key)) {
        continue;
      }
    }
    elected = nullptr;
    task.unseen_wins[use] = true;
  }
}

// A target that was renamed takes its contributors along one after the other, where another mapping
// carries the name to them. While one of them has what was agreed on, those who say what they have
// said since they were linked, and something else, have not been reached yet: it is no news.
ManyToOneResolver::Behind ManyToOneResolver::behind_its_name(
    const Task& task, std::span<const Member* const> electors,
    std::span<const ObjectKey> unseen) const {
  Behind behind(plan_.uses.size());
  const bool carried = std::any_of(
      plan_.uses.begin(), plan_.uses.end(),
      [this](const SlotUse* use) { return use->identity && use->carried_back[index_of(one_)]; });
  if (!carried || task.views[index_of(one_)] == nullptr || planted("stragglers_vote")) {
    return behind;
  }
  std::vector<bool> unchanged;  // by elector: it is called as it was when it was linked
  for (const Member* member : electors) {
    const Identity own = identity_of(plan_, state_.digester(), *member->view);
    unchanged.push_back(own.kind == Identity::Kind::kComplete && member->before &&
                        own.digest == member->before->identity && !linked_by_hand(*member));
  }
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const SlotUse& own = *plan_.uses[use];
    const BaseSlot& base = task.target->agreement.base[own.slot];
    if (!own.identity || !own.carried_back[index_of(one_)] || !base.known) {
      continue;
    }
    const Digest& agreed = base.digests[index_of(one_)];
    const auto has_it = [&](const Member* member) {
      return member->view->slots[use].state.digest == agreed;
    };
    const bool taken_over = std::any_of(electors.begin(), electors.end(), has_it) ||
                            (base.digests[index_of(many_)] == agreed &&
                             std::find(unseen.begin(), unseen.end(),
                                       task.target->winners[own.slot].key) != unseen.end());
    for (std::size_t i = 0; taken_over && i < electors.size(); ++i) {
      if (unchanged[i] && !has_it(electors[i])) {
        behind[use].insert(electors[i]->view);
      }
    }
  }
  return behind;
}

// Who has no identity key at present has no say in that of the target.
void ManyToOneResolver::vote(const View& view, Task& task, const std::vector<const View*>* settled,
                             const Behind* behind) const {
  const bool identity =
      identity_of(plan_, state_.digester(), view).kind == Identity::Kind::kComplete;
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const View*& best = task.elected[use];
    const SlotUse& own = *plan_.uses[use];
    const bool has_say =
        !own.identity || (identity && (settled == nullptr || (*settled)[use] == nullptr) &&
                          (behind == nullptr || !(*behind)[use].contains(&view)));
    if (has_say && view.slots[use].state.kind != SlotState::Kind::kAbsent &&
        (best == nullptr || better(use, view, *best))) {
      best = &view;
    }
  }
}

}  // namespace couplet
