#include "engine/sync/merge.h"

#include <algorithm>

#include "engine/model/planted_bug.h"

namespace couplet {
namespace {

BaseSlot as_they_are(const SlotState& left, const SlotState& right) {
  return {true, {left.digest, planted("one_digest") ? left.digest : right.digest}};
}

struct Verdict {
  std::optional<Side> winner;  // nullopt: held
  const char* rule = "";
};

Verdict decide_conflict(const SlotState& left, const SlotState& right, const MergeRules& rules) {
  switch (rules.conflict) {
    case ConflictPolicy::kLeftWins:
      return {Side::kLeft, because::kLeftWins};
    case ConflictPolicy::kRightWins:
      return {Side::kRight, because::kRightWins};
    case ConflictPolicy::kHold:
      return {std::nullopt, because::kHold};
    case ConflictPolicy::kLastWriteWins:
      break;
  }
  const Side tie = planted("tie_to_the_other") ? other(rules.tie) : rules.tie;
  if (std::max(left.time, right.time) > rules.time_most) {
    return {tie, because::kFutureTime};
  }
  if (const auto newer = newer_side(left.time, right.time, rules.clock_skew_us)) {
    return {newer, because::kLastWriteWins};
  }
  return {tie, because::kTie};
}

// Writes the value of `from` to the other side, or says why not.
void take_from(Side from, const SlotState& left, const SlotState& right, Merge& merge) {
  const SlotState& value = from == Side::kLeft ? left : right;
  if (value.kind == SlotState::Kind::kFault) {
    merge.outcome = Merge::Outcome::kPark;
    return;
  }
  if (value.kind == SlotState::Kind::kUnresolved || !value.sendable) {
    merge.outcome = Merge::Outcome::kWait;
    merge.to = other(from);
    return;
  }
  merge.outcome = Merge::Outcome::kWrite;
  merge.to = other(from);
  merge.base = BaseSlot{true, {value.digest, value.digest}};
}

// Another mapping carries it. Where one side is read through a path it may be that each leaves it
// to the other, by rules or looks of its own: then it is told.
void leave_to_another(const MergeRules& rules, Merge& merge) {
  merge.because = because::kCarriedBack;
  if (rules.through_path && rules.looked_before) {
    merge.outcome = Merge::Outcome::kReport;
  }
}

void settle_conflict(const SlotState& left, const SlotState& right, const MergeRules& rules,
                     Merge& merge) {
  const Verdict verdict = decide_conflict(left, right, rules);
  merge.rule = verdict.rule;
  merge.because = verdict.rule;
  merge.winner = verdict.winner;
  if (!verdict.winner) {
    merge.outcome = Merge::Outcome::kHold;
    return;
  }
  const Side loser = other(*verdict.winner);
  if (rules.writes[index_of(loser)]) {
    take_from(*verdict.winner, left, right, merge);
  } else if (!rules.carried_back[index_of(*verdict.winner)]) {
    // Nothing carries the winner across: the loss is recorded, and both stay as they are.
    merge.base = as_they_are(left, right);
  } else if (merge.first_contact && rules.through_path) {
    // The mapping that carries the winner has had its turn and sees no change there, only here,
    // which it leaves to this one.
    merge.rule = merge.because = because::kCarriedBack;
    merge.winner = loser;
    take_from(loser, left, right, merge);
  } else {
    merge.rule = nullptr;  // The mapping that carries it decides and records.
    leave_to_another(rules, merge);
  }
}

// The value of `winner` counts, without a conflict: it is written where that may be; else both stay
// as they are, unless another mapping carries it.
void prefer(Side winner, const SlotState& left, const SlotState& right, const MergeRules& rules,
            Merge& merge) {
  merge.winner = winner;
  if (rules.writes[index_of(other(winner))]) {
    take_from(winner, left, right, merge);
  } else if (!rules.carried_back[index_of(winner)]) {
    merge.base = as_they_are(left, right);
  }
}

void first_contact(const SlotState& left, const SlotState& right, const BaseSlot& base,
                   const MergeRules& rules, Merge& merge) {
  merge.first_contact = true;
  if (!rules.decides_first_contact) {
    merge.because = because::kFirstListed;
    return;
  }
  const bool left_null = left.kind == SlotState::Kind::kNull;
  const bool right_null = right.kind == SlotState::Kind::kNull;
  if (left_null != right_null && !planted("null_overwrites")) {
    merge.because = because::kNullNeverWins;
    prefer(left_null ? Side::kRight : Side::kLeft, left, right, rules, merge);
    return;
  }
  if (base.left_to_default) {
    merge.because = because::kDefaultNeverWins;
    prefer(other(*base.left_to_default), left, right, rules, merge);
    return;
  }
  if (rules.policy != Policy::kEnforce) {
    merge.because = rules.policy == Policy::kInit ? because::kInit : because::kFollow;
    merge.base = as_they_are(left, right);
    return;
  }
  settle_conflict(left, right, rules, merge);
}

// One side changed since the base, the other did not.
void one_changed(Side changed, const SlotState& left, const SlotState& right,
                 const MergeRules& rules, Merge& merge) {
  const Side target = other(changed);
  if (rules.writes[index_of(target)]) {
    const SlotState& held = target == Side::kLeft ? left : right;
    if (rules.policy == Policy::kInit && held.kind != SlotState::Kind::kNull) {
      merge.because = because::kInit;
      merge.base = as_they_are(left, right);
      return;
    }
    merge.because = because::kChanged;
    merge.winner = changed;
    take_from(changed, left, right, merge);
    return;
  }
  // `changed` is a target that this mapping only writes to.
  if (rules.carried_back[index_of(changed)]) {
    leave_to_another(rules, merge);
    return;
  }
  switch (rules.policy) {
    case Policy::kInit:
      merge.because = because::kInit;
      merge.base = as_they_are(left, right);
      return;
    case Policy::kFollow:
      merge.because = because::kFollow;
      merge.outcome = Merge::Outcome::kReport;
      return;
    case Policy::kEnforce:
      if (rules.conflict == ConflictPolicy::kLastWriteWins &&
          newer_side(left.time, right.time, rules.clock_skew_us) == changed) {
        merge.because = because::kLastWriteWins;
        merge.winner = changed;
        merge.outcome = Merge::Outcome::kReport;
        return;
      }
      merge.because = because::kEnforce;
      merge.winner = target;
      take_from(target, left, right, merge);
      return;
  }
}

}  // namespace

std::optional<Side> newer_side(std::optional<Timestamp> left, std::optional<Timestamp> right,
                               std::int64_t clock_skew_us) {
  if (!left || !right) {
    if (planted("unknown_is_oldest") && (left || right)) {
      return left ? Side::kLeft : Side::kRight;
    }
    return std::nullopt;
  }
  // Unsigned: the difference of extreme times does not fit a signed number.
  const bool left_later = left->value > right->value;
  const auto later = static_cast<std::uint64_t>(left_later ? left->value : right->value);
  const auto earlier = static_cast<std::uint64_t>(left_later ? right->value : left->value);
  if (later - earlier <= static_cast<std::uint64_t>(clock_skew_us) &&
      !(planted("as_late_is_later") && later == earlier)) {
    return std::nullopt;
  }
  return left_later ? Side::kLeft : Side::kRight;
}

Merge merge_slot(const SlotState& left, const SlotState& right, const BaseSlot& base,
                 const MergeRules& rules) {
  Merge merge;
  using Kind = SlotState::Kind;
  if ((left.kind == Kind::kAbsent || right.kind == Kind::kAbsent) && !planted("absent_is_null")) {
    return merge;
  }
  const bool comparable = left.holds() && right.holds();
  merge.changed_left = base.known && left.digest != base.digests[0];
  merge.changed_right = base.known && right.digest != base.digests[1];
  if (comparable && left.digest == right.digest) {
    merge.first_contact = !base.known;
    merge.because = because::kEqual;
    const BaseSlot agreed = as_they_are(left, right);
    if (agreed != base) {
      merge.base = agreed;
    }
    merge.changed_left = merge.changed_right = false;
    return merge;
  }
  if (rules.outvoted) {
    merge.because = because::kOutvoted;
    merge.changed_left = merge.changed_right = false;
    if (comparable && as_they_are(left, right) != base && !(rules.behind_null && base.known)) {
      merge.base = as_they_are(left, right);
    }
    return merge;
  }
  if (rules.leads_anew) {
    (*rules.leads_anew == Side::kLeft ? merge.changed_left : merge.changed_right) = true;
    if (!base.known) {  // What is there is another contributor's: no first contact of two sides.
      one_changed(*rules.leads_anew, left, right, rules, merge);
      return merge;
    }
  }
  if (!base.known) {
    first_contact(left, right, base, rules, merge);
    return merge;
  }
  if (!merge.changed_left && !merge.changed_right) {
    merge.because = because::kUnchanged;
    return merge;
  }
  if (merge.changed_left && merge.changed_right) {
    if (rules.policy == Policy::kInit) {
      merge.because = because::kInit;
      merge.base = as_they_are(left, right);
    } else {
      settle_conflict(left, right, rules, merge);
    }
    return merge;
  }
  one_changed(merge.changed_left ? Side::kLeft : Side::kRight, left, right, rules, merge);
  return merge;
}

}  // namespace couplet
