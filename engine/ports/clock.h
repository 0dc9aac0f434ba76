#pragma once

#include <cstdint>

#include "engine/model/strong_int.h"

namespace couplet {

// Time and randomness are passed in, so that a history can be replayed from a seed (DESIGN 1.4).
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() = 0;              // Wall time. May jump.
  virtual std::int64_t monotonic_us() = 0;  // For rates and elapsed time. Never goes back.

  // Waits that long. Returns early where a stop was asked for.
  virtual void sleep_us(std::int64_t duration) = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

}  // namespace couplet
