#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/reconcile/key_runs.h"
#include "engine/sync/mapping_plan.h"
#include "engine/sync/state.h"

namespace couplet {

// What the links of a one-to-one mapping say that the rows of both sides hold: for each end its key
// and a fold of the base.
class LinkWalk {
 public:
  // All referents must outlive it.
  LinkWalk(const State& state, const MappingPlan& plan, const std::string& spool_folder);

  // To the end. `goes_on` is asked now and then; false stops with kInterrupted.
  Result<void> run(const std::function<bool()>& goes_on);

  // Once run: of the ends on that side.
  [[nodiscard]] KeyRuns& expected(Side side) { return expected_[index_of(side)]; }
  [[nodiscard]] std::uint64_t links() const { return links_; }

 private:
  Digest fold(const Base& base, Side side);

  const State& state_;
  const MappingPlan& plan_;
  State::LinkCursor cursor_;
  std::array<KeyRuns, 2> expected_;  // indexed by Side
  std::uint64_t links_ = 0;
  Link link_;
  std::vector<Digest> digests_;  // by use
};

// One digest of those of all attributes, by use.
Digest fold(const Digester& digester, std::span<const Digest> digests);

}  // namespace couplet
