#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/sync/mapping_plan.h"
#include "engine/sync/slot_reader.h"
#include "engine/sync/state.h"

// Rows as the decider sees them: per slot a digest in canonical terms, references translated
// through links.
namespace couplet {

// One slot of one row.
struct SlotView {
  SlotState state;
  std::optional<ObjectKey> reference;   // link slots: what it refers to, in the side's own terms
  std::optional<ObjectKey> translated;  // the same in the other side's terms, if a link says so
  // What a link said before it was severed: the reference has not changed by that.
  std::optional<ObjectKey> severed;
};

// One object on one side. Rows point into batches that the Views hold.
struct View {
  Side side = Side::kLeft;
  ObjectKey key;
  bool present = false;
  bool in_scope = false;
  RowVersion version;
  std::optional<Timestamp> changed_at;  // of the object itself
  std::vector<SlotView> slots;          // by use
  const RowBatch* rows = nullptr;
  std::size_t row = 0;

  [[nodiscard]] Value cell(std::size_t column) const { return rows->at(row, column); }
};

// The identity key of a view, as far as it has one.
struct Identity {
  enum class Kind { kComplete, kNull, kUnresolved, kFault } kind = Kind::kComplete;
  Digest digest;  // of all parts in canonical terms; only if complete
};
Identity identity_of(const MappingPlan& plan, const Digester& digester, const View& view);

// Why a slot that is kFault cannot be used: its value is not listed in `values`, or what is stored
// is no value of its column's type.
Error unusable_value(const MappingPlan& plan, std::size_t use, const View& view);
// The same of the first such part of the identity key.
Error unusable_identity(const MappingPlan& plan, const View& view);

// What a slot of a row on `from` holds, in the terms of the other side: bytes of the columns there,
// one each, for a write or a look-up; they may point into `arena`. `kind` is the slot's, which
// holds something that can be sent; `cell` what stands in the row, where the slot is no reference;
// `translated` the reference there, where it is one. Errors: kRowFault naming attribute and types,
// never the value.
Result<void> send_slot(const MappingPlan& plan, std::size_t use, Side from, SlotState::Kind kind,
                       Value cell, const ObjectKey* translated, std::string& arena,
                       std::vector<Value>& cells);

// Makes views of rows; one translation look-up per link slot and batch.
class ViewBuilder {
 public:
  ViewBuilder(const BoundDefinition& definition, const State& state, const MappingPlan& plan)
      : definition_(definition), state_(state), plan_(plan) {}

  // `rows` came from the plan's projection of `side` and must outlive the views. In row order.
  Result<std::vector<View>> build(Side side, const RowBatch& rows) const;

  // The slot's value in the terms of the other side, as bytes of the columns there, for a write or
  // a look-up; one per column. CHECKs that the slot holds something sendable. Errors: kRowFault
  // naming attribute and types, never the value.
  Result<void> send(const View& from, std::size_t use, std::string& arena,
                    std::vector<Value>& cells) const;

 private:
  Result<void> translate(Side side, std::size_t use, std::vector<View>& views) const;
  Result<void> find_severed(Side side, std::size_t use, const std::vector<View*>& views) const;

  const BoundDefinition& definition_;
  const State& state_;
  const MappingPlan& plan_;
};

// A key that a dry run gave to an object that it only plans: nothing can be asked with it.
bool is_planned(const ObjectKey& key);
ObjectKey planned_key(std::uint64_t number);

// The objects of these views, the `most` that come first by key.
std::vector<PairEnd> first_ends(std::uint16_t pair, const std::vector<const View*>& views,
                                std::size_t most);

}  // namespace couplet
