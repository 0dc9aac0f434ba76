#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <thread>

#include "engine/admin/control_socket.h"
#include "engine/app/crash_points.h"
#include "engine/app/daemon.h"
#include "engine/app/output/live_status.h"
#include "engine/app/run_verdict.h"
#include "engine/app/stop_signals.h"
#include "engine/app/system_clock.h"
#include "engine/app/threads.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/last_failure.h"
#include "engine/app/wiring/session.h"
#include "engine/app/wiring/set_up_streams.h"

namespace couplet {
namespace {

// While nothing comes: how long until somebody looks at the clock, and whether a stop is asked for.
constexpr std::chrono::milliseconds kWait{100};
// Who sends TERM waits for 10 s, then kills. A target may not answer for longer.
constexpr std::chrono::seconds kStopPatience{8};
constexpr std::int64_t kFirstConnectBackoffUs = 100'000;
constexpr std::int64_t kMostConnectBackoffUs = 30'000'000;

// A database that is not up yet is waited for: a daemon starts with its machine. So is space for
// its state. A null pointer: a stop was asked for.
Result<std::unique_ptr<Session>> open_when_up(const Invocation& invocation, Clock& clock,
                                              Random& random, Console& console) {
  SessionSettings how;
  how.config = invocation.config;
  how.warnings = !invocation.quiet;
  how.goes_on = true;
  std::string told;
  for (std::int64_t backoff = kFirstConnectBackoffUs; !stop_requested();
       backoff = std::min(backoff * 2, kMostConnectBackoffUs)) {
    auto session = open_session(how, console, random);
    const auto passes = [](ErrorKind kind) {
      return kind == ErrorKind::kUnavailable || kind == ErrorKind::kTransient ||
             kind == ErrorKind::kDiskFull;
    };
    if (session || !passes(session.error().kind)) {
      return session;
    }
    if (told != session.error().message) {
      told = session.error().message;
      remember_failure(invocation, session.error(), clock);  // For `status`.
      console.talk("couplet: " + told + "; it is tried again until it passes");
    }
    clock.sleep_us(backoff / 2 + static_cast<std::int64_t>(
                                     random.next() % static_cast<std::uint64_t>(backoff / 2)));
  }
  return nullptr;
}

// What our role may not make is told, with who may; whether the stream can do without, it says.
Result<void> set_up(const Session& session, Observer& observer) {
  DescribedTables tables;
  COUPLET_ASSIGN(const BindResult bound,
                 bind_as_if_allowed(session.definition, session.sources, tables));
  if (!bound.definition) {
    return {};
  }
  COUPLET_ASSIGN(const auto all, chosen_sources(session.definition, {}));
  COUPLET_ASSIGN(auto found, plan_setups(session.definition, session.sources, bound, tables, all));
  for (StreamSource& source : found) {
    for (const StreamProblem& problem : source.plan.problems) {
      if (problem.kind == StreamProblem::Kind::kSlotLagging) {  // While there is time.
        observer.on_notice(
            fmt::format("source '{}': {} ({})", source.name, problem.message, problem.fix));
      }
    }
    if (source.plan.steps.empty()) {
      continue;
    }
    carry_out(source, false, [&](const SetupStep& step) {
      observer.on_notice(fmt::format("source '{}': {}: {}", source.name, step.why, step.sql));
    });
    if (source.error && source.error->kind != ErrorKind::kPrivilege) {
      return fail(std::move(*source.error));
    }
    if (source.error) {
      observer.on_notice(fmt::format("{} ({})", source.error->message, source.error->hint));
    }
  }
  return {};
}

// Tells `couplet status` how this run stands, on a thread of its own.
class Answers {
 public:
  // Errors: kUnavailable.
  static Result<std::unique_ptr<Answers>> begin(const Session& session) {
    COUPLET_ASSIGN(ControlSocket socket, ControlSocket::open(session.definition.state));
    std::unique_ptr<Answers> answers(new Answers(std::move(socket), session.bound.sources));
    try {
      answers->thread_ = std::thread(
          [raw = answers.get()] { raw->socket_.serve([raw] { return raw->status_.text(); }); });
    } catch (const std::system_error& error) {
      return fail(ErrorKind::kUnavailable, fmt::format("no thread for it: {}", error.what()));
    }
    return answers;
  }
  ~Answers() {
    socket_.close();
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  void set(const Daemon::Standing& standing) { status_.set(standing); }

 private:
  Answers(ControlSocket socket, std::vector<std::string> sources)
      : socket_(std::move(socket)), status_(std::move(sources)) {}

  ControlSocket socket_;
  LiveStatus status_;
  std::thread thread_;
};

// Until a stop, or an error that another session may not have.
Result<void> serve(const Invocation& invocation, Session& session, SystemClock& clock,
                   Random& random, Console& console) {
  RunReporter::Settings how = reporter_settings(invocation, session.bound, false);
  how.bar = false;
  how.counts_emptied = false;
  RunReporter reporter(console, clock, std::move(how));

  Daemon::Settings settings;
  settings.schedule = session.definition.reconcile;
  settings.set_up = [&](Observer& observer) -> Result<void> {
    COUPLET_TRY(forget_failure(*session.disk));
    return set_up(session, observer);
  };
  const auto answers = Answers::begin(session);
  if (answers) {
    settings.on_standing = [&](const Daemon::Standing& standing) { (*answers)->set(standing); };
  } else {
    console.talk("couplet: `couplet status` cannot ask this run how it stands: " +
                 answers.error().message);
  }
  settings.spool_folder = session.definition.state.string();
  settings.do_all = on_threads;
  settings.wait = kWait;
  settings.stop_requested = stop_requested;
  settings.crash_points = crash_points_from_environment();
  settings.after_step = [&](const LiveSync::Step&) { console.flush(); };
  return Daemon(session.definition, session.bound, *session.disk, session.source_pointers(), clock,
                random, reporter, std::move(settings))
      .run();
}

Result<ExitCode> serve_on(const Invocation& invocation, SystemClock& clock, Console& console) {
  SystemRandom random;
  end_after_stop(kStopPatience);
  catch_stop_signals();
  for (;;) {
    COUPLET_ASSIGN(const std::unique_ptr<Session> session,
                   open_when_up(invocation, clock, random, console));
    if (session == nullptr) {
      return ExitCode::kDone;
    }
    const auto served = serve(invocation, *session, clock, random, console);
    if (served) {
      console.talk("couplet: stopped; what was done is recorded");
      return ExitCode::kDone;
    }
    if (served.error().code != kOpenAnew) {
      return fail(served.error());
    }
    console.talk("couplet: " + served.error().message + ": it is opened anew");
  }
}

Result<ExitCode> run_daemon(const Invocation& invocation, Console& console) {
  SystemClock clock;
  auto done = serve_on(invocation, clock, console);
  if (!done) {
    remember_failure(invocation, done.error(), clock);
  }
  return done;
}

}  // namespace

VerbSpec run_verb() {
  VerbSpec verb;
  verb.name = "run";
  verb.summary = "follow the changes of all sources, for as long as it is let";
  verb.doc =
      "Makes what a stream lacks at its source, as `setup` does, where our role may. Reconciles\n"
      "where that is due (the first time, after a gap in a stream, on the schedule of\n"
      "`reconcile:`), then syncs each object as its source tells that it has changed. Prints one\n"
      "line an operation. What passes (a database that restarts) is waited for. INT or TERM\n"
      "finishes the batch at hand, for at most 8 s, and exits 0; a second one ends at once. "
      "Killed,\n"
      "it goes on where it was.";
  verb.run = run_daemon;
  verb.examples = {{{"couplet run", "beside your databases, under systemd or the like"},
                    {"couplet run --json -q", "what it has to say on stderr alone"}}};
  return verb;
}

}  // namespace couplet
