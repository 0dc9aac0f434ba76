#include "engine/reconcile/comparer.h"

#include <atomic>
#include <mutex>
#include <optional>

#include "engine/reconcile/link_walk.h"
#include "engine/reconcile/side_walk.h"

namespace couplet {
namespace {

// The rows of one side against what the links say of them.
Result<void> compare_links(LinkWalk& links, SideWalk& walk, Side side) {
  KeyRuns& expected = links.expected(side);
  KeyRuns& held = walk.held();
  Comparer::SideResult& result = walk.result();
  result.linked = links.links();
  COUPLET_TRY(expected.start());
  COUPLET_TRY(held.start());
  const auto nominee = [side](const KeyRuns& runs) {
    return Nominee{side, {std::string(runs.key())}, false};
  };
  while (expected.valid() || held.valid()) {
    const int order = !held.valid()       ? -1
                      : !expected.valid() ? 1
                                          : expected.key().compare(held.key());
    if (order < 0) {
      COUPLET_TRY(result.missing.add(nominee(expected)));
    } else if (order == 0 ? expected.digest() != held.digest() : walk.nominates_unlinked()) {
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
  return {};
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
  std::optional<LinkWalk> links;
  if (!plan_.entities->many) {
    links.emplace(state_, plan_, settings_.spool_folder);
  }

  std::mutex telling;
  std::uint64_t rows = 0;
  std::atomic<bool> stopped = false;
  const auto page_done = [&](std::size_t more) {
    const std::lock_guard lock(telling);
    rows += more;
    return !stopped && progress(rows);
  };
  const auto all = [&](const std::vector<std::function<Result<void>()>>& pieces) {
    std::vector<Result<void>> outcomes(pieces.size());
    std::vector<std::function<void()>> tasks;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      tasks.emplace_back([&, i] {
        if (!stopped) {
          outcomes[i] = pieces[i]();
          stopped = stopped || !outcomes[i];
        }
      });
    }
    settings_.do_all(tasks);
    return outcome_of(outcomes);
  };
  COUPLET_TRY(all({[&] { return walks[0].run(page_done); }, [&] { return walks[1].run(page_done); },
                   [&] { return links ? links->run([&] { return !stopped; }) : Result<void>{}; }}));
  if (links) {
    COUPLET_TRY(all({[&] { return compare_links(*links, walks[0], Side::kLeft); },
                     [&] { return compare_links(*links, walks[1], Side::kRight); }}));
  }
  return std::array<SideResult, 2>{std::move(walks[0].result()), std::move(walks[1].result())};
}

}  // namespace couplet
