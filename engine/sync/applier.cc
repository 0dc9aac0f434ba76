#include "engine/sync/applier.h"

#include <algorithm>

#include "engine/model/planted_bug.h"
#include "engine/sync/exchange.h"
#include "engine/sync/failure_policy.h"
#include "engine/sync/joint_changes.h"
#include "engine/sync/object_name.h"
#include "engine/sync/refusal.h"

namespace couplet {
namespace {

Operation operation_of(const RowWrite& write) {
  switch (write.operation) {
    case WriteGroup::Operation::kCreate:
      return Operation::kCreate;
    case WriteGroup::Operation::kUpdate:
      return Operation::kUpdate;
    case WriteGroup::Operation::kDelete:
      return Operation::kDelete;
  }
  return Operation::kUpdate;
}

// What the row holds if the write goes through as it stands.
Task::Written expected_outcome(const MappingPlan& plan, const RowWrite& write) {
  Task::Written written;
  written.done = true;
  written.key = write.key;
  written.carried = write.carried;
  written.states.resize(plan.uses.size());
  return written;
}

// A row with the same key was looked for and not found, but the source finds it: it may take other
// bytes for the same.
void explain_clash(const SidePlan& side, Error& fault) {
  const TableInfo& table = side.entity->table;
  const auto clashed =
      std::find_if(table.unique_keys.begin(), table.unique_keys.end(),
                   [&](const UniqueKey& key) { return key.name == fault.constraint; });
  if (!is_unique_violation(fault.code) || clashed == table.unique_keys.end()) {
    return;
  }
  for (const std::size_t column : side.identity) {
    const ColumnPath& path = side.projection.columns[column];
    const ColumnInfo* info = path.joins.empty() ? table.column(path.column) : nullptr;
    if (info != nullptr && !info->equated_by.empty() &&
        std::find(clashed->columns.begin(), clashed->columns.end(), path.column) !=
            clashed->columns.end()) {
      fault.message += "; " + path.column + " is compared there by " + info->equated_by +
                       ", and perhaps a row spells it otherwise: Couplet compares code points";
      return;
    }
  }
}

}  // namespace

Result<void> Applier::apply() {
  std::vector<RowWrite> writes;
  for (Task& task : batch_.tasks) {
    for (RowWrite& write : row_writes_of(reader_.builder(), plan_, clock_, task)) {
      writes.push_back(std::move(write));
    }
  }
  COUPLET_TRY(choose_ids(writes));
  COUPLET_TRY(find_outlived(writes));
  departures_.find(batch_, writes);
  for (const Side side : {Side::kLeft, Side::kRight}) {
    std::vector<RowWrite*> here;
    for (RowWrite& row : writes) {
      // A task that parked on the other side is not written here either.
      if (row.side == side && row.task->act != Task::Act::kPark) {
        here.push_back(&row);
      }
    }
    if (!here.empty()) {
      COUPLET_TRY(write(side, std::move(here), nullptr));
    }
  }
  departures_.end();
  return {};
}

void Applier::pretend(std::uint64_t& created, PlannedRows& planned) {
  for (Task& task : batch_.tasks) {
    for (RowWrite& write : row_writes_of(reader_.builder(), plan_, clock_, task)) {
      Task::Written written = expected_outcome(plan_, write);
      if (write.operation == WriteGroup::Operation::kCreate) {
        written.key = planned_key(++created);
        if (!task.members.empty()) {
          task.joins_planned =
              !planned.make(plan_.mapping, task.members.front().identity, written.key);
        }
      } else {
        planned.add(plan_.side(write.side), write);
      }
      task.written[index_of(write.side)] = std::move(written);
    }
  }
  std::vector<RowWrite> none;
  departures_.find(batch_, none);
  departures_.end();
}

Result<void> Applier::choose_ids(std::vector<RowWrite>& writes) {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    std::vector<RowWrite*> without;
    for (RowWrite& write : writes) {
      if (write.side == side && write.operation == WriteGroup::Operation::kCreate &&
          write.key.empty()) {
        without.push_back(&write);
      }
    }
    if (without.empty()) {
      continue;
    }
    const BoundEntity& entity = *plan_.side(side).entity;
    COUPLET_ASSIGN(const auto ids, sources_[entity.source]->reserve_ids(
                                       entity.table, entity.id, entity.id_types, without.size()));
    for (std::size_t i = 0; ids && i < without.size() && i < ids->rows(); ++i) {
      without[i]->key = key_of_row(*ids, i, entity.id_types);
    }
  }
  return {};
}

// Where we choose the ids, that a row can come to have one says that whoever had it is gone.
Result<void> Applier::find_outlived(std::span<const RowWrite> writes) const {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    std::vector<ObjectKey> ids;
    std::vector<Task*> tasks;
    for (const RowWrite& write : writes) {
      auto id = write.side == side && !plan_.entities->many ? new_id(plan_.side(side), write)
                                                            : std::nullopt;
      if (id) {
        ids.push_back(std::move(*id));
        tasks.push_back(write.task);
      }
    }
    COUPLET_ASSIGN(auto links, state_.links(plan_.pair, side, ids));
    for (std::size_t i = 0; i < ids.size() && !planted("an_id_is_never_used_again"); ++i) {
      if (!links[i]) {
        continue;
      }
      const auto known = std::find_if(
          batch_.tasks.begin(), batch_.tasks.end(),
          [&](const Task& one) { return one.link && one.link->left == links[i]->left; });
      Task* task = known == batch_.tasks.end() ? nullptr : &*known;
      const auto moves_away = [&](const RowWrite& write) {
        return write.task == task && write.side == side &&
               write.operation == WriteGroup::Operation::kUpdate &&
               new_id(plan_.side(side), write).has_value();
      };
      if (task != tasks[i]) {
        tasks[i]->outlived = Task::Outlived{
            std::move(*links[i]), task == nullptr || task->act != Task::Act::kDropLink, task,
            std::any_of(writes.begin(), writes.end(), moves_away)};
      }
    }
  }
  return {};
}

Result<void> Applier::write(Side side, std::vector<RowWrite*> writes, const Error* whole) {
  if (cut_up_ && stop_requested_()) {
    for (const RowWrite* row : writes) {
      row->task->act = Task::Act::kPark;
      row->task->fault = {ErrorKind::kInterrupted, "interrupted", {}, {}, {}, {}};
    }
    return {};
  }
  auto result = write_once(side, writes);
  if (result || result.error().kind != ErrorKind::kRowFault) {
    return result;
  }
  const Error& refusal = result.error();
  if (writes.size() == 1) {
    return park_alone(side, *writes.front(), refusal);
  }
  cut_up_ = true;
  if (is_unique_violation(refusal.code)) {
    COUPLET_ASSIGN(const bool parked, park_blocked(side, writes, refusal, whole));
    if (parked) {
      return writes.empty() ? Result<void>{} : write(side, std::move(writes), whole);
    }
  }
  Halves halves = halves_of(plan_, side, writes);
  if (halves.one_exchange && !is_clash(refusal.code)) {
    whole = &refusal;
  }
  COUPLET_TRY(write(side, std::move(halves.first), whole));
  return write(side, std::move(halves.second), whole);
}

Result<void> Applier::park_alone(Side side, RowWrite& write, Error refusal) {
  Task& task = *write.task;
  task.act = Task::Act::kPark;
  task.fault = std::move(refusal);
  task.fault_side = side;
  explain_clash(plan_.side(side), task.fault);
  if (is_unique_violation(task.fault.code)) {
    RowWrite* const alone = &write;
    const SidePlan& target = plan_.side(side);
    COUPLET_ASSIGN(const auto blocked,
                   blocked_rows(target, *sources_[target.entity->source], {&alone, 1}));
    if (!blocked.empty()) {
      task.held_by = blocked.front().holder;
      task.fault.message += "; " + object_name(plan_, side, task.held_by) + " holds its value";
    }
  }
  return {};
}

// True if any was; they are taken out of `writes`.
Result<bool> Applier::park_blocked(Side side, std::vector<RowWrite*>& writes, const Error& refusal,
                                   const Error* whole) {
  const SidePlan& target = plan_.side(side);
  COUPLET_ASSIGN(const auto blocked,
                 blocked_rows(target, *sources_[target.entity->source], writes));
  for (const Blocked& one : blocked) {
    Task& task = *writes[one.row]->task;
    task.act = Task::Act::kPark;
    task.fault_side = side;
    task.held_by = one.holder;
    task.fault = refusal;
    task.fault.detail = whole != nullptr ? whole->detail : std::string();
    if (refusal.constraint != one.key->name) {
      task.fault.constraint = one.key->name;
      task.fault.message = "unique key " + one.key->name + " of table " +
                           to_string(target.entity->table.name) + " refuses the row (" +
                           refusal.code + ")";
    }
    task.fault.message += "; " + object_name(plan_, side, one.holder) + " holds its value";
    if (whole != nullptr) {
      task.fault.message +=
          ", and all that exchange their values are refused together: " + whole->message;
    }
  }
  std::erase_if(writes, [](const RowWrite* row) { return row->task->act == Task::Act::kPark; });
  return !blocked.empty();
}

Result<void> Applier::write_once(Side side, std::vector<RowWrite*>& writes) {
  const std::size_t index = plan_.side(side).entity->source;
  WriterState::PerSource& writer = writers_.sources[index];
  Source& source = *sources_[index];
  ++writer.last.value;
  const BatchNumber number = writer.last;

  COUPLET_ASSIGN(const Intent intent, intent_of(side, writes, number));
  const std::vector<const RowWrite*> rows(writes.begin(), writes.end());
  GroupedWrites grouped = group_writes(plan_, side, rows);
  Result<void> promised;
  WriteBatch batch;
  batch.number = number;
  batch.groups = std::move(grouped.groups);
  batch.before_commit = [&] { return promised = promise(intent); };
  auto submitted = source.submit(batch);
  COUPLET_TRY(promised);
  crash_points_.reached("after_submit");
  if (submitted && meanwhile_) {
    std::exchange(meanwhile_, nullptr)();
  }
  auto outcome = submitted ? source.collect() : Result<WriteOutcome>(fail(submitted.error()));
  crash_points_.reached("after_commit");
  grouped.groups = std::move(batch.groups);

  // The intent goes with the results of the batch. A batch that failed wrote nothing: its intent
  // goes at once, before a later number can commit and seem to vouch for it. What is uncertain is
  // left for recovery.
  if (!outcome) {
    if (outcome.error().kind != ErrorKind::kCommitUnknown && !planted("failed_intent_stays")) {
      StateBatch after;
      State::erase(after, intent.source, number);
      COUPLET_TRY(state_.store().commit(after, Durability::kLater));
    }
    if (rows.size() == 1 && outcome.error().constraint.empty()) {
      outcome.error().constraint = overfull_column(grouped.groups, outcome.error());
    }
    return fail(std::move(outcome.error()));
  }
  COUPLET_TRY(take_outcome(side, grouped, *outcome));
  look_again_at_outlived(writes);
  // Results and the end of the intent become visible together.
  const Recorder recorder(state_, plan_, clock_.now());
  JointChanges joint;
  for (const RowWrite* write : writes) {
    StateBatch changes;
    COUPLET_TRY(recorder.record(*write->task, changes));
    COUPLET_TRY(recorder.record_conflicts(*write->task, changes));
    joint.add(changes.changes());
  }
  for (Task* left : departures_.completed_by(writes)) {
    if (departures_.complete(*left)) {
      StateBatch changes;
      COUPLET_TRY(recorder.record(*left, changes));
      COUPLET_TRY(recorder.record_conflicts(*left, changes));
      joint.add(changes.changes());
      left->recorded = true;
    }
  }
  StateBatch results;
  joint.put_into(results);
  if (planted("intent_erased_apart")) {  // Before the results that it vouches for.
    StateBatch end;
    State::erase(end, intent.source, number);
    COUPLET_TRY(state_.store().commit(end, Durability::kSynced));
  }
  State::erase(results, intent.source, number);
  COUPLET_TRY(state_.store().commit(results, Durability::kLater));
  crash_points_.reached("after_results");
  return {};
}

// What a batch is about to do is on disk before it can commit.
Result<void> Applier::promise(const Intent& intent) {
  StateBatch before;
  State::put(before, intent);
  crash_points_.reached("before_intent");
  if (!planted("skip_intent")) {
    COUPLET_TRY(state_.store().commit(before, Durability::kSynced));
  }
  crash_points_.reached("after_intent");
  if (planted("record_before_commit")) {
    StateBatch early;
    for (const Intent::Entry& entry : intent.entries) {
      for (const StateBatch::Change& change : entry.changes) {
        change.value ? early.put(change.family, change.key, *change.value)
                     : early.erase(change.family, change.key);
      }
    }
    COUPLET_TRY(state_.store().commit(early, Durability::kSynced));
  }
  return {};
}

Result<Intent> Applier::intent_of(Side side, std::span<RowWrite* const> writes,
                                  BatchNumber number) const {
  const Recorder recorder(state_, plan_, clock_.now());
  Intent intent;
  const std::size_t source = plan_.side(side).entity->source;
  intent.source = definition_.sources[source];
  intent.number = number;
  intent.marked = writers_.sources[source].marked;
  // Without a chosen key the row is found again by its identity (Syncer::recover).
  for (const RowWrite* write : writes) {
    if (!write->key.empty()) {
      write->task->written[index_of(side)] = expected_outcome(plan_, *write);
    }
  }
  for (const RowWrite* write : writes) {
    Intent::Entry entry;
    entry.mapping = plan_.bound->name;
    entry.side = side;
    entry.operation = operation_of(*write);
    entry.key = write->key;
    if (const View* from = write->task->views[index_of(other(side))];
        entry.key.empty() && from != nullptr && !plan_.entities->many) {
      entry.from = from->key;
    }
    for (std::size_t use = 0; use < write->task->merges.size(); ++use) {
      const Merge& merge = write->task->merges[use];
      if (merge.outcome == Merge::Outcome::kWrite && merge.to == side) {
        const View* before = write->task->views[index_of(side)];
        entry.written.push_back({plan_.slot(use).name, merge.base->digests[index_of(side)],
                                 before != nullptr ? before->slots[use].state.digest : Digest{}});
      }
    }
    if (!write->key.empty()) {
      StateBatch changes;
      COUPLET_TRY(recorder.record(*write->task, changes));
      // Who loses by this write is on record with it, or would be lost without a trace.
      COUPLET_TRY(recorder.record_conflicts(*write->task, changes));
      entry.changes = changes.changes();
    }
    intent.entries.push_back(std::move(entry));
  }
  for (const RowWrite* write : writes) {
    write->task->written[index_of(side)].reset();
  }
  for (const Task* left : departures_.completed_by(writes)) {
    StateBatch changes;
    COUPLET_TRY(recorder.record(*left, changes));
    COUPLET_TRY(recorder.record_conflicts(*left, changes));
    auto& entry = intent.entries[departures_.arrival(*left, writes)].changes;
    entry.insert(entry.end(), changes.changes().begin(), changes.changes().end());
  }
  return intent;
}

// What was decided of a link is void where its end turned out to be gone.
void Applier::look_again_at_outlived(std::span<RowWrite* const> writes) {
  for (const RowWrite* write : writes) {
    const Task& task = *write->task;
    if (task.outlives(write->side) && task.written[index_of(write->side)]->done &&
        task.outlived->task != nullptr && task.outlived->task->act == Task::Act::kMerge) {
      task.outlived->task->act = Task::Act::kPark;
      task.outlived->task->fault = {
          ErrorKind::kInterrupted, "its counterpart is gone", {}, {}, {}, {}};
    }
  }
}

Result<void> Applier::take_outcome(Side side, const GroupedWrites& grouped,
                                   const WriteOutcome& outcome) {
  const SidePlan& plan = plan_.side(side);
  const std::vector<std::size_t> returned = returned_columns(plan);
  const std::size_t ids = plan.projection.id.size();
  for (std::size_t group = 0; group < grouped.order.size(); ++group) {
    const auto& order = grouped.order[group];
    for (const RowWrite* write : order) {
      Task::Written refused;
      if (planted("refused_is_written")) {
        refused = expected_outcome(plan_, *write);
      }
      refused.refused = !planted("refused_is_written");
      write->task->written[index_of(side)] = refused;
    }
    // What came back as rows of the side's projection: columns behind paths are absent.
    const RowBatch& written = outcome.groups[group].written;
    RowBatch& rows = batch_.rows.emplace_back(plan.projection.width());
    for (std::size_t row = 0; row < written.rows(); ++row) {
      writers_.sources[plan.entity->source].versions.insert(written.version(row));
      rows.begin_row(written.version(row), written.ordinal(row));
      for (std::size_t i = 0; i < ids; ++i) {
        rows.push(written.at(row, i));
      }
      std::size_t next = 0;
      for (std::size_t column = 0; column < plan.projection.columns.size(); ++column) {
        if (next < returned.size() && returned[next] == column) {
          rows.push(written.at(row, ids + next));
          ++next;
        } else {
          rows.push_absent();
        }
      }
    }
    COUPLET_ASSIGN(auto views, reader_.builder().build(side, rows));
    const std::vector<View>& kept = batch_.views.emplace_back(std::move(views));
    for (std::size_t row = 0; row < kept.size(); ++row) {
      const RowWrite& write = *order[rows.ordinal(row)];
      Task::Written done;
      done.done = true;
      done.key = kept[row].key;
      done.version = kept[row].version;
      done.carried = write.carried;
      for (const SlotView& slot : kept[row].slots) {
        done.states.emplace_back(slot.state);
      }
      write.task->written[index_of(side)] = std::move(done);
    }
  }
  return {};
}

}  // namespace couplet
