#pragma once

#include <chrono>
#include <cstddef>

#include "engine/model/strong_int.h"

namespace couplet::postgres {

// Whether what has come is to wait for what follows: the server works off what has waited there, by
// the thousand, and a step of many costs little more than one of few. Pure; times are the caller's.
class Backlog {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A transaction that is sent so long after its commit has waited behind others. One that the
  // server has from elsewhere tells the time of there; if the clocks differ, it may wait for a
  // span.
  static constexpr std::chrono::milliseconds kLate{200};
  // Nothing waits longer. Who begins is taken to be behind; then it takes a rate in the span
  // before.
  static constexpr std::chrono::milliseconds kSpan{100};
  static constexpr std::size_t kEventsOfSpan = 500;
  // If nothing comes for so long, nothing more is waited for.
  static constexpr std::chrono::milliseconds kNoMore{5};

  // So many events are complete, maybe none; the last of them was committed and sent then, by
  // clocks of servers. True: what is complete can wait for more.
  bool came(std::size_t events, Timestamp committed_at, Timestamp sent_at, Time now);
  void no_more_comes() { lasts_ = false; }
  [[nodiscard]] bool lasts() const { return lasts_; }

 private:
  bool lasts_ = false;
  bool many_ = true;        // In the span before.
  std::size_t events_ = 0;  // Of this span, which begins with the first.
  Time began_;
};

}  // namespace couplet::postgres
