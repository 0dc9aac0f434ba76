// The three-way merge of one attribute as laws over all inputs (DESIGN sections 5.3 and 5.4).
#include "engine/sync/merge.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

namespace couplet {
namespace {

using Kind = SlotState::Kind;
using Outcome = Merge::Outcome;

constexpr std::uint64_t kNull = 0;  // digest of null

// Few values and few times, so that equal ones meet.
SlotState any_state() {
  SlotState state;
  const auto value = *rc::gen::inRange<std::uint64_t>(0, 4);
  state.kind = value == kNull ? Kind::kNull : Kind::kValue;
  state.digest = {value};
  const auto time = *rc::gen::inRange<std::int64_t>(-1, 5);
  if (time >= 0) {
    state.time = Timestamp{time * 1'000'000};
  }
  return state;
}
BaseSlot any_base() {
  BaseSlot base;
  base.known = *rc::gen::arbitrary<bool>();
  if (!base.known && *rc::gen::arbitrary<bool>()) {
    base.left_to_default = *rc::gen::element(Side::kLeft, Side::kRight);
  }
  for (Digest& digest : base.digests) {
    digest = {*rc::gen::inRange<std::uint64_t>(0, 4)};
  }
  return base;
}
MergeRules any_rules() {
  MergeRules rules;
  rules.policy = *rc::gen::element(Policy::kEnforce, Policy::kFollow, Policy::kInit);
  rules.conflict = *rc::gen::element(ConflictPolicy::kLastWriteWins, ConflictPolicy::kLeftWins,
                                     ConflictPolicy::kRightWins, ConflictPolicy::kHold);
  rules.tie = *rc::gen::element(Side::kLeft, Side::kRight);
  rules.clock_skew_us = 2'000'000;
  const int direction = *rc::gen::inRange(0, 3);
  rules.writes = {direction != 0, direction != 1};
  return rules;
}

// What both sides hold after the outcome, and the base that is recorded.
void apply(const Merge& merge, SlotState& left, SlotState& right, BaseSlot& base) {
  if (merge.outcome == Outcome::kWrite) {
    SlotState& target = merge.to == Side::kLeft ? left : right;
    const SlotState& source = merge.to == Side::kLeft ? right : left;
    target.kind = source.kind;
    target.digest = source.digest;
    target.time = source.time;
  }
  if (merge.base) {
    base = *merge.base;
  }
}

RC_GTEST_PROP(Merge, ASecondPassDoesNothing, ()) {
  SlotState left = any_state();
  SlotState right = any_state();
  BaseSlot base = any_base();
  const MergeRules rules = any_rules();
  apply(merge_slot(left, right, base, rules), left, right, base);
  const Merge second = merge_slot(left, right, base, rules);
  RC_ASSERT(second.outcome != Outcome::kWrite);
  RC_ASSERT(!second.base.has_value() || *second.base == base);
}

// The mapping that would carry the winner across sees no change there: it has had its turn.
TEST(Merge, AtFirstContactWhatIsReadThroughAPathCountsOverWhatAnotherMappingWrites) {
  SlotState left{SlotState::Kind::kValue, {1}, std::nullopt};
  SlotState right{SlotState::Kind::kValue, {2}, std::nullopt};
  MergeRules rules;
  rules.writes = {true, false};
  rules.carried_back = {true, false};
  rules.through_path = true;
  rules.conflict = ConflictPolicy::kLeftWins;
  BaseSlot base;
  const Merge merge = merge_slot(left, right, base, rules);
  EXPECT_EQ(merge.outcome, Outcome::kWrite);
  EXPECT_EQ(merge.to, Side::kLeft);
  EXPECT_EQ(merge.winner, Side::kRight);
  EXPECT_STREQ(merge.rule, because::kCarriedBack);  // The loss is on record.
  // Once they have met, the one that carries a change decides on it.
  base = {true, {Digest{3}, Digest{3}}};
  EXPECT_EQ(merge_slot(left, right, base, rules).outcome, Outcome::kNone);
}

RC_GTEST_PROP(Merge, NothingIsWrittenWhereTheMappingMayNotWrite, ()) {
  const MergeRules rules = any_rules();
  const Merge merge = merge_slot(any_state(), any_state(), any_base(), rules);
  RC_ASSERT(merge.outcome != Outcome::kWrite || rules.writes[index_of(merge.to)]);
}

RC_GTEST_PROP(Merge, ALostChangeIsNamedByARule, ()) {
  const SlotState left = any_state();
  const SlotState right = any_state();
  const BaseSlot base = any_base();
  MergeRules rules = any_rules();
  rules.policy = Policy::kEnforce;
  rules.writes = {true, true};
  const Merge merge = merge_slot(left, right, base, rules);
  if (merge.outcome == Outcome::kWrite) {
    // The side that is overwritten either had not changed, or lost by a rule that is recorded.
    const bool overwritten_changed =
        merge.to == Side::kLeft ? merge.changed_left : merge.changed_right;
    RC_ASSERT(!overwritten_changed || merge.rule != nullptr);
  }
}

RC_GTEST_PROP(Merge, ANullNeverOverwritesAValueAtFirstContact, ()) {
  const SlotState left = any_state();
  const SlotState right = any_state();
  const Merge merge = merge_slot(left, right, {}, any_rules());
  if (merge.outcome == Outcome::kWrite) {
    RC_ASSERT((merge.to == Side::kLeft ? right : left).kind == Kind::kValue);
  }
}

RC_GTEST_PROP(Merge, ADefaultNeverOverwritesAValue, ()) {
  const SlotState left = any_state();
  const SlotState right = any_state();
  BaseSlot base;
  base.left_to_default = *rc::gen::element(Side::kLeft, Side::kRight);
  const Side said = other(*base.left_to_default);
  const Merge merge = merge_slot(left, right, base, any_rules());
  RC_ASSERT(merge.outcome != Outcome::kWrite || merge.to != said ||
            (said == Side::kLeft ? left : right).kind == Kind::kNull);
  RC_ASSERT(merge.outcome != Outcome::kHold);
}

RC_GTEST_PROP(Merge, SidesSwappedGiveTheSameOutcomeSwapped, ()) {
  const SlotState left = any_state();
  const SlotState right = any_state();
  const BaseSlot base = any_base();
  const MergeRules rules = any_rules();
  MergeRules turned = rules;
  std::swap(turned.writes[0], turned.writes[1]);
  turned.tie = other(rules.tie);
  turned.conflict = rules.conflict == ConflictPolicy::kLeftWins    ? ConflictPolicy::kRightWins
                    : rules.conflict == ConflictPolicy::kRightWins ? ConflictPolicy::kLeftWins
                                                                   : rules.conflict;
  BaseSlot turned_base{base.known, {base.digests[1], base.digests[0]}};
  if (base.left_to_default) {
    turned_base.left_to_default = other(*base.left_to_default);
  }
  const Merge merge = merge_slot(left, right, base, rules);
  const Merge mirror = merge_slot(right, left, turned_base, turned);
  RC_ASSERT(merge.outcome == mirror.outcome);
  RC_ASSERT(merge.outcome != Outcome::kWrite || merge.to == other(mirror.to));
}

RC_GTEST_PROP(Merge, AnAbsentValueIsNoOpinion, ()) {
  const Merge merge = merge_slot({}, any_state(), any_base(), any_rules());
  RC_ASSERT(merge.outcome == Outcome::kNone);
  RC_ASSERT(!merge.base.has_value());
}

RC_GTEST_PROP(Merge, ATimeThatIsNotBelievedDecidesNoConflict, ()) {
  MergeRules rules = any_rules();
  rules.writes = {true, true};  // Else an enforced target that is newer is left and reported.
  rules.time_most = {4'000'000};
  const BaseSlot base = any_base();
  SlotState left = any_state();
  SlotState right = any_state();
  SlotState& late = *rc::gen::arbitrary<bool>() ? left : right;
  late.time = Timestamp{*rc::gen::element<std::int64_t>(4'000'001, 9'000'000, INT64_MAX)};
  const Merge merge = merge_slot(left, right, base, rules);
  late.time.reset();
  const Merge without = merge_slot(left, right, base, rules);
  RC_ASSERT(merge.outcome == without.outcome);
  RC_ASSERT(merge.to == without.to);
  RC_ASSERT(merge.winner == without.winner);
  RC_ASSERT(merge.base == without.base);
}

TEST(NewerSide, NeedsBothTimesAndMoreThanTheSkewBetweenThem) {
  EXPECT_EQ(newer_side(std::nullopt, Timestamp{9}, 0), std::nullopt);
  EXPECT_EQ(newer_side(Timestamp{10}, Timestamp{8}, 2), std::nullopt);
  EXPECT_EQ(newer_side(Timestamp{11}, Timestamp{8}, 2), Side::kLeft);
  EXPECT_EQ(newer_side(Timestamp{8}, Timestamp{11}, 2), Side::kRight);
  // The difference of extreme times does not wrap.
  EXPECT_EQ(newer_side(Timestamp{INT64_MIN + 1}, Timestamp{INT64_MAX - 1}, 2'000'000),
            Side::kRight);
}

}  // namespace
}  // namespace couplet
