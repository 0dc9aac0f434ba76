#include "engine/sync/object_sync.h"

#include "engine/app/crash_points.h"
#include "engine/app/run_verdict.h"
#include "engine/app/stop_signals.h"
#include "engine/app/system_clock.h"
#include "engine/app/threads.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/session.h"

namespace couplet {
namespace {

// True if a mapping relates the entity or reads it through a path.
bool takes_part(const BoundDefinition& bound, std::size_t entity) {
  const BoundEntity& own = bound.entities[entity];
  for (const Pair& pair : bound.pairs) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (pair.entities[index_of(side)] == entity) {
        return true;
      }
      if (bound.entities[pair.entities[index_of(side)]].source != own.source) {
        continue;
      }
      for (const Slot& slot : pair.slots) {
        for (const PathStep& step : slot.end(side).steps) {
          if (step.table == own.table.name) {
            return true;
          }
        }
      }
    }
  }
  return false;
}

Result<std::vector<NamedObject>> parse_objects(const BoundDefinition& bound,
                                               const std::vector<std::string>& names) {
  std::vector<NamedObject> objects;
  for (const std::string& name : names) {
    COUPLET_ASSIGN(NamedObject object, parse_object(bound, name));
    if (!takes_part(bound, object.entity)) {
      return fail(ErrorKind::kInvalidArgument, "\"" + name + "\": no mapping relates " +
                                                   bound.entities[object.entity].name +
                                                   " or reads it");
    }
    objects.push_back(std::move(object));
  }
  return objects;
}

Result<ExitCode> run_sync(const Invocation& invocation, Console& console) {
  SystemClock clock;
  SystemRandom random;
  const bool dry_run = invocation.dry_run;
  std::vector<NamedObject> objects;
  SessionSettings how;
  how.config = invocation.config;
  how.dry_run = dry_run;
  how.warnings = false;  // The file is not what is asked for.
  how.check = [&](const BoundDefinition& bound) -> Result<void> {
    COUPLET_ASSIGN(objects, parse_objects(bound, invocation.words));
    return {};
  };
  COUPLET_ASSIGN(const std::unique_ptr<Session> session, open_session(how, console, random));
  catch_stop_signals();

  RunReporter reporter(console, clock, reporter_settings(invocation, session->bound, dry_run));
  const std::vector<Source*> sources = session->source_pointers();
  const std::int64_t started = clock.monotonic_us();
  Syncer syncer(session->bound, *session->state, sources, clock, reporter,
                {dry_run, crash_points_from_environment(), stop_requested, on_threads});
  COUPLET_TRY(syncer.recover());

  ObjectSync::Settings settings;
  settings.dry_run = dry_run;
  if (!dry_run) {
    settings.spool_folder = session->definition.state.string();
  }
  settings.stop_requested = [&] { return stop_requested() || (dry_run && console.reader_gone()); };
  auto report =
      ObjectSync(session->bound, *session->state, sources, syncer, clock, reporter, settings)
          .sync(objects);
  return conclude(invocation, session->bound, dry_run, std::move(report), syncer,
                  static_cast<double>(clock.monotonic_us() - started) / 1e6, reporter, console);
}

}  // namespace

VerbSpec sync_verb() {
  VerbSpec verb;
  verb.name = "sync";
  verb.summary = "bring single objects into step now";
  verb.doc =
      "Syncs the objects, each under every mapping that it takes part in, and whatever that "
      "wakes:\n"
      "children that wait for the new link, objects that read it through a path. An object is\n"
      "source.Entity/ID; the parts of a composite id are joined by commas, other characters are\n"
      "escaped as in a URL (%2C, %2F), and an empty text is %. If one does not exist, nothing is\n"
      "synced. What is gone is reported; only a reconcile takes it for deleted.";
  verb.run = run_sync;
  verb.words = "OBJECT...";
  verb.words_least = 1;
  verb.words_most = kAnyNumber;
  verb.flags = {{"--dry-run", &Invocation::dry_run, "Show what would be done and change nothing."},
                {"--exit-code", &Invocation::exit_code,
                 "Exit 4 if one is held or parked; with --dry-run, if anything is to do."}};
  verb.examples = {
      {{"couplet sync shop.customers/7", "after an edit by hand"},
       {"couplet sync --dry-run crm.notes/eu%2Fwest,3", "what would it do? a slash in the id"}}};
  return verb;
}

}  // namespace couplet
