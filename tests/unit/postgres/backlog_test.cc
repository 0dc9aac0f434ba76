#include "connectors/postgres/backlog.h"

#include <gtest/gtest.h>

#include <limits>

namespace couplet::postgres {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds kStep{1};

// One that comes so late, a millisecond after what came last.
class BacklogTest : public testing::Test {
 protected:
  bool came(std::size_t events, microseconds late = Backlog::kLate) {
    now_ += kStep;
    return backlog_.came(events, Timestamp{1'000'000}, Timestamp{1'000'000 + late.count()}, now_);
  }
  // Whether what came in each millisecond of a span waited for more, up to the span's end.
  bool waited_in_a_span(std::size_t events, microseconds late = Backlog::kLate) {
    bool any = false;
    for (milliseconds passed{0}; passed <= Backlog::kSpan; passed += kStep) {
      any = came(events, late) || any;
    }
    return any;
  }

  Backlog backlog_;
  Backlog::Time now_ = Backlog::Time() + std::chrono::hours(1);
};

TEST_F(BacklogTest, WhatIsSentAsItIsCommittedWaitsForNothing) {
  for (int span = 0; span < 3; ++span) {
    EXPECT_FALSE(waited_in_a_span(50, Backlog::kLate - microseconds(1)));
  }
}

TEST_F(BacklogTest, WhatWaitedAtTheServerWaitsForMoreWhileManyCome) {
  for (int span = 0; span < 3; ++span) {
    EXPECT_TRUE(waited_in_a_span(Backlog::kEventsOfSpan / 50));
  }
}

TEST_F(BacklogTest, WhereFewComeTheyWaitInTheFirstSpanAtMost) {
  EXPECT_TRUE(waited_in_a_span(1)) << "who begins is taken to be behind";
  for (int span = 0; span < 3; ++span) {
    EXPECT_FALSE(waited_in_a_span(1));
  }
  EXPECT_FALSE(waited_in_a_span(50)) << "the span before tells";
  EXPECT_TRUE(waited_in_a_span(50));
}

TEST_F(BacklogTest, NothingWaitsLongerThanASpan) {
  EXPECT_TRUE(came(1000));
  milliseconds waited{0};
  while (came(0)) {  // A large transaction is streamed, and nothing becomes complete.
    waited += kStep;
    ASSERT_LE(waited, Backlog::kSpan);
  }
  EXPECT_GE(waited + 2 * kStep, Backlog::kSpan);
}

TEST_F(BacklogTest, APauseEndsItUntilMoreCome) {
  EXPECT_TRUE(came(1000));
  backlog_.no_more_comes();
  EXPECT_FALSE(came(0));
  EXPECT_TRUE(came(1000));
  now_ += std::chrono::seconds(10);
  EXPECT_FALSE(came(1));
  EXPECT_FALSE(came(1000)) << "ten seconds had a thousand";
}

TEST_F(BacklogTest, TimesThatMakeNoSenseAreNotReliedOn) {
  const Timestamp first{std::numeric_limits<std::int64_t>::min()};
  const Timestamp last{std::numeric_limits<std::int64_t>::max()};
  EXPECT_FALSE(backlog_.came(1, first, last, now_)) << "the difference has no name";
  EXPECT_FALSE(backlog_.came(1, last, Timestamp{0}, now_));
}

}  // namespace
}  // namespace couplet::postgres
