#include "engine/app/output/progress_bar.h"

#include <gtest/gtest.h>

namespace couplet {
namespace {

TEST(ProgressBarTest, ShowsObjectsRateAndTimeLeft) {
  EXPECT_EQ(render_progress({"provider", "sync", 1200, 5000, 850.0}, 79),
            "provider  sync [====>               ]  1,200 of 5,000 objects  850/s  0:04 left");
}

TEST(ProgressBarTest, AnUnknownTotalHasNoBar) {
  EXPECT_EQ(render_progress({"provider", "scan", 1'200'000, 0, 48'211.4}, 79),
            "provider  scan  1,200,000 objects  48,211/s");
}

TEST(ProgressBarTest, WithoutARateThereIsNoTimeLeft) {
  EXPECT_EQ(render_progress({"m", "sync", 0, 10, std::nullopt}, 50),
            "m  sync [>                      ]  0 of 10 objects");
}

TEST(ProgressBarTest, AFullBarIsFull) {
  EXPECT_EQ(render_progress({"m", "sync", 10, 10, 5.0}, 60),
            "m  sync [================]  10 of 10 objects  5/s  0:00 left");
}

TEST(ProgressBarTest, TheBarDoesNotGrowBeyondWhatTheEyeTakesIn) {
  EXPECT_EQ(render_progress({"m", "sync", 10, 10, std::nullopt}, 300).size(), 68U);
}

TEST(ProgressBarTest, NothingIsWiderThanTheTerminal) {
  for (std::size_t width = 0; width < 120; ++width) {
    EXPECT_LE(
        render_progress({"a_rather_long_mapping_name", "sync", 999'999, 1'000'000, 1234.5}, width)
            .size(),
        width);
  }
  EXPECT_EQ(render_progress({"provider", "sync", 1200, 5000, 850.0}, 60),
            "provider  sync  1,200 of 5,000 objects  850/s  0:04 left");
  EXPECT_EQ(render_progress({"provider", "sync", 1200, 5000, 850.0}, 40),
            "provider  sync  1,200 of 5,000 objects");
  EXPECT_EQ(render_progress({"provider", "sync", 1200, 5000, 850.0}, 11), "provider  s");
}

TEST(ProgressBarTest, LongTimesAreInHours) {
  EXPECT_EQ(render_progress({"m", "sync", 0, 10'000, 1.0}, 58),
            "m  sync  0 of 10,000 objects  1/s  2:46:40 left");
}

TEST(RateMeterTest, TellsTheRateOfTheLastSeconds) {
  RateMeter meter;
  EXPECT_EQ(meter.per_second(), std::nullopt);
  meter.add(0, 0);
  EXPECT_EQ(meter.per_second(), std::nullopt);
  meter.add(100'000, 1000);  // Too early to tell.
  EXPECT_EQ(meter.per_second(), std::nullopt);
  meter.add(1'000'000, 1000);
  EXPECT_EQ(meter.per_second(), 1000.0);
  for (std::int64_t second = 2; second <= 20; ++second) {
    meter.add(second * 1'000'000, 1000 + static_cast<std::uint64_t>(second - 1) * 10);
  }
  EXPECT_EQ(meter.per_second(), 10.0);
  meter.restart();
  EXPECT_EQ(meter.per_second(), std::nullopt);
}

}  // namespace
}  // namespace couplet
