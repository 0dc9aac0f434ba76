// A disk without space, ours or a database's: waited for, told once, and nothing is lost by it.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;

Error no_space(const char* code = "") {
  return {ErrorKind::kDiskFull, "no space left", "free some", {}, code, {}};
}

// Both sides are written to before a life, and again while it finds its disk full.
class FullDisk : public LiveWorld {
 public:
  static constexpr int kAttempts = 7;  // in vain, until there is space again

  FullDisk() {
    map("direction: both");
    for (const char* key : {"a", "b", "c"}) {
      left_has({{"key", key}, {"name", "first"}});
    }
    live();
    left_sets("a", {{"name", "second"}});
    right_sets("b", {{"name", "second"}});
    right_has({{"key", "d"}, {"name", "new"}});
  }
  // At that commit, counted from now on.
  void full_at(int commit) {
    disk.before_commit = [this, commit] {
      ++commits_;
      if (commits_ >= commit && commits_ < commit + kAttempts) {
        disk.failure = no_space();
      }
      if (commits_ == commit + 2) {
        left_sets("c", {{"name", "meanwhile"}});
        right_sets("d", {{"name", "meanwhile"}});
        left_sets("a", {{"name", "third"}});
      }
      if (killed_at_ > 0 && commits_ == commit + killed_at_) {
        throw Killed("full");
      }
    };
  }
  void killed_at(int attempt) { killed_at_ = attempt; }
  [[nodiscard]] std::size_t times_told(const std::string& sentence) const {
    return static_cast<std::size_t>(std::count(notices().begin(), notices().end(), sentence));
  }
  void expect_all_is_there() {
    disk.before_commit = [] {};
    expect_in_step();
    EXPECT_THAT(lefts(), ElementsAre("a third -", "b second -", "c meanwhile -", "d meanwhile -"));
  }

 private:
  int commits_ = 0;
  int killed_at_ = 0;  // attempt; 0: never
};

constexpr const char* kToldFull = "no space left (free some); it is tried again until it passes";
constexpr const char* kToldSpace = "there is space on the disk again";

TEST(FullDisk, WhicheverCommitMeetsItIsWaitedForToldOnceAndLosesNothing) {
  for (int commit = 1;; ++commit) {
    SCOPED_TRACE(commit);
    FullDisk world;
    world.full_at(commit);
    world.live();
    if (world.times_told(kToldFull) == 0) {  // It was stopped before, or in that commit.
      EXPECT_GT(commit, 3);
      world.disk.before_commit = [] {};
      world.disk.failure.reset();
      world.expect_in_step();
      break;
    }
    EXPECT_EQ(world.times_told(kToldFull), 1U);
    EXPECT_EQ(world.times_told(kToldSpace), 1U);
    EXPECT_EQ(world.times_told("following the changes of left, right"), 1U);
    world.expect_all_is_there();
  }
}

TEST(FullDisk, KilledWhileItWaitsTheNextOneWaitsOnAndLosesNothing) {
  for (int commit = 1;; ++commit) {
    SCOPED_TRACE(commit);
    FullDisk world;
    world.full_at(commit);
    world.killed_at(4);
    bool killed = false;
    try {
      world.live();
    } catch (const Killed&) {
      killed = true;
    }
    if (!killed) {
      EXPECT_GT(commit, 3);
      break;
    }
    world.live();
    EXPECT_EQ(world.times_told(kToldFull), 1U);
    world.expect_all_is_there();
  }
}

TEST(FullDisk, ADatabaseWithoutSpaceIsWaitedForToldOnceAndLosesNothing) {
  for (const memory::SourceCall call : {memory::SourceCall::kSubmit, memory::SourceCall::kCommit}) {
    FullDisk world;
    world.right->faults().fail_next(call, no_space("53100"), 9);
    world.live();
    EXPECT_EQ(world.times_told(kToldFull), 1U);
    EXPECT_EQ(world.times_told(kToldSpace), 1U);
    EXPECT_EQ(world.lefts(), world.rights());
    world.expect_in_step();
  }
}

TEST(FullDisk, WhatIsMetAgainIsToldAgain) {
  FullDisk world;
  int commits = 0;
  world.disk.before_commit = [&] {
    ++commits;
    if (commits == 1) {
      world.disk.failure = no_space();
    }
  };
  world.after_steps(1, [&] {
    world.left_sets("c", {{"name", "later"}});
    commits = 0;
  });
  world.live();
  EXPECT_EQ(world.times_told(kToldFull), 2U);
  EXPECT_EQ(world.times_told(kToldSpace), 2U);
}

// What was committed is there; it only has to be opened again, by who has opened it.
TEST(FullDisk, AStateThatHasToBeOpenedAnewEndsTheLifeAndTheNextOneGoesOn) {
  FullDisk world;
  world.disk.failure = no_space(kOpenAnew);
  const auto done = world.try_live();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, kOpenAnew);
  world.live();
  world.expect_in_step();
}

}  // namespace
}  // namespace couplet::test
