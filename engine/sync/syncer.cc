#include "engine/sync/syncer.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>

#include "engine/model/planted_bug.h"
#include "engine/sync/failure_policy.h"
#include "engine/sync/joint_changes.h"
#include "engine/sync/many_to_one.h"
#include "engine/sync/object_name.h"
#include "engine/sync/one_to_one.h"
#include "engine/sync/reports.h"

namespace couplet {
namespace {

using Act = Task::Act;

// More objects that are only reported on are counted, not told one by one: memory is bounded.
constexpr std::size_t kReportsTold = 100'000;

bool wrote(const Task& task) {
  return std::any_of(task.written.begin(), task.written.end(),
                     [](const auto& written) { return written.has_value() && written->done; });
}

// Whether the row that the task has written came back with another value in an attribute that was
// not written: the change of a trigger, which is one of that side like any.
bool changed_besides(const Task& task, Side side) {
  const auto& written = task.written[index_of(side)];
  const View* before = task.views[index_of(side)];
  if (!written || !written->done || before == nullptr) {
    return false;
  }
  for (std::size_t use = 0; use < task.merges.size(); ++use) {
    const auto& now = written->states[use];
    const bool meant =
        task.merges[use].outcome == Merge::Outcome::kWrite && task.merges[use].to == side;
    if (!meant && now && now->holds() && now->digest != before->slots[use].state.digest) {
      return true;
    }
  }
  return false;
}

// Whether the mapping itself has something to carry back from the object that the task has made: a
// value that the database gave it, or that stands behind its references.
bool sends_back(const Task& task, const MappingPlan& plan) {
  if (task.act != Act::kCreate || !wrote(task)) {
    return false;
  }
  const std::size_t made = task.written[0] && task.written[0]->done ? 0 : 1;
  for (std::size_t use = 0; use < task.merges.size(); ++use) {
    const auto& writes = plan.uses[use]->writes;
    if (!writes[made] && writes[1 - made] && !task.merges[use].base) {
      return true;
    }
  }
  return false;
}

void append(std::vector<Subject>& subjects, std::vector<Subject> more) {
  subjects.insert(subjects.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
}

bool has_competitors(const MappingPlan& plan) {
  return std::any_of(plan.competitors.begin(), plan.competitors.end(),
                     [](const auto& of_use) { return !of_use.empty(); });
}

// The rules that decided its conflicts, as Recorder::record_conflicts has them; of a write that was
// refused the next look tells.
std::vector<std::string_view> rules_of_conflicts(const Task& task) {
  std::vector<std::string_view> rules;
  if ((task.act != Act::kMerge && task.act != Act::kReport && task.act != Act::kHold) ||
      RefusedWrites::any(task)) {
    return rules;
  }
  for (std::size_t use = 0; use < task.merges.size(); ++use) {
    if (task.merges[use].rule != nullptr && task.holder(Side::kLeft, use) != nullptr &&
        task.holder(Side::kRight, use) != nullptr) {
      rules.emplace_back(task.merges[use].rule);
    }
  }
  return rules;
}

}  // namespace

Syncer::Syncer(const BoundDefinition& definition, State& state, std::vector<Source*> sources,
               Clock& clock, Observer& observer, Settings settings)
    : definition_(definition),
      state_(state),
      sources_(std::move(sources)),
      clock_(clock),
      observer_(observer),
      settings_(std::move(settings)),
      plans_(make_plans(definition)),
      fast_ways_(couplet::fast_ways(definition, plans_)),
      has_fast_way_(plans_.size()),
      fast_is_open_(plans_.size()) {
  writers_.sources.resize(sources_.size());
  for (const auto& way : fast_ways_) {
    if (way) {
      has_fast_way_[way->mapping] = true;
    }
  }
}

std::string Syncer::why_creates_are_held() const {
  return state_.fresh() && marks_found_
             ? "the state is lost: what has no counterpart may have been deleted on the other side"
             : "";
}

Result<FastLane::Outcome> Syncer::sync_fast(const FastWay& way,
                                            std::span<const FastLane::Event> events,
                                            const FastLane::Visible& visible) {
  FastLane lane(definition_, state_, sources_, plans_, writers_, *horizon_, clock_, observer_,
                settings_.crash_points);
  const bool creates = why_creates_are_held().empty();
  return lane.sync(way, events, creates, visible);
}

Result<bool> Syncer::fast_lane_is_open(std::size_t mapping) {
  std::optional<bool>& open = fast_is_open_[mapping];
  std::optional<std::string> after;
  while (!open) {  // A conflict that was held under an older definition is settled by a look.
    COUPLET_ASSIGN(const auto page, state_.conflicts(mapping, after, tuning::kBatchRows));
    if (std::any_of(page.begin(), page.end(),
                    [](const auto& entry) { return entry.conflict.undecided(); })) {
      open = false;
    } else if (page.size() < tuning::kBatchRows) {
      open = true;
    } else {
      after = page.back().key;
    }
  }
  return *open;
}

Result<void> Syncer::decide_batch(const MappingPlan& plan, std::span<const Nominee> nominees,
                                  const Permissions& permissions, Reader& reader,
                                  TaskBatch& batch) {
  const auto ours = [&](std::size_t source, RowVersion version) {
    return writers_.ours(source, version);
  };
  std::set<std::pair<Side, ObjectKey>> told;
  for (const Nominee& nominee : nominees) {
    if (nominee.told) {
      told.emplace(nominee.side, nominee.key);
    }
  }
  const DecisionContext context{definition_, state_, plan, clock_.now(), ours, permissions, told};
  if (plan.entities->many) {
    COUPLET_TRY(ManyToOneResolver(context, reader, batch).resolve(nominees));
  } else {
    COUPLET_TRY(
        OneToOneResolver(definition_, state_, plan, permissions, reader, batch).resolve(nominees));
  }
  for (Task& task : batch.tasks) {
    couplet::decide(context, task);
  }
  return {};
}

void Syncer::begin_run() {
  run_ = {};
  run_.began = clock_.now();
}

Result<Syncer::Outcome> Syncer::sync(std::size_t mapping, std::span<const Nominee> nominees,
                                     const Permissions& permissions, bool clashing,
                                     const Ahead& ahead) {
  const MappingPlan& plan = plans_[mapping];
  if (has_fast_way_[mapping] && !settings_.dry_run) {
    COUPLET_TRY(horizon_->begin_reading());
  }
  Outcome outcome;
  SecondLook second;
  COUPLET_TRY(look(plan, {nominees, clashing, ahead}, permissions, {}, second, outcome));
  std::vector<Nominee> again;
  for (const auto* subjects : {&second.refused, &second.besides}) {
    for (const Subject& subject : *subjects) {
      again.push_back({subject.side, subject.key});
    }
  }
  if (again.empty()) {
    return outcome;
  }
  // What triggers change once more is left to the next run: they may do so for ever.
  SecondLook third;
  COUPLET_TRY(look(plan, {again, clashing, {nullptr, {}, ahead.next_rows}}, permissions,
                   second.writes, third, outcome));
  append(outcome.again, std::move(third.refused));
  return outcome;
}

Result<void> Syncer::look(const MappingPlan& plan, const Looked& looked,
                          const Permissions& permissions, const RefusedWrites& earlier,
                          SecondLook& second, Outcome& outcome) {
  TaskBatch batch;
  Reader reader(definition_, state_, sources_, plan, batch,
                settings_.dry_run ? &planned_rows_ : nullptr, looked.ahead.rows);
  COUPLET_TRY(decide_batch(plan, looked.nominees, permissions, reader, batch));
  const Ahead& ahead = looked.ahead;
  const auto read_next = [&] {
    if (!ahead.next.empty()) {
      *ahead.next_rows = ReadAhead(plan, state_, sources_, settings_.do_all, ahead.next);
    }
  };
  Applier applier(definition_, state_, sources_, plan, reader, batch, writers_, clock_,
                  settings_.crash_points, settings_.stop_requested, read_next);
  if (settings_.dry_run) {
    applier.pretend(planned_, planned_rows_);
  } else {
    COUPLET_TRY(applier.apply());
    if (ahead.next_rows != nullptr) {
      ahead.next_rows->forget_written(batch);
    }
  }
  park_without_effect(plan, earlier, batch);
  COUPLET_TRY(record(batch, plan, looked.clashing, second, outcome));
  const bool values = observer_.wants_values();
  for (const Task& task : batch.tasks) {
    for (OperationReport& operation : operations_of(reader.builder(), plan, task, values)) {
      ++run_.summary.count(operation.operation);
      ++outcome.operations;
      observer_.on_operation(operation);
    }
    report(task, plan);
  }
  append(outcome.again, std::move(batch.again));
  return {};
}

Result<void> Syncer::decide(std::size_t mapping, std::span<const Nominee> nominees,
                            const Permissions& permissions, TaskBatch& batch) {
  const MappingPlan& plan = plans_[mapping];
  Reader reader(definition_, state_, sources_, plan, batch);
  return decide_batch(plan, nominees, permissions, reader, batch);
}

Result<RailCounts> Syncer::rehearse(std::size_t mapping, std::span<const Nominee> nominees,
                                    const Permissions& permissions) {
  TaskBatch batch;
  COUPLET_TRY(decide(mapping, nominees, permissions, batch));
  RailCounts counts;
  for (const Task& task : batch.tasks) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (is_to_write(task, side)) {
        ++counts[{*limit_class_of(task), side}];
      }
    }
  }
  return counts;
}

void Syncer::note_read(const Task& task, std::size_t pair) {
  horizon_->note(pair, task.subject.side, task.subject.key);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    for (const std::optional<Link>* link : {&task.link, &task.replaced}) {
      if (*link && !(*link)->end(side).empty()) {
        horizon_->note(pair, side, (*link)->end(side));
      }
    }
    if (const auto& written = task.written[index_of(side)]; written && written->done) {
      horizon_->note(pair, side, written->key);
    }
  }
}

Result<void> Syncer::record(const TaskBatch& batch, const MappingPlan& plan, bool clashing,
                            SecondLook& second, Outcome& outcome) {
  const Recorder recorder(state_, plan, clock_.now(), run_.began);
  JointChanges joint;
  std::vector<const Task*> standing;
  for (const Task& task : batch.tasks) {
    if (has_fast_way_[plan.mapping] && !settings_.dry_run) {
      note_read(task, plan.pair);
    }
    if (task.act == Act::kPark && is_clash(task.fault.code) && !clashing) {
      for (Subject& subject : recorder.nominees(task)) {
        const View* row = task.views[index_of(*task.fault_side)];
        outcome.clashes.push_back({std::move(subject), *task.fault_side,
                                   row != nullptr ? row->key : ObjectKey{}, task.held_by});
      }
      continue;
    }
    if (task.act == Act::kPark && task.fault.kind == ErrorKind::kInterrupted) {
      append(outcome.again, recorder.nominees(task));
      continue;
    }
    if (task.act != Act::kPark && RefusedWrites::any(task)) {
      second.writes.add(plan, task);
      append(second.refused, recorder.nominees(task));
    }
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (changed_besides(task, side)) {
        second.besides.push_back({plan.mapping, side, task.written[index_of(side)]->key});
      }
    }
    if (settings_.dry_run || (!wrote(task) && !task.recorded)) {  // Else it stands already.
      StateBatch own;
      COUPLET_TRY(recorder.record(task, own));
      COUPLET_TRY(recorder.record_conflicts(task, own));
      joint.add(own.changes());
    }
    standing.push_back(&task);
  }
  StateBatch changes;
  joint.put_into(changes);
  if (plan.entities->many && has_competitors(plan)) {
    std::vector<Subject> looked_at;
    for (const Task* task : standing) {
      const ObjectKey& key = task->target_key.empty() ? task->subject.key : task->target_key;
      if (!RefusedWrites::any(*task) && !is_planned(key)) {
        looked_at.push_back({plan.mapping, other(*plan.entities->many), key});
      }
    }
    COUPLET_TRY(state_.erase_dirty(changes, looked_at));
  }
  COUPLET_ASSIGN(auto stands, recorder.record_standing(standing, changes));
  append(outcome.standing, std::move(stands.standing));
  append(outcome.settled, std::move(stands.settled));
  std::vector<PairEnd> rivals;
  for (const Subject& subject : stands.changed) {
    rivals.push_back({state_.pair_id(plan.pair), subject.side, subject.key});
  }
  if (!changes.empty()) {
    COUPLET_TRY(state_.store().commit(changes, Durability::kLater));
    settings_.crash_points.reached("after_record");
  }
  for (const Task& task : batch.tasks) {
    COUPLET_TRY(follow(task, plan, recorder, outcome));
    const auto relinked = recorder.relinked(task);
    rivals.insert(rivals.end(), relinked.begin(), relinked.end());
  }
  return follow_rivals(std::move(rivals), outcome);
}

void Syncer::report(const Task& task, const MappingPlan& plan) {
  const std::string name =
      plan.bound->name + "\n" + std::string(name_of(task.subject.side)) + task.subject.key.bytes;
  const std::uint64_t key = std::hash<std::string>{}(name);
  if (task.act == Act::kReport) {
    auto& report = run_.reported[key];
    if (run_.reported.size() <= kReportsTold) {
      report = standing_of(plan, task);
    }
  } else {
    run_.reported.erase(key);
  }
  const std::vector<std::string_view> rules = rules_of_conflicts(task);
  if (!rules.empty()) {
    run_.conflicts.insert(key);
  }
  if (std::find(rules.begin(), rules.end(), because::kFutureTime) != rules.end() &&
      future_times_.insert(plan.mapping).second) {
    observer_.on_notice(
        "mapping '" + plan.bound->name +
        "': a change time is more than a day ahead of this machine's clock, so that "
        "`tie` decides who wins (set right the clock that is wrong, that of the time or this "
        "machine's, and a wrong time on both sides)");
  }
}

void Syncer::tell_reported(Summary& summary) const {
  // In an order of their own, not in that of a hash: one seed tells one story.
  std::vector<const OperationReport*> told;
  for (const auto& [key, reported] : run_.reported) {
    if (reported) {
      told.push_back(&*reported);
    }
  }
  std::sort(told.begin(), told.end(), [](const OperationReport* a, const OperationReport* b) {
    return std::tie(a->mapping, a->from, a->to) < std::tie(b->mapping, b->from, b->to);
  });
  for (const OperationReport* reported : told) {
    observer_.on_operation(*reported);
  }
  summary.count(Operation::kReport) = run_.reported.size();
  summary.count(Operation::kConflict) = run_.conflicts.size();
}

// Who rests on what the task changed: waiters for its links, other mappings of the rows that it
// wrote; and what others may read through paths.
Result<void> Syncer::follow(const Task& task, const MappingPlan& plan, const Recorder& recorder,
                            Outcome& outcome) const {
  append(outcome.hidden, recorder.outranked(task));
  if (task.act == Act::kSever && task.link) {
    // Who is left alone by another link that ends may be the same thing by now.
    const Side survivor = task.views[0] != nullptr ? Side::kLeft : Side::kRight;
    for (const std::size_t mapping : plan.entities->mappings) {
      outcome.dirty.push_back({mapping, survivor, task.link->end(survivor)});
    }
  }
  if (task.act == Act::kMerge && task.links && task.link && !wrote(task)) {
    // The other mappings of the pair have only known them apart.
    for (const std::size_t mapping : plan.entities->mappings) {
      if (mapping != plan.mapping) {
        outcome.dirty.push_back({mapping, Side::kLeft, task.link->left});
      }
    }
  }
  for (const Recorder::Linked& end : recorder.linked(task)) {
    COUPLET_ASSIGN(auto waiters, state_.waiters(plan.pair, end.side, end.key));
    if (!planted("drop_wake")) {
      append(outcome.dirty, std::move(waiters));
    }
    for (const MappingPlan& reader : plans_) {
      for (std::size_t use = 0; use < reader.uses.size(); ++use) {
        const Slot& slot = reader.slot(use);
        if (!slot.link || *slot.link != plan.pair) {
          continue;
        }
        for (const Side side : {Side::kLeft, Side::kRight}) {
          if (link_side(slot, side) == end.side && slot.end(side).kind == Endpoint::Kind::kSelf) {
            outcome.dirty.push_back({reader.mapping, side, end.key});
          }
        }
      }
    }
    if (end.moved) {
      // Changes what references to it mean. (One that is new has waiters.)
      outcome.relinked.push_back({plan.pair, end.side, end.key});
    }
  }
  follow_writes(task, plan, outcome);
  return {};
}

// Who is held for an object that was written, or whose link or standing is another now.
Result<void> Syncer::follow_rivals(std::vector<PairEnd> rivals, Outcome& outcome) const {
  for (const Changed& changed : outcome.written) {
    append_ends(changed, rivals);
  }
  COUPLET_ASSIGN(auto held, state_.held_by(std::move(rivals)));
  append(outcome.dirty, std::move(held));
  return {};
}

// As each pair that relates it knows it.
void Syncer::append_ends(const Changed& object, std::vector<PairEnd>& ends) const {
  for (std::size_t pair = 0; pair < definition_.pairs.size(); ++pair) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (definition_.pairs[pair].entities[index_of(side)] == object.entity &&
          !is_planned(object.key)) {
        ends.push_back({state_.pair_id(pair), side, object.key});
      }
    }
  }
}

Result<std::vector<Subject>> Syncer::held_opposite(std::span<const Changed> objects) const {
  std::vector<PairEnd> ends;
  for (const Changed& object : objects) {
    append_ends(object, ends);
  }
  std::vector<Subject> found;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    std::vector<PairEnd> here;
    std::copy_if(ends.begin(), ends.end(), std::back_inserter(here),
                 [&](const PairEnd& end) { return end.side == side; });
    COUPLET_ASSIGN(auto held, state_.held_by(std::move(here)));
    std::erase_if(held, [&](const Subject& subject) { return subject.side == side; });
    append(found, std::move(held));
  }
  return found;
}

void Syncer::follow_writes(const Task& task, const MappingPlan& plan, Outcome& outcome) const {
  if (sends_back(task, plan)) {
    const Side made = task.written[0] && task.written[0]->done ? Side::kLeft : Side::kRight;
    outcome.dirty.push_back({plan.mapping, made, task.written[index_of(made)]->key});
  }
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const auto& written = task.written[index_of(side)];
    if (!written || !written->done) {
      continue;
    }
    ++outcome.counts[{limit_class_of(task).value_or(LimitClass::kUpdate), side}];
    const BoundEntity* entity = plan.side(side).entity;
    for (const MappingPlan& reader : plans_) {
      for (const Side root : {Side::kLeft, Side::kRight}) {
        if (reader.side(root).entity == entity && reader.mapping != plan.mapping &&
            !planted("other_mappings_sleep")) {
          outcome.dirty.push_back({reader.mapping, root, written->key});
        }
      }
    }
    const std::size_t index = plan.entities->entities[index_of(side)];
    outcome.written.push_back({index, written->key});
    const View* before = task.views[index_of(side)];
    if (before != nullptr && before->key != written->key) {
      outcome.written.push_back({index, before->key});
    }
  }
}

}  // namespace couplet
