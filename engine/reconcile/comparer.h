#pragma once

#include <functional>

#include "engine/sync/nominee_spool.h"
#include "engine/sync/syncer.h"

namespace couplet {

// Streams both sides of a mapping once and nominates every object whose row differs from what links
// and bases say: rows without a link, rows whose digests are not those of the base, links without a
// row (DESIGN section 7). It decides nothing: the single-object sync re-reads what is nominated.
class Comparer {
 public:
  Comparer(const BoundDefinition& definition, const State& state,
           const std::vector<Source*>& sources, const MappingPlan& plan)
      : definition_(definition), state_(state), sources_(sources), plan_(plan) {}

  struct SideResult {
    std::uint64_t rows = 0;     // seen, in scope
    std::uint64_t linked = 0;   // links walked
    std::uint64_t missing = 0;  // links whose row was not in the scan: gone, or out of scope
  };
  // Rows go to `spool`, links without a row to `missing`.
  // `progress` is called with the rows seen so far; false stops with kInterrupted.
  Result<SideResult> compare(Side side, NomineeSpool& spool, NomineeSpool& missing,
                             const std::function<bool(std::uint64_t rows)>& progress) const;

 private:
  // The links behind a page of rows, in key order.
  struct Page;
  [[nodiscard]] bool nominates_unlinked(Side side) const;
  Result<void> add_agreements(Side side, Page& page) const;
  [[nodiscard]] bool differs(Side side, const View& view, const Base& base) const;

  const BoundDefinition& definition_;
  const State& state_;
  const std::vector<Source*>& sources_;
  const MappingPlan& plan_;
};

}  // namespace couplet
