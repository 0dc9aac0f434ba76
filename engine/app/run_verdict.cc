#include "engine/app/run_verdict.h"

#include "engine/app/stop_signals.h"

namespace couplet {
namespace {

Error stopped_error(const BoundDefinition& bound, const std::vector<Rounds::Stopped>& stopped) {
  std::string names;
  for (const Rounds::Stopped& one : stopped) {
    names += (names.empty() ? "" : ", ") + bound.mappings[one.mapping].name;
  }
  const Error& first = stopped.front().error;
  // Not kPrivilege and so on: the others went on, so the run failed, not its environment.
  return {
      ErrorKind::kSchema,
      (stopped.size() == 1 ? "a mapping could not go on: " : "mappings could not go on: ") + names,
      first.hint,
      {},
      code_of(first),
      {}};
}

}  // namespace

RunReporter::Settings reporter_settings(const Invocation& invocation, const BoundDefinition& bound,
                                        bool dry_run) {
  RunReporter::Settings settings;
  for (const BoundMapping& mapping : bound.mappings) {
    settings.mappings.push_back(mapping.name);
  }
  settings.json = invocation.json;
  settings.quiet = invocation.quiet;
  settings.dry_run = dry_run;
  settings.values = dry_run ? Values::kShown : Values::kHidden;
  return settings;
}

Result<ExitCode> conclude(const Invocation& invocation, const BoundDefinition& bound, bool dry_run,
                          Result<Rounds::Report> report, const Syncer& syncer,
                          double elapsed_seconds, RunReporter& reporter, Console& console) {
  if (!report) {
    if (report.error().kind != ErrorKind::kNotFound) {
      Summary summary = syncer.summary();  // What was done until then.
      summary.converged = false;
      summary.elapsed_seconds = elapsed_seconds;
      reporter.summary(summary);
    }
    return fail(std::move(report.error()));
  }
  const Summary& summary = report->summary;
  reporter.summary(summary);
  if (!report->stopped.empty()) {
    return fail(stopped_error(bound, report->stopped));
  }
  if (report->interrupted && stop_requested()) {
    console.talk(dry_run ? "couplet: interrupted"
                         : "couplet: interrupted; what was written is recorded, and the next "
                           "reconcile goes on from there");
    return ExitCode::kFailed;
  }
  if (!dry_run && !summary.converged) {
    console.talk(
        "couplet: not converged: objects kept changing; the next reconcile looks at them again");
    return ExitCode::kFailed;
  }
  const bool finding =
      dry_run ? summary.operations() > 0
              : summary.count(Operation::kHold) > 0 || summary.count(Operation::kPark) > 0;
  return invocation.exit_code && finding ? ExitCode::kFinding : ExitCode::kDone;
}

}  // namespace couplet
