#include "engine/sync/decider.h"

#include <algorithm>

#include "engine/model/planted_bug.h"
#include "engine/sync/left_to_default.h"
#include "engine/sync/one_to_one.h"
#include "engine/sync/renewed_columns.h"

namespace couplet {
namespace {

using Act = Task::Act;
using Outcome = Merge::Outcome;

const Agreement* agreement_of(const Task& task) {
  if (task.link) {
    return &task.link->agreement;
  }
  return task.target ? &task.target->agreement : nullptr;
}

bool is_path(const Endpoint& end) {
  return std::any_of(end.columns.begin(), end.columns.end(),
                     [](const ColumnPath& column) { return !column.joins.empty(); });
}

// Indexed by Side: nobody has written the row since we looked at it.
std::array<bool, 2> unwritten_since(const Task& task) {
  std::array<bool, 2> unwritten{};
  const Agreement* agreement = agreement_of(task);
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const View* view = task.views[side];
    unwritten[side] = view != nullptr && agreement != nullptr && view->version != RowVersion{} &&
                      agreement->ends[side].version == view->version;
  }
  return unwritten;
}

// Rules of one slot. Where mappings over one pair carry a slot both ways they are one two-way
// mapping: the one listed first decides conflicts.
MergeRules rules_of(const DecisionContext& context, const Task& task, std::size_t use) {
  const MappingPlan& plan = context.plan;
  const SlotUse& own = *plan.uses[use];
  MergeRules rules;
  rules.writes = own.writes;
  rules.carried_back = own.carried_back;
  rules.through_path = is_path(plan.slot(use).left) || is_path(plan.slot(use).right);
  if (rules.through_path) {
    const std::array<bool, 2> unwritten = unwritten_since(task);
    rules.looked_before = unwritten[0] && unwritten[1];
  }
  rules.policy = own.policy;
  rules.conflict = own.conflict;
  rules.tie = own.tie;
  rules.clock_skew_us = planted("no_skew") ? 0 : context.definition.clock_skew_us;
  if (!planted("future_wins")) {
    rules.time_most = {context.now.value + kAheadMostUs};
  }
  if (!task.leads.empty()) {
    rules.behind_null = task.leads[use] == Task::Lead::kBehindNull;
    rules.outvoted = rules.behind_null || task.leads[use] == Task::Lead::kOutvoted;
    if (task.leads[use] == Task::Lead::kLeadsAnew) {
      rules.leads_anew = *plan.entities->many;
    }
  }
  for (const std::size_t index : plan.entities->mappings) {
    const BoundMapping& mapping = context.definition.mappings[index];
    const auto has = [&](const std::vector<SlotUse>& uses) {
      return std::find_if(uses.begin(), uses.end(),
                          [&](const SlotUse& other_use) { return other_use.slot == own.slot; });
    };
    auto found = has(mapping.keys);
    bool known = found != mapping.keys.end();
    if (!known) {
      found = has(mapping.attributes);
      known = found != mapping.attributes.end();
    }
    if (known) {
      // Opposing mappings come to one verdict; the one that writes the loser's side carries it out.
      rules.decides_first_contact = index == plan.mapping || found->writes != own.writes;
      if (index != plan.mapping && found->writes != own.writes) {
        rules.conflict = found->conflict;
        rules.tie = found->tie;
      }
      break;
    }
  }
  return rules;
}

SlotState state_of(const DecisionContext& context, const Task& task, Side side, std::size_t use) {
  const View* holder = task.holder(side, use);
  if (holder == nullptr) {
    return {};
  }
  const SlotView& slot = holder->slots[use];
  SlotState state = slot.state;
  const bool own = context.plan.side(side).slots[use].own;
  state.time = change_time(task, side, slot, own);
  // Only a reference that this mapping could write needs to be sendable.
  state.sendable = !context.plan.slot(use).link || state.kind == SlotState::Kind::kNull ||
                   slot.translated.has_value();
  return state;
}

// The same reference has not changed by the link that it has got since.
void follow_link(const DecisionContext& context, const Task& task, Side side, std::size_t use,
                 Digest now, BaseSlot& base) {
  const Slot& slot = context.plan.slot(use);
  const View* holder = task.holder(side, use);
  Digest& then = base.digests[index_of(side)];
  if (base.known && slot.link && side != slot.canonical && then != now && holder != nullptr &&
      holder->slots[use].translated &&
      then == unresolved(context.state.digester(), *holder->slots[use].reference)) {
    then = now;
  }
}

}  // namespace

Merge merge_of(const DecisionContext& context, const Task& task, std::size_t use) {
  const Agreement* agreement = agreement_of(task);
  const std::size_t slot = context.plan.uses[use]->slot;
  BaseSlot base;
  if (agreement != nullptr && slot < agreement->base.size()) {
    base = agreement->base[slot];
  }
  const SlotState left = state_of(context, task, Side::kLeft, use);
  const SlotState right = state_of(context, task, Side::kRight, use);
  MergeRules rules = rules_of(context, task, use);
  const BaseSlot recorded = base;
  if (base.renewed[0] || base.renewed[1]) {
    base = base_of_renewed(base, {left.digest, right.digest}, unwritten_since(task), rules);
  }
  follow_link(context, task, Side::kLeft, use, left.digest, base);
  follow_link(context, task, Side::kRight, use, right.digest, base);
  Merge merge = merge_slot(left, right, base, rules);
  if (!merge.base && base != recorded) {
    merge.base = base;  // As it was, but of the columns and links that are there now.
  }
  return merge;
}

namespace {

void collect_waits(const DecisionContext& context, Task& task, Side from, std::size_t use) {
  const View* holder = task.holder(from, use);
  for (Waiting::For& link :
       missing_links(context.definition, context.state, context.plan, *holder,
                     [&](std::size_t candidate) { return candidate == use; })) {
    if (std::find(task.waits.begin(), task.waits.end(), link) == task.waits.end()) {
      task.waits.push_back(std::move(link));
    }
  }
}

void park_value(const DecisionContext& context, Task& task, Side from, std::size_t use) {
  if (task.act != Act::kPark) {
    task.act = Act::kPark;
    task.fault = unusable_value(context.plan, use, *task.holder(from, use));
    task.fault_side = from;
  }
}

bool needs(const DecisionContext& context, Side target, std::size_t use) {
  return context.plan.uses[use]->identity || context.plan.slot(use).end(target).required;
}

// Which rule it is that leaves a changed target as it is.
const char* why_left(const Task& task) {
  for (const Merge& merge : task.merges) {
    if (merge.outcome == Outcome::kReport && merge.because == because::kCarriedBack) {
      return "it is not what the other side shows through a path, and the mappings that write "
             "there leave that as it is: see what they tell of it, or change one of the two";
    }
    if (merge.outcome == Outcome::kReport && merge.because == because::kLastWriteWins) {
      return "the target was changed last, and `conflict: last_write_wins` leaves it so";
    }
  }
  return "the target was changed, and `policy: follow` writes only what changes at the source";
}

void decide_merge(const DecisionContext& context, Task& task) {
  const MappingPlan& plan = context.plan;
  bool defer = false;
  bool conflict = false;
  bool report = false;
  std::array<bool, 2> written{};
  std::array<bool, 2> changed{};
  bool identity_written = false;
  // Who has left another target for this one, or has changed its identity key along with this one,
  // is recorded here, whatever else is to be reported.
  const bool arrives =
      std::any_of(task.members.begin(), task.members.end(), [](const Member& member) {
        return !member.leaves &&
               (member.joins || (member.before && member.before->identity != member.identity));
      });
  task.merges.resize(plan.uses.size());
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    Merge& merge = task.merges[use];
    merge = merge_of(context, task, use);
    changed[0] = changed[0] || merge.changed_left;
    changed[1] = changed[1] || merge.changed_right;
    conflict = conflict || (merge.rule != nullptr && !merge.first_contact);
    switch (merge.outcome) {
      case Outcome::kNone:
        break;
      case Outcome::kWrite:
        written[index_of(merge.to)] = true;
        identity_written = identity_written || plan.uses[use]->identity;
        break;
      case Outcome::kWait:
        collect_waits(context, task, other(merge.to), use);
        defer = defer || needs(context, merge.to, use);
        break;
      case Outcome::kReport:
        report = true;
        break;
      case Outcome::kHold:
        conflict = true;
        break;
      case Outcome::kPark:
        park_value(context, task,
                   state_of(context, task, Side::kLeft, use).kind == SlotState::Kind::kFault
                       ? Side::kLeft
                       : Side::kRight,
                   use);
        break;
    }
  }
  const bool linking = task.links || task.situation == Situation::kMoved;
  if (!linking) {
    if (conflict) {
      task.situation = Situation::kConflict;
    } else if (identity_written) {
      task.situation = Situation::kMoved;
    } else if (written[0] || written[1] || report || task.act == Act::kPark) {
      // From the point of view of who is written: did its source change, or it itself?
      const bool left = task.act == Act::kPark     ? task.fault_side == Side::kRight
                        : written[0] || written[1] ? !written[1]
                                                   : !plan.bound->writes[1];
      const Side target = left ? Side::kLeft : Side::kRight;
      // At first contact nobody can tell: it takes what its source has.
      const bool source = changed[index_of(other(target))] || !changed[index_of(target)];
      task.situation = source ? Situation::kSourceChanged : Situation::kTargetChanged;
    }
  }
  if (task.act == Act::kPark) {
    return;
  }
  if (defer) {
    task.act = Act::kDefer;
    task.situation = Situation::kDeferred;
  } else if (report && !written[0] && !written[1] && !task.links && !arrives) {
    task.act = Act::kReport;
    task.reason = why_left(task);
  }
}

void decide_create(const DecisionContext& context, Task& task) {
  const MappingPlan& plan = context.plan;
  const Side from = task.views[0] != nullptr   ? Side::kLeft
                    : task.views[1] != nullptr ? Side::kRight
                                               : *plan.entities->many;
  const Side target = other(from);
  bool defer = false;
  task.merges.assign(plan.uses.size(), {});
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    const SlotUse& own = *plan.uses[use];
    const SlotState state = state_of(context, task, from, use);
    Merge& merge = task.merges[use];
    if (!own.writes[index_of(target)]) {
      // An attribute of the other direction: what the database puts there is nobody's word, and
      // does not go over a value. The recorder adds what the target then holds.
      if (own.writes[index_of(from)] && !own.carried_back[index_of(from)] &&
          state.kind == SlotState::Kind::kValue && may_be_left_to_default(plan, own.slot, target)) {
        merge.to = target;
        merge.base = BaseSlot{true, {state.digest, state.digest}};
      }
      continue;
    }
    merge.to = target;
    merge.because = because::kCreated;
    merge.winner = from;
    switch (state.kind) {
      case SlotState::Kind::kAbsent:
        break;
      case SlotState::Kind::kFault:
        park_value(context, task, from, use);
        return;
      case SlotState::Kind::kUnresolved:
      case SlotState::Kind::kNull:
      case SlotState::Kind::kValue:
        if (planted("unresolved_is_null") && !plan.uses[use]->identity && !state.sendable) {
          break;  // As a null would be: nobody waits for it.
        }
        if (state.kind == SlotState::Kind::kUnresolved || !state.sendable) {
          merge.outcome = Outcome::kWait;
          collect_waits(context, task, from, use);
          defer = defer || needs(context, target, use);
          break;
        }
        merge.outcome = Outcome::kWrite;
        merge.base = BaseSlot{true, {state.digest, state.digest}};
        break;
    }
  }
  if (defer) {
    task.act = Act::kDefer;
    task.situation = Situation::kDeferred;
  }
}

// More than a few writes in a row that only answered writes of ours: somebody undoes them.
void guard_oscillation(const DecisionContext& context, Task& task) {
  const Agreement* agreement = agreement_of(task);
  if (task.act != Act::kMerge || task.links || agreement == nullptr) {
    return;
  }
  bool writes = false;
  bool contributed = false;  // Contributors are not versioned: what has changed was from outside.
  bool by_others = false;
  for (const Merge& merge : task.merges) {
    writes = writes || merge.outcome == Outcome::kWrite;
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const View* view = task.views[index_of(side)];
    if (view == nullptr) {
      for (const Merge& merge : task.merges) {
        contributed =
            contributed || (side == Side::kLeft ? merge.changed_left : merge.changed_right);
      }
      continue;
    }
    const std::size_t source = context.plan.side(side).entity->source;
    by_others = by_others ||
                (view->version != agreement->ends[index_of(side)].version &&
                 !context.ours(source, view->version)) ||
                (context.told.contains({side, view->key}) && !planted("paths_are_ours"));
  }
  task.flips_since = agreement->flips_since;
  if (!writes) {
    // A change of somebody else that this mapping leaves to another one of the pair, which sees the
    // version of it on record by then.
    task.flips = by_others && !planted("left_is_answered") ? 0 : agreement->flips;
    return;
  }
  // A clock that was set back tells nothing of them.
  const std::int64_t since_us = context.now.value - agreement->flips_since.value;
  const bool recent = agreement->flips > 0 && since_us >= 0 && since_us < kFlipWindowUs;
  task.flips = by_others || contributed
                   ? std::uint8_t{0}
                   : static_cast<std::uint8_t>((recent ? agreement->flips : 0) + 1);
  if (!recent) {
    task.flips_since = context.now;
  }
  if (task.flips > kFlipsMax) {
    task.act = Act::kHold;
    task.reason = "oscillating: more than " + std::to_string(kFlipsMax) +
                  " writes within a minute without a change from outside";
  }
}

void obey_actions(const DecisionContext& context, Task& task) {
  const auto action = context.plan.bound->actions.find(task.situation);
  if (action == context.plan.bound->actions.end() || action->second == Action::kDefault) {
    return;
  }
  if (task.act == Act::kMerge || task.act == Act::kCreate || task.act == Act::kSever ||
      task.act == Act::kHold || task.act == Act::kReport) {
    task.act = action->second == Action::kHold ? Act::kHold : Act::kReport;
    task.reason = "`actions` of the mapping says so";
  }
}

}  // namespace

std::optional<Timestamp> change_time(const Task& task, Side side, const SlotView& slot, bool own) {
  const View* view = task.views[index_of(side)];
  const Agreement* agreement = agreement_of(task);
  if (own && view != nullptr && agreement != nullptr) {
    const EndState& end = agreement->ends[index_of(side)];
    if (end.version == view->version && end.version != RowVersion{}) {
      return end.time;
    }
  }
  return slot.state.time;
}

void decide(const DecisionContext& context, Task& task) {
  if (task.act == Act::kMerge) {
    decide_merge(context, task);
  } else if (task.act == Act::kCreate) {
    decide_create(context, task);
  }
  guard_oscillation(context, task);
  obey_actions(context, task);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    if (task.act != Act::kMerge || !is_to_write(task, side)) {
      continue;
    }
    if (std::string why = context.permissions.rail(LimitClass::kUpdate, side); !why.empty()) {
      task.act = Act::kHold;
      task.reason = std::move(why);
    }
  }
}

}  // namespace couplet
