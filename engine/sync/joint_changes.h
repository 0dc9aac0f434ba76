#pragma once

#include <span>

#include "engine/ports/state_store.h"

namespace couplet {

// What several tasks of one batch change, as one. Where ids move up or change places, one task
// erases at a key what has moved away and another puts there what has arrived: what arrives stands,
// in whatever order they come.
class JointChanges {
 public:
  // Everything that one task changes, in its order.
  void add(std::span<const StateBatch::Change> changes);
  void put_into(StateBatch& batch) const;

 private:
  StateBatch erased_;
  StateBatch put_;
};

}  // namespace couplet
