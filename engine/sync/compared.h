#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/sync/rails.h"
#include "engine/sync/state.h"
#include "engine/sync/task.h"

// Which mappings a reconcile has been through, in the state until it ends, so that one that was
// killed goes on behind them: records of Family::kPositions (docs/state-format.md). What changes
// after that is for somebody else to tell: where nobody can have, they are to be forgotten.
namespace couplet {

struct Compared {
  std::uint64_t rows = 0;   // of the larger side
  Permissions permissions;  // what the scans let it conclude: `no_evidence`, `rails`
  RailCounts rehearsed;     // as Rounds counts them
};

// Under the definition with this fingerprint. Errors: those of the store.
Result<std::map<std::size_t, Compared>> compared_mappings(const State& state,
                                                          const std::string& fingerprint);
void put_compared(StateBatch& batch, const State& state, const std::string& fingerprint,
                  std::size_t mapping, const Compared& compared);
void forget_compared(StateBatch& batch, const State& state, std::size_t mapping);
// All but those that stand under the definition with this fingerprint; empty: all.
Result<void> forget_all_compared(StateBatch& batch, const State& state,
                                 const std::string& but = {});

}  // namespace couplet
