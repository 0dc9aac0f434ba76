#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/definition/bound.h"
#include "engine/ports/source.h"

namespace couplet {

// Where a slot's value stands in a row of one side.
struct SlotColumns {
  std::vector<std::size_t> columns;  // indexes of cells in the row
  std::vector<Type> types;
  std::optional<std::size_t> time;  // index of the cell with the holder's change time
  bool own = true;                  // held by the object itself, not through a path
};

struct SidePlan {
  const BoundEntity* entity = nullptr;
  Projection projection;
  std::vector<SlotColumns> slots;  // by use
  // Identity keys as indexes into projection.columns, in the order of keys, with their types. What
  // rivals on the same side have in common leaves out `self`, which no two objects share.
  std::vector<std::size_t> identity;
  std::vector<Type> identity_types;
  std::vector<Comparison> identity_as;  // how their values are compared
  std::vector<std::size_t> rivals;
  std::vector<Comparison> rivals_as;
  std::optional<std::size_t> changed_at;  // index of the cell with the object's change time
};

// Another many-to-one mapping that writes the same attribute of the same entity: its contributors
// and ours are in one order (DESIGN section 5.5).
struct Competitor {
  std::size_t mapping = 0;
  std::size_t pair = 0;
  std::size_t slot = 0;  // of that pair
};

// What one mapping asks of both sides: made once from the bound definition, which must outlive it.
struct MappingPlan {
  std::size_t mapping = 0;
  std::size_t pair = 0;
  const BoundMapping* bound = nullptr;
  const Pair* entities = nullptr;
  std::vector<const SlotUse*> uses;                  // keys, then attributes
  std::array<SidePlan, 2> sides;                     // indexed by Side
  std::vector<std::vector<Competitor>> competitors;  // by use
  // A change on either side is carried by some mapping of the pair.
  bool pair_two_way = false;

  [[nodiscard]] const Slot& slot(std::size_t use) const { return entities->slots[uses[use]->slot]; }
  // Many to one: the entity that is contributed to.
  [[nodiscard]] std::size_t target_entity() const {
    return entities->entities[index_of(other(*entities->many))];
  }
  [[nodiscard]] const SidePlan& side(Side side) const { return sides[index_of(side)]; }
};

// No two rows of the side have the same identity key, without a null: its database refuses them.
bool identity_is_unique(const SidePlan& side);

// Why a counterpart that is not found there may be there all the same, unseen by us, so that making
// one could make a second; empty: it is not there, or the database would refuse the second one.
std::string hidden_counterpart(const SidePlan& side);

std::vector<MappingPlan> make_plans(const BoundDefinition& definition);

}  // namespace couplet
