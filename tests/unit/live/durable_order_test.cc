// A source is told to forget what is durable here, never more.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

// Where people of the left take the fast lane.
class FastWorld : public LiveWorld {
 public:
  FastWorld() { map("direction: both", "  right.persons: { table: persons }\n"); }
  [[nodiscard]] bool wants_values() const override { return false; }
};

TEST(DurableOrder, NothingIsAcknowledgedAheadOfWhatIsOnDisk) {
  LiveWorld world;
  world.map("direction: both");
  world.left_has({{"key", "a"}, {"name", "Ada"}});
  world.live();
  int looked = 0;
  // Also while what would make it durable is on its way.
  const auto look = [&] {
    ++looked;
    EXPECT_LE(world.left->acknowledged("test"), std::max(world.disk.durable("left"), Lsn{100}));
    EXPECT_LE(world.right->acknowledged("test"), std::max(world.disk.durable("right"), Lsn{100}));
  };
  world.disk.before_commit = look;
  world.crash_points.reached = [&](const char*) { look(); };
  for (int i = 0; i < 5; ++i) {
    world.after_steps(1 + 2 * i, [&world, i] {
      world.left_sets("a", {{"name", "l" + std::to_string(i)}});
      world.right_has({{"key", "r" + std::to_string(i)}});
    });
  }
  world.live();
  EXPECT_GT(looked, 20);
  EXPECT_EQ(world.lefts(), world.rights());
  EXPECT_EQ(world.left->acknowledged("test"), world.disk.durable("left"));
}

// The position is in the same order of commits as the effects: it cannot outlive one of them.
TEST(DurableOrder, APositionIsNeverOnDiskBeforeTheEffectsOfWhatItCovers) {
  LiveWorld world;
  world.map("direction: both");
  world.left_has({{"key", "a"}, {"name", "Ada"}});
  world.live();
  const Lsn before = world.disk.durable("left");
  world.left_sets("a", {{"name", "new"}});
  const Lsn event = Lsn{before.value + 1};
  world.crash_points.reached = [&](const char*) {
    if (world.disk.durable("left") >= event) {
      EXPECT_EQ(world.rights(), world.lefts());
    }
  };
  world.live();
  EXPECT_GE(world.disk.durable("left"), event);
}

// Else what comes again after a crash would be taken for what comes for the first time.
TEST(DurableOrder, WhatHasComeIsNotedBeforeAnyEffectOfIt) {
  LiveWorld world;
  world.map("direction: both");
  world.left_has({{"key", "a"}, {"name", "Ada"}});
  world.live();
  world.left_sets("a", {{"name", "new"}});
  const Position event = Lsn{world.disk.durable("left").value + 1};
  int effects = 0;
  world.crash_points.reached = [&](const char* name) {
    if (std::string(name) == "after_submit") {
      ++effects;
      EXPECT_TRUE(reaches(progress_of(*world.store, "left")->received, event));
    }
  };
  world.live();
  EXPECT_EQ(effects, 1);
}

TEST(DurableOrder, WhereMoreHasComeASyncServesItsIntentsAndThePositionBefore) {
  FastWorld world;
  for (int i = 1; i <= 6; ++i) {
    world.left_has({{"key", std::to_string(i)}, {"name", "first"}});
  }
  world.live();
  const auto syncs_of = [&](int changes) {
    const int before = world.disk.syncs();
    for (int i = 1; i <= changes; ++i) {
      world.after_steps(i, [&world, changes, i] {
        world.left_sets(std::to_string(i), {{"name", "one of " + std::to_string(changes)}});
      });
    }
    world.live();
    EXPECT_EQ(world.left->acknowledged("test"), world.disk.durable("left"));
    return world.disk.syncs() - before;
  };
  const int one = syncs_of(1);
  EXPECT_EQ(syncs_of(6) - one, 5);
  world.expect_in_step();
}

// The sessions outlive the life: what is in flight there would be taken for the next one's.
TEST(DurableOrder, ABatchThatIsInFlightWhenTheStateFailsIsWaitedForAndMendedFromItsIntent) {
  FastWorld world;
  constexpr int kPeople = static_cast<int>(tuning::kBatchRows) + 100;  // two batches
  for (int i = 0; i < kPeople; ++i) {
    world.left_has({{"key", std::to_string(i)}, {"name", "first"}});
  }
  world.live();
  world.left->update("people", {}, {{"name", "second"}});
  int intents = 0;
  world.crash_points.reached = [&](const char* name) {
    if (std::string(name) == "before_intent" && ++intents == 2) {
      world.disk.failure = Error{ErrorKind::kDiskFull, "no space left", {}, {}, {}, {}};
    }
  };
  world.live();
  EXPECT_GE(intents, 2);
  EXPECT_TRUE(world.told("no space left; it is tried again until it passes"));
  world.crash_points.reached = [](const char*) {};
  world.expect_in_step();
}

TEST(DurableOrder, WhatIsStoppedInTheMiddleIsNotAcknowledged) {
  LiveWorld world;
  world.map("direction: both");
  world.left_has({{"key", "a"}, {"name", "Ada"}});
  world.live();
  const Lsn before = world.left->acknowledged("test");
  world.left_sets("a", {{"name", "new"}});
  bool stop = false;
  world.stop_requested = [&] { return stop; };
  world.crash_points.reached = [&](const char* name) {
    stop = stop || std::string(name) == "live_received";
  };
  world.live();
  EXPECT_EQ(world.left->acknowledged("test"), before);
  stop = false;
  world.crash_points.reached = [](const char*) {};
  world.live();
  world.expect_in_step();
}

}  // namespace
}  // namespace couplet::test
