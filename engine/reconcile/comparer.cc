#include "engine/reconcile/comparer.h"

#include <atomic>
#include <mutex>

#include "engine/reconcile/side_walk.h"

namespace couplet {
namespace {

// The rows of the right against what the links, which stand at the left, say of them.
Result<void> compare_right(SideWalk& left, SideWalk& right) {
  KeyRuns& expected = left.right_ends();
  KeyRuns& held = right.right_ends();
  Comparer::SideResult& result = right.result();
  result.linked = left.result().linked;
  COUPLET_TRY(expected.start());
  COUPLET_TRY(held.start());
  const auto nominee = [](const KeyRuns& runs) {
    return Nominee{Side::kRight, {std::string(runs.key())}, false};
  };
  for (;;) {
    COUPLET_TRY(KeyRuns::skip_alike(expected, held));
    if (!expected.valid() && !held.valid()) {
      return {};
    }
    const int order = !held.valid()       ? -1
                      : !expected.valid() ? 1
                                          : expected.key().compare(held.key());
    if (order < 0) {
      COUPLET_TRY(result.missing.add(nominee(expected)));
    } else if (order == 0 ? expected.digest() != held.digest() : right.nominates_unlinked()) {
      Nominee one = nominee(held);
      one.unlinked = order > 0;
      COUPLET_TRY(result.nominees.add(one));
    }
    if (order <= 0) {
      COUPLET_TRY(expected.next());
    }
    if (order >= 0) {
      COUPLET_TRY(held.next());
    }
  }
}

// The first error, but rather one that stopped the others than theirs.
Result<void> outcome_of(std::span<const Result<void>> outcomes) {
  const Result<void>* interrupted = nullptr;
  for (const Result<void>& outcome : outcomes) {
    if (!outcome && outcome.error().kind != ErrorKind::kInterrupted) {
      return outcome;
    }
    if (!outcome) {
      interrupted = &outcome;
    }
  }
  return interrupted != nullptr ? *interrupted : Result<void>{};
}

}  // namespace

Result<std::array<Comparer::SideResult, 2>> Comparer::compare(
    const std::function<bool(std::uint64_t rows)>& progress) const {
  std::vector<SideWalk> walks;
  walks.reserve(2);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const SidePlan& own = plan_.side(side);
    COUPLET_ASSIGN(auto scan, sources_[own.entity->source]->scan(own.projection));
    walks.emplace_back(definition_, state_, plan_, side, std::move(scan), settings_.spool_folder);
  }

  std::mutex telling;
  std::uint64_t rows = 0;
  std::atomic<bool> stopped = false;
  const auto page_done = [&](std::size_t more) {
    const std::lock_guard lock(telling);
    rows += more;
    return !stopped && progress(rows);
  };
  std::array<Result<void>, 2> outcomes;
  const auto walk = [&](std::size_t side) {
    if (!stopped) {
      outcomes[side] = walks[side].run(page_done);
      stopped = stopped || !outcomes[side];
    }
  };
  settings_.do_all(std::array<std::function<void()>, 2>{[&] { walk(0); }, [&] { walk(1); }});
  COUPLET_TRY(outcome_of(outcomes));
  if (!plan_.entities->many) {
    COUPLET_TRY(compare_right(walks[0], walks[1]));
  }
  return std::array<SideResult, 2>{std::move(walks[0].result()), std::move(walks[1].result())};
}

}  // namespace couplet
