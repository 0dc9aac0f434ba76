#include "engine/reconcile/pace.h"

#include <algorithm>

namespace couplet {
namespace {

constexpr std::int64_t kYielding = 9;
constexpr std::int64_t kAlike = 1;

}  // namespace

Pace::Pace(const ReconcileOptions& options, Clock& clock)
    : clock_(clock),
      max_rate_(options.max_rate),
      live_share_(options.yield_to_live ? kYielding : kAlike),
      began_us_(clock.monotonic_us()),
      paid_us_(began_us_) {}

// What was not used is not saved up: after a pause it does not go faster.
Pace::Turn Pace::turn(std::uint64_t objects) {
  const std::int64_t now_us = clock_.monotonic_us();
  Turn turn;
  if (max_rate_) {
    paid_us_ = std::max(paid_us_, began_us_) +
               static_cast<std::int64_t>(static_cast<double>(objects) * 1e6 / *max_rate_);
    turn.rest_us = std::max<std::int64_t>(paid_us_ - now_us, 0);
  }
  turn.live_us = live_share_ * (now_us - began_us_);
  return turn;
}

void Pace::go_on() { began_us_ = clock_.monotonic_us(); }

}  // namespace couplet
