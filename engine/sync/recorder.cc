#include "engine/sync/recorder.h"

#include <algorithm>

#include "engine/model/literal.h"
#include "engine/model/planted_bug.h"
#include "engine/sync/left_to_default.h"
#include "engine/sync/object_name.h"
#include "engine/sync/refusal.h"
#include "engine/sync/refused_writes.h"
#include "engine/sync/settlement.h"

namespace couplet {
namespace {

using Act = Task::Act;

bool holds_an_attribute(const Task& task) {
  return std::any_of(task.merges.begin(), task.merges.end(),
                     [](const Merge& merge) { return merge.outcome == Merge::Outcome::kHold; });
}

// Everything of an agreement but the time of the look that made it.
bool same_agreement(const Agreement& a, const Agreement& b) {
  return a.base == b.base && a.ends == b.ends && a.incarnation == b.incarnation &&
         a.flips == b.flips;
}

const Task::Written* done(const Task& task, Side side) {
  const auto& written = task.written[index_of(side)];
  return written && written->done ? &*written : nullptr;
}

}  // namespace

bool Recorder::succeeded(const Task& task) {
  if (task.act == Act::kCreate) {
    return done(task, Side::kLeft) != nullptr || done(task, Side::kRight) != nullptr;
  }
  return task.act == Act::kMerge;
}

void Recorder::update_agreement(const Task& task, Agreement& agreement) const {
  agreement.incarnation = task.incarnation;
  agreement.base.resize(plan_.entities->slots.size());
  if (task.act == Act::kCreate) {
    std::vector<std::size_t> said;
    for (std::size_t use = 0; use < task.merges.size(); ++use) {
      if (task.merges[use].outcome != Merge::Outcome::kNone) {
        said.push_back(use);
      }
    }
    leave_to_default(plan_, done(task, Side::kLeft) != nullptr ? Side::kLeft : Side::kRight, said,
                     agreement.base);
  }
  for (std::size_t use = 0; use < task.merges.size(); ++use) {
    const Merge& merge = task.merges[use];
    if (!merge.base) {
      continue;
    }
    BaseSlot& slot = agreement.base[plan_.uses[use]->slot];
    const bool writes = merge.outcome == Merge::Outcome::kWrite;
    if (!writes && task.act != Act::kCreate) {
      slot = *merge.base;
      continue;
    }
    if (const Task::Written* written = done(task, merge.to)) {
      const auto& held = written->states[use];
      const bool seen = held && held->holds();
      // What was left to its default is known only by looking.
      if (writes || seen) {
        slot = *merge.base;
      }
      if (seen) {
        slot.digests[index_of(merge.to)] = held->digest;
      }
    }
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    EndState& end = agreement.ends[index_of(side)];
    const View* view = task.views[index_of(side)];
    if (const Task::Written* written = done(task, side)) {
      const auto before =
          view != nullptr && end.version == view->version && view->version != RowVersion{}
              ? end.time
          : view != nullptr ? view->changed_at
                            : std::nullopt;
      // Unknown is before everything: what was newer there before stays the row's time.
      end = {written->version,
             planted("time_is_not_carried") ? before : std::max(before, written->carried)};
    } else if (view != nullptr && end.version != view->version) {
      end = {view->version, view->changed_at};
    }
  }
  if (!RefusedWrites::any(task)) {  // Else nothing has been written that could answer anything.
    if (task.flips != 0) {
      agreement.flips_since = task.flips_since;
    }
    agreement.flips = task.flips;
  }
  agreement.synced_at = now_;
}

Result<void> Recorder::record(const Task& task, StateBatch& changes) const {
  if (task.replaced_tombstone && (succeeded(task) || task.act == Act::kNothing)) {
    state_.erase_tombstone(changes, plan_.pair, task.replaced_tombstone->side,
                           task.replaced_tombstone->key);
  }
  end_separations(task.reunited, changes);
  for (const Member& member : task.members) {
    end_separations(member.reunited, changes);
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const View* view = task.views[index_of(side)];
    if (const Task::Written* written = done(task, side); written != nullptr && view != nullptr &&
                                                         written->key != view->key &&
                                                         !planted("forget_rekey")) {
      const Rekeyed rekeyed{view->key, written->key};
      COUPLET_TRY(state_.rekey(changes, plan_.entities->entities[index_of(side)], {&rekeyed, 1},
                               plan_.pair));
    }
  }
  if (!plan_.entities->many) {
    return record_link(task, changes);
  }
  COUPLET_TRY(record_target(task, changes));
  for (const Subject& subject : outranked(task)) {
    state_.put_dirty(changes, subject);
  }
  return {};
}

void Recorder::end_separations(std::span<const Ends> reunited, StateBatch& changes) const {
  for (const Ends& ends : reunited) {
    state_.erase_separation(changes, plan_.pair, ends.left, ends.right);
  }
}

Result<void> Recorder::sever(const Link& link, Side survivor, StateBatch& changes) const {
  COUPLET_TRY(state_.erase_what_is_left(changes, plan_.pair, link));
  if (!planted("delete_is_not_kept")) {
    state_.put_tombstone(changes, plan_.pair, survivor, link.end(survivor),
                         {link.end(other(survivor)), link.agreement, now_});
  }
  return {};
}

Result<void> Recorder::record_link(const Task& task, StateBatch& changes) const {
  if (!task.link) {
    return {};
  }
  const Side survivor = task.views[0] != nullptr ? Side::kLeft : Side::kRight;
  if (task.act == Act::kDropLink) {
    return state_.erase_what_is_left(changes, plan_.pair, *task.link);
  }
  if (task.act == Act::kSever) {
    return sever(*task.link, survivor, changes);
  }
  if (!succeeded(task)) {
    return {};
  }
  Link link = *task.link;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (const Task::Written* written = done(task, side)) {
      link.end(side) = written->key;
    }
  }
  if (task.links) {
    link.by = task.by;
    link.linked_at = now_;
    if (task.act == Act::kCreate) {
      link.agreement.base.assign(plan_.entities->slots.size(), {});
    }
  }
  update_agreement(task, link.agreement);
  const bool moved = link.left != task.link->left || link.right != task.link->right;
  if (!task.links && !moved && same_agreement(link.agreement, task.link->agreement)) {
    return {};
  }
  if (task.replaced) {
    state_.erase(changes, plan_.pair, *task.replaced);
  }
  if (task.outlives(other(survivor))) {
    COUPLET_TRY(task.outlived->survived
                    ? sever(task.outlived->link, survivor, changes)
                    : state_.erase_what_is_left(changes, plan_.pair, task.outlived->link));
  }
  if (!task.links && !moved) {
    state_.put_record(changes, plan_.pair, link);
    return {};
  }
  if (!task.links) {
    state_.erase(changes, plan_.pair, *task.link);
  }
  state_.put(changes, plan_.pair, link);
  return {};
}

Result<void> Recorder::record_target(const Task& task, StateBatch& changes) const {
  const Side one = other(*plan_.entities->many);
  if (!task.target) {
    return {};
  }
  if (task.act == Act::kDropLink || task.act == Act::kSever) {
    state_.erase_target(changes, plan_.pair, task.target_key);
    ObjectKey last;
    for (const Member& member : task.members) {
      last = member.key;
    }
    if (task.act == Act::kSever) {
      Agreement agreement = task.target->agreement;
      for (std::size_t slot = 0; slot < agreement.base.size(); ++slot) {
        const Winner& winner = task.target->winners[slot];
        BaseSlot& base = agreement.base[slot];
        if (!winner.key.empty() && !winner.leads && base.digests[0] != base.digests[1] &&
            !planted("comes_back_outvoted")) {
          // What is there is another mapping's word, whatever this one's said: it is news if it
          // comes back.
          base.digests[index_of(*plan_.entities->many)] = Digest{};
        }
      }
      state_.put_tombstone(changes, plan_.pair, one, task.target_key, {last, agreement, now_});
    }
    return record_members(task, task.target_key, changes);
  }
  if (!succeeded(task)) {
    return {};
  }
  ObjectKey key = task.target_key;
  if (const View* view = task.views[index_of(one)]) {
    key = view->key;
  }
  if (const Task::Written* written = done(task, one)) {
    key = written->key;
  }
  Target target = *task.target;
  update_agreement(task, target.agreement);
  for (std::size_t use = 0; use < task.elected.size(); ++use) {
    target.winners[plan_.uses[use]->slot] = winner_of(task, use);
  }
  const bool moved = !task.target_key.empty() && key != task.target_key;
  if (task.links || moved || target.winners != task.target->winners ||
      !same_agreement(target.agreement, task.target->agreement)) {
    state_.put(changes, plan_.pair, key, target);
  }
  if (moved) {
    state_.erase_target(changes, plan_.pair, task.target_key);
    COUPLET_ASSIGN(const auto everyone, state_.contributors(plan_.pair, task.target_key));
    COUPLET_ASSIGN(auto contributions, state_.contributions(plan_.pair, everyone));
    for (std::size_t i = 0; i < everyone.size(); ++i) {
      const bool leaves = std::any_of(
          task.members.begin(), task.members.end(),
          [&](const Member& member) { return member.leaves && member.key == everyone[i]; });
      if (contributions[i] && !leaves) {
        state_.erase(changes, plan_.pair, everyone[i], task.target_key);
        contributions[i]->target = key;
        state_.put(changes, plan_.pair, everyone[i], *contributions[i]);
      }
    }
  }
  return record_members(task, key, changes);
}

Winner Recorder::winner_of(const Task& task, std::size_t use) const {
  const View* elected = task.elected[use];
  if (elected == nullptr) {
    const bool stays = !task.unseen_wins.empty() && task.unseen_wins[use];
    return stays ? task.target->winners[plan_.uses[use]->slot] : Winner{};
  }
  const SlotState& state = elected->slots[use].state;
  return {elected->key, state.kind == SlotState::Kind::kNull, state.time,
          task.leads.empty() || task.leads[use] != Task::Lead::kOutvoted};
}

std::vector<Subject> Recorder::outranked(const Task& task) const {
  std::vector<Subject> subjects;
  if (!plan_.entities->many || !task.target) {
    return subjects;
  }
  const Side one = other(*plan_.entities->many);
  const View* view = task.views[index_of(one)];
  const ObjectKey& key = view != nullptr ? view->key : task.target_key;
  const bool gone = task.act == Act::kSever || task.act == Act::kDropLink;
  if (key.empty() || (!gone && !succeeded(task))) {
    return subjects;
  }
  for (std::size_t use = 0; use < plan_.competitors.size(); ++use) {
    const Winner& before = task.target->winners[plan_.uses[use]->slot];
    const Winner after = gone || task.elected.empty() ? Winner{} : winner_of(task, use);
    if (before.key.empty() == after.key.empty() && before.null == after.null &&
        before.time == after.time) {
      continue;
    }
    for (const Competitor& competitor : plan_.competitors[use]) {
      subjects.push_back({competitor.mapping, one, key});
    }
  }
  return subjects;
}

Result<void> Recorder::record_members(const Task& task, const ObjectKey& target,
                                      StateBatch& changes) const {
  for (const Member& member : task.members) {
    if (member.leaves) {
      // One that has moved is recorded where it has arrived.
      if (member.situation == Situation::kSourceMissing) {
        state_.erase(changes, plan_.pair, member.key, member.before->target);
      }
      continue;
    }
    if (member.view == nullptr) {
      continue;
    }
    Contribution contribution;
    if (member.before) {
      contribution = *member.before;
    }
    if (member.joins || !member.before) {
      contribution.by = task.by;
      contribution.linked_at = now_;
    }
    contribution.target = target;
    contribution.identity = member.identity;
    contribution.values = member.values;
    if (member.before && member.before->target == target &&
        member.before->identity == member.identity && member.before->values == member.values) {
      continue;
    }
    if (member.before && member.before->target != target) {
      state_.erase(changes, plan_.pair, member.key, member.before->target);
    }
    state_.put(changes, plan_.pair, member.key, contribution);
  }
  return {};
}

std::vector<PairEnd> Recorder::relinked(const Task& task) const {
  std::vector<PairEnd> ends;
  const auto add = [&](Side side, const ObjectKey& key) {
    if (!key.empty() && !is_planned(key)) {
      ends.push_back({state_.pair_id(plan_.pair), side, key});
    }
  };
  const bool ended = task.act == Act::kSever || task.act == Act::kDropLink;
  if (!ended && !succeeded(task)) {
    return ends;
  }
  for (const std::optional<Link>* link : {&task.link, &task.replaced}) {
    if (*link && (ended || task.links)) {
      add(Side::kLeft, (*link)->left);
      add(Side::kRight, (*link)->right);
    }
  }
  for (const Member& member : task.members) {
    if (member.joins || member.leaves) {
      add(*plan_.entities->many, member.key);
      add(other(*plan_.entities->many), task.target_key);
    }
  }
  return ends;
}

std::vector<Recorder::Linked> Recorder::linked(const Task& task) const {
  std::vector<Linked> found;
  if (!succeeded(task)) {
    return found;
  }
  if (plan_.entities->many) {
    const Side many = *plan_.entities->many;
    for (const Member& member : task.members) {
      if (member.joins && !member.leaves) {
        found.push_back({many, member.key, member.before.has_value()});
      }
    }
    return found;
  }
  if (!task.links || !task.link) {
    return found;
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const Task::Written* written = done(task, side);
    found.push_back({side, written != nullptr ? written->key : task.link->end(side),
                     task.by != LinkedBy::kCreated || task.replaced.has_value()});
  }
  return found;
}

// Many to one a contributor's is its target; one-to-one objects stand by the left one.
ObjectKey Recorder::counterpart_of(const Task& task) const {
  if (plan_.entities->many) {
    return task.subject.side == *plan_.entities->many ? task.target_key : ObjectKey{};
  }
  const Side there = other(main_subject(task).side);
  if (const View* view = task.views[index_of(there)]) {
    return view->key;
  }
  return task.link ? task.link->end(there) : ObjectKey{};
}

State::Standing Recorder::standing_after(const Task& task) const {
  State::Standing after;
  if (task.act == Act::kPark) {
    Parked parked;
    parked.kind = task.fault.kind;
    parked.code = task.fault.code;
    parked.reason = task.fault.message;
    parked.detail = task.fault.detail;
    parked.first_at = parked.last_at = now_;
    parked.situation = task.situation;
    parked.counterpart = counterpart_of(task);
    parked.attributes = refused_attributes(plan_, task);
    after.parked = std::move(parked);
  }
  if (task.act == Act::kHold) {
    after.held = Held{task.situation, task.reason, now_, task.rivals};
  } else if (holds_an_attribute(task) && task.act != Act::kPark) {
    after.held = Held{Situation::kConflict, why_conflict_is_held(plan_, task), now_, {}};
  }
  if (!task.waits.empty() && task.act != Act::kPark && !planted("nobody_waits")) {
    after.waiting = Waiting{task.waits, now_};
  }
  return after;
}

// Two one-to-one objects that are linked, or would be, stand by the left one, whichever of them was
// looked at.
Subject Recorder::main_subject(const Task& task) const {
  if (plan_.entities->many || !task.link) {
    return task.subject;
  }
  const Task::Written* made = done(task, Side::kLeft);
  const ObjectKey& left = made != nullptr ? made->key : task.link->left;
  const bool both =
      !left.empty() && (done(task, Side::kRight) != nullptr || !task.link->right.empty());
  return both && !is_planned(left) ? Subject{plan_.mapping, Side::kLeft, left} : task.subject;
}

std::vector<Subject> Recorder::speaks_for(const Task& task) const {
  std::vector<Subject> subjects{main_subject(task)};
  if (subjects.front() != task.subject) {
    subjects.push_back(task.subject);
  }
  if (plan_.entities->many) {
    for (const Member& member : task.members) {
      const Subject subject{plan_.mapping, *plan_.entities->many, member.key};
      if (!member.leaves && !member.stands_alone && subject != subjects.front()) {
        subjects.push_back(subject);
      }
    }
  } else if (task.link) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const Subject subject{plan_.mapping, side, task.link->end(side)};
      if (!subject.key.empty() &&
          std::find(subjects.begin(), subjects.end(), subject) == subjects.end()) {
        subjects.push_back(subject);
      }
    }
  }
  return subjects;
}

std::vector<Subject> Recorder::nominees(const Task& task) const {
  return plan_.entities->many ? speaks_for(task) : std::vector<Subject>{task.subject};
}

Result<Recorder::Stands> Recorder::record_standing(std::span<const Task* const> tasks,
                                                   StateBatch& changes) const {
  std::vector<Subject> subjects;
  std::vector<const Task*> tasks_of;  // by subject
  std::vector<State::Standing> standings;
  for (const Task* task : tasks) {
    // What did not come about stands for each contributor that wanted it: they are not recorded.
    const bool all_alike = plan_.entities->many && !succeeded(*task);
    const State::Standing own = standing_after(*task);
    bool first = true;
    for (Subject& subject : speaks_for(*task)) {
      subjects.push_back(std::move(subject));
      tasks_of.push_back(task);
      standings.push_back(first || all_alike ? own : State::Standing{});
      first = false;
    }
  }
  COUPLET_ASSIGN(const auto before, state_.standing(subjects));
  Stands stands;
  const Task* settled = nullptr;  // the subjects of a task follow each other
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    State::Standing& after = standings[i];
    // Only who stood somewhere can have a conflict that is held.
    if (tasks_of[i] != settled && (before[i].held || before[i].parked || before[i].waiting)) {
      settled = tasks_of[i];
      COUPLET_TRY(settle_conflicts(*settled, changes));
    }
    if (after.parked && before[i].parked) {
      const bool tried = before[i].parked->last_at >= run_began_;
      after.parked->attempts = before[i].parked->attempts + (tried ? 0 : 1);
      after.parked->first_at = before[i].parked->first_at;
    }
    if (after.held && before[i].held && before[i].held->situation == after.held->situation) {
      after.held->since = before[i].held->since;
    }
    if (before[i].held && (!after.held || after.held->situation != before[i].held->situation ||
                           after.held->rivals != before[i].held->rivals)) {
      stands.changed.push_back(subjects[i]);
    }
    if (after.waiting && before[i].waiting) {
      after.waiting->since = before[i].waiting->since;
    }
    state_.replace_standing(changes, subjects[i], before[i], after);
    (after.parked || after.held || after.waiting ? stands.standing : stands.settled)
        .push_back(std::move(subjects[i]));
  }
  return stands;
}

Result<void> Recorder::settle_conflicts(const Task& task, StateBatch& changes) const {
  for (const Contest& contest : contests_of(plan_, task)) {
    COUPLET_TRY(state_.settle_conflicts(
        changes, plan_.mapping, contest.ends.left, contest.ends.right, now_,
        [&](const std::string& attribute, const std::array<Digest, 2>& digests) {
          return contest.over ? std::optional(State::Settlement{settled_by::kGone, std::nullopt})
                              : settlement_of(plan_, task, attribute, digests);
        }));
  }
  return {};
}

Result<void> Recorder::record_conflicts(const Task& task, StateBatch& changes) const {
  if (task.act != Act::kMerge && task.act != Act::kReport && task.act != Act::kHold) {
    return {};
  }
  for (std::size_t use = 0; use < task.merges.size(); ++use) {
    const Merge& merge = task.merges[use];
    if (merge.rule == nullptr || planted("conflict_unrecorded")) {
      continue;
    }
    // Nobody has won by a write that was refused: it is decided again, and may come out otherwise.
    if (const auto& written = task.written[index_of(merge.to)];
        merge.outcome == Merge::Outcome::kWrite && written && written->refused) {
      continue;
    }
    const View* left = task.holder(Side::kLeft, use);
    const View* right = task.holder(Side::kRight, use);
    if (left == nullptr || right == nullptr) {
      continue;
    }
    Conflict conflict;
    conflict.attribute = plan_.slot(use).name;
    conflict.rule = merge.rule;
    conflict.winner = merge.winner;
    conflict.at = now_;
    conflict.situation = task.situation;
    for (const View* view : {left, right}) {
      const std::size_t side = index_of(view->side);
      conflict.objects[side] = object_name(plan_, view->side, view->key);
      conflict.values[side] = value_json(plan_, *view, use).dump();
      conflict.times[side] =
          change_time(task, view->side, view->slots[use], plan_.side(view->side).slots[use].own);
    }
    COUPLET_TRY(state_.put_conflict(changes, plan_.mapping, left->key, right->key,
                                    {left->slots[use].state.digest, right->slots[use].state.digest},
                                    conflict));
  }
  return {};
}

}  // namespace couplet
