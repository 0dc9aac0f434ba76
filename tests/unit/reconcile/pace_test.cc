#include "engine/reconcile/pace.h"

#include <gtest/gtest.h>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

ReconcileOptions at_most(double objects_a_second) {
  ReconcileOptions options;
  options.max_rate = objects_a_second;
  return options;
}

TEST(PaceTest, ItRestsForWhatItsWorkWasTooFast) {
  ManualClock clock;
  Pace pace(at_most(1'000), clock);
  clock.sleep_us(100'000);
  EXPECT_EQ(pace.turn(500).rest_us, 400'000);
  clock.sleep_us(400'000);
  pace.go_on();
  EXPECT_EQ(pace.turn(500).rest_us, 500'000);
}

TEST(PaceTest, APauseIsNotSavedUp) {
  ManualClock clock;
  Pace pace(at_most(1'000), clock);
  clock.sleep_us(60'000'000);  // Live work, or a slow piece of its own.
  EXPECT_EQ(pace.turn(500).rest_us, 0);
  pace.go_on();
  EXPECT_EQ(pace.turn(500).rest_us, 500'000);
}

TEST(PaceTest, WithoutARateItNeverRests) {
  ManualClock clock;
  Pace pace(ReconcileOptions{}, clock);
  EXPECT_EQ(pace.turn(1'000'000).rest_us, 0);
}

TEST(PaceTest, LiveWorkHasNineTenthsOrHalfOfTheTime) {
  ManualClock clock;
  ReconcileOptions alike;
  alike.yield_to_live = false;
  Pace yielding(ReconcileOptions{}, clock);
  Pace half(alike, clock);
  clock.sleep_us(1'000);
  EXPECT_EQ(yielding.turn(10).live_us, 9'000);
  EXPECT_EQ(half.turn(10).live_us, 1'000);
}

}  // namespace
}  // namespace couplet::test
