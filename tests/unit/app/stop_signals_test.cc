#include "engine/app/stop_signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "engine/app/system_clock.h"

namespace couplet {
namespace {

// Signals are the process's, so each of these runs in one of its own.
class StopSignalsDeathTest : public testing::Test {
 protected:
  void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

[[noreturn]] void sleep_an_hour_when_asked_to_stop() {
  catch_stop_signals();
  if (stop_requested()) {
    std::_Exit(1);
  }
  std::raise(SIGTERM);
  SystemClock clock;
  clock.sleep_us(3'600'000'000);
  pollfd stop{stop_descriptor(), POLLIN, 0};
  std::_Exit(stop_requested() && ::poll(&stop, 1, 0) == 1 ? 0 : 2);
}

[[noreturn]] void take_two_signals() {
  catch_stop_signals();
  std::raise(SIGINT);
  std::raise(SIGTERM);
  std::_Exit(1);
}

[[noreturn]] void never_finish_what_is_at_hand() {
  end_after_stop(std::chrono::seconds(1));
  catch_stop_signals();
  std::raise(SIGTERM);
  for (;;) {
    ::pause();
  }
}

[[noreturn]] void take_a_signal_that_was_ignored() {
  std::signal(SIGINT, SIG_IGN);
  catch_stop_signals();
  std::raise(SIGINT);
  std::_Exit(stop_requested() ? 1 : 0);
}

TEST_F(StopSignalsDeathTest, TheFirstSignalAsksAndEndsEverySleep) {
  EXPECT_EXIT(sleep_an_hour_when_asked_to_stop(), testing::ExitedWithCode(0), "");
}

TEST_F(StopSignalsDeathTest, TheSecondSignalEndsTheProcess) {
  EXPECT_EXIT(take_two_signals(), testing::KilledBySignal(SIGTERM), "");
}

TEST_F(StopSignalsDeathTest, WhatIsAtHandIsWaitedForAsLongAsWasSaidAndThenGivenUp) {
  EXPECT_EXIT(never_finish_what_is_at_hand(), testing::ExitedWithCode(0),
              "what was at hand comes again");
}

TEST_F(StopSignalsDeathTest, ASignalThatWasIgnoredStaysIgnored) {
  EXPECT_EXIT(take_a_signal_that_was_ignored(), testing::ExitedWithCode(0), "");
}

TEST(SystemClockTest, CountsFromTheYear2000AndNeverBackwards) {
  SystemClock clock;
  EXPECT_GT(clock.now().value, 800'000'000'000'000);  // 2025-05-08
  const std::int64_t before = clock.monotonic_us();
  clock.sleep_us(2000);
  EXPECT_GE(clock.monotonic_us(), before + 2000);
}

TEST(SystemRandomTest, DoesNotRepeatItself) {
  SystemRandom random;
  EXPECT_NE(random.next(), random.next());
}

}  // namespace
}  // namespace couplet
