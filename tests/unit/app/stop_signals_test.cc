#include "engine/app/stop_signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "engine/app/system_clock.h"

namespace couplet {
namespace {

TEST(StopSignalsDeathTest, TheFirstSignalAsksAndEndsEverySleep) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        catch_stop_signals();
        if (stop_requested()) {
          std::_Exit(1);
        }
        std::raise(SIGTERM);
        SystemClock clock;
        clock.sleep_us(3'600'000'000);  // An hour, were it not for the signal.
        pollfd stop{stop_descriptor(), POLLIN, 0};
        std::_Exit(stop_requested() && ::poll(&stop, 1, 0) == 1 ? 0 : 2);
      },
      testing::ExitedWithCode(0), "");
}

TEST(StopSignalsDeathTest, TheSecondSignalEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        catch_stop_signals();
        std::raise(SIGINT);
        std::raise(SIGTERM);
        std::_Exit(1);
      },
      testing::KilledBySignal(SIGTERM), "");
}

TEST(StopSignalsDeathTest, ASignalThatWasIgnoredStaysIgnored) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        std::signal(SIGINT, SIG_IGN);
        catch_stop_signals();
        std::raise(SIGINT);
        std::_Exit(stop_requested() ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(SystemClockTest, CountsFromTheYear2000AndNeverBackwards) {
  SystemClock clock;
  EXPECT_GT(clock.now().value, 800'000'000'000'000);  // 2025-05-08
  const std::int64_t before = clock.monotonic_us();
  clock.sleep_us(2000);
  EXPECT_GE(clock.monotonic_us(), before + 2000);
}

}  // namespace
}  // namespace couplet
