#pragma once

#include "engine/app/output/run_reporter.h"
#include "engine/app/verb.h"
#include "engine/definition/bound.h"
#include "engine/sync/rounds.h"

namespace couplet {

// How a run that writes, or shows what it would write, tells of itself.
RunReporter::Settings reporter_settings(const Invocation& invocation, const BoundDefinition& bound,
                                        bool dry_run);

// Prints the run's summary and says what its end means to the caller. A run that broke off has the
// summary of what it did until then, unless what it was asked for is not there at all.
Result<ExitCode> conclude(const Invocation& invocation, const BoundDefinition& bound, bool dry_run,
                          Result<Rounds::Report> report, const Syncer& syncer,
                          double elapsed_seconds, RunReporter& reporter, Console& console);

}  // namespace couplet
