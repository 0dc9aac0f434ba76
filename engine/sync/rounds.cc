#include "engine/sync/rounds.h"

#include <algorithm>

#include "engine/model/planted_bug.h"
#include "engine/ports/tuning.h"
#include "engine/sync/failure_policy.h"
#include "engine/sync/renewed_columns.h"
#include "engine/sync/standing.h"

namespace couplet {
namespace {

// A definition that has not come to rest after so many rounds does not come to rest.
constexpr std::uint32_t kRoundsMax = 25;
// An object that somebody keeps changing under us is left to the next run.
constexpr int kPassesMax = 10;
constexpr std::int64_t kFirstBackoffUs = 100'000;

}  // namespace

Rounds::Rounds(const BoundDefinition& definition, State& state, std::vector<Source*> sources,
               Syncer& syncer, Clock& clock, Observer& observer, Feeder& feeder, Settings settings)
    : definition_(definition),
      state_(state),
      syncer_(syncer),
      clock_(clock),
      observer_(observer),
      feeder_(feeder),
      settings_(std::move(settings)),
      fan_out_(definition, syncer.plans(), std::move(sources)) {
  for (std::size_t i = 0; i < definition_.mappings.size(); ++i) {
    Queue queue;
    queue.spool = NomineeSpool(settings_.spool_folder);
    queue.selected = settings_.mappings.empty() ||
                     std::find(settings_.mappings.begin(), settings_.mappings.end(), i) !=
                         settings_.mappings.end();
    queues_.push_back(std::move(queue));
  }
  syncer_.begin_run();
}

void Rounds::hold_creates_if_lost() {
  const std::string held = syncer_.why_creates_are_held();
  if (held.empty() || settings_.rebuild_state || planted("lost_state_creates")) {
    return;
  }
  observer_.on_notice(held + "; creates are held until `couplet reconcile --rebuild-state`");
  for (Queue& queue : queues_) {
    queue.permissions.creates_held = held;
  }
}

Result<Rounds::Report> Rounds::run() {
  Report report;
  const std::int64_t started = clock_.monotonic_us();
  hold_creates_if_lost();
  for (const std::string& sentence : tell_renewed(definition_, state_)) {
    observer_.on_notice(sentence);
  }
  for (round_ = 1; round_ <= kRoundsMax; ++round_) {
    const bool progressed = round_ == 1 || operations_in_round_ > 0;
    operations_in_round_ = 0;
    COUPLET_ASSIGN(report.interrupted, all_turns(progressed));
    if (report.interrupted) {
      break;
    }
    if (anything_left()) {
      continue;
    }
    // What was written may have freed what is held or waits: it is decided once more.
    COUPLET_ASSIGN(const bool stands, anyone_stands());
    if (operations_in_round_ == 0 || settings_.dry_run || !settings_.scans || !stands) {
      break;
    }
  }
  report.stopped = stopped_;
  report.summary = syncer_.summary();
  report.summary.rounds = std::min(round_, kRoundsMax);
  report.summary.elapsed_seconds = static_cast<double>(clock_.monotonic_us() - started) / 1e6;
  report.summary.converged = !report.interrupted && report.stopped.empty() && !anything_left() &&
                             (!settings_.dry_run || report.summary.operations() == 0);
  return report;
}

// Every mapping in turn, parents first. True if the run was interrupted.
Result<bool> Rounds::all_turns(bool progressed) {
  std::size_t behind = 0;  // Mappings that have had their turn in this round.
  std::uint32_t returns = 0;
  for (std::size_t at = 0; at < definition_.order.size();) {
    const std::size_t mapping = definition_.order[at];
    if (queues_[mapping].selected && !queues_[mapping].stopped) {
      auto worked = turn(mapping, progressed && at >= behind);
      if (!worked && worked.error().kind == ErrorKind::kInterrupted) {
        return true;
      }
      if (!worked && action_on(worked.error().kind) != FailureAction::kStopMapping) {
        return fail(std::move(worked.error()));
      }
      if (!worked) {
        stop(mapping, std::move(worked.error()));
      }
    }
    behind = std::max(behind, at + 1);
    // What was written here is first brought on by those whose links the later ones translate by:
    // they decide on what these have made of it, not on what was there before.
    const std::size_t waiting = first_waiting(at);
    at = waiting < at && returns++ < kRoundsMax ? waiting : at + 1;
  }
  return false;
}

// The first in order, before `at`, that has something in its queue; else `at`.
std::size_t Rounds::first_waiting(std::size_t at) const {
  for (std::size_t i = 0; i < at; ++i) {
    const Queue& queue = queues_[definition_.order[i]];
    if (queue.selected && !queue.stopped && !queue.spool.empty()) {
      return i;
    }
  }
  return at;
}

void Rounds::stop(std::size_t mapping, Error error) {
  queues_[mapping].stopped = true;
  stopped_.push_back({mapping, std::move(error)});
  if (settings_.tells_stops) {
    observer_.on_notice(text_of(stopped_.back(), definition_));
  }
}

std::string Rounds::text_of(const Stopped& stopped, const BoundDefinition& definition) {
  return "mapping '" + definition.mappings[stopped.mapping].name +
         "' is stopped: " + stopped.error.message;
}

Result<bool> Rounds::anyone_stands() const {
  for (std::size_t mapping = 0; mapping < queues_.size(); ++mapping) {
    if (!queues_[mapping].selected || queues_[mapping].stopped) {
      continue;
    }
    for (const Family family : {Family::kWaiting, Family::kHeld}) {
      COUPLET_ASSIGN(const auto first, state_.worklist(mapping, family, std::nullopt, 1));
      if (!first.empty()) {
        return true;
      }
    }
  }
  return false;
}

bool Rounds::anything_left() const {
  for (std::size_t mapping = 0; mapping < queues_.size(); ++mapping) {
    const Queue& queue = queues_[mapping];
    if (queue.selected && !queue.stopped && (feeder_.has_more(mapping) || !queue.spool.empty())) {
      return true;
    }
  }
  return false;
}

Result<void> Rounds::turn(std::size_t mapping, bool progressed) {
  queues_[mapping].followed = 0;
  COUPLET_TRY(feeder_.begin_turn(mapping));
  COUPLET_TRY(rehearse(mapping));
  COUPLET_TRY(feeder_.queue_standing(mapping, progressed));
  if (!queues_[mapping].spool.empty()) {
    COUPLET_TRY(feeder_.begin_writing(mapping));
  }
  COUPLET_TRY(drain(mapping));
  COUPLET_TRY(retry_clashes(mapping));
  const Queue& queue = queues_[mapping];
  return feeder_.end_turn(mapping,
                          queue.stopped || feeder_.has_more(mapping) || !queue.spool.empty());
}

bool Rounds::rests_on(std::size_t reader, std::size_t writer) const {
  const MappingPlan& reads = syncer_.plans()[reader];
  const MappingPlan& writes = syncer_.plans()[writer];
  const auto translates = [&](const SlotUse* use) {
    return definition_.pairs[reads.pair].slots[use->slot].link == writes.pair;
  };
  if (reader == writer || std::any_of(reads.uses.begin(), reads.uses.end(), translates)) {
    return true;
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const BoundEntity& written = *writes.side(side).entity;
    for (const SidePlan& own : reads.sides) {
      if (own.entity->source == written.source && own.entity->table.name == written.table.name) {
        return true;
      }
    }
    const auto& ways = fan_out_.through(writes.entities->entities[index_of(side)]);
    if (std::any_of(ways.begin(), ways.end(),
                    [&](const FanOut::Way& way) { return way.mapping == reader; })) {
      return true;
    }
  }
  return false;
}

Result<void> Rounds::queue(std::size_t mapping, const Nominee& nominee) {
  return queues_[mapping].spool.add(nominee);
}

Result<void> Rounds::queue_worklist(
    std::size_t mapping, Family worklist,
    const std::function<bool(const Subject&, const State::Standing&)>& counts) {
  std::optional<Subject> after;
  for (;;) {
    COUPLET_ASSIGN(const auto subjects,
                   state_.worklist(mapping, worklist, after, tuning::kBatchRows));
    COUPLET_ASSIGN(const auto standing, state_.standing(subjects));
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (counts(subjects[i], standing[i])) {
        COUPLET_TRY(queue(mapping, {subjects[i].side, subjects[i].key}));
      }
    }
    if (subjects.size() < tuning::kBatchRows) {
      return {};
    }
    after = subjects.back();
  }
}

Result<bool> Rounds::before_batch(std::size_t objects) const {
  const GaveWay gave = settings_.stop_requested() ? GaveWay::kStop : settings_.give_way(objects);
  if (gave == GaveWay::kStop) {
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  return gave == GaveWay::kTheyWrote;
}

// Before this run.
std::uint64_t Rounds::spent(std::size_t mapping, const Rail& rail) const {
  return settings_.hour == nullptr ? 0 : settings_.hour->spent(mapping, rail);
}

// By what is queued, whatever may come of it.
Result<std::vector<Rail>> Rounds::rails_that_may_trip(std::size_t mapping) {
  const Queue& queue = queues_[mapping];
  const BoundMapping& bound = definition_.mappings[mapping];
  std::vector<Rail> rails;
  for (const LimitClass limit_class : settings_.rehearsed) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const Rail rail{limit_class, side};
      const auto rehearsed = queue.rehearsed.find(rail);
      const std::uint64_t before = rehearsed == queue.rehearsed.end() ? 0 : rehearsed->second;
      const std::uint64_t most = spent(mapping, rail) + before + queue.spool.size();
      if (!bound.writes[index_of(side)] || queue.permissions.rails.contains(rail) ||
          !may_trip(bound, limit_class, most)) {
        continue;
      }
      if (settings_.hour != nullptr) {  // Else each step of a busy hour would be decided twice.
        COUPLET_ASSIGN(const std::uint64_t objects, feeder_.objects_of(mapping));
        if (rail_reason(bound, limit_class, most, objects, RailSpan::kHour).empty()) {
          continue;
        }
      }
      rails.push_back(rail);
    }
  }
  return rails;
}

// Budgets count what this run does, and what live steps before it did. A rail that has tripped
// holds what it is over to the run's end.
Result<void> Rounds::rehearse(std::size_t mapping) {
  Queue& queue = queues_[mapping];
  if (queue.spool.empty()) {
    return {};
  }
  COUPLET_ASSIGN(const std::vector<Rail> watched, rails_that_may_trip(mapping));
  if (watched.empty()) {
    return {};
  }
  NomineeSpool rehearsed(settings_.spool_folder);
  while (!queue.spool.empty()) {
    COUPLET_ASSIGN(const auto nominees, queue.spool.take(tuning::kBatchRows));
    COUPLET_TRY(before_batch(nominees.size()));
    COUPLET_ASSIGN(const RailCounts counts, retried<RailCounts>([&] {
                     return syncer_.rehearse(mapping, nominees, queue.permissions);
                   }));
    for (const auto& [rail, count] : counts) {
      queue.rehearsed[rail] += count;
    }
    for (const Nominee& nominee : nominees) {
      COUPLET_TRY(rehearsed.add(nominee));
    }
  }
  queue.spool = std::move(rehearsed);
  return trip_rails(mapping, watched);
}

Result<void> Rounds::trip_rails(std::size_t mapping, std::span<const Rail> watched) {
  Queue& queue = queues_[mapping];
  const BoundMapping& bound = definition_.mappings[mapping];
  const RailSpan span = settings_.hour == nullptr ? RailSpan::kRun : RailSpan::kHour;
  for (const Rail& rail : watched) {
    const std::uint64_t ours = queue.rehearsed[rail];
    const std::uint64_t count = spent(mapping, rail) + ours;
    if (ours == 0 || !may_trip(bound, rail.limit_class, count)) {
      continue;
    }
    COUPLET_ASSIGN(const std::uint64_t objects, feeder_.objects_of(mapping));
    const std::string reason = rail_reason(bound, rail.limit_class, count, objects, span);
    if (reason.empty()) {
      continue;
    }
    if (settings_.hour == nullptr) {
      observer_.on_notice(reason);
    } else {
      settings_.hour->tell(mapping, rail, reason);
    }
    queue.permissions.rails[rail] = reason;
  }
  return {};
}

// True if what ended so may be done again now: it is nobody's fault and passes.
Result<bool> Rounds::pause(const Error& error, int attempt) {
  const FailureAction action = action_on(error.kind);
  const bool recovers = settings_.recovers || planted("recovered_unheard");
  if ((action != FailureAction::kRetry && !(action == FailureAction::kLookAgain && recovers)) ||
      attempt >= tuning::kRetries || settings_.stop_requested()) {
    return false;
  }
  clock_.sleep_us(kFirstBackoffUs << attempt);
  if (action == FailureAction::kLookAgain) {
    COUPLET_TRY(syncer_.recover());
    for (std::size_t mapping = 0; settings_.scans && mapping < queues_.size(); ++mapping) {
      if (queues_[mapping].selected && !planted("recovered_unheard")) {
        feeder_.readers_unknown(mapping);
      }
    }
  }
  return true;
}

Result<Syncer::Outcome> Rounds::sync_batch(std::size_t mapping, std::span<const Nominee> nominees,
                                           bool clashing, const Syncer::Ahead& ahead) {
  Syncer::Ahead now = ahead;
  return retried<Syncer::Outcome>([&] {
    auto outcome = syncer_.sync(mapping, nominees, queues_[mapping].permissions, clashing, now);
    if (!outcome && now.next_rows != nullptr) {
      now.rows = nullptr;
      *now.next_rows = {};
    }
    return outcome;
  });
}

Result<void> Rounds::queue(std::span<const Subject> subjects) {
  for (const Subject& subject : subjects) {
    const Queue& queue = queues_[subject.mapping];
    if (!is_planned(subject.key) && queue.selected && !queue.stopped) {
      COUPLET_TRY(this->queue(subject.mapping, {subject.side, subject.key}));
    }
  }
  return {};
}

Result<void> Rounds::take_over(std::size_t mapping, const Syncer::Outcome& outcome) {
  operations_in_round_ += outcome.operations;
  for (const Subject& subject : outcome.dirty) {
    if (subject.mapping == mapping || feeder_.takes_dirty(subject.mapping)) {
      COUPLET_TRY(queue({&subject, 1}));
    }
  }
  COUPLET_TRY(queue(outcome.hidden));
  feeder_.took(mapping, outcome);
  if (!settings_.dry_run) {
    // Else rows behind paths are as they were: what is planned for them is left to the run.
    COUPLET_TRY(wake_readers(outcome.written));
  }
  return wake_referring(outcome.relinked);
}

Result<void> Rounds::wake_readers(std::span<const Syncer::Changed> changed, bool told) {
  std::map<std::size_t, std::vector<ObjectKey>> keys;  // by entity
  for (const Syncer::Changed& one : changed) {
    keys[one.entity].push_back(one.key);
  }
  for (const auto& [entity, of_entity] : keys) {
    for (const FanOut::Way& way : fan_out_.through(entity)) {
      COUPLET_TRY(wake(way, entity, of_entity, told));
    }
  }
  return {};
}

Result<void> Rounds::wake_referring(std::span<const Syncer::Relinked> relinked) {
  std::map<std::pair<std::size_t, Side>, std::vector<ObjectKey>> keys;
  for (const Syncer::Relinked& one : relinked) {
    if (!is_planned(one.key)) {
      keys[{one.pair, one.side}].push_back(one.key);
    }
  }
  for (const auto& [end, of_end] : keys) {
    const std::size_t entity = definition_.pairs[end.first].entities[index_of(end.second)];
    for (const FanOut::Way& way : fan_out_.referring(end.first, end.second)) {
      COUPLET_TRY(wake(way, entity, of_end, false));
    }
  }
  return {};
}

Result<void> Rounds::wake(const FanOut::Way& way, std::size_t entity,
                          std::span<const ObjectKey> keys, bool told) {
  for (std::size_t start = 0; start < keys.size(); start += tuning::kBatchRows) {
    COUPLET_TRY(wake_part(
        way, entity, keys.subspan(start, std::min(tuning::kBatchRows, keys.size() - start)), told));
  }
  return {};
}

Result<void> Rounds::wake_part(const FanOut::Way& way, std::size_t entity,
                               std::span<const ObjectKey> keys, bool told) {
  Queue& queue = queues_[way.mapping];
  if (!queue.selected || queue.stopped || !feeder_.takes_dirty(way.mapping) ||
      feeder_.has_more(way.mapping)) {
    return {};
  }
  // What is searched from counts as well: a search may read a whole table that lacks an index.
  const std::size_t left = tuning::kFanOutMost - std::min(tuning::kFanOutMost, queue.followed);
  if (settings_.scans && keys.size() > left) {
    feeder_.readers_unknown(way.mapping);
    return {};
  }
  auto walked = retried<std::optional<std::vector<ObjectKey>>>([&] {
    return fan_out_.walk(way, entity, keys, settings_.scans ? left : tuning::kReadersMost);
  });
  if (!walked && action_on(walked.error().kind) == FailureAction::kStopMapping) {
    stop(way.mapping, std::move(walked.error()));  // Not the one whose objects have changed.
    return {};
  }
  COUPLET_ASSIGN(const auto readers, std::move(walked));
  if (!readers && !settings_.scans && keys.size() > 1) {
    const std::size_t half = keys.size() / 2;
    COUPLET_TRY(wake_part(way, entity, keys.first(half), told));
    return wake_part(way, entity, keys.subspan(half), told);
  }
  if (!readers) {
    feeder_.readers_unknown(way.mapping);
    return {};
  }
  queue.followed += keys.size() + readers->size();
  std::vector<Syncer::Changed> changed;
  const std::size_t pair = definition_.mappings[way.mapping].pair;
  for (const ObjectKey& reader : *readers) {
    COUPLET_TRY(this->queue(way.mapping, {way.side, reader, false, told}));
    changed.push_back({definition_.pairs[pair].entities[index_of(way.side)], reader});
  }
  COUPLET_ASSIGN(auto held, syncer_.held_opposite(changed));
  std::erase_if(held,
                [&](const Subject& subject) { return !feeder_.takes_dirty(subject.mapping); });
  return this->queue(held);
}

Result<void> Rounds::drain(std::size_t mapping) {
  Queue& queue = queues_[mapping];
  std::uint64_t done = 0;
  for (int pass = 0; pass < kPassesMax && !queue.spool.empty() && !queue.stopped; ++pass) {
    std::vector<Subject> again;
    std::vector<Nominee> next;
    ReadAhead rows;
    while ((!next.empty() || !queue.spool.empty()) && !queue.stopped) {
      std::vector<Nominee> nominees = std::exchange(next, {});
      if (nominees.empty()) {
        COUPLET_ASSIGN(nominees, queue.spool.take(syncer_.batch_rows()));
      }
      COUPLET_ASSIGN(const bool they_wrote, before_batch(nominees.size()));
      if (they_wrote) {
        rows = {};
      }
      if (queue.spool.size() >= syncer_.batch_rows()) {  // What this batch queues joins a rest.
        COUPLET_ASSIGN(next, queue.spool.take(syncer_.batch_rows()));
      }
      ReadAhead next_rows;
      COUPLET_ASSIGN(const auto outcome,
                     sync_batch(mapping, nominees, false, {&rows, next, &next_rows}));
      rows = std::move(next_rows);
      COUPLET_TRY(take_over(mapping, outcome));
      again.insert(again.end(), outcome.again.begin(), outcome.again.end());
      queue.clashes.insert(queue.clashes.end(), outcome.clashes.begin(), outcome.clashes.end());
      done += nominees.size();
      observer_.on_progress(mapping, "sync", done, done + next.size() + queue.spool.size());
    }
    for (const Subject& subject : again) {
      COUPLET_TRY(queue.spool.add({subject.side, subject.key}));
    }
  }
  return {};
}

// Rows that a unique or foreign key refused may fit now that the others have moved; those whose
// values change places are written together. As long as some come to fit, the rest is tried again,
// each behind the one that holds its value. Where hardly any does, they may be parts of an exchange
// that is longer than a batch: more of them are tried at once. What still clashes then parks.
Result<void> Rounds::retry_clashes(std::size_t mapping) {
  constexpr std::size_t kMoreAtOnce = 4;
  Queue& queue = queues_[mapping];
  std::size_t together = syncer_.batch_rows();
  for (bool last = false; !queue.clashes.empty() && !queue.stopped;) {
    std::vector<Clash> clashes = std::move(queue.clashes);
    queue.clashes.clear();
    holders_first(clashes);
    std::vector<Nominee> nominees;
    for (const Clash& clash : clashes) {
      nominees.push_back({clash.subject.side, clash.subject.key});
    }
    for (std::size_t start = 0; start < nominees.size(); start += together) {
      const std::size_t count = std::min(together, nominees.size() - start);
      COUPLET_TRY(before_batch(count));
      COUPLET_ASSIGN(const auto outcome,
                     sync_batch(mapping, std::span(nominees).subspan(start, count), last));
      COUPLET_TRY(take_over(mapping, outcome));
      queue.clashes.insert(queue.clashes.end(), outcome.clashes.begin(), outcome.clashes.end());
      for (const Subject& subject : outcome.again) {
        COUPLET_TRY(queue.spool.add({subject.side, subject.key}));
      }
    }
    const std::size_t left = queue.clashes.size();
    if (left > together && left > clashes.size() / 2 && together < tuning::kExchangeRows) {
      together = std::min(together * kMoreAtOnce, tuning::kExchangeRows);
    } else {
      last = left >= clashes.size();
    }
  }
  return {};
}

}  // namespace couplet
