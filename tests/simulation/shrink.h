#pragma once

#include "tests/simulation/history.h"

namespace couplet::simulation {

// A script for which `fails` still holds, in fewer steps: steps, faults, intrusions, attributes and
// options are left out, one after the other, as long as it does. `fails` holds for `script`.
Script shrink(Script script, const std::function<bool(const Script&)>& fails);

}  // namespace couplet::simulation
