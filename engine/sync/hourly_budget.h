#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "engine/model/result.h"
#include "engine/ports/clock.h"
#include "engine/sync/rails.h"
#include "engine/sync/report.h"

namespace couplet {

// What live steps have written in the last hour of what `limits` bound, so that many small ones
// have one budget together (DESIGN section 5.9). By the wall clock, as it outlives a process: what
// was written at a time that is still to come, as the clock was set back, counts as written now. In
// minutes: what was written counts for 60 to 61 of them.
//
// Whoever owns it keeps it in the state. What a step has written when it is killed, and is not
// there yet, does not count.
class HourlyBudget {
 public:
  // By rail and minute of the clock: objects written. Of a mapping.
  using Written = std::map<Rail, std::map<std::int64_t, std::uint64_t>>;

  // All referents must outlive this.
  HourlyBudget(const BoundDefinition& definition, Clock& clock, Observer& observer);

  // As the state has it.
  void load(std::size_t mapping, Written written);
  // Mappings of which something is to be saved; of() says what.
  [[nodiscard]] const std::set<std::size_t>& unsaved() const { return unsaved_; }
  [[nodiscard]] const Written& of(std::size_t mapping) const { return written_[mapping]; }
  void saved() { unsaved_.clear(); }

  // A step has written so much. Of what the mapping does not limit nothing is kept.
  void add(std::size_t mapping, const RailCounts& counts);
  std::uint64_t spent(std::size_t mapping, const Rail& rail);
  // What a percentage is of: by `count`, which is asked once a minute, or more seldom where that
  // would take more than a hundredth of the time.
  Result<std::uint64_t> objects(std::size_t mapping,
                                const std::function<Result<std::uint64_t>()>& count);
  // A rail that holds is told of once an hour, not at every step.
  void tell(std::size_t mapping, const Rail& rail, const std::string& reason);

 private:
  struct Counted {
    std::int64_t again_us = 0;  // then it is counted again
    std::uint64_t objects = 0;
  };
  [[nodiscard]] std::int64_t minute() const;
  void keep_up(std::size_t mapping);

  const BoundDefinition& definition_;
  Clock& clock_;
  Observer& observer_;
  std::vector<Written> written_;  // by mapping
  std::set<std::size_t> unsaved_;
  std::map<std::size_t, Counted> objects_;
  std::map<std::pair<std::size_t, Rail>, std::int64_t> told_us_;
};

}  // namespace couplet
