#pragma once

#include "tests/simulation/dice.h"
#include "tests/simulation/shape.h"

namespace couplet::simulation {

// A definition and its tables by chance: flat pairs (one-way, two-way), families of linked keys,
// many to one (from one or several tables), deep paths with an opposing pair, opposing pairs over
// one pair of tables, optional references in circles; with policies, conflict rules, ties, scopes,
// `create`, ids that are keys.
Shape random_shape(Dice& dice);

}  // namespace couplet::simulation
