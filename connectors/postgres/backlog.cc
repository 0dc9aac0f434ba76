#include "connectors/postgres/backlog.h"

namespace couplet::postgres {
namespace {

// Whatever a server says.
std::chrono::microseconds between(Timestamp from, Timestamp to) {
  return std::chrono::microseconds(static_cast<std::int64_t>(
      static_cast<std::uint64_t>(to.value) - static_cast<std::uint64_t>(from.value)));
}

}  // namespace

bool Backlog::came(std::size_t events, Timestamp committed_at, Timestamp sent_at, Time now) {
  if (events > 0) {
    began_ = events_ == 0 ? now : began_;
    lasts_ = between(committed_at, sent_at) >= kLate;
  }
  events_ += events;
  const bool span_ends = events_ > 0 && now - began_ >= kSpan;
  if (span_ends) {
    many_ = events_ * kSpan >= kEventsOfSpan * (now - began_);
    events_ = 0;
  }
  lasts_ = lasts_ && many_;
  return lasts_ && !span_ends;
}

}  // namespace couplet::postgres
