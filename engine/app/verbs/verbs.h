#pragma once

#include "engine/app/exit_code.h"
#include "engine/app/output/console.h"
#include "engine/app/verb_table.h"
#include "engine/model/result.h"

// One function a verb. Each prints its data; an error is printed by who called it.
namespace couplet {

Result<ExitCode> run_reconcile(const Invocation& invocation, Console& console);  // and plan
Result<ExitCode> run_status(const Invocation& invocation, Console& console);
Result<ExitCode> run_validate(const Invocation& invocation, Console& console);
Result<ExitCode> run_state_verify(const Invocation& invocation, Console& console);
Result<ExitCode> run_version(const Invocation& invocation, Console& console);

}  // namespace couplet
