#pragma once

#include <cstdint>

#include "engine/ports/clock.h"

namespace couplet {

// The machine's clocks. A sleep ends early once a stop was asked for (engine/app/stop_signals.h).
class SystemClock final : public Clock {
 public:
  Timestamp now() override;
  std::int64_t monotonic_us() override;
  void sleep_us(std::int64_t duration) override;
};

// The kernel's random numbers.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

}  // namespace couplet
