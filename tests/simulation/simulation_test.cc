// The simulation itself: it can be replayed, and what it finds is made small.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "tests/simulation/shrink.h"

namespace couplet::simulation {
namespace {

constexpr std::size_t kSteps = 30;

std::vector<std::string> trace_of(const Script& script) {
  std::vector<std::string> lines;
  const Verdict verdict = play(script, [&](const std::string& line) { lines.push_back(line); });
  EXPECT_EQ(verdict.refused, "");
  EXPECT_FALSE(verdict.violation.has_value())
      << verdict.violation->law << ": " << verdict.violation->what;
  return lines;
}

// Every call of a source and of the state, every operation, all rows and all bytes of the state.
TEST(Replay, ASeedIsTheSameHistoryByteForByte) {
  std::set<std::string> shapes;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    shapes.insert(random_script(seed, kSteps).shape.name);
    const auto once = trace_of(random_script(seed, kSteps));
    const auto twice = trace_of(random_script(seed, kSteps));
    EXPECT_GT(once.size(), 20U);
    ASSERT_EQ(once, twice);
  }
  EXPECT_THAT(shapes, testing::UnorderedElementsAre("flat", "two flat", "family", "many to one",
                                                    "circle", "opposing", "deep"));
}

// Streams, acknowledgements and idle steps too.
TEST(Replay, ASeedIsTheSameHistoryOfLivesByteForByte) {
  std::size_t lives = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto once = trace_of(random_live_script(seed, kSteps));
    const auto twice = trace_of(random_live_script(seed, kSteps));
    lives += static_cast<std::size_t>(std::count(once.begin(), once.end(), "live"));
    ASSERT_EQ(once, twice);
  }
  EXPECT_GT(lives, 0U);
}

TEST(Lives, TakeTheFastLaneWhereItIsOpen) {
  std::uint64_t batches = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    batches += play(random_live_script(seed, kSteps)).unread;
  }
  EXPECT_GT(batches, 10U);
}

TEST(Replay, AnotherSeedIsAnotherHistory) {
  EXPECT_NE(trace_of(random_script(1, kSteps)), trace_of(random_script(2, kSteps)));
}

std::size_t runs_killed(const Script& script) {
  return static_cast<std::size_t>(std::count_if(script.steps.begin(), script.steps.end(),
                                                [](const Step& step) { return step.crash != 0; }));
}

TEST(Shrinking, WhatDoesNotMatterIsLeftOut) {
  std::uint64_t seed = 1;
  while (runs_killed(random_script(seed, kSteps)) < 3) {
    ++seed;
  }
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Script small = shrink(random_script(seed, kSteps), [](const Script& script) {
    return runs_killed(script) >= 2 && script.steps.front().kind == Step::Kind::kEdit;
  });
  EXPECT_EQ(small.steps.size(), 3U);
  for (const Step& step : small.steps) {
    EXPECT_TRUE(step.intrusions.empty());
    EXPECT_FALSE(step.power_loss || step.late_writes || step.rebuild);
  }
}

TEST(Shrinking, WhatDoesNotMatterOfALifeIsLeftOut) {
  const auto is_life = [](const Step& step) { return step.kind == Step::Kind::kLive; };
  std::uint64_t seed = 1;
  const auto disturbed_lives = [&](const Script& script) {
    return std::count_if(script.steps.begin(), script.steps.end(), [&](const Step& step) {
      return is_life(step) && step.stop != 0 && step.lost_acknowledgements != 0;
    });
  };
  while (disturbed_lives(random_live_script(seed, kSteps)) == 0) {
    ++seed;
  }
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Script small = shrink(random_live_script(seed, kSteps), [&](const Script& script) {
    return std::any_of(script.steps.begin(), script.steps.end(), is_life);
  });
  ASSERT_EQ(small.steps.size(), 1U);
  const Step& life = small.steps.front();
  EXPECT_TRUE(life.intrusions.empty());
  EXPECT_EQ(life.stop + life.crash + life.reconcile_every, 0);
  EXPECT_EQ(life.lost_acknowledgements + life.stream_events, 0U);
}

}  // namespace
}  // namespace couplet::simulation
