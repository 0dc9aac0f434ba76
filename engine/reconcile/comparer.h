#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/ports/do_all.h"
#include "engine/sync/nominee_spool.h"
#include "engine/sync/syncer.h"

namespace couplet {

// Streams both sides of a mapping once, at the same time, and nominates every object whose row
// differs from what links and bases say: rows without a link, rows whose digests are not those of
// the base, links without a row (DESIGN section 7). It decides nothing: the single-object sync
// re-reads what is nominated.
class Comparer {
 public:
  struct Settings {
    std::string spool_folder;            // of what does not fit into memory
    DoAll do_all = one_after_the_other;  // the scans of both sides
  };
  // All referents must outlive it.
  Comparer(const BoundDefinition& definition, const State& state,
           const std::vector<Source*>& sources, const MappingPlan& plan, Settings settings)
      : definition_(definition),
        state_(state),
        sources_(sources),
        plan_(plan),
        settings_(std::move(settings)) {}

  struct SideResult {
    std::uint64_t rows = 0;    // seen, in scope
    std::uint64_t linked = 0;  // links walked
    NomineeSpool nominees;
    NomineeSpool missing;  // links whose row was not in the scan: gone, or out of scope
  };
  // `progress` is called with the rows of both sides seen so far, by one thread at a time; false
  // stops with kInterrupted.
  Result<std::array<SideResult, 2>> compare(
      const std::function<bool(std::uint64_t rows)>& progress) const;

 private:
  const BoundDefinition& definition_;
  const State& state_;
  const std::vector<Source*>& sources_;
  const MappingPlan& plan_;
  Settings settings_;
};

}  // namespace couplet
