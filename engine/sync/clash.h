#pragma once

#include <vector>

#include "engine/sync/state.h"

namespace couplet {

// An object whose write a unique or foreign key refused.
struct Clash {
  Subject subject;
  Side side = Side::kRight;  // that was written
  ObjectKey row;             // of the object there; empty: it was to be made
  ObjectKey held_by;  // the row there that holds a value which it is to have; empty: not known
};

// Brings the list into the order in which its rows can be written: each behind the one that holds
// its value, which has left it by then. Of a circle one is the first. Otherwise the last first.
void holders_first(std::vector<Clash>& clashes);

}  // namespace couplet
