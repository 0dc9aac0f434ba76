#include "engine/sync/object_sync.h"

#include <algorithm>

#include "engine/ports/tuning.h"
#include "engine/sync/failure_policy.h"
#include "engine/sync/object_lookup.h"
#include "engine/sync/standing.h"

namespace couplet {
namespace {

constexpr const char* kLookedOnly =
    "it was looked for and is not there, which is no evidence of a delete: "
    "`couplet reconcile` decides";
// Of many names that are wrong the first tell enough.
constexpr std::size_t kNamesTold = 5;
// Each follows on something written, so two databases in their senses need few.
constexpr int kClashAttempts = 10;

Rounds::Settings rounds_settings(const ObjectSync::Settings& settings) {
  Rounds::Settings rounds;
  rounds.mappings = settings.mappings;
  rounds.dry_run = settings.dry_run;
  rounds.recovers = settings.recovers;
  rounds.tells_stops = settings.tells_stops;
  rounds.spool_folder = settings.spool_folder;
  rounds.stop_requested = settings.stop_requested;
  rounds.hour = settings.hour;
  rounds.rehearsed = {LimitClass::kCreate, LimitClass::kRecreate, LimitClass::kUpdate};
  return rounds;
}

}  // namespace

ObjectSync::ObjectSync(const BoundDefinition& definition, State& state,
                       std::vector<Source*> sources, Syncer& syncer, Clock& clock,
                       Observer& observer, const Settings& settings)
    : definition_(definition),
      state_(state),
      sources_(std::move(sources)),
      syncer_(syncer),
      observer_(observer),
      dry_run_(settings.dry_run),
      hour_(settings.hour),
      rounds_(definition, state, sources_, syncer, clock, observer, *this,
              rounds_settings(settings)),
      standing_(definition.mappings.size()) {
  for (std::size_t mapping = 0; mapping < definition_.mappings.size(); ++mapping) {
    rounds_.permissions(mapping) = permissions_of_a_look();
  }
}

Permissions ObjectSync::permissions_of_a_look() {
  Permissions permissions;
  permissions.looked_only = kLookedOnly;
  permissions.no_evidence = {kLookedOnly, kLookedOnly};
  return permissions;
}

Result<void> ObjectSync::check_known(std::span<const NamedObject> objects) {
  COUPLET_ASSIGN(const auto known, rounds_.retried<std::vector<KnownObject>>([&] {
    return look_up(definition_, state_, sources_, syncer_.plans(), objects);
  }));
  std::string names;
  std::size_t missing = 0;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (known[i].exists || known[i].remembered) {
      continue;
    }
    if (++missing <= kNamesTold) {
      names += (names.empty() ? "" : ", ") +
               object_name(definition_.entities[objects[i].entity], objects[i].key);
    }
  }
  if (missing == 0) {
    return {};
  }
  if (missing > kNamesTold) {
    names += " and " + std::to_string(missing - kNamesTold) + " more";
  }
  return fail(Error{ErrorKind::kNotFound,
                    "no such object: " + names,
                    "nothing was synced; leave these out",
                    {},
                    "no_such_object",
                    {}});
}

Result<ObjectSync::Report> ObjectSync::sync(std::span<const NamedObject> objects) {
  std::vector<NamedObject> named(objects.begin(), objects.end());
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  COUPLET_TRY(check_known(named));
  std::vector<Syncer::Changed> changed;
  for (const NamedObject& object : named) {
    changed.push_back({object.entity, object.key});
    COUPLET_TRY(queue_everywhere(changed.back()));
  }
  COUPLET_TRY(rounds_.wake_readers(changed));
  COUPLET_ASSIGN(const auto held, syncer_.held_opposite(changed));
  COUPLET_TRY(rounds_.queue(held));
  return run();
}

Result<void> ObjectSync::queue_everywhere(const Syncer::Changed& object) {
  for (const MappingPlan& plan : syncer_.plans()) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (rounds_.selected(plan.mapping) &&
          plan.entities->entities[index_of(side)] == object.entity) {
        COUPLET_TRY(rounds_.queue(plan.mapping, {side, object.key}));
      }
    }
  }
  return {};
}

Result<ObjectSync::Report> ObjectSync::sync(const Told& told) {
  for (const Syncer::Changed& object : told.deleted) {
    for (const MappingPlan& plan : syncer_.plans()) {
      for (const Side side : {Side::kLeft, Side::kRight}) {
        if (plan.entities->entities[index_of(side)] == object.entity) {
          rounds_.permissions(plan.mapping).deleted[index_of(side)].insert(object.key);
        }
      }
    }
  }
  std::vector<Syncer::Relinked> again;
  for (const Syncer::Changed& object : told.changed) {
    COUPLET_TRY(queue_everywhere(object));
    for (std::size_t pair = 0; told.again.contains(object) && pair < definition_.pairs.size();
         ++pair) {
      for (const Side side : {Side::kLeft, Side::kRight}) {
        if (definition_.pairs[pair].entities[index_of(side)] == object.entity) {
          again.push_back({pair, side, object.key});
        }
      }
    }
  }
  for (std::size_t mapping = 0; told.standing && mapping < definition_.mappings.size(); ++mapping) {
    for (const Family worklist : {Family::kDirty, Family::kWaiting, Family::kHeld}) {
      if (rounds_.selected(mapping)) {
        COUPLET_TRY(rounds_.queue_worklist(mapping, worklist));
      }
    }
  }
  COUPLET_TRY(rounds_.queue(told.woken));
  const std::vector<Syncer::Changed> changed(told.changed.begin(), told.changed.end());
  std::vector<Syncer::Changed> ours;
  std::vector<Syncer::Changed> by_others;
  for (const Syncer::Changed& object : told.changed) {
    (told.ours.contains(object) ? ours : by_others).push_back(object);
  }
  COUPLET_TRY(rounds_.wake_readers(ours));
  COUPLET_TRY(rounds_.wake_readers(by_others, true));
  COUPLET_TRY(rounds_.wake_referring(again));
  COUPLET_ASSIGN(const auto held, syncer_.held_opposite(changed));
  COUPLET_TRY(rounds_.queue(held));
  return run();
}

Result<ObjectSync::Report> ObjectSync::sync(const NextSubjects& next) {
  for (;;) {
    COUPLET_ASSIGN(const std::vector<Subject> subjects, next());
    if (subjects.empty()) {
      return run();
    }
    for (const Subject& subject : subjects) {
      COUPLET_TRY(rounds_.queue(subject.mapping, {subject.side, subject.key}));
    }
  }
}

// True if what was written may have made room for a row that clashed: by leaving a value of its
// table, or as the row that it refers to.
bool ObjectSync::made_room(std::size_t mapping, std::string_view code) const {
  const Pair& pair = definition_.pairs[definition_.mappings[mapping].pair];
  return std::any_of(written_.begin(), written_.end(), [&](std::size_t entity) {
    const BoundEntity& changed = definition_.entities[entity];
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const BoundEntity& own = definition_.entities[pair.entities[index_of(side)]];
      if (definition_.mappings[mapping].writes[index_of(side)] && own.source == changed.source &&
          (is_missing_reference(code) || own.table.name == changed.table.name)) {
        return true;
      }
    }
    return false;
  });
}

// Those are tried again, as a reconcile would. They were not asked for: what comes of them is told,
// not that it came to nothing.
Result<bool> ObjectSync::queue_clashes() {
  bool any = false;
  for (std::size_t mapping = 0; mapping < definition_.mappings.size() && !written_.empty();
       ++mapping) {
    COUPLET_TRY(rounds_.queue_worklist(
        mapping, Family::kParked, [&](const Subject& subject, const State::Standing& standing) {
          const bool again = standing.parked && is_clash(standing.parked->code) &&
                             made_room(mapping, standing.parked->code);
          if (again && !standing_[mapping].contains(subject)) {
            bystanders_.insert(subject);
          }
          any = any || again;
          return again;
        }));
  }
  return any;
}

Result<ObjectSync::Report> ObjectSync::run() {
  Report report;
  for (int attempt = 0; attempt < kClashAttempts; ++attempt) {
    written_.clear();
    const std::uint32_t rounds = report.summary.rounds;
    const double elapsed = report.summary.elapsed_seconds;
    COUPLET_ASSIGN(report, rounds_.run());
    report.summary.rounds += rounds;
    report.summary.elapsed_seconds += elapsed;
    if (report.interrupted || dry_run_) {
      break;
    }
    COUPLET_ASSIGN(const bool clashed, queue_clashes());
    if (!clashed) {
      break;
    }
  }
  report.summary.objects = looked_at_;
  report.summary.converged = report.summary.converged && too_many_.empty();
  for (const std::size_t mapping : too_many_) {
    observer_.on_notice("more than " + std::to_string(tuning::kReadersMost) +
                        " objects of mapping '" + definition_.mappings[mapping].name +
                        "' read what has changed: `couplet reconcile " +
                        definition_.mappings[mapping].name + "` brings them into step");
  }
  COUPLET_TRY(tell_what_stands(report.summary));
  return report;
}

Result<void> ObjectSync::tell_what_stands(Summary& summary) {
  for (std::size_t mapping = 0; mapping < standing_.size(); ++mapping) {
    const std::vector<Subject> subjects(standing_[mapping].begin(), standing_[mapping].end());
    for (const Family worklist : kWorklists) {
      COUPLET_ASSIGN(const std::uint64_t count,
                     tell_standing(definition_, state_, syncer_.plans()[mapping], worklist,
                                   subjects, observer_));
      summary.count(operation_of(worklist)) += count;
    }
  }
  syncer_.tell_reported(summary);
  return {};
}

Result<void> ObjectSync::begin_turn(std::size_t /*mapping*/) { return {}; }

// Who waits or is held for what this call changes follows by itself; nobody else is looked at.
Result<void> ObjectSync::queue_standing(std::size_t /*mapping*/, bool /*progressed*/) { return {}; }

bool ObjectSync::has_more(std::size_t /*mapping*/) const { return false; }
bool ObjectSync::takes_dirty(std::size_t /*mapping*/) const { return true; }
void ObjectSync::readers_unknown(std::size_t mapping) { too_many_.insert(mapping); }
Result<std::uint64_t> ObjectSync::objects_of(std::size_t mapping) {
  const auto count = [&] { return state_.count_links(definition_.mappings[mapping].pair); };
  return hour_ == nullptr ? count() : hour_->objects(mapping, count);
}

void ObjectSync::took(std::size_t mapping, const Syncer::Outcome& outcome) {
  // Who was looked at twice, since the first write was refused, stands as of the second look.
  for (const Subject& subject : outcome.settled) {
    standing_[mapping].erase(subject);
    ++looked_at_;
  }
  for (const Subject& subject : outcome.standing) {
    if (!bystanders_.contains(subject)) {
      standing_[mapping].insert(subject);
      ++looked_at_;
    }
  }
  for (const Syncer::Changed& changed : outcome.written) {
    written_.insert(changed.entity);
  }
  for (const auto& [rail, count] : outcome.counts) {
    counts_[mapping][rail] += count;
  }
}

}  // namespace couplet
