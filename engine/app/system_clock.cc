#include "engine/app/system_clock.h"

#include <poll.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "engine/app/stop_signals.h"
#include "engine/model/result.h"

namespace couplet {
namespace {

// From 1970-01-01 to 2000-01-01, in microseconds.
constexpr std::int64_t kEpochUs = 946'684'800'000'000;

}  // namespace

Timestamp SystemClock::now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since).count() - kEpochUs};
}

std::int64_t SystemClock::monotonic_us() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

void SystemClock::sleep_us(std::int64_t duration) {
  const std::int64_t end = monotonic_us() + duration;
  for (std::int64_t left = duration; left > 0 && !stop_requested(); left = end - monotonic_us()) {
    pollfd stop{stop_descriptor(), POLLIN, 0};  // A negative descriptor is passed over.
    ::poll(&stop, 1, static_cast<int>(std::min<std::int64_t>((left + 999) / 1000, 60'000)));
  }
}

std::uint64_t SystemRandom::next() {
  std::uint64_t number = 0;
  ssize_t got = 0;
  do {
    got = ::getrandom(&number, sizeof number, 0);
  } while (got < 0 && errno == EINTR);
  COUPLET_CHECK(got == sizeof number);
  return number;
}

}  // namespace couplet
