// `limits` under `couplet run`: what live sync may write in an hour, however small its steps are.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

constexpr std::int64_t kMinuteUs = 60'000'000;
constexpr const char* kUpdates = "limits: { update: { count: 20, percent: 5 } }";

class HourlyLimitsTest : public testing::Test, public LiveWorld {
 protected:
  // So many people in step; from here on each transaction is a step of its own.
  void in_step(const std::string& options, int people) {
    map(options);
    for (int i = 0; i < people; ++i) {
      left_has({{"key", std::to_string(i)}, {"name", "old"}});
    }
    live();
    left->set_stream_batch_events(1);
    right->set_stream_batch_events(1);
  }
  void change_lefts(int first, int count, const std::string& name = "new") {
    for (int i = first; i < first + count; ++i) {
      left_sets(std::to_string(i), {{"name", name}});
    }
  }
  void change_rights(int first, int count) {
    for (int i = first; i < first + count; ++i) {
      right_sets(std::to_string(i), {{"name", "new"}});
    }
  }
  static std::size_t called(const std::string& name, const std::vector<std::string>& people) {
    return static_cast<std::size_t>(std::count_if(
        people.begin(), people.end(),
        [&](const std::string& one) { return one.find(" " + name + " ") != std::string::npos; }));
  }
  [[nodiscard]] std::size_t told_times(const std::string& part) const {
    return static_cast<std::size_t>(std::count_if(
        notices().begin(), notices().end(),
        [&](const std::string& sentence) { return sentence.find(part) != std::string::npos; }));
  }
};

TEST_F(HourlyLimitsTest, ManySmallTransactionsHaveTheBudgetOfOneHourTogether) {
  in_step(std::string("direction: left_to_right, ") + kUpdates, 100);
  change_lefts(0, 50);
  left_has({{"key", "late"}, {"name", "made"}});
  live();
  EXPECT_EQ(called("new", rights()), 20U);
  EXPECT_EQ(called("made", rights()), 1U) << "another class";
  EXPECT_EQ(count_lines("hold source_changed"), 30U);
  EXPECT_EQ(
      told_times("the rail 'update' holds: 21 of 100 objects in an hour are more than `limits` "
                 "of mapping 'person' allow"),
      1U);
  EXPECT_EQ(told_times("'update'"), 1U);
}

TEST_F(HourlyLimitsTest, WhereThePercentageIsFarOffNothingIsDecidedTwice) {
  in_step("direction: left_to_right, limits: { update: { count: 20, percent: 50 } }", 100);
  const auto statements_of_ten = [&](int first) {
    change_lefts(first, 10);
    live();
    return statements[0] + statements[1];
  };
  statements_of_ten(0);
  const std::uint64_t before = statements_of_ten(10);
  EXPECT_EQ(statements_of_ten(20), before) << "of so many the count alone is exceeded";
  EXPECT_EQ(statements_of_ten(30), before);
  EXPECT_EQ(called("new", rights()), 40U);
}

TEST_F(HourlyLimitsTest, WhatIsHeldPassesWhenTheHourIsOver) {
  in_step(std::string("direction: left_to_right, ") + kUpdates, 100);
  change_lefts(0, 30);
  live();
  clock.sleep_us(59 * kMinuteUs);
  change_lefts(30, 5);
  live();
  EXPECT_EQ(called("new", rights()), 20U);
  clock.sleep_us(2 * kMinuteUs);
  after_steps(2, [&] { change_lefts(50, 5); });
  live();  // It begins with everyone who is held.
  EXPECT_EQ(called("new", rights()), 20U + 15U + 5U);
  EXPECT_EQ(told_times("'update'"), 0U);
}

TEST_F(HourlyLimitsTest, TheNextLifeGoesOnCounting) {
  in_step(std::string("direction: left_to_right, ") + kUpdates, 100);
  change_lefts(0, 15);
  live();
  EXPECT_EQ(called("new", rights()), 15U);
  change_lefts(15, 15);
  live();
  EXPECT_EQ(called("new", rights()), 20U);
  EXPECT_EQ(told_times("'update'"), 1U);
}

// What a step has written is counted in the batch that moves the position: one step's may be lost.
TEST_F(HourlyLimitsTest, AKillForgetsNoMoreThanOneStep) {
  in_step(std::string("direction: left_to_right, ") + kUpdates, 100);
  change_lefts(0, 30);
  ASSERT_TRUE(live_until("live_synced", 10));
  live();
  EXPECT_EQ(called("new", rights()), 21U);
}

TEST_F(HourlyLimitsTest, WhatWasWrittenBeforeAnErrorCountsToo) {
  in_step(std::string("direction: left_to_right, ") + kUpdates, 100);
  left->set_stream_batch_events(1000);
  batch_rows = 5;
  change_lefts(0, 18);
  // Its third batch fails, and all of it comes again to the next attempt.
  int writes = 0;
  crash_points.reached = [&](const char* point) {
    if (std::string_view(point) == "after_results" && ++writes == 2) {
      right->faults().fail_next(memory::SourceCall::kSubmit,
                                {ErrorKind::kUnavailable, "away", {}, {}, {}, {}});
    }
  };
  live();
  EXPECT_TRUE(told("away; it is tried again"));
  EXPECT_EQ(called("new", rights()), 18U);
  crash_points.reached = [](const char*) {};
  left->set_stream_batch_events(1);
  change_lefts(50, 10);
  live();
  EXPECT_EQ(called("new", rights()), 20U);
}

TEST_F(HourlyLimitsTest, EachDirectionHasAnHourOfItsOwn) {
  in_step(std::string("direction: both, ") + kUpdates, 100);
  change_lefts(0, 30);
  live();
  EXPECT_EQ(called("new", rights()), 20U);
  change_rights(50, 10);
  live();
  EXPECT_EQ(called("new", lefts()), 30U + 10U);
  change_rights(60, 15);
  live();
  EXPECT_EQ(called("new", lefts()), 30U + 20U);
  EXPECT_EQ(called("new", rights()), 20U + 25U) << "what was written there by its own people";
}

// As `limits` are by default.
TEST_F(HourlyLimitsTest, RowsThatVanishOneByOneAreMadeAgainUpToTheRail) {
  right_options = "stream: true";
  in_step("direction: left_to_right", 30);
  for (int i = 0; i < 30; ++i) {
    right->erase("persons", {{"key", std::to_string(i)}});
  }
  live();
  EXPECT_EQ(rights().size(), 20U);
  EXPECT_EQ(count_lines("hold target_missing"), 10U);
  EXPECT_EQ(told_times("the rail 'recreate' holds: 21 of 30 objects in an hour"), 1U);
}

TEST_F(HourlyLimitsTest, FewOfManyAreMadeAgainHoweverManyTheyAre) {
  right_options = "stream: true";
  in_step("direction: left_to_right", 60);
  for (int i = 0; i < 30; ++i) {
    right->erase("persons", {{"key", std::to_string(i)}});
  }
  live();
  EXPECT_EQ(rights().size(), 60U);
  EXPECT_EQ(told_times("'recreate'"), 0U);
}

TEST_F(HourlyLimitsTest, AClockThatIsSetBackFreesNothing) {
  in_step(std::string("direction: left_to_right, ") + kUpdates, 100);
  change_lefts(0, 30);
  live();
  clock.jump_us(-600 * kMinuteUs);
  change_lefts(30, 5);
  live();
  EXPECT_EQ(called("new", rights()), 20U);
  clock.sleep_us(62 * kMinuteUs);  // An hour from then on, not when the clock is where it was.
  live();
  EXPECT_EQ(called("new", rights()), 35U);
}

TEST_F(HourlyLimitsTest, AReconcileHasItsOwnBudgetAndDoesNotCount) {
  in_step(std::string("direction: left_to_right, ") + kUpdates, 100);
  change_lefts(0, 30);
  live();
  EXPECT_EQ(called("new", rights()), 20U);
  reconcile();
  EXPECT_EQ(called("new", rights()), 30U);
  clock.sleep_us(61 * kMinuteUs);
  change_lefts(30, 20);
  live();
  EXPECT_EQ(called("new", rights()), 50U);
}

TEST_F(HourlyLimitsTest, ADamagedRecordOfTheHourIsTold) {
  in_step(std::string("direction: left_to_right, ") + kUpdates, 100);
  change_lefts(0, 3);
  live();
  StateBatch damage;
  const auto cursor = store->cursor(Family::kPositions);
  for (cursor->seek("h"); cursor->valid(); cursor->next()) {
    if (cursor->key().starts_with("h")) {
      damage.put(Family::kPositions, std::string(cursor->key()), "\x01\x07");
    }
  }
  ASSERT_FALSE(damage.empty());
  ASSERT_TRUE(store->commit(damage, Durability::kSynced).has_value());
  const auto done = try_live();
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().kind, ErrorKind::kStateCorrupt);
}

class HourlyBudgetTest : public testing::Test, public LiveWorld {
 protected:
  HourlyBudgetTest() {
    map("direction: both, limits: { update: { count: 20 } }");
    budget_.emplace(definition(), clock, *this);
  }
  static constexpr Rail kRight{LimitClass::kUpdate, Side::kRight};
  static constexpr Rail kLeft{LimitClass::kUpdate, Side::kLeft};
  std::optional<HourlyBudget> budget_;
};

TEST_F(HourlyBudgetTest, WhatWasWrittenCountsForSixtyMinutes) {
  budget_->add(0, {{kRight, 3}});
  clock.sleep_us(30 * kMinuteUs);
  budget_->add(0, {{kRight, 4}});
  EXPECT_EQ(budget_->spent(0, kRight), 7U);
  EXPECT_EQ(budget_->spent(0, kLeft), 0U);
  clock.sleep_us(30 * kMinuteUs);
  EXPECT_EQ(budget_->spent(0, kRight), 7U);
  clock.sleep_us(kMinuteUs);
  EXPECT_EQ(budget_->spent(0, kRight), 4U);
  clock.sleep_us(30 * kMinuteUs);
  EXPECT_EQ(budget_->spent(0, kRight), 0U);
}

TEST_F(HourlyBudgetTest, WhatIsNotLimitedIsNotKept) {
  budget_->add(0, {{{LimitClass::kCreate, Side::kRight}, 3}});
  EXPECT_TRUE(budget_->of(0).empty());
  EXPECT_TRUE(budget_->unsaved().empty());
}

TEST_F(HourlyBudgetTest, WhatIsAheadOfTheClockCountsAsOfNow) {
  budget_->add(0, {{kRight, 3}});
  clock.jump_us(-100 * kMinuteUs);
  EXPECT_EQ(budget_->spent(0, kRight), 3U);
  clock.sleep_us(60 * kMinuteUs);
  EXPECT_EQ(budget_->spent(0, kRight), 3U);
  clock.sleep_us(kMinuteUs);
  EXPECT_EQ(budget_->spent(0, kRight), 0U);
}

TEST_F(HourlyBudgetTest, ObjectsAreCountedOnceAMinute) {
  std::uint64_t objects = 5;
  const auto count = [&]() -> Result<std::uint64_t> { return objects; };
  EXPECT_EQ(budget_->objects(0, count).value(), 5U);
  objects = 6;
  EXPECT_EQ(budget_->objects(0, count).value(), 5U);
  clock.sleep_us(kMinuteUs);
  EXPECT_EQ(budget_->objects(0, count).value(), 6U);
}

TEST_F(HourlyBudgetTest, ARailIsToldOfOnceAnHour) {
  budget_->tell(0, kRight, "21");
  budget_->tell(0, kRight, "22");
  budget_->tell(0, kLeft, "23");
  EXPECT_THAT(notices(), testing::ElementsAre("21", "23"));
  clock.sleep_us(60 * kMinuteUs);
  budget_->tell(0, kRight, "24");
  EXPECT_THAT(notices(), testing::ElementsAre("21", "23", "24"));
}

TEST_F(HourlyBudgetTest, ARecordOfTheHourReadsBackAsItWas) {
  CountingRandom chance;
  const auto state = State::open(*store, definition(), std::vector<std::string>{"l", "r"}, chance);
  ASSERT_TRUE(state.has_value());
  const HourlyBudget::Written written{{kLeft, {{13'666'666, 1}, {13'666'667, 300}}},
                                      {kRight, {{13'666'667, 70'000}}}};
  StateBatch batch;
  put_hour(batch, **state, 0, written);
  ASSERT_TRUE(store->commit(batch, Durability::kLater).has_value());
  EXPECT_EQ(hour_of(**state, 0).value(), written);
  StateBatch none;
  put_hour(none, **state, 0, {});
  ASSERT_TRUE(store->commit(none, Durability::kLater).has_value());
  EXPECT_TRUE(hour_of(**state, 0).value().empty());
  EXPECT_FALSE(store->get(Family::kPositions, std::string("h\0\1", 3)).value().has_value());
}

}  // namespace
}  // namespace couplet::test
