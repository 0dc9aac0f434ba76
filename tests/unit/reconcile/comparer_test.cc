#include "engine/reconcile/comparer.h"

#include <gmock/gmock.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

void on_threads(std::span<const std::function<void()>> pieces) {
  std::vector<std::thread> threads;
  for (const std::function<void()>& piece : pieces) {
    threads.emplace_back(piece);
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

// People on both sides: some alike, some different, some on one side only; more than two pages.
void fill(PeopleWorld& world, std::mt19937& random) {
  for (int i = 0; i < 2500; ++i) {
    const std::string key = std::to_string(i);
    const auto kind = random() % 4;
    if (kind != 0) {
      world.left_has({{"key", key}, {"name", "n" + key}});
    }
    if (kind != 1) {
      world.right_has({{"key", key}, {"name", (kind == 2 ? "m" : "n") + key}});
    }
  }
}

void edit(PeopleWorld& world, std::mt19937& random) {
  for (const auto& row : world.left->rows("people")) {
    const std::string key = row.at("key").value();
    switch (random() % 10) {
      case 0:
        world.left_sets(key, {{"mail", "l" + key}});
        break;
      case 1:
        world.right->update("persons", {{"key", key}}, {{"mail", "r" + key}});
        break;
      case 2:
        world.left->erase("people", {{"key", key}});
        break;
      case 3:
        world.right->erase("persons", {{"key", key}});
        break;
      default:
        break;
    }
  }
}

TEST(ComparerTest, SidesThatAreScannedAtOnceEndLikeOneAfterTheOther) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PeopleWorld alone;
    PeopleWorld together;
    together.do_all = on_threads;
    for (PeopleWorld* world : {&alone, &together}) {
      std::mt19937 random(seed);
      world->map("direction: both, conflict: left_wins");
      fill(*world, random);
      for (int round = 0; round < 3; ++round) {
        world->reconcile();
        edit(*world, random);
      }
      world->reconcile();
    }
    EXPECT_FALSE(alone.lines().empty());
    EXPECT_EQ(together.lines(), alone.lines());
    EXPECT_EQ(together.lefts(), alone.lefts());
    EXPECT_EQ(together.rights(), alone.rights());
    EXPECT_EQ(together.reconcile().summary.operations(), 0U);
  }
}

TEST(ComparerTest, AScanThatFailsForGoodIsToldAndNothingIsConcludedFromTheOther) {
  PeopleWorld world;
  world.do_all = on_threads;
  world.map("direction: both");
  world.left_has({{"key", "a"}});
  world.reconcile();
  world.left_has({{"key", "b"}});
  world.right->faults().fail_next(memory::SourceCall::kScanNext,
                                  {ErrorKind::kPrivilege, "permission denied", {}, {}, {}, {}});
  const auto report = world.try_reconcile();
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->stopped.size(), 1U);
  EXPECT_EQ(report->stopped[0].error.kind, ErrorKind::kPrivilege);
  EXPECT_EQ(world.rights().size(), 1U);
  EXPECT_EQ(world.reconcile().summary.count(Operation::kCreate), 1U);
}

TEST(ComparerTest, AScanThatIsInterruptedStopsTheRun) {
  PeopleWorld world;
  world.do_all = on_threads;
  world.map("direction: both");
  world.left_has({{"key", "a"}});
  Reconciler::Settings settings;
  settings.stop_requested = [] { return true; };
  EXPECT_TRUE(world.reconcile(settings).interrupted);
  EXPECT_TRUE(world.rights().empty());
}

}  // namespace
}  // namespace couplet::test
