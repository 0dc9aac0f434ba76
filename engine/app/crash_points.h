#pragma once

#include "engine/sync/applier.h"

namespace couplet {

// For tests: in a build with -DCOUPLET_CRASH_POINTS=ON the environment variable
// COUPLET_CRASH_AT=NAME[:N] makes the process kill itself at its Nth (first) passage of that point,
// as a loss of power would. In any other build nothing looks at it.
CrashPoints crash_points_from_environment();

// Whether this build has them.
bool has_crash_points();

}  // namespace couplet
