#pragma once

#include <cstdint>
#include <optional>

#include "engine/definition/definition.h"
#include "engine/ports/clock.h"

namespace couplet {

// How fast a reconcile of `run` goes on (DESIGN section 7): no more objects a second than
// `max_rate`, and a share of the time where changes wait beside it. Its work comes in pieces: a
// page of a scan, a batch. One thread at a time.
class Pace {
 public:
  // The clock must outlive this.
  Pace(const ReconcileOptions& options, Clock& clock);

  // A piece of work has ended, or is about to begin, of so many objects.
  struct Turn {
    std::int64_t rest_us = 0;  // so long nothing of the reconcile is to happen
    // So long changes that wait may be worked on before it goes on. Where they last longer it has a
    // tenth of the time if it yields to live work, else half: neither starves.
    std::int64_t live_us = 0;
  };
  Turn turn(std::uint64_t objects);
  // The next piece begins.
  void go_on();

 private:
  Clock& clock_;
  std::optional<double> max_rate_;
  std::int64_t live_share_;  // of live work, to one of the reconcile
  std::int64_t began_us_;    // the piece at hand
  std::int64_t paid_us_;     // until then `max_rate` is used up
};

}  // namespace couplet
