#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "engine/app/exit_code.h"
#include "engine/app/verb.h"
#include "engine/ports/clock.h"
#include "engine/ports/state_store.h"

namespace couplet {

// Where a state keeps that the last run failed: {"at","verb","code","message","hint"}.
inline constexpr const char* kLastFailureKey = "failure";

// Keeps in the state, if there is one that can be opened, that this run failed, also where it did
// so before it came to the state: a source that is down, a table that is gone. `status` tells it
// until a run of the verb's kind succeeds. Says nothing itself: the error is printed by others.
void remember_failure(const Invocation& invocation, const Error& error, Clock& clock);
// A run went through.
Result<void> forget_failure(StateStore& store);

}  // namespace couplet
