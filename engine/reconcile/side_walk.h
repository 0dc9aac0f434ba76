#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/reconcile/comparer.h"
#include "engine/reconcile/key_runs.h"
#include "engine/sync/slot_reader.h"

namespace couplet {

// One side of one mapping: its rows, in key order, held against the records that stand at their
// keys: of many to one contributions and targets, of one to one links. A link stands at its left
// end only: the walk of the left tells what the links say of the right, that of the right what its
// rows hold, and others compare (compare_right).
class SideWalk {
 public:
  // `scan` gives the rows of the plan's projection of `side`. All referents must outlive it.
  SideWalk(const BoundDefinition& definition, const State& state, const MappingPlan& plan,
           Side side, std::unique_ptr<Scan> scan, const std::string& spool_folder);

  // To the end. `page_done` is called with the number of rows after each page; false stops with
  // kInterrupted.
  Result<void> run(const std::function<bool(std::size_t rows)>& page_done);

  // Once run: what is to be looked at.
  Comparer::SideResult& result() { return result_; }
  // Once run, one to one, a digest for each object of the right: on the left what the links say of
  // it, on the right what its row holds.
  KeyRuns& right_ends() { return right_ends_; }
  // A row without a link matters to a mapping that reads its side.
  [[nodiscard]] bool nominates_unlinked() const {
    return plan_.bound->writes[index_of(other(side_))];
  }

 private:
  enum class Records : std::uint8_t { kNone, kLinks, kContributions, kTargets };

  static Records records_at(const MappingPlan& plan, Side side);

  // These rows of the page into states_.
  Result<void> read(const RowBatch& rows, std::size_t first, std::size_t last);
  Result<void> resolve();
  Result<void> compare(const RowBatch& rows, std::size_t first, std::size_t last);
  // Whether a row is what the record that the cursor stands at says; moves past it.
  Result<bool> agrees_with_record(std::span<const SlotState> slots, bool in_scope);
  // The link at the cursor into link_; what it says of its right end is kept.
  Result<void> read_link();
  Result<void> pass_missing(const std::string* before);
  Result<void> pass_survivors(const std::string* until);
  [[nodiscard]] std::span<const SlotState> slots(std::size_t row) const {
    return std::span(states_).subspan(row * plan_.uses.size(), plan_.uses.size());
  }
  [[nodiscard]] bool agrees(std::span<const SlotState> slots, const Base& base) const;
  [[nodiscard]] bool holds(std::span<const SlotState> slots, const Base& base) const;
  // One digest of those of all attributes: of a row; of what a base says of the right.
  Digest fold(std::span<const SlotState> slots);
  Digest fold(const Base& base);
  Digest fold_digests() const;

  const BoundDefinition& definition_;
  const State& state_;
  const MappingPlan& plan_;
  Side side_;
  Records records_;
  bool asks_links_ =
      false;  // some reference is told by what a link says of it: ask for many at once
  std::unique_ptr<Scan> scan_;
  SlotReader reader_;
  State::LinkCursor survivors_;
  std::optional<State::LinkCursor> links_;  // none: kNone
  Comparer::SideResult result_;
  KeyRuns right_ends_;

  // Of the rows at hand, and memory that is used again.
  struct Reference {
    std::size_t row = 0;
    ObjectKey key;
  };
  std::vector<SlotState> states_;                   // rows × uses
  std::vector<std::vector<Reference>> references_;  // by use: those that only a link can resolve
  std::vector<Value> id_;
  std::string key_;
  std::vector<Digest> digests_;  // by use
  Link link_;
};

}  // namespace couplet
