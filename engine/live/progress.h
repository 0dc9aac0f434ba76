#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "engine/model/position.h"
#include "engine/model/result.h"
#include "engine/sync/hourly_budget.h"
#include "engine/sync/state.h"

// How far the changes of each source are done, what has to be reconciled because nobody told of it,
// and what was written in the last hour: records of Family::kPositions (docs/state-format.md).
namespace couplet {

inline constexpr const char* kNeverFollowed = "it was never reconciled beside a stream";

struct StreamProgress {
  Position done;      // end of the last transaction whose every effect is durable
  Position received;  // the furthest that ever came in: up to there one may come again
  std::string terms;  // ChangeStream::terms, under which that came; empty: not known
  // Why a reconcile is due before this source's stream says all; empty: none is.
  std::string due = kNeverFollowed;
};

Result<StreamProgress> progress_of(const StateStore& store, const std::string& source);
void put_progress(StateBatch& batch, const std::string& source, const StreamProgress& progress);

// Mappings of which events went by: they were stopped, or had more to look at than could be.
// By the number that the state has for it.
Result<bool> is_missed(const StateStore& store, std::uint16_t mapping);
Result<std::set<std::size_t>> missed_mappings(State& state);
// A reconcile that goes on looks at it once more, too.
void put_missed(StateBatch& batch, const State& state, std::size_t mapping);
void erase_missed(StateBatch& batch, const State& state, std::size_t mapping);

// What of a mapping live steps have written in the last hour.
Result<HourlyBudget::Written> hour_of(State& state, std::size_t mapping);
void put_hour(StateBatch& batch, const State& state, std::size_t mapping,
              const HourlyBudget::Written& written);

// When the next scheduled reconcile is due; nullopt: never was one.
Result<std::optional<Timestamp>> next_reconcile(const StateStore& store);
void put_next_reconcile(StateBatch& batch, Timestamp due);

}  // namespace couplet
