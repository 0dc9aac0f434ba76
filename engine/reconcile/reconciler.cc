#include "engine/reconcile/reconciler.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/model/literal.h"
#include "engine/ports/tuning.h"
#include "engine/sync/failure_policy.h"
#include "engine/sync/object_name.h"

namespace couplet {
namespace {

// A definition that has not come to rest after so many rounds does not come to rest.
constexpr std::uint32_t kRoundsMax = 25;
// An object that somebody keeps changing under us is left to the next reconcile.
constexpr int kPassesMax = 10;
constexpr std::int64_t kFirstBackoffUs = 100'000;

constexpr std::array<Family, 3> kWorklists = {Family::kWaiting, Family::kHeld, Family::kParked};

Operation operation_of(Family family) {
  return family == Family::kWaiting ? Operation::kDefer
         : family == Family::kHeld  ? Operation::kHold
                                    : Operation::kPark;
}

}  // namespace

Reconciler::Reconciler(const BoundDefinition& definition, State& state,
                       std::vector<Source*> sources, Syncer& syncer, Clock& clock,
                       Observer& observer, Settings settings)
    : definition_(definition),
      state_(state),
      sources_(std::move(sources)),
      syncer_(syncer),
      clock_(clock),
      observer_(observer),
      settings_(std::move(settings)) {
  for (std::size_t i = 0; i < definition_.mappings.size(); ++i) {
    Work work;
    work.spool = NomineeSpool(settings_.spool_folder);
    work.selected = settings_.mappings.empty() ||
                    std::find(settings_.mappings.begin(), settings_.mappings.end(), i) !=
                        settings_.mappings.end();
    works_.push_back(std::move(work));
  }
}

Result<Reconciler::Report> Reconciler::run() {
  Report report;
  const std::int64_t started = clock_.monotonic_us();
  const Timestamp started_at = clock_.now();
  if (state_.fresh() && syncer_.marks_found() && settings_.rebuild_state && !settings_.dry_run) {
    StateBatch begun;
    State::put_begun(begun);
    COUPLET_TRY(state_.store().commit(begun, Durability::kSynced));
  } else if (state_.fresh() && syncer_.marks_found() && !settings_.rebuild_state) {
    const std::string held =
        "the state is lost: what has no counterpart may have been deleted on the other side";
    observer_.on_notice(held + "; creates are held until `couplet reconcile --rebuild-state`");
    for (Work& work : works_) {
      work.permissions.creates_held = held;
    }
  }
  for (round_ = 1; round_ <= kRoundsMax; ++round_) {
    const bool progressed = round_ == 1 || operations_in_round_ > 0;
    operations_in_round_ = 0;
    for (const std::size_t mapping : definition_.order) {
      if (!works_[mapping].selected || works_[mapping].stopped) {
        continue;
      }
      auto worked = work_on(mapping, progressed);
      if (worked) {
        continue;
      }
      if (worked.error().kind == ErrorKind::kInterrupted) {
        report.interrupted = true;
        break;
      }
      if (action_on(worked.error().kind) != FailureAction::kStopMapping) {
        return fail(std::move(worked.error()));
      }
      works_[mapping].stopped = true;
      observer_.on_notice("mapping '" + definition_.mappings[mapping].name +
                          "' is stopped: " + worked.error().message);
      stopped_.push_back({mapping, std::move(worked.error())});
    }
    if (report.interrupted) {
      break;
    }
    // What was written may have freed what is held or waits: it is decided once more.
    COUPLET_ASSIGN(const bool stands, anyone_stands());
    if (!anything_left() && (operations_in_round_ == 0 || settings_.dry_run || !stands)) {
      break;
    }
  }
  report.summary.rounds = std::min(round_, kRoundsMax);
  report.stopped = stopped_;
  COUPLET_TRY(finish(report));
  report.summary.elapsed_seconds = static_cast<double>(clock_.monotonic_us() - started) / 1e6;
  if (!settings_.dry_run) {
    StateBatch changes;
    nlohmann::json json = {{"started", format_timestamp(started_at)},
                           {"finished", format_timestamp(clock_.now())},
                           {"summary", to_json(report.summary)}};
    for (std::size_t i = 0; i < works_.size(); ++i) {
      if (works_[i].selected) {
        state_.put_last_run(changes, i, json.dump());
      }
    }
    if (report.summary.converged && settings_.mappings.empty()) {
      state_.put_definition(changes);
    }
    COUPLET_TRY(state_.store().commit(changes, Durability::kSynced));
  }
  return report;
}

Result<bool> Reconciler::anyone_stands() const {
  for (std::size_t mapping = 0; mapping < works_.size(); ++mapping) {
    if (!works_[mapping].selected || works_[mapping].stopped) {
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

// A plan looks again at what it has planned itself; what is read through paths it leaves to the
// run.
bool Reconciler::anything_left() const {
  return std::any_of(works_.begin(), works_.end(), [&](const Work& work) {
    return work.selected && !work.stopped &&
           ((work.rescan && !settings_.dry_run) || !work.spool.empty());
  });
}

Result<void> Reconciler::work_on(std::size_t mapping, bool worklists) {
  Work& work = works_[mapping];
  if (work.rescan && !(settings_.dry_run && work.scanned)) {
    work.rescan = false;
    COUPLET_TRY(scan(mapping));
    work.scanned = true;
  }
  if (worklists) {
    COUPLET_TRY(add_worklists(mapping));
  }
  COUPLET_TRY(drain(mapping));
  return retry_clashes(mapping);
}

Result<void> Reconciler::scan(std::size_t mapping) {
  Work& work = works_[mapping];
  const MappingPlan& plan = syncer_.plans()[mapping];
  const Comparer comparer(definition_, state_, sources_, plan);
  std::array<Comparer::SideResult, 2> compared;
  std::array<NomineeSpool, 2> missing{NomineeSpool(settings_.spool_folder),
                                      NomineeSpool(settings_.spool_folder)};
  work.permissions.rails.clear();
  std::uint64_t before = 0;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    auto result =
        comparer.compare(side, work.spool, missing[index_of(side)], [&](std::uint64_t rows) {
          observer_.on_progress(mapping, "scan", before + rows, 0);
          return !settings_.stop_requested();
        });
    if (!result) {
      return fail(std::move(result.error()));
    }
    compared[index_of(side)] = *result;
    if (!work.scanned) {
      objects_ += result->rows;
    }
    before += result->rows;
    std::string& no_evidence = work.permissions.no_evidence[index_of(side)];
    const BoundEntity& entity = *plan.side(side).entity;
    if (result->rows == 0) {
      no_evidence = "its table shows no row at all: no evidence of a delete";
    } else if (entity.table.row_security) {
      no_evidence = "row level security may hide it: no evidence of a delete";
    } else if (!state_.same_definition() && !state_.fresh()) {
      no_evidence =
          "the definition has changed since the last complete reconcile: "
          "no evidence of a delete";
    } else {
      no_evidence.clear();
    }
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    NomineeSpool& gone = missing[index_of(side)];
    COUPLET_TRY(set_recreate_rail(mapping, side, compared[index_of(side)], gone));
    while (!gone.empty()) {
      COUPLET_ASSIGN(const auto nominees, gone.take(tuning::kBatchRows));
      for (const Nominee& nominee : nominees) {
        COUPLET_TRY(work.spool.add(nominee));
      }
    }
  }
  return rehearse(mapping, compared);
}

std::string Reconciler::limit_reason(std::size_t mapping, LimitClass limit_class,
                                     std::uint64_t count, std::uint64_t of) const {
  const BoundMapping& bound = definition_.mappings[mapping];
  const auto limit = bound.limits.find(limit_class);
  if (limit == bound.limits.end() || count == 0) {
    return {};
  }
  const double percent =
      of == 0 ? 100.0 : 100.0 * static_cast<double>(count) / static_cast<double>(of);
  if ((limit->second.count && count <= *limit->second.count) ||
      (limit->second.percent && percent <= *limit->second.percent)) {
    return {};
  }
  const char* name = limit_class == LimitClass::kCreate     ? "create"
                     : limit_class == LimitClass::kRecreate ? "recreate"
                     : limit_class == LimitClass::kUpdate   ? "update"
                                                            : "delete";
  return "the rail '" + std::string(name) + "' holds " + std::to_string(count) + " of " +
         std::to_string(of) + " objects: more than `limits` of mapping '" + bound.name + "' allow";
}

// A wiped side is held, not refilled. Links without a row may also be out of scope: where the bound
// trips, they are counted exactly.
Result<void> Reconciler::set_recreate_rail(std::size_t mapping, Side side,
                                           const Comparer::SideResult& compared,
                                           NomineeSpool& missing) {
  Work& work = works_[mapping];
  const MappingPlan& plan = syncer_.plans()[mapping];
  if (!plan.bound->writes[index_of(side)] || plan.pair_two_way ||
      limit_reason(mapping, LimitClass::kRecreate, compared.missing, compared.linked).empty()) {
    return {};
  }
  NomineeSpool counted(settings_.spool_folder);
  std::uint64_t gone = 0;
  while (!missing.empty()) {
    COUPLET_ASSIGN(const auto nominees, missing.take(tuning::kBatchRows));
    TaskBatch batch;
    Reader reader(definition_, state_, sources_, plan, batch);
    std::vector<ObjectKey> keys;
    for (const Nominee& nominee : nominees) {
      keys.push_back(nominee.key);
      COUPLET_TRY(counted.add(nominee));
    }
    COUPLET_ASSIGN(const auto found, reader.fetch(side, keys));
    gone += keys.size() - found.size();
  }
  missing = std::move(counted);
  const std::string reason = limit_reason(mapping, LimitClass::kRecreate, gone, compared.linked);
  if (!reason.empty()) {
    observer_.on_notice(reason);
    work.permissions.rails[LimitClass::kRecreate] = reason;
  }
  return {};
}

// Creates and updates are budgeted only where the definition says so: then the whole plan is
// decided once before its first write.
Result<void> Reconciler::rehearse(std::size_t mapping,
                                  const std::array<Comparer::SideResult, 2>& compared) {
  Work& work = works_[mapping];
  const auto& limits = definition_.mappings[mapping].limits;
  if (!limits.contains(LimitClass::kCreate) && !limits.contains(LimitClass::kUpdate)) {
    return {};
  }
  NomineeSpool rehearsed(settings_.spool_folder);
  std::map<LimitClass, std::uint64_t> counts;
  while (!work.spool.empty()) {
    COUPLET_ASSIGN(const auto nominees, work.spool.take(tuning::kBatchRows));
    COUPLET_ASSIGN(const auto batch, syncer_.rehearse(mapping, nominees, work.permissions));
    for (const auto& [limit_class, count] : batch) {
      counts[limit_class] += count;
    }
    for (const Nominee& nominee : nominees) {
      COUPLET_TRY(rehearsed.add(nominee));
    }
  }
  work.spool = std::move(rehearsed);
  const std::uint64_t objects = std::max(compared[0].rows, compared[1].rows);
  for (const LimitClass limit_class : {LimitClass::kCreate, LimitClass::kUpdate}) {
    const std::string reason = limit_reason(mapping, limit_class, counts[limit_class], objects);
    if (!reason.empty()) {
      observer_.on_notice(reason);
      work.permissions.rails[limit_class] = reason;
    }
  }
  return {};
}

// Held, waiting and parked objects are decided again; parked ones once a run.
Result<void> Reconciler::add_worklists(std::size_t mapping) {
  for (const Family family : kWorklists) {
    if (family == Family::kParked && round_ > 1) {
      continue;
    }
    std::optional<Subject> after;
    for (;;) {
      COUPLET_ASSIGN(const auto subjects,
                     state_.worklist(mapping, family, after, tuning::kBatchRows));
      for (const Subject& subject : subjects) {
        COUPLET_TRY(works_[mapping].spool.add({subject.side, subject.key}));
      }
      if (subjects.size() < tuning::kBatchRows) {
        break;
      }
      after = subjects.back();
    }
  }
  return {};
}

Result<Syncer::Outcome> Reconciler::sync_batch(std::size_t mapping,
                                               std::span<const Nominee> nominees, bool clashing) {
  std::int64_t backoff = kFirstBackoffUs;
  for (int attempt = 0;; ++attempt) {
    auto outcome = syncer_.sync(mapping, nominees, works_[mapping].permissions, clashing);
    if (outcome) {
      return outcome;
    }
    const FailureAction action = action_on(outcome.error().kind);
    if ((action != FailureAction::kRetry && action != FailureAction::kLookAgain) ||
        attempt >= tuning::kRetries || settings_.stop_requested()) {
      return outcome;
    }
    clock_.sleep_us(backoff);
    backoff *= 2;
    if (action == FailureAction::kLookAgain) {
      COUPLET_TRY(syncer_.recover());
    }
  }
}

Result<void> Reconciler::take_over(std::size_t mapping, const Syncer::Outcome& outcome) {
  operations_in_round_ += outcome.operations;
  const auto nominate = [&](const Subject& subject, bool hidden) -> Result<void> {
    Work& work = works_[subject.mapping];
    // A mapping that has not been scanned yet comes to it by itself.
    const bool comes_by_itself = !hidden && !work.scanned && subject.mapping != mapping;
    if (is_planned(subject.key) || !work.selected || work.stopped || comes_by_itself) {
      return {};
    }
    return work.spool.add({subject.side, subject.key});
  };
  for (const Subject& subject : outcome.dirty) {
    COUPLET_TRY(nominate(subject, false));
  }
  for (const Subject& subject : outcome.hidden) {
    COUPLET_TRY(nominate(subject, true));
  }
  for (const std::size_t other_mapping : outcome.rescan) {
    works_[other_mapping].rescan = true;
  }
  return {};
}

Result<void> Reconciler::drain(std::size_t mapping) {
  Work& work = works_[mapping];
  std::uint64_t done = 0;
  for (int pass = 0; pass < kPassesMax && !work.spool.empty(); ++pass) {
    std::vector<Subject> again;
    while (!work.spool.empty()) {
      if (settings_.stop_requested()) {
        return fail(ErrorKind::kInterrupted, "interrupted");
      }
      COUPLET_ASSIGN(const auto nominees, work.spool.take(tuning::kBatchRows));
      COUPLET_ASSIGN(const auto outcome, sync_batch(mapping, nominees, false));
      COUPLET_TRY(take_over(mapping, outcome));
      again.insert(again.end(), outcome.again.begin(), outcome.again.end());
      work.clashes.insert(work.clashes.end(), outcome.clashes.begin(), outcome.clashes.end());
      done += nominees.size();
      observer_.on_progress(mapping, "sync", done, done + work.spool.size());
    }
    for (const Subject& subject : again) {
      COUPLET_TRY(work.spool.add({subject.side, subject.key}));
    }
  }
  return {};
}

// Rows that a unique or foreign key refused may fit now that the others have moved; those whose
// values change places are written together. As long as some come to fit, the rest is tried again,
// the last first, since chains are freed from their end. What still clashes then parks.
Result<void> Reconciler::retry_clashes(std::size_t mapping) {
  Work& work = works_[mapping];
  for (bool progress = true; !work.clashes.empty();) {
    const std::vector<Subject> clashes = std::move(work.clashes);
    work.clashes.clear();
    const bool last = !progress;
    std::vector<Nominee> nominees;
    for (auto subject = clashes.rbegin(); subject != clashes.rend(); ++subject) {
      nominees.push_back({subject->side, subject->key});
    }
    for (std::size_t start = 0; start < nominees.size(); start += tuning::kBatchRows) {
      const std::size_t count = std::min(tuning::kBatchRows, nominees.size() - start);
      COUPLET_ASSIGN(const auto outcome,
                     sync_batch(mapping, std::span(nominees).subspan(start, count), last));
      COUPLET_TRY(take_over(mapping, outcome));
      work.clashes.insert(work.clashes.begin(), outcome.clashes.rbegin(), outcome.clashes.rend());
      for (const Subject& subject : outcome.again) {
        COUPLET_TRY(work.spool.add({subject.side, subject.key}));
      }
    }
    progress = work.clashes.size() < clashes.size();
  }
  return {};
}

Result<void> Reconciler::finish(Report& report) {
  const double elapsed = report.summary.elapsed_seconds;
  const std::uint32_t rounds = report.summary.rounds;
  report.summary = syncer_.summary();
  report.summary.objects = objects_;
  report.summary.elapsed_seconds = elapsed;
  report.summary.rounds = rounds;
  for (std::size_t mapping = 0; mapping < works_.size(); ++mapping) {
    if (!works_[mapping].selected) {
      continue;
    }
    for (const Family family : kWorklists) {
      COUPLET_ASSIGN(const auto count, state_.count(mapping, family));
      report.summary.count(operation_of(family)) += count;
      COUPLET_TRY(report_standing(mapping, family));
    }
  }
  for (const auto& [key, reported] : syncer_.reported()) {
    if (reported) {
      observer_.on_operation(*reported);
    }
  }
  report.summary.count(Operation::kReport) = syncer_.reported().size();
  report.summary.count(Operation::kConflict) = syncer_.conflicts();
  report.summary.converged = !report.interrupted && report.stopped.empty() && !anything_left() &&
                             (!settings_.dry_run || report.summary.operations() == 0);
  return {};
}

// What is deferred, held or parked as the run ends, new or old.
Result<void> Reconciler::report_standing(std::size_t mapping, Family family) {
  const MappingPlan& plan = syncer_.plans()[mapping];
  std::optional<Subject> after;
  for (;;) {
    COUPLET_ASSIGN(const auto subjects,
                   state_.worklist(mapping, family, after, tuning::kBatchRows));
    COUPLET_ASSIGN(const auto standing, state_.standing(subjects));
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      OperationReport report;
      report.operation = operation_of(family);
      report.mapping = mapping;
      report.from = object_name(plan, subjects[i].side, subjects[i].key);
      if (family == Family::kWaiting && standing[i].waiting) {
        report.situation = Situation::kDeferred;
        for (const Waiting::For& link : standing[i].waiting->links) {
          if (const auto pair = state_.pair_of(link.pair)) {
            const BoundEntity& entity =
                definition_.entities[definition_.pairs[*pair].entities[index_of(link.side)]];
            report.waits_for.push_back(entity.name + "/" + format_key(entity.id_types, link.key));
          }
        }
      } else if (family == Family::kHeld && standing[i].held) {
        report.situation = standing[i].held->situation;
        report.reason = standing[i].held->reason;
      } else if (standing[i].parked) {
        report.situation = Situation::kAbsent;
        report.reason = standing[i].parked->reason;
      }
      observer_.on_operation(report);
    }
    if (subjects.size() < tuning::kBatchRows) {
      return {};
    }
    after = subjects.back();
  }
}

}  // namespace couplet
