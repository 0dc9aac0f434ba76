#include "engine/admin/worklists.h"
#include "engine/app/crash_points.h"
#include "engine/app/run_verdict.h"
#include "engine/app/stop_signals.h"
#include "engine/app/system_clock.h"
#include "engine/app/threads.h"
#include "engine/app/verbs/list_options.h"
#include "engine/app/verbs/verbs.h"
#include "engine/sync/object_sync.h"

namespace couplet {
namespace {

Result<ExitCode> run_parked_retry(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_change(invocation, true, console));
  COUPLET_ASSIGN(const auto options, list_options(invocation, session->bound, clock.now()));
  WorklistSelection selection;
  selection.mapping = options.mapping;
  selection.ids = invocation.words;
  if (!selection.ids.empty()) {  // Each is there, before anything is done.
    COUPLET_TRY(find_parked(session->bound, *session->state, selection));
  }
  catch_stop_signals();

  RunReporter reporter(console, clock, reporter_settings(invocation, session->bound, false));
  const std::vector<Source*> sources = session->source_pointers();
  const std::int64_t started = clock.monotonic_us();
  Syncer syncer(session->bound, *session->state, sources, clock, reporter,
                {false, crash_points_from_environment(), stop_requested, on_threads});
  COUPLET_TRY(syncer.recover());
  ObjectSync::Settings settings;
  settings.spool_folder = session->definition.state.string();
  settings.stop_requested = stop_requested;
  auto report =
      ObjectSync(session->bound, *session->state, sources, syncer, clock, reporter, settings)
          .sync(parked_pages(session->bound, *session->state, std::move(selection)));
  return conclude(invocation, session->bound, false, std::move(report), syncer,
                  static_cast<double>(clock.monotonic_us() - started) / 1e6, reporter, console);
}

}  // namespace

VerbSpec parked_retry_verb() {
  VerbSpec verb;
  verb.name = "parked retry";
  verb.summary = "try parked objects again, now";
  verb.doc =
      "Syncs these objects, or all that are parked (under a mapping), and what they wake. One "
      "that\n"
      "fails again stays parked, with one attempt more; that is no operation.";
  verb.run = run_parked_retry;
  verb.words = "[ID...]";
  verb.words_most = kAnyNumber;
  verb.options = {mapping_option()};
  verb.examples = {{{"couplet parked retry", "the column is wider now: try all again"},
                    {"couplet parked retry 8f0zk3aq --json", "one of them, for a program"}}};
  return verb;
}

}  // namespace couplet
