#include "engine/app/daemon.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/definition/followed.h"
#include "engine/model/planted_bug.h"
#include "engine/reconcile/schedule.h"
#include "engine/sync/failure_policy.h"

namespace couplet {
namespace {

constexpr std::int64_t kFirstBackoffUs = 100'000;
constexpr std::int64_t kMostBackoffUs = 30'000'000;
// A stop is seen so soon, where a reconcile rests.
constexpr std::int64_t kRestUs = 100'000;
constexpr std::int64_t kTickUs = 1'000;
// What a stream needs is made again, but not where that did not help so soon before.
constexpr std::int64_t kGoneAgainUs = 60'000'000;
// Between a reconcile and one that is due because events went by: what they went by for may last.
constexpr std::int64_t kMissedPauseUs = 600'000'000;
// That a source tells less than it did, it does not tell: it is asked.
constexpr std::int64_t kAskTermsUs = 60'000'000;

// Whether what ended so passes by itself (DESIGN section 10).
bool passes(const Error& error) {
  const FailureAction action = action_on(error.kind);
  return action == FailureAction::kRetry || action == FailureAction::kLookAgain ||
         error.kind == ErrorKind::kUnavailable ||
         (error.kind == ErrorKind::kDiskFull && error.code != kOpenAnew);
}

}  // namespace

Daemon::Daemon(const Definition& given, BoundDefinition definition, StateStore& store,
               std::vector<Source*> sources, Clock& clock, Random& random, Observer& observer,
               Settings settings)
    : given_(given),
      definition_(std::move(definition)),
      seen_(tables_of(definition_)),
      store_(store),
      sources_(std::move(sources)),
      clock_(clock),
      random_(random),
      observer_(observer),
      settings_(std::move(settings)),
      router_(definition_) {}

Result<void> Daemon::run() {
  while (!settings_.stop_requested()) {
    auto served = serve();
    if (!served && settings_.stop_requested() && passes(served.error())) {
      break;
    }
    // What a stream needs may have gone since it began: the next life makes it again, if it may.
    const bool gone = !served && served.error().kind == ErrorKind::kPrivilege &&
                      std::exchange(followed_, false) && !is_gone_again();
    if (!served && !gone && !passes(served.error())) {
      return served;
    }
    if (!served) {
      back_off(served.error());
    }
  }
  return {};
}

bool Daemon::is_gone_again() {
  const std::int64_t now = clock_.monotonic_us();
  const auto before = std::exchange(gone_us_, now);
  return before && now - *before < kGoneAgainUs;
}

// A full disk lets every step pass that writes nothing.
void Daemon::went_well(const LiveSync::Step& step) {
  if (disk_is_full_ && step.idle) {
    return;
  }
  if (std::exchange(disk_is_full_, false)) {
    observer_.on_notice("there is space on the disk again");
  }
  failures_ = 0;
  observer_.forget();
  trouble_is_over();
}

void Daemon::trouble_is_over() {
  if (standing_.trouble) {
    standing_.trouble.reset();
    settings_.on_standing(standing_);
  }
}

void Daemon::stand(Standing::Phase phase, const std::vector<LiveSync::Tail>& tails) {
  standing_.phase = phase;
  standing_.followed.clear();
  for (const LiveSync::Tail& tail : tails) {
    standing_.followed.insert(tail.source);
  }
  settings_.on_standing(standing_);
}

// Said once: until it is over, nothing else is to be said of it, but that a disk is full.
void Daemon::back_off(const Error& error) {
  const bool found_full = error.kind == ErrorKind::kDiskFull && !std::exchange(disk_is_full_, true);
  if (failures_ == 0 || found_full) {
    observer_.on_notice(error.message + (error.hint.empty() ? "" : " (" + error.hint + ")") +
                        "; it is tried again until it passes");
  }
  const std::int64_t most = std::min(kMostBackoffUs, kFirstBackoffUs << std::min(failures_, 20));
  ++failures_;
  standing_.trouble = {standing_.trouble ? standing_.trouble->since : clock_.now(), error};
  stand(Standing::Phase::kStarting, {});
  clock_.sleep_us(most / 2 +
                  static_cast<std::int64_t>(random_.next() % static_cast<std::uint64_t>(most / 2)));
}

Result<Daemon::Work> Daemon::begin() {
  std::vector<std::string> identities;
  for (Source* source : sources_) {
    COUPLET_ASSIGN(identities.emplace_back(), source->identity());
  }
  Work work;
  COUPLET_ASSIGN(work.state, State::open(store_, definition_, identities, random_));
  work.syncer = std::make_unique<Syncer>(
      definition_, *work.state, sources_, clock_, observer_,
      Syncer::Settings{false, settings_.crash_points, settings_.stop_requested, settings_.do_all,
                       settings_.batch_rows});
  COUPLET_TRY(work.syncer->recover());
  work.unfit = unfit_;
  return work;
}

// Between two lives: nothing refers to what was bound before. Not again for the same tables, also
// where they do not fit.
Result<void> Daemon::keep_up_with_tables() {
  COUPLET_ASSIGN(SeenTables now, look_at_tables(definition_, sources_, all_entities(definition_)));
  if (now == seen_) {
    return {};
  }
  COUPLET_ASSIGN(BoundAnew anew, bind_anew(given_, definition_, now, sources_));
  const SeenTables before = tables_of(definition_);
  for (const auto& [table, info] : tables_of(anew.definition)) {
    if (const auto was = before.find(table); was != before.end() && was->second != info) {
      observer_.on_notice("table " + to_string(table.second) + " of " +
                          definition_.sources[table.first] + " was altered: bound anew");
    }
  }
  definition_ = std::move(anew.definition);
  unfit_ = std::move(anew.unfit);
  router_ = Router(definition_);
  seen_ = std::move(now);
  return {};
}

Result<bool> Daemon::is_altered() const {
  COUPLET_ASSIGN(const SeenTables now,
                 look_at_tables(definition_, sources_, all_entities(definition_)));
  return now != seen_;
}

Result<std::vector<LiveSync::Tail>> Daemon::open_streams() {
  std::vector<LiveSync::Tail> tails;
  for (std::size_t source = 0; source < sources_.size(); ++source) {
    StreamRequest request;
    request.deployment = definition_.name;
    request.tables = router_.tables(source);
    request.spool_folder = settings_.spool_folder;
    if (request.tables.empty()) {
      continue;
    }
    LiveSync::Tail tail;
    tail.source = source;
    COUPLET_ASSIGN(tail.progress, progress_of(store_, definition_.sources[source]));
    request.from = tail.progress.done;
    request.terms = tail.progress.terms;
    auto stream = sources_[source]->changes(request);
    if (!stream && stream.error().kind == ErrorKind::kUnsupported) {
      continue;  // A reconcile finds what changes there.
    }
    if (!stream) {
      return fail(named_if_missing(std::move(stream.error()), definition_.sources[source]));
    }
    tail.stream = std::move(*stream);
    tails.push_back(std::move(tail));
  }
  return tails;
}

bool Daemon::are_all_followed(const std::vector<LiveSync::Tail>& tails) const {
  std::set<std::size_t> followed;
  for (const LiveSync::Tail& tail : tails) {
    followed.insert(tail.source);
  }
  for (std::size_t source = 0; source < sources_.size(); ++source) {
    if (is_read(definition_, source) && !followed.contains(source)) {
      return false;
    }
  }
  return true;
}

// Where a stream does not go on where we were, that stands in the state until a reconcile is done.
// That one begins anew: what an earlier one has compared may have changed since, untold. So where
// it was under another definition: what changed under this one is not looked at by that one's
// rules.
Result<void> Daemon::note_gaps(const State& state, std::vector<LiveSync::Tail>& tails) {
  StateBatch changes;
  bool told_of_all = are_all_followed(tails) && state.renewed().empty();
  for (LiveSync::Tail& tail : tails) {
    const std::string& name = definition_.sources[tail.source];
    if (std::string terms = tail.stream->terms(); terms != tail.progress.terms) {
      tail.progress.terms = std::move(terms);
      put_progress(changes, name, tail.progress);
    }
    const auto gap = tail.stream->gap();
    if (gap || !is_known_position(tail.progress.done)) {
      // From there on it tells: a gap behind that is another one.
      tail.progress.done = tail.stream->begins_at();
      put_progress(changes, name, tail.progress);
      told_of_all = false;
    }
    if (gap && !planted("gap_is_ignored")) {
      tail.progress.due = gap->reason;
      tail.progress.received = {};  // Places of another log tell nothing of this one.
      observer_.on_notice("source '" + name + "': " + gap->reason +
                          "; what was changed meanwhile is found by a reconcile");
      put_progress(changes, name, tail.progress);
    }
  }
  if (!planted("compared_before_the_gap")) {
    COUPLET_TRY(
        forget_all_compared(changes, state, told_of_all ? definition_.fingerprint : std::string()));
  }
  return changes.empty() ? Result<void>{} : store_.commit(changes, Durability::kSynced);
}

Result<std::string> Daemon::why_reconcile(State& state,
                                          const std::vector<LiveSync::Tail>& tails) const {
  for (const LiveSync::Tail& tail : tails) {
    if (!tail.progress.due.empty()) {
      return "source '" + definition_.sources[tail.source] + "': " + tail.progress.due;
    }
  }
  if (!state.same_definition()) {
    return "the definition is not the one that everything was last reconciled under";
  }
  COUPLET_ASSIGN(const auto missed, missed_mappings(state));
  if (!missed.empty()) {
    return "changes went by while mapping '" + definition_.mappings[*missed.begin()].name +
           "' could not go on";
  }
  return std::string();
}

// What the state says, which outlives us: one that came due meanwhile is overdue. Or earlier, where
// the schedule is another by now. nullopt: none is scheduled.
Result<std::optional<Timestamp>> Daemon::next_scheduled() {
  if (!settings_.schedule) {
    return std::nullopt;
  }
  const Timestamp now = clock_.now();
  COUPLET_ASSIGN(const auto recorded, next_reconcile(store_));
  if (!recorded) {
    return now;  // There never was one.
  }
  const auto next = next_due(*settings_.schedule, now);
  if (!next || *recorded <= *next) {
    return recorded;
  }
  StateBatch changes;
  put_next_reconcile(changes, *next);
  COUPLET_TRY(store_.commit(changes, Durability::kLater));
  return next;
}

Result<Reconciler::Report> Daemon::reconcile(const Work& work, const std::string& why,
                                             Rounds::GiveWay give_way) {
  observer_.on_notice("reconciling: " + why);
  Reconciler::Settings settings;
  settings.spool_folder = settings_.spool_folder;
  settings.stop_requested = settings_.stop_requested;
  settings.give_way = std::move(give_way);
  settings.resumes = true;
  COUPLET_ASSIGN(const auto missed, missed_mappings(*work.state));
  StateBatch again;
  for (const std::size_t mapping : missed) {
    forget_compared(again, *work.state, mapping);
  }
  if (!again.empty()) {
    COUPLET_TRY(store_.commit(again, Durability::kLater));
  }
  for (std::size_t mapping = 0; mapping < definition_.mappings.size(); ++mapping) {
    if (!work.unfit.empty() && !work.unfit.contains(mapping)) {
      settings.mappings.push_back(mapping);
    }
  }
  if (work.unfit.size() == definition_.mappings.size()) {
    return Reconciler::Report{};
  }
  return Reconciler(definition_, *work.state, sources_, *work.syncer, clock_, observer_,
                    std::move(settings))
      .run();
}

void Daemon::put_next(StateBatch& changes, Timestamp started) const {
  if (settings_.schedule && !planted("schedule_is_forgotten")) {
    if (const auto next = next_due(*settings_.schedule, started)) {
      put_next_reconcile(changes, *next);
    }
  }
}

void Daemon::tell_reconciled(const Reconciler::Report& report) {
  const std::uint64_t operations = report.summary.operations();
  observer_.on_notice("reconciled: " + std::to_string(operations) + " operation" +
                      (operations == 1 ? "" : "s") +
                      (report.summary.converged ? "" : ", not converged"));
  settings_.after_step({false, false, operations});
}

// Of what streams do not tell any more: before they are followed. False: a stop was asked for
// before it was done.
Result<bool> Daemon::reconcile_before(const Work& work, std::vector<LiveSync::Tail>& tails,
                                      const std::string& why) {
  const Timestamp started = clock_.now();
  Pace pace(settings_.schedule.value_or(ReconcileOptions{}), clock_);
  COUPLET_ASSIGN(const Reconciler::Report report, reconcile(work, why, [&](std::uint64_t objects) {
                   if (!disk_is_full_) {  // Which what is read does not tell.
                     trouble_is_over();
                   }
                   const Rounds::GaveWay gave = rest(pace.turn(objects));
                   pace.go_on();
                   return gave;
                 }));
  if (report.interrupted && !planted("stopped_is_reconciled")) {
    return false;
  }
  settings_.crash_points.reached("reconcile_done");
  StateBatch changes;
  for (LiveSync::Tail& tail : tails) {
    tail.progress.due.clear();
    put_progress(changes, definition_.sources[tail.source], tail.progress);
  }
  for (std::size_t mapping = 0; mapping < definition_.mappings.size(); ++mapping) {
    const bool stopped =
        std::any_of(report.stopped.begin(), report.stopped.end(),
                    [&](const Rounds::Stopped& one) { return one.mapping == mapping; });
    if (work.unfit.contains(mapping) || stopped) {  // It has not seen what this was to find.
      put_missed(changes, *work.state, mapping);
    } else {
      erase_missed(changes, *work.state, mapping);
    }
  }
  put_next(changes, started);
  COUPLET_TRY(store_.commit(changes, Durability::kSynced));
  tell_reconciled(report);
  return true;
}

Rounds::GaveWay Daemon::rest(const Pace::Turn& turn) {
  for (std::int64_t left = turn.rest_us; left > 0 && !settings_.stop_requested(); left -= kRestUs) {
    clock_.sleep_us(std::min(left, kRestUs));
  }
  return settings_.stop_requested() ? Rounds::GaveWay::kStop : Rounds::GaveWay::kGoOn;
}

// The one on schedule: of what no event told. Where it can rest, changes that have come are worked
// on, so that it finds them done. False: a stop was asked for before it was done.
Result<bool> Daemon::reconcile_beside(const Work& work, LiveSync& live) {
  const Timestamp started = clock_.now();
  Pace pace(*settings_.schedule, clock_);
  std::optional<Error> failed;
  COUPLET_ASSIGN(const Reconciler::Report report,
                 reconcile(work, "it is due by its schedule", [&](std::uint64_t objects) {
                   Syncer::Run run = work.syncer->suspend_run();
                   const auto gave = live_turn(live, pace.turn(objects));
                   work.syncer->resume_run(std::move(run));
                   pace.go_on();
                   if (!gave) {
                     failed = gave.error();
                   }
                   return gave ? *gave : Rounds::GaveWay::kStop;
                 }));
  if (failed) {
    return fail(std::move(*failed));
  }
  if (report.interrupted && !planted("stopped_is_reconciled")) {
    return false;
  }
  settings_.crash_points.reached("reconcile_done");
  StateBatch changes;
  put_next(changes, started);
  COUPLET_TRY(store_.commit(changes, Durability::kSynced));
  tell_reconciled(report);
  return true;
}

// Until nothing has come any more, or live work has had its share.
Result<Rounds::GaveWay> Daemon::live_turn(LiveSync& live, const Pace::Turn& turn) {
  Rounds::GaveWay gave = Rounds::GaveWay::kGoOn;
  const std::int64_t began = clock_.monotonic_us();
  for (std::int64_t passed = 0;;) {
    const std::int64_t left = std::max<std::int64_t>(turn.rest_us - passed, 0);
    COUPLET_ASSIGN(const LiveSync::Step done,
                   step(live, std::min(settings_.wait, std::chrono::milliseconds(left / 1000))));
    if (done.interrupted || settings_.stop_requested()) {
      return Rounds::GaveWay::kStop;
    }
    if (!done.idle) {
      settings_.after_step(done);
      gave = Rounds::GaveWay::kTheyWrote;
    } else if (left > 0) {  // No stream, or one that does not wait.
      clock_.sleep_us(std::min(left, kTickUs));
    }
    passed = clock_.monotonic_us() - began;
    if (passed >= turn.rest_us && (done.idle || passed >= turn.live_us)) {
      return gave;
    }
  }
}

Result<LiveSync::Step> Daemon::step(LiveSync& live, std::chrono::milliseconds wait) {
  auto done = live.step(wait);
  if (done) {
    went_well(*done);
    followed_ = true;
  }
  return done;
}

// One life: until a stop, or an error.
Result<void> Daemon::serve() {
  stand(Standing::Phase::kStarting, {});
  COUPLET_TRY(keep_up_with_tables());
  COUPLET_ASSIGN(Work work, begin());
  COUPLET_TRY(settings_.set_up(observer_));
  COUPLET_ASSIGN(auto tails, open_streams());
  COUPLET_TRY(note_gaps(*work.state, tails));
  COUPLET_ASSIGN(const std::string why, why_reconcile(*work.state, tails));
  if (!why.empty()) {
    stand(Standing::Phase::kSnapshot, tails);
    COUPLET_ASSIGN(const bool done, reconcile_before(work, tails, why));
    if (!done) {
      return {};
    }
    went_well({false});  // It has written that it is done.
    COUPLET_ASSIGN(const bool altered, is_altered());
    if (altered) {  // Meanwhile.
      return {};
    }
    COUPLET_ASSIGN(work, begin());  // The state is another by now: no longer fresh, say.
  }
  return follow(work, std::move(tails));
}

void Daemon::tell_followed(const std::vector<LiveSync::Tail>& tails) {
  std::string names;
  std::set<std::size_t> followed;
  for (const LiveSync::Tail& tail : tails) {
    names += (names.empty() ? "" : ", ") + definition_.sources[tail.source];
    followed.insert(tail.source);
  }
  observer_.on_notice(names.empty() ? "no source has changes to be followed"
                                    : "following the changes of " + names);
  for (std::size_t source = 0; source < sources_.size() && !settings_.schedule; ++source) {
    if (is_read(definition_, source) && !followed.contains(source)) {
      observer_.on_notice("source '" + definition_.sources[source] +
                          "' is not followed, and no reconcile is scheduled (`reconcile:`): what "
                          "changes there is found by `couplet reconcile` alone");
    }
  }
}

Result<void> Daemon::follow(const Work& work, std::vector<LiveSync::Tail> tails) {
  tell_followed(tails);
  stand(Standing::Phase::kStreaming, tails);
  const bool nobody = tails.empty();
  LiveSync live(definition_, *work.state, sources_, *work.syncer, clock_, observer_,
                std::move(tails),
                {settings_.spool_folder, settings_.stop_requested, settings_.crash_points,
                 work.unfit, seen_});
  const std::int64_t began = clock_.monotonic_us();
  std::int64_t asked = began;
  COUPLET_ASSIGN(const auto missed_before, missed_mappings(*work.state));
  COUPLET_ASSIGN(auto due, next_scheduled());
  while (!settings_.stop_requested()) {
    COUPLET_ASSIGN(const LiveSync::Step done, step(live, settings_.wait));
    if (done.interrupted) {
      return {};
    }
    settings_.after_step(done);
    if (done.idle && nobody) {
      clock_.sleep_us(std::chrono::microseconds(settings_.wait).count());
    }
    if (clock_.monotonic_us() - asked > kAskTermsUs) {
      asked = clock_.monotonic_us();
      COUPLET_ASSIGN(const bool lapsed, live.has_lapsed());
      COUPLET_ASSIGN(const bool altered, live.is_altered());
      if (lapsed || altered) {
        return live.settle();  // The next life finds the gap, and is bound to what is there.
      }
    }
    const bool is_due = due && *due <= clock_.now();
    const bool missed = !live.missed().empty() || !missed_before.empty();
    if (missed && (is_due || clock_.monotonic_us() - began > kMissedPauseUs)) {
      return live.settle();  // The next life begins with the reconcile.
    }
    if (is_due) {
      COUPLET_ASSIGN(const bool reconciled, reconcile_beside(work, live));
      if (!reconciled) {
        return {};
      }
      COUPLET_ASSIGN(due, next_scheduled());
    }
  }
  return live.settle();
}

}  // namespace couplet
