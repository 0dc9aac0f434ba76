#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/sync/fast_lane.h"
#include "engine/sync/slot_reader.h"

namespace couplet {

// What events of the fast lane come to, a batch of them at a time: no I/O but the state's.
class FastLook {
 public:
  // One object's row as it is to be written, and what is to be remembered of it then.
  struct Write {
    std::size_t event = 0;
    std::size_t row = 0;  // of those that are looked at
    // With everything but what the write gives: its version, and the digests of what is written.
    Link link;
    std::uint64_t uses = 0;  // those that are written, a bit each
    bool create = false;
    std::optional<Timestamp> carried;
    bool times = false;  // it is written into the row's change time
    bool done = false;
  };
  struct Looked {
    std::vector<Write> writes;
    std::vector<std::size_t> refused;  // events that come to more than the fast lane knows of
  };

  FastLook(const BoundDefinition& definition, const State& state, const MappingPlan& plan,
           const WriterState& writers, const ReadHorizon& horizon, Side from, Timestamp now);

  static std::uint64_t bit(std::size_t use) { return std::uint64_t{1} << use; }

  // Those from `first` to before `last`. `creates`: objects without a link are made.
  Result<Looked> look(std::span<const FastLane::Event> events, std::size_t first, std::size_t last,
                      bool creates);
  // Of what was looked at last: what the slot holds, and its value in the terms of the other side,
  // which lives until the next call. Errors as of send_slot.
  [[nodiscard]] const SlotState& state(std::size_t row, std::size_t use) const {
    return states_[row * plan_.uses.size() + use];
  }
  Result<std::span<const Value>> send(std::size_t row, std::size_t use);

 private:
  Result<void> translate(std::size_t use);
  [[nodiscard]] bool is_covered(const FastLane::Event& event) const;
  bool decide_linked(const FastLane::Event& event, Write& write) const;
  bool decide_unlinked(Write& write) const;
  [[nodiscard]] EndState seen_end(std::size_t row) const;
  [[nodiscard]] SlotState& state_of(std::size_t row, std::size_t use) {
    return states_[row * plan_.uses.size() + use];
  }

  const BoundDefinition& definition_;
  const State& state_;
  const MappingPlan& plan_;
  const WriterState& writers_;
  const ReadHorizon& horizon_;
  const Side from_;
  const Side to_;
  const SidePlan& own_;
  const BoundEntity& target_;
  const Timestamp now_;
  std::uint64_t updatable_ = 0;  // uses that may be written over what is there

  SlotReader reader_;
  RowBatch rows_;
  std::vector<std::size_t> event_of_;                              // by row
  std::vector<ObjectKey> keys_;                                    // by row
  std::vector<SlotState> states_;                                  // by row, by use
  std::vector<std::vector<std::optional<ObjectKey>>> translated_;  // by use that links, by row
  std::string arena_;
  std::vector<Value> cells_;
};

}  // namespace couplet
