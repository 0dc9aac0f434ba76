#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/model/canonical.h"
#include "engine/model/column_digester.h"
#include "engine/model/row_batch.h"
#include "engine/sync/mapping_plan.h"
#include "engine/sync/merge.h"

// What one row holds per slot, in canonical terms: the one place that reads a cell for the decider,
// whether a View is made of the row or a scan only compares it.
namespace couplet {

// A time cell as microseconds; nullopt for null, infinity and what is no time.
std::optional<Timestamp> time_of(Value cell);

// True where the link of a slot can be followed from `side` to the other.
bool can_translate(const BoundDefinition& definition, const Slot& slot, Side from);
// The side of the link's pair that the slot's end on `side` refers to.
Side link_side(const Slot& slot, Side side);

// What a reference comes to, in other terms than its own, that no link translates.
Digest unresolved(const Digester& digester, const ObjectKey& reference);

// The first line of the slot's `values` whose end on `side` is this value; null: none.
const ValuePair* value_pair(const Slot& slot, Side side, const Type& type, Value value);
inline const std::optional<std::string>& end_of(const ValuePair& pair, Side side) {
  return side == Side::kLeft ? pair.left : pair.right;
}

// True if the bytes in the row are values of their columns' types.
bool fits(const SlotColumns& columns, const RowBatch& rows, std::size_t row);

// Where rows of the plan's projection of `side` hold what. The plan must outlive it; one thread at
// a time.
class SlotReader {
 public:
  SlotReader(const MappingPlan& plan, Side side, const Digester& digester);

  // The slot of this use. A link slot that refers to something comes back as kUnresolved, without
  // digest, and its key in the side's own terms in `reference`, which is emptied first; else the
  // reference stays empty.
  [[nodiscard]] SlotState read(std::size_t use, const RowBatch& rows, std::size_t row,
                               ObjectKey& reference);

  // The slot of this use in the rows from `first` to before `last`, where it is digested as it
  // stands: into every `stride`th of `states`. False: it is not; ask for each row.
  bool read_column(std::size_t use, const RowBatch& rows, std::size_t first, std::size_t last,
                   std::span<SlotState> states, std::size_t stride);

  // What a reference comes to. `translated`: its key in the other side's terms, if a link says so;
  // `severed`: what a link said before it was cut. Null: none.
  void resolve(std::size_t use, const ObjectKey& reference, const ObjectKey* translated,
               const ObjectKey* severed, SlotState& state) const;

 private:
  void read_constant(const Slot& slot, Value own, SlotState& state) const;
  [[nodiscard]] std::optional<Timestamp> time_in(const SlotColumns& columns, const RowBatch& rows,
                                                 std::size_t row) const;
  void read_plain(std::size_t use, const RowBatch& rows, std::size_t row, SlotState& state);
  void read_mapped(const Slot& slot, const Type& type, Value value, SlotState& state) const;
  void read_fault(const SlotColumns& columns, const RowBatch& rows, std::size_t row,
                  SlotState& state) const;

  const MappingPlan& plan_;
  Side side_;
  const Digester& digester_;
  // By use: of what is digested as it stands, without link or `values`.
  std::vector<std::optional<ColumnDigester>> plain_;
};

}  // namespace couplet
