#include "engine/sync/many_to_one.h"

#include <algorithm>

#include "engine/model/planted_bug.h"
#include "engine/sync/byte_codec.h"
#include "engine/sync/object_name.h"
#include "engine/sync/one_to_one.h"

namespace couplet {
namespace {
using Act = Task::Act;
}  // namespace

Digest contribution_digest(const Digester& digester, std::span<const SlotState> slots,
                           bool in_scope) {
  std::string bytes;
  ByteWriter out(bytes);
  for (const SlotState& slot : slots) {
    out.u8(static_cast<std::uint8_t>(slot.kind));
    out.u64(slot.digest.value);
    out.u64(slot.time ? static_cast<std::uint64_t>(slot.time->value) : 0);
  }
  out.u8(in_scope ? 1 : 0);
  return digester.of_bytes(bytes);
}

Digest contribution_digest(const Digester& digester, const View& view) {
  std::vector<SlotState> slots;
  for (const SlotView& slot : view.slots) {
    slots.push_back(slot.state);
  }
  return contribution_digest(digester, slots, view.in_scope);
}

Result<void> ManyToOneResolver::resolve(std::span<const Nominee> nominees) {
  COUPLET_TRY(load(nominees));
  COUPLET_TRY(find_targets());
  return finish_targets();
}

Result<void> ManyToOneResolver::load(std::span<const Nominee> nominees) {
  std::vector<ObjectKey> keys;
  std::vector<ObjectKey> targets;
  for (const Nominee& nominee : nominees) {
    (nominee.side == many_ ? keys : targets).push_back(nominee.key);
  }
  for (std::vector<ObjectKey>* list : {&keys, &targets}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  COUPLET_ASSIGN(auto contributions, state_.contributions(plan_.pair, keys));
  COUPLET_ASSIGN(const auto found, reader_.fetch(many_, keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (contributions[i] && is_planned(contributions[i]->target)) {
      continue;
    }
    Member member;
    member.key = keys[i];
    member.before = std::move(contributions[i]);
    if (const auto view = found.find(keys[i]); view != found.end()) {
      member.view = view->second;
    }
    placed_[member.key] = true;
    place(std::move(member));
  }
  COUPLET_ASSIGN(const auto records, state_.targets(plan_.pair, targets));
  COUPLET_ASSIGN(auto tombstones, state_.tombstones(plan_.pair, one_, targets));
  std::vector<ObjectKey> orphans;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (!records[i] && tombstones[i]) {
      orphans.push_back(targets[i]);
    }
  }
  COUPLET_ASSIGN(const auto survivors, reader_.fetch(one_, orphans));
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (records[i]) {
      touched_[targets[i]];
    } else {
      Task task;
      task.subject = {plan_.mapping, one_, targets[i]};
      task.situation = Situation::kBothGone;
      if (tombstones[i] && !survivors.contains(targets[i]) &&
          permissions_.doubt(one_, targets[i]).empty()) {
        task.replaced_tombstone = task.subject;
      }
      batch_.tasks.push_back(std::move(task));
    }
  }
  return {};
}

std::vector<Waiting::For> ManyToOneResolver::identity_waits(const View& view) const {
  return missing_links(definition_, state_, plan_, view,
                       [&](std::size_t use) { return plan_.uses[use]->identity; });
}

bool ManyToOneResolver::says_where(const Identity& identity, std::span<const Waiting::For> waits) {
  return identity.kind != Identity::Kind::kNull && identity.kind != Identity::Kind::kFault &&
         waits.empty();
}

// Where a contributor belongs as far as it says so itself.
void ManyToOneResolver::place(Member member) {
  const bool linked = member.before.has_value();
  if (member.view == nullptr) {
    if (linked) {
      if (const std::string why = permissions_.doubt(many_, member.key); !why.empty()) {
        lone(member, Act::kReport, Situation::kSourceMissing, why);
        return;
      }
      member.leaves = true;
      member.situation = Situation::kSourceMissing;
      const ObjectKey target = member.before->target;
      touched_[target].members.push_back(std::move(member));
    } else {
      lone(member, Act::kNothing, Situation::kBothGone);
    }
    return;
  }
  const View& view = *member.view;
  if (!view.in_scope) {
    lone(member, linked ? Act::kReport : Act::kNothing, Situation::kOutOfScope);
    if (linked) {
      touched_[member.before->target];
    }
    return;
  }
  member.values = contribution_digest(state_.digester(), view);
  const Identity identity = identity_of(plan_, state_.digester(), view);
  const auto waits = identity_waits(view);
  if (!says_where(identity, waits)) {
    if (identity.kind == Identity::Kind::kNull) {
      lone(member, Act::kReport, Situation::kNoIdentity, "a part of its identity key is null");
    } else if (identity.kind == Identity::Kind::kFault) {
      lone(member, Act::kPark, Situation::kAbsent, {}, unusable_identity(plan_, view));
    } else {
      lone(member, Act::kDefer, Situation::kDeferred);
      batch_.tasks.back().waits = waits;
    }
    stay(std::move(member));
    return;
  }
  member.identity = identity.digest;
  if (linked &&
      (member.before->identity == identity.digest || member.before->identity == Digest{})) {
    const ObjectKey target = member.before->target;
    touched_[target].members.push_back(std::move(member));
    return;
  }
  groups_[identity.digest.value].members.push_back(std::move(member));
}

void ManyToOneResolver::stay(Member member) {
  if (member.before) {
    member.identity = member.before->identity;
    // What it stands on a worklist for is recorded apart: until it is in step again, a scan sees it
    // whatever becomes of that entry.
    if (!planted("deferred_is_forgotten")) {
      member.values = member.before->values;
    }
    member.stands_alone = true;
    const ObjectKey target = member.before->target;
    touched_[target].members.push_back(std::move(member));
  }
}

void ManyToOneResolver::lone(const Member& member, Act act, Situation situation, std::string reason,
                             std::optional<Error> fault) {
  Task task;
  task.act = act;
  task.situation = situation;
  task.subject = {plan_.mapping, many_, member.key};
  task.views[index_of(many_)] = member.view;
  task.reason = std::move(reason);
  task.reunited = member.reunited;
  if (fault) {
    task.fault = std::move(*fault);
    task.fault_side = many_;
  }
  batch_.tasks.push_back(std::move(task));
}

Result<void> ManyToOneResolver::find_targets() {
  std::vector<Reader::Question> questions;
  for (auto& [identity, group] : groups_) {
    questions.push_back({group.members.front().view, {}, {}});
  }
  COUPLET_TRY(reader_.find(one_, questions));
  std::size_t asked = 0;
  std::vector<const View*> separable;
  for (auto& [identity, group] : groups_) {
    group.candidates = std::move(questions[asked].answers);
    group.fault = std::move(questions[asked].fault);
    ++asked;
    for (const Member& member : group.members) {
      separable.push_back(member.view);
    }
  }
  COUPLET_TRY(kept_.load(many_, separable, reader_));
  // Those whose target is there first: a target that they join is not renamed by others.
  for (const bool found : {true, false}) {
    for (auto& [identity, group] : groups_) {
      if (group.candidates.empty() != found) {
        COUPLET_TRY(place_group(group));
      }
    }
  }
  return {};
}

Result<void> ManyToOneResolver::keep_apart(Group& group) {
  std::vector<Member> together;
  for (Member& member : group.members) {
    member.reunited = kept_.ended(*member.view);
    std::vector<const View*> open;
    for (const View* candidate : group.candidates) {
      if (!kept_.between(member.key, candidate->key)) {
        open.push_back(candidate);
      }
    }
    const bool nobody = open.empty() && kept_.from_unseen(member.key);
    if (open.size() == group.candidates.size() && !nobody) {
      together.push_back(std::move(member));
    } else if (open.empty()) {
      lone(member, Act::kReport, Situation::kMatched, kKeptApartReason);
      if (member.before) {
        touched_[member.before->target];
      }
    } else {
      Group own;
      own.members.push_back(std::move(member));
      own.candidates = std::move(open);
      COUPLET_TRY(place_group(own));
    }
  }
  group.members = std::move(together);
  return {};
}

Result<void> ManyToOneResolver::place_group(Group& group) {
  if (!group.fault) {
    COUPLET_TRY(keep_apart(group));
  }
  if (group.members.empty()) {
    return {};
  }
  const auto all_lone = [&](Act act, Situation situation, const std::string& reason,
                            const std::vector<PairEnd>& rivals = {}) {
    for (const Member& member : group.members) {
      lone(member, act, situation, reason, group.fault);
      batch_.tasks.back().rivals = rivals;
      if (member.before) {  // It keeps its link until it can go, but has no say there any more.
        touched_[member.before->target];
      }
    }
  };
  if (group.fault) {
    all_lone(Act::kPark, Situation::kAbsent, {});
    return {};
  }
  if (group.candidates.size() > 1) {
    all_lone(Act::kHold, Situation::kAmbiguous,
             std::to_string(group.candidates.size()) + " objects on the other side have " +
                 this_identity_key(plan_, one_) + ": " + first_names(plan_, group.candidates) +
                 "; change the key of all but one, or remove them",
             first_ends(state_.pair_id(plan_.pair), group.candidates, 2));
    return {};
  }
  if (group.candidates.size() == 1 && !group.candidates.front()->in_scope) {
    all_lone(Act::kReport, Situation::kOutOfScope,
             "the object with this identity key is out of scope");
    return {};
  }
  if (group.candidates.size() == 1) {
    const View* target = group.candidates.front();
    Touched& touched = touched_[target->key];
    touched.view = target;
    touched.looked_at = true;
    COUPLET_ASSIGN(const bool goes_back, gets_its_key_back(*target));
    if (goes_back) {
      all_lone(Act::kHold, Situation::kAlreadyLinked,
               first_names(plan_, {target}) + kGetsItsKeyBackReason,
               first_ends(state_.pair_id(plan_.pair), {target}, 1));
    } else {
      join(group, target->key);
    }
    return {};
  }
  // Nobody has this identity: rename the old target if all of it moves, else make a new one.
  std::optional<ObjectKey> renamed;
  for (const Member& member : group.members) {
    if (member.before) {
      // Copies: if all have moved, the others join the group.
      const ObjectKey target = member.before->target;
      COUPLET_ASSIGN(const bool moved, all_moved(target, member.identity, group));
      if (moved) {
        renamed = target;
        break;
      }
    }
  }
  if (renamed) {
    touched_[*renamed].renamed = true;
    join(group, *renamed);
    return {};
  }
  if (!plan_.bound->create[index_of(one_)]) {
    all_lone(Act::kReport, Situation::kAbsent, "creating is switched off there");
    return {};
  }
  std::string held = permissions_.creates_held.empty() ? hidden_counterpart(plan_.side(one_))
                                                       : permissions_.creates_held;
  if (std::string why = permissions_.rail(LimitClass::kCreate, one_); !why.empty()) {
    held = std::move(why);
  }
  if (!held.empty()) {
    all_lone(Act::kHold, Situation::kAbsent, held);
    return {};
  }
  for (const Member& member : group.members) {
    leave(member);
  }
  batch_.tasks.push_back(create_task(std::move(group.members)));
  return {};
}

// The target that a member has belonged to loses it.
void ManyToOneResolver::leave(const Member& member) {
  if (member.before) {
    Member leaver = member;
    leaver.leaves = true;
    leaver.situation = Situation::kMoved;
    touched_[member.before->target].members.push_back(std::move(leaver));
  }
}

void ManyToOneResolver::join(Group& group, const ObjectKey& target) {
  for (Member& member : group.members) {
    // One that is linked here already keeps its link; its recorded identity is brought up to date.
    member.joins = !member.before || member.before->target != target;
    member.situation = member.before ? Situation::kMoved : Situation::kMatched;
    if (member.joins) {
      leave(member);
    }
    touched_[target].members.push_back(std::move(member));
  }
}

Result<bool> ManyToOneResolver::all_moved(const ObjectKey& target, Digest identity, Group& group) {
  const std::vector<Member>& placed = touched_[target].members;
  if (std::any_of(placed.begin(), placed.end(), [&](const Member& member) {
        return !member.leaves && member.identity != identity;
      })) {
    return false;  // Somebody stays, or comes new under the present name.
  }
  for (const std::vector<Competitor>& competitors : plan_.competitors) {
    for (const Competitor& competitor : competitors) {
      if (competitor.pair != plan_.pair) {
        COUPLET_ASSIGN(const auto theirs, state_.contributors(competitor.pair, target, 1));
        if (!theirs.empty()) {
          return false;  // It is also the target of others, under its present name.
        }
      }
    }
  }
  COUPLET_ASSIGN(const auto everyone, state_.contributors(plan_.pair, target));
  std::vector<ObjectKey> rest;
  for (const ObjectKey& key : everyone) {
    const auto in_group = std::find_if(group.members.begin(), group.members.end(),
                                       [&](const Member& member) { return member.key == key; });
    if (in_group != group.members.end()) {
      continue;
    }
    if (placed_.contains(key)) {
      return false;  // In this batch, and not of this identity.
    }
    rest.push_back(key);
  }
  COUPLET_ASSIGN(const auto found, reader_.fetch(many_, rest));
  COUPLET_ASSIGN(auto contributions, state_.contributions(plan_.pair, rest));
  std::vector<Member> movers;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const auto view = found.find(rest[i]);
    if (view == found.end()) {
      continue;  // Gone: it has no say.
    }
    const Identity present = identity_of(plan_, state_.digester(), *view->second);
    if (present.kind != Identity::Kind::kComplete || present.digest != identity) {
      return false;
    }
    Member member;
    member.view = view->second;
    member.key = rest[i];
    member.before = std::move(contributions[i]);
    member.identity = present.digest;
    member.values = contribution_digest(state_.digester(), *view->second);
    movers.push_back(std::move(member));
  }
  for (Member& member : movers) {
    placed_[member.key] = true;
    group.members.push_back(std::move(member));
  }
  return true;
}

Task ManyToOneResolver::create_task(std::vector<Member> members) {
  Task task;
  task.act = Act::kCreate;
  task.situation = Situation::kAbsent;
  task.links = true;
  task.by = LinkedBy::kCreated;
  task.subject = {plan_.mapping, many_, members.front().key};
  for (Member& member : members) {
    member.joins = true;
    member.situation = member.before ? Situation::kMoved : Situation::kAbsent;
    if (member.before) {
      task.situation = Situation::kMoved;
    }
  }
  task.members = std::move(members);
  task.target.emplace();
  task.target->agreement.base.resize(plan_.entities->slots.size());
  task.target->winners.resize(plan_.entities->slots.size());
  task.elected.resize(plan_.uses.size(), nullptr);
  for (const Member& member : task.members) {
    vote(*member.view, task);
  }
  return task;
}

std::set<std::size_t> ManyToOneResolver::competing_pairs() const {
  std::set<std::size_t> pairs;
  for (const std::vector<Competitor>& competitors : plan_.competitors) {
    for (const Competitor& competitor : competitors) {
      pairs.insert(competitor.pair);
    }
  }
  pairs.erase(plan_.pair);
  return pairs;
}

// What is recorded of these targets under other mappings that write the same attributes, by pair.
Result<std::map<std::size_t, std::vector<std::optional<Target>>>> ManyToOneResolver::competing(
    std::span<const ObjectKey> targets) const {
  std::map<std::size_t, std::vector<std::optional<Target>>> found;
  for (const std::size_t pair : competing_pairs()) {
    COUPLET_ASSIGN(found[pair], state_.targets(pair, targets));
  }
  return found;
}

Result<void> ManyToOneResolver::finish_targets() {
  std::vector<ObjectKey> keys;
  std::vector<ObjectKey> unread;
  for (const auto& [key, touched] : touched_) {
    keys.push_back(key);
    if (!touched.looked_at) {
      unread.push_back(key);
    }
  }
  COUPLET_ASSIGN(const auto views, reader_.fetch(one_, unread));
  COUPLET_ASSIGN(auto records, state_.targets(plan_.pair, keys));
  COUPLET_ASSIGN(auto tombstones, state_.tombstones(plan_.pair, one_, keys));
  COUPLET_ASSIGN(auto competing, this->competing(keys));
  std::map<std::size_t, std::vector<std::optional<Tombstone>>> left_by;
  const bool any_left =
      std::any_of(tombstones.begin(), tombstones.end(), [](const auto& left) { return !!left; });
  if (any_left && !planted("comes_back_to_its_own")) {
    for (const std::size_t pair : competing_pairs()) {
      const Side one = other(*definition_.pairs[pair].many);
      COUPLET_ASSIGN(left_by[pair], state_.tombstones(pair, one, keys));
    }
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Touched& touched = touched_[keys[i]];
    if (const auto view = views.find(keys[i]); view != views.end()) {
      touched.view = view->second;
    }
    touched.tombstone = std::move(tombstones[i]);
    for (auto& [pair, targets] : competing) {
      touched.competing[pair] = targets[i] ? &*targets[i] : nullptr;
    }
    for (auto& [pair, left] : left_by) {
      touched.left_by[pair] = left[i] ? &*left[i] : nullptr;
    }
    COUPLET_TRY(finish(keys[i], touched, std::move(records[i])));
  }
  return {};
}

Result<void> ManyToOneResolver::finish(const ObjectKey& key, Touched& touched,
                                       std::optional<Target> record) {
  Task task;
  task.subject = {plan_.mapping, one_, key};
  task.target_key = key;
  task.views[index_of(one_)] = touched.view;
  task.members = std::move(touched.members);
  if (record) {
    task.incarnation = record->agreement.incarnation;
    task.target = std::move(record);
  } else {
    task.target.emplace();
    task.target->agreement.base.resize(plan_.entities->slots.size());
    task.target->winners.resize(plan_.entities->slots.size());
    task.links = true;
    if (touched.tombstone) {
      task.target->agreement = touched.tombstone->agreement;
      task.incarnation = touched.tombstone->agreement.incarnation + 1;
      task.replaced_tombstone = task.subject;
      task.by = LinkedBy::kSucceeded;
      take_over(task, touched);
    }
    if (!task.members.empty()) {
      // Nothing is known of the target until somebody contributes to it.
      task.subject = {plan_.mapping, many_, task.members.front().key};
    }
  }
  bool all = false;
  COUPLET_ASSIGN(const auto rest, others(task, 1));
  std::size_t staying = rest.size();
  for (const Member& member : task.members) {
    staying += member.leaves ? 0 : 1;
    all = all || std::any_of(task.target->winners.begin(), task.target->winners.end(),
                             [&](const Winner& winner) { return winner.key == member.key; });
  }
  if (touched.view == nullptr) {
    if (staying == 0) {
      task.act = Act::kDropLink;
      task.situation = Situation::kBothGone;
      batch_.tasks.push_back(std::move(task));
      return {};
    }
    return target_gone(std::move(task));
  }
  if (staying == 0) {
    // Its last contributor is gone or has moved: an orphan.
    task.act = Act::kSever;
    task.situation =
        task.members.empty() ? Situation::kSourceMissing : task.members.back().situation;
    batch_.tasks.push_back(std::move(task));
    return {};
  }
  if (!touched.view->in_scope) {
    task.act = Act::kReport;
    task.situation = Situation::kOutOfScope;
    batch_.tasks.push_back(std::move(task));
    return {};
  }
  COUPLET_TRY(elect(task, all || touched.renamed));
  weigh(task, touched);
  if (task.replaced_tombstone) {
    // A null at the newcomer counts as first contact: it may be a column that was left out.
    for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
      const View* elected = task.elected[use];
      if (elected != nullptr && elected->slots[use].state.kind == SlotState::Kind::kNull) {
        task.target->agreement.base[plan_.uses[use]->slot].known = false;
      }
    }
  }
  task.act = Act::kMerge;
  task.situation = touched.renamed ? Situation::kMoved
                   : task.links    ? Situation::kMatched
                                   : Situation::kInSync;
  batch_.tasks.push_back(std::move(task));
  return {};
}

}  // namespace couplet
