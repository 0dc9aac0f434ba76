// What a daemon tells of how it stands, step by step.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using Phase = Daemon::Standing::Phase;

class Standing : public LiveWorld {
 public:
  Standing() {
    map("direction: both");
    left_has({{"key", "a"}, {"name", "first"}});
    on_standing = [this](const Daemon::Standing& now) {
      std::string text = now.phase == Phase::kStarting   ? "starting"
                         : now.phase == Phase::kSnapshot ? "snapshot"
                                                         : "streaming";
      text += now.followed.empty() ? "" : " " + std::to_string(now.followed.size());
      text += now.trouble ? ": " + now.trouble->error.message : "";
      if (stood.empty() || stood.back() != text) {
        stood.push_back(text);
      }
    };
  }
  std::vector<std::string> stood;
};

Error down() { return {ErrorKind::kUnavailable, "it is down", {}, {}, {}, {}}; }

TEST(StandingTest, TheFirstLifeBeginsReconcilesAndFollows) {
  Standing world;
  world.live();
  EXPECT_THAT(world.stood, ElementsAre("starting", "snapshot 2", "streaming 2"));
}

TEST(StandingTest, WhatIsWaitedForIsToldUntilItHasPassed) {
  Standing world;
  world.live();
  world.stood.clear();
  world.right->faults().fail_next(memory::SourceCall::kChanges, down(), 3);
  world.live();
  EXPECT_THAT(world.stood, ElementsAre("starting", "starting: it is down",
                                       "streaming 2: it is down", "streaming 2"));
}

TEST(StandingTest, AReconcileThatIsUnderWayAgainDoesNotWait) {
  Standing world;
  world.right->faults().fail_next(memory::SourceCall::kScan, down());
  world.live();
  EXPECT_THAT(world.stood, ElementsAre("starting", "snapshot 2", "starting: it is down",
                                       "snapshot 2: it is down", "snapshot 2", "streaming 2"));
}

TEST(StandingTest, ADiskIsFullUntilSomethingWasWritten) {
  for (int commit = 1; commit < 8; ++commit) {
    SCOPED_TRACE(commit);
    Standing world;
    int commits = 0;
    world.disk.before_commit = [&] {
      if (++commits == commit) {
        world.disk.failure = {ErrorKind::kDiskFull, "no space left", {}, {}, {}, {}};
      }
    };
    world.live();
    ASSERT_FALSE(world.stood.empty());
    EXPECT_EQ(world.stood.back(), "streaming 2");
    EXPECT_THAT(world.stood, testing::Contains("starting: no space left"));
  }
}

}  // namespace
}  // namespace couplet::test
