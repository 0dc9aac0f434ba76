#pragma once

#include <optional>

#include "engine/definition/definition.h"
#include "engine/model/strong_int.h"

namespace couplet {

// When the next reconcile of a schedule is due, if the last one began at `after`: strictly later.
// Pure but for the system's time zones. nullopt: in no year to come (a day that a zone left out).
//
// Clocks that are set forward leave times out: what would be due then is due the moment they are.
// Clocks that are set back pass times twice: what is due then is so the first time. But what is due
// in every hour goes by the hours that there are: nothing is made up for, and both passes count.
std::optional<Timestamp> next_due(const ReconcileOptions& schedule, Timestamp after);

}  // namespace couplet
