// Killed, or without power, at every durable step, in both directions: nothing is lost, doubled,
// undone or echoed.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

constexpr std::array<const char*, 11> kPoints = {
    "live_received", "before_intent",     "after_intent",  "after_submit",
    "after_commit",  "after_results",     "after_record",  "live_synced",
    "live_recorded", "live_acknowledged", "reconcile_done"};

// Point, whether there are marks, whether what was not synced is gone too.
class LiveCrashTest : public testing::TestWithParam<std::tuple<const char*, bool, bool>> {
 protected:
  static std::string point() { return std::get<0>(GetParam()); }
  static bool marks() { return std::get<1>(GetParam()); }
  static void die(LiveWorld& world) {
    if (std::get<2>(GetParam())) {
      world.disk.lose_power();
    }
  }
};

TEST_P(LiveCrashTest, WhatWasChangedOnBothSidesIsInStepAfterTheNextLife) {
  for (int nth = 1; nth < 8; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    LiveWorld world(marks());
    world.map("direction: both");
    for (const char* key : {"a", "b", "c"}) {
      world.left_has({{"key", key}, {"name", "old"}});
    }
    world.live();
    world.left_sets("a", {{"name", "left"}});
    world.right_sets("b", {{"name", "right"}});
    world.left_has({{"key", "d"}, {"name", "new"}});
    world.right_has({{"key", "e"}, {"name", "new"}});
    if (!world.live_until(point(), nth)) {
      return;
    }
    die(world);
    world.live();
    EXPECT_EQ(world.rights(),
              (std::vector<std::string>{"a left -", "b right -", "c old -", "d new -", "e new -"}));
    world.expect_in_step();
  }
}

TEST_P(LiveCrashTest, AFirstStartThatIsCutOffBeginsAnew) {
  for (int nth = 1; nth < 8; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    LiveWorld world(marks());
    world.map("direction: both");
    world.left_has({{"key", "a"}, {"name", "left"}});
    world.right_has({{"key", "b"}, {"name", "right"}});
    if (!world.live_until(point(), nth)) {
      return;
    }
    die(world);
    world.live();
    EXPECT_EQ(world.rights(), (std::vector<std::string>{"a left -", "b right -"}));
    world.expect_in_step();
  }
}

TEST_P(LiveCrashTest, ADeleteIsNotUndone) {
  for (int nth = 1; nth < 8; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    LiveWorld world(marks());
    world.map("direction: both");
    world.left_has({{"key", "a"}, {"name", "old"}});
    world.left_has({{"key", "b"}, {"name", "old"}});
    world.live();
    world.left->erase("people", {{"key", "a"}});
    world.left_sets("b", {{"name", "new"}});
    if (!world.live_until(point(), nth)) {
      return;
    }
    die(world);
    world.live();
    EXPECT_EQ(world.lefts(), (std::vector<std::string>{"b new -"}));
    EXPECT_EQ(world.rights(), (std::vector<std::string>{"a old -", "b new -"}));
    EXPECT_EQ(world.reconcile().summary.operations(), 0U);
  }
}

TEST_P(LiveCrashTest, AnIdThatChangedIsOneObjectStill) {
  for (int nth = 1; nth < 8; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    LiveWorld world(marks());
    world.map("direction: both");
    world.left_has({{"key", "a"}, {"name", "old"}});
    world.live();
    world.left->update("people", {{"key", "a"}}, {{"id", "77"}, {"name", "new"}});
    if (!world.live_until(point(), nth)) {
      return;
    }
    die(world);
    world.live();
    EXPECT_EQ(world.rights(), (std::vector<std::string>{"a new -"}));
    world.expect_in_step();
  }
}

INSTANTIATE_TEST_SUITE_P(AtEveryDurableStep, LiveCrashTest,
                         testing::Combine(testing::ValuesIn(kPoints), testing::Bool(),
                                          testing::Bool()),
                         [](const auto& instance) {
                           return std::string(std::get<0>(instance.param)) +
                                  (std::get<1>(instance.param) ? "_marks" : "_no_marks") +
                                  (std::get<2>(instance.param) ? "_power" : "_killed");
                         });

}  // namespace
}  // namespace couplet::test
