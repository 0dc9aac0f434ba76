#include "engine/reconcile/reconciler.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/model/literal.h"
#include "engine/model/planted_bug.h"
#include "engine/ports/tuning.h"
#include "engine/sync/rails.h"
#include "engine/sync/standing.h"

namespace couplet {
namespace {

Rounds::Settings rounds_settings(const Reconciler::Settings& settings) {
  Rounds::Settings rounds;
  rounds.mappings = settings.mappings;
  rounds.dry_run = settings.dry_run;
  rounds.rebuild_state = settings.rebuild_state;
  rounds.scans = true;
  rounds.spool_folder = settings.spool_folder;
  rounds.stop_requested = settings.stop_requested;
  rounds.give_way = settings.give_way;
  return rounds;
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
      settings_(std::move(settings)),
      rounds_(definition, state, sources_, syncer, clock, observer, *this,
              rounds_settings(settings_)),
      works_(definition.mappings.size()) {}

Result<Reconciler::Report> Reconciler::run() {
  const Timestamp started_at = clock_.now();
  if (state_.fresh() && syncer_.marks_found() && settings_.rebuild_state && !settings_.dry_run) {
    StateBatch begun;
    State::put_begun(begun);
    COUPLET_TRY(state_.store().commit(begun, Durability::kSynced));
  }
  if (settings_.resumes) {
    COUPLET_TRY(go_on());
  }
  COUPLET_ASSIGN(Report report, rounds_.run());
  report.summary.objects = objects_;
  COUPLET_TRY(tell_what_stands(report.summary));
  if (!settings_.dry_run) {
    COUPLET_TRY(record_run(report, started_at));
  }
  return report;
}

// Behind what an earlier one has been through, since when nobody has written what that rests on.
Result<void> Reconciler::go_on() {
  COUPLET_ASSIGN(auto compared, compared_mappings(state_, definition_.fingerprint));
  StateBatch changes;
  COUPLET_TRY(forget_all_compared(changes, state_));
  std::string names;
  for (auto& [mapping, done] : compared) {
    if (!rounds_.selected(mapping)) {
      continue;
    }
    put_compared(changes, state_, definition_.fingerprint, mapping, done);
    compared_.insert(mapping);
    works_[mapping] = {true, false, done.rows};
    rounds_.permissions(mapping) = std::move(done.permissions);
    rounds_.rehearsed(mapping) = std::move(done.rehearsed);
    names += (names.empty() ? "'" : ", '") + definition_.mappings[mapping].name + "'";
  }
  if (!names.empty()) {
    observer_.on_notice("the last reconcile did not come to its end; compared already: " + names);
  }
  return changes.empty() ? Result<void>{} : state_.store().commit(changes, Durability::kLater);
}

// Who rests on what is about to be written is to be looked at because of it, which a kill forgets.
Result<void> Reconciler::begin_writing(std::size_t mapping) {
  StateBatch changes;
  for (auto at = compared_.begin(); at != compared_.end();) {
    if (rounds_.rests_on(*at, mapping)) {
      forget_compared(changes, state_, *at);
      at = compared_.erase(at);
    } else {
      ++at;
    }
  }
  return changes.empty() || planted("compared_for_good")
             ? Result<void>{}
             : state_.store().commit(changes, Durability::kLater);
}

Result<void> Reconciler::end_turn(std::size_t mapping, bool left) {
  if (!settings_.resumes || left || !works_[mapping].scanned || !compared_.insert(mapping).second) {
    return {};
  }
  Compared compared;
  compared.rows = works_[mapping].rows;
  compared.permissions.no_evidence = rounds_.permissions(mapping).no_evidence;
  compared.permissions.rails = rounds_.permissions(mapping).rails;
  compared.rehearsed = rounds_.rehearsed(mapping);
  StateBatch changes;
  put_compared(changes, state_, definition_.fingerprint, mapping, compared);
  return state_.store().commit(changes, Durability::kLater);
}

Result<void> Reconciler::record_run(const Report& report, Timestamp started_at) {
  StateBatch changes;
  const nlohmann::json json = {{"started", format_timestamp(started_at)},
                               {"finished", format_timestamp(clock_.now())},
                               {"summary", to_json(report.summary)}};
  for (std::size_t i = 0; i < works_.size(); ++i) {
    if (rounds_.selected(i)) {
      state_.put_last_run(changes, i, json.dump());
    }
    if (!report.interrupted && compared_.contains(i)) {
      forget_compared(changes, state_, i);
    }
  }
  if (report.summary.converged && settings_.mappings.empty()) {
    state_.put_definition(changes);
  }
  return state_.store().commit(changes, Durability::kSynced);
}

// A plan looks again at what it has planned itself; what is read through paths it leaves to the
// run.
bool Reconciler::has_more(std::size_t mapping) const {
  return works_[mapping].rescan && !(settings_.dry_run && works_[mapping].scanned);
}

// A mapping that has not been scanned yet comes to what is dirty by itself.
bool Reconciler::takes_dirty(std::size_t mapping) const { return works_[mapping].scanned; }

void Reconciler::readers_unknown(std::size_t mapping) { works_[mapping].rescan = true; }

Result<std::uint64_t> Reconciler::objects_of(std::size_t mapping) { return works_[mapping].rows; }

void Reconciler::took(std::size_t /*mapping*/, const Syncer::Outcome& /*outcome*/) {}

Result<void> Reconciler::begin_turn(std::size_t mapping) {
  if (has_more(mapping)) {
    works_[mapping].rescan = false;
    COUPLET_TRY(scan(mapping));
    works_[mapping].scanned = true;
  }
  return {};
}

// Held and waiting objects are decided again whenever something was written; parked ones once a
// run.
Result<void> Reconciler::queue_standing(std::size_t mapping, bool progressed) {
  if (!progressed) {
    return {};
  }
  if (rounds_.round() == 1) {
    COUPLET_TRY(rounds_.queue_worklist(mapping, Family::kDirty));
  }
  for (const Family worklist : kWorklists) {
    if (worklist != Family::kParked || rounds_.round() == 1) {
      COUPLET_TRY(rounds_.queue_worklist(mapping, worklist));
    }
  }
  return {};
}

Result<void> Reconciler::scan(std::size_t mapping) {
  Work& work = works_[mapping];
  const MappingPlan& plan = syncer_.plans()[mapping];
  const Comparer comparer(definition_, state_, sources_, plan,
                          {settings_.spool_folder, syncer_.do_all()});
  // One that breaks off begins anew.
  COUPLET_ASSIGN(auto compared, (rounds_.retried<std::array<Comparer::SideResult, 2>>([&] {
                   std::uint64_t seen = 0;
                   return comparer.compare([&](std::uint64_t rows) {
                     observer_.on_progress(mapping, "scan", rows, 0);
                     const std::uint64_t more = rows - std::exchange(seen, rows);
                     return !settings_.stop_requested() &&
                            settings_.give_way(more) != Rounds::GaveWay::kStop;
                   });
                 })));
  for (const Side side : {Side::kLeft, Side::kRight}) {
    Comparer::SideResult& seen = compared[index_of(side)];
    if (!work.scanned) {
      objects_ += seen.rows;
    }
    COUPLET_TRY(queue_all(mapping, seen.nominees));
    std::string& no_evidence = rounds_.permissions(mapping).no_evidence[index_of(side)];
    const BoundEntity& entity = *plan.side(side).entity;
    if (seen.rows == 0 && !planted("empty_is_evidence")) {
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
  work.rows = std::max(compared[0].rows, compared[1].rows);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    COUPLET_TRY(set_recreate_rail(mapping, side, compared[index_of(side)]));
    COUPLET_TRY(queue_all(mapping, compared[index_of(side)].missing));
  }
  return {};
}

Result<void> Reconciler::queue_all(std::size_t mapping, NomineeSpool& nominees) {
  while (!nominees.empty()) {
    COUPLET_ASSIGN(const auto batch, nominees.take(tuning::kBatchRows));
    for (const Nominee& nominee : batch) {
      COUPLET_TRY(rounds_.queue(mapping, nominee));
    }
  }
  return {};
}

// A wiped side is held, not refilled. Links without a row may also be out of scope: where the bound
// trips, they are counted exactly.
Result<void> Reconciler::set_recreate_rail(std::size_t mapping, Side side,
                                           Comparer::SideResult& compared) {
  const MappingPlan& plan = syncer_.plans()[mapping];
  const auto reason_of = [&](std::uint64_t gone) {
    return rail_reason(*plan.bound, LimitClass::kRecreate, gone, compared.linked);
  };
  if (!plan.bound->writes[index_of(side)] || plan.pair_two_way ||
      reason_of(compared.missing.size()).empty()) {
    return {};
  }
  NomineeSpool& missing = compared.missing;
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
    COUPLET_ASSIGN(const auto found,
                   rounds_.retried<Reader::Found>([&] { return reader.fetch(side, keys); }));
    gone += keys.size() - found.size();
  }
  missing = std::move(counted);
  if (const std::string reason = reason_of(gone); !reason.empty()) {
    observer_.on_notice(reason);
    rounds_.permissions(mapping).rails[{LimitClass::kRecreate, side}] = reason;
  }
  return {};
}

// What is deferred, held or parked, and reported on, as the run ends, new or old.
Result<void> Reconciler::tell_what_stands(Summary& summary) {
  for (std::size_t mapping = 0; mapping < works_.size(); ++mapping) {
    if (!rounds_.selected(mapping)) {
      continue;
    }
    for (const Family worklist : kWorklists) {
      std::optional<Subject> after;
      for (bool more = true; more;) {
        COUPLET_ASSIGN(const auto subjects,
                       state_.worklist(mapping, worklist, after, tuning::kBatchRows));
        COUPLET_ASSIGN(const std::uint64_t count,
                       tell_standing(definition_, state_, syncer_.plans()[mapping], worklist,
                                     subjects, observer_));
        summary.count(operation_of(worklist)) += count;
        more = subjects.size() == tuning::kBatchRows;
        if (more) {
          after = subjects.back();
        }
      }
    }
  }
  syncer_.tell_reported(summary);
  return {};
}

}  // namespace couplet
