#include "engine/reconcile/reconciler.h"

#include <algorithm>

#include "engine/app/crash_points.h"
#include "engine/app/run_verdict.h"
#include "engine/app/stop_signals.h"
#include "engine/app/system_clock.h"
#include "engine/app/threads.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/last_failure.h"
#include "engine/app/wiring/session.h"
#include "engine/app/wiring/state_overview.h"

namespace couplet {
namespace {

std::vector<std::size_t> selected(const BoundDefinition& bound,
                                  const std::vector<std::string>& names) {
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < bound.mappings.size(); ++i) {
    if (std::find(names.begin(), names.end(), bound.mappings[i].name) != names.end()) {
      indexes.push_back(i);
    }
  }
  return indexes;
}

Result<void> tell_links_left_behind(const Session& session, RunReporter& reporter) {
  if (session.disk != nullptr) {
    COUPLET_ASSIGN(const auto sentences, links_left_behind(*session.disk, session.definition));
    for (const std::string& sentence : sentences) {
      reporter.on_notice(sentence);
    }
  }
  return {};
}

// An attribute that becomes null in every linked object: nobody does that by hand.
Result<void> tell_emptied(const Session& session, bool dry_run, RunReporter& reporter) {
  for (const auto& [which, count] : reporter.emptied()) {
    const BoundMapping& mapping = session.bound.mappings[which.first];
    COUPLET_ASSIGN(const std::uint64_t links, session.state->count_links(mapping.pair));
    if (count > 1 && count == links) {
      reporter.on_notice(
          "mapping " + mapping.name + ": " + which.second +
          (dry_run ? " would be set" : " was set") + " to null in all " + std::to_string(count) +
          " linked objects: was the column on the other side dropped and added anew, "
          "or emptied?");
    }
  }
  return {};
}

// Written sources where nothing would have told of a state that was there before.
std::string without_marks(const BoundDefinition& bound, const Syncer& syncer) {
  std::string names;
  for (std::size_t source = 0; source < bound.sources.size(); ++source) {
    const bool written =
        std::any_of(bound.mappings.begin(), bound.mappings.end(), [&](const BoundMapping& mapping) {
          const auto& entities = bound.pairs[mapping.pair].entities;
          return (mapping.writes[0] && bound.entities[entities[0]].source == source) ||
                 (mapping.writes[1] && bound.entities[entities[1]].source == source);
        });
    if (written && syncer.marked(source)) {
      return {};  // One is enough.
    }
    if (written) {
      names += (names.empty() ? "" : " and ") + bound.sources[source];
    }
  }
  return names;
}

// A run without a state, where nobody can tell whether there was one: what it has created may be
// what somebody had deleted.
void tell_unseen_loss(const Session& session, const Syncer& syncer, RunReporter& reporter) {
  const std::uint64_t created = syncer.summary().count(Operation::kCreate);
  const std::string names = without_marks(session.bound, syncer);
  if (session.state->fresh() && !syncer.marks_found() && created > 0 && !names.empty()) {
    reporter.on_notice("there was no state, and " + names +
                       " had no marks that would tell a lost one: rows that were deleted on one "
                       "side may be among the " +
                       std::to_string(created) + " created (`couplet doctor`: lost_state_unseen)");
  }
}

Result<ExitCode> reconcile(const Invocation& invocation, bool dry_run, SystemClock& clock,
                           Console& console) {
  SystemRandom random;
  COUPLET_ASSIGN(const std::unique_ptr<Session> session,
                 open_session({invocation.config, invocation.words, dry_run, !invocation.quiet},
                              console, random));
  // From the first write on, the batch at hand is finished.
  catch_stop_signals();

  RunReporter reporter(console, clock, reporter_settings(invocation, session->bound, dry_run));
  const std::vector<Source*> sources = session->source_pointers();
  const std::int64_t started = clock.monotonic_us();
  Syncer syncer(session->bound, *session->state, sources, clock, reporter,
                {dry_run, crash_points_from_environment(), stop_requested, on_threads});
  COUPLET_TRY(syncer.recover());
  COUPLET_TRY(tell_links_left_behind(*session, reporter));

  Reconciler::Settings settings;
  settings.mappings = selected(session->bound, invocation.words);
  settings.dry_run = dry_run;
  settings.rebuild_state = invocation.rebuild_state;
  if (!dry_run) {
    settings.spool_folder = session->definition.state.string();
  }
  // A plan that nobody reads any more need not be finished; a reconcile is run for what it writes.
  settings.stop_requested = [&] { return stop_requested() || (dry_run && console.reader_gone()); };
  auto report = Reconciler(session->bound, *session->state, sources, syncer, clock, reporter,
                           std::move(settings))
                    .run();
  if (report && !dry_run && report->stopped.empty()) {
    COUPLET_TRY(forget_failure(*session->disk));
  }
  COUPLET_TRY(tell_emptied(*session, dry_run, reporter));
  auto code =
      conclude(invocation, session->bound, dry_run, std::move(report), syncer,
               static_cast<double>(clock.monotonic_us() - started) / 1e6, reporter, console);
  if (!dry_run) {
    tell_unseen_loss(*session, syncer, reporter);
  }
  return code;
}

Result<ExitCode> run_reconcile(const Invocation& invocation, bool dry_run, Console& console) {
  SystemClock clock;
  auto done = reconcile(invocation, dry_run, clock, console);
  if (!done && !dry_run) {
    remember_failure(invocation, done.error(), clock);
  }
  return done;
}

}  // namespace

VerbSpec reconcile_verb() {
  VerbSpec verb;
  verb.name = "reconcile";
  verb.summary = "compare both sides whole and repair, to convergence";
  verb.doc =
      "Compares every object of the mappings (all, if none is named), writes what differs to the\n"
      "side that may be written, and goes round until nothing is left to do. INT or TERM finishes\n"
      "the batch at hand, prints the summary and exits 1; a second one ends at once.";
  verb.run = [](const Invocation& invocation, Console& console) {
    return run_reconcile(invocation, invocation.dry_run, console);
  };
  verb.words = "[MAPPING...]";
  verb.words_most = kAnyNumber;
  verb.flags = {{"--dry-run", &Invocation::dry_run,
                 "Show what would be done and change nothing; the same as `plan`."},
                {"--exit-code", &Invocation::exit_code,
                 "Exit 4 if an object is held or parked; with --dry-run, if anything is to do."},
                {"--rebuild-state", &Invocation::rebuild_state,
                 "Go on although the state was lost: create what has no counterpart."}};
  verb.examples = {{{"couplet reconcile", "bring everything in ./couplet.yaml into step"},
                    {"couplet reconcile provider customer --json", "two mappings, for a program"}}};
  return verb;
}

VerbSpec plan_verb() {
  VerbSpec verb;
  verb.name = "plan";
  verb.summary = "show what reconcile would do, changing nothing";
  verb.doc =
      "Decides as `reconcile` does, on what is there now, and prints old and new values of what "
      "it\n"
      "would update. Neither databases nor state are changed; the state is read if there is one.";
  verb.run = [](const Invocation& invocation, Console& console) {
    return run_reconcile(invocation, true, console);
  };
  verb.words = "[MAPPING...]";
  verb.words_most = kAnyNumber;
  verb.flags = {{"--exit-code", &Invocation::exit_code, "Exit 4 if there is anything to do."}};
  verb.examples = {
      {{"couplet plan", "what is there to do?"},
       {"couplet plan -q --exit-code", "a summary alone; 4 if something is to be done"}}};
  return verb;
}

}  // namespace couplet
