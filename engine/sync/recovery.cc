// Syncer::recover: what a crash left behind (DESIGN section 6, "Intents").
#include <algorithm>
#include <iterator>
#include <map>

#include "engine/definition/definition.h"
#include "engine/model/planted_bug.h"
#include "engine/sync/joint_changes.h"
#include "engine/sync/left_to_default.h"
#include "engine/sync/syncer.h"

namespace couplet {
namespace {

// "couplet_<name>_<source>_<n>": origins are seen by every database of a cluster and serve one
// session at a time, so each writing connection has one of its own.
std::string mark_name(const BoundDefinition& definition, std::size_t source) {
  return replication_name(definition.name, definition.sources[source]) + "_0";
}

// Whether the id of what is created is among the values written, which a user may choose as well.
bool writes_id(const MappingPlan& plan, const Intent::Entry& entry) {
  const std::vector<std::string>& id = plan.side(entry.side).entity->id;
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    const Slot& slot = plan.slot(use);
    const bool written = std::any_of(entry.written.begin(), entry.written.end(),
                                     [&](const auto& one) { return one.slot == slot.name; });
    for (const ColumnPath& column : slot.end(entry.side).columns) {
      if (written && std::find(id.begin(), id.end(), column.column) != id.end()) {
        return true;
      }
    }
  }
  return false;
}

struct WrittenSlots {
  std::size_t known = 0;   // those that the mapping still has
  std::size_t done = 0;    // of these, those that the row holds as the entry says
  std::size_t undone = 0;  // those that it holds as they were before
};

WrittenSlots written_of(const MappingPlan& plan, const Intent::Entry& entry, const View& row) {
  WrittenSlots count;
  for (const Intent::Entry::Written& written : entry.written) {
    for (std::size_t use = 0; use < plan.uses.size(); ++use) {
      if (plan.slot(use).name == written.slot) {
        const Digest held = row.slots[use].state.digest;
        ++count.known;
        count.done += held == written.digest ? 1 : 0;
        count.undone += held != written.digest && held == written.before ? 1 : 0;
      }
    }
  }
  return count;
}

// Whether nobody can tell if this update was made. It changes all its slots at once: one that is as
// it was to be speaks for all, unless another is as it was before: a user has put that one back
// since, or has written the same as we into the other. Where none is as it was to be: if its batch
// was committed, its row was changed between look and write, so that it was refused, or a user has
// written all of them since. If nobody knows that of the batch, it was not made where they are as
// they were; but a user may have written over what was made, or deleted the row.
bool is_in_doubt(const MappingPlan& plan, const Intent::Entry& entry, const View* row,
                 bool committed) {
  if (entry.operation != Operation::kUpdate) {
    return false;
  }
  if (row == nullptr) {
    return !committed;
  }
  const WrittenSlots written = written_of(plan, entry, *row);
  if (written.done > 0) {
    return written.undone > 0;
  }
  return committed ? written.known > 0 : written.undone < written.known;
}

// What would have been recorded of the create, had its row been known.
Link link_of_create(const MappingPlan& plan, const Intent::Entry& entry, const ObjectKey& made,
                    Timestamp now) {
  Link link;
  link.end(entry.side) = made;
  link.end(other(entry.side)) = entry.from;
  link.by = LinkedBy::kCreated;
  link.linked_at = link.agreement.synced_at = now;
  link.agreement.base.resize(plan.entities->slots.size());
  std::vector<std::size_t> said;
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    for (const Intent::Entry::Written& written : entry.written) {
      if (plan.slot(use).name == written.slot) {
        said.push_back(use);
        link.agreement.base[plan.uses[use]->slot] =
            BaseSlot{true, {written.digest, written.digest}};
      }
    }
  }
  leave_to_default(plan, entry.side, said, link.agreement.base);
  return link;
}

}  // namespace

bool Syncer::writes_to(std::size_t source) const {
  return std::any_of(plans_.begin(), plans_.end(), [&](const MappingPlan& plan) {
    return (plan.side(Side::kLeft).entity->source == source && plan.bound->writes[0]) ||
           (plan.side(Side::kRight).entity->source == source && plan.bound->writes[1]);
  });
}

Result<void> Syncer::recover() {
  COUPLET_ASSIGN(const auto found, state_.intents());
  std::map<std::string, std::vector<Intent>> by_source;
  for (const Intent& intent : found) {
    by_source[intent.source].push_back(intent);
  }
  std::vector<std::size_t> written;
  for (std::size_t source = 0; source < sources_.size(); ++source) {
    if (writes_to(source)) {
      written.push_back(source);
      COUPLET_ASSIGN(const bool exists,
                     sources_[source]->mark_exists(mark_name(definition_, source)));
      marks_found_ = marks_found_ || exists;
    }
  }
  if (settings_.dry_run) {
    return {};
  }
  if (!horizon_) {
    COUPLET_ASSIGN(horizon_, ReadHorizon::open(state_.store(), definition_.sources));
  }
  if (!found.empty()) {  // Rows are read.
    COUPLET_TRY(horizon_->begin_reading());
    horizon_->note_all();
  }
  if (state_.fresh() && !marks_found_) {
    // A first run: what follows makes marks, which beside a fresh state would speak of a lost one.
    StateBatch begun;
    State::put_begun(begun);
    COUPLET_TRY(state_.store().commit(begun, Durability::kSynced));
  }
  for (const std::size_t source : written) {
    const std::string mark = mark_name(definition_, source);
    WriterState::PerSource& writer = writers_.sources[source];
    COUPLET_ASSIGN(const auto number, sources_[source]->attach_mark(mark));
    writer.marked = number.has_value();
    // A new or restored state numbers on from the mark, else old marks would vouch for batches that
    // never ran.
    writer.last = number.value_or(BatchNumber{});
    std::vector<Intent>& intents = by_source[definition_.sources[source]];
    StateBatch changes;
    std::vector<Left> left;
    for (Intent& intent : intents) {
      writer.last = std::max(writer.last, intent.number);
      if (!intent.marked || !number) {
        left.push_back({std::move(intent), false});
      } else if (planted("mark_off_by_one") ? *number > intent.number : *number >= intent.number) {
        left.push_back({std::move(intent), true});
      } else {
        State::erase(changes, intent.source, intent.number);
      }
    }
    if (!changes.empty()) {
      COUPLET_TRY(state_.store().commit(changes, Durability::kSynced));
    }
    COUPLET_TRY(recover_source(source, left));
  }
  return {};
}

bool Syncer::is_mapped(const Intent::Entry& entry, std::size_t source) const {
  return std::any_of(plans_.begin(), plans_.end(), [&](const MappingPlan& plan) {
    return plan.bound->name == entry.mapping && plan.side(entry.side).entity->source == source;
  });
}

// Looks at the rows: without a mark, whether they are as the intent says; with one, which of them
// were refused.
Result<void> Syncer::recover_source(std::size_t source, const std::vector<Left>& left) {
  StateBatch changes;
  for (const auto& [intent, committed] : left) {
    // Entries of one mapping and side are looked at together.
    std::map<std::pair<std::string, Side>, std::vector<const Intent::Entry*>> groups;
    JointChanges joint;
    for (const Intent::Entry& entry : intent.entries) {
      const bool asks = entry.operation == Operation::kUpdate && !entry.key.empty();
      if (committed && !(asks && is_mapped(entry, source))) {
        joint.add(entry.changes);
      }
      if (!entry.from.empty() || asks || (!committed && !entry.key.empty())) {
        groups[{entry.mapping, entry.side}].push_back(&entry);
      }
    }
    for (const auto& [group, entries] : groups) {
      for (const MappingPlan& plan : plans_) {
        if (plan.bound->name != group.first || plan.side(group.second).entity->source != source) {
          continue;
        }
        TaskBatch batch;
        Reader reader(definition_, state_, sources_, plan, batch);
        std::vector<ObjectKey> keys;
        std::vector<const Intent::Entry*> unnamed;
        for (const Intent::Entry* entry : entries) {
          if (entry->key.empty()) {
            unnamed.push_back(entry);
          } else {
            keys.push_back(entry->key);
          }
        }
        COUPLET_TRY(link_unnamed(plan, reader, unnamed, joint));
        COUPLET_ASSIGN(const auto rows, reader.fetch(group.second, keys));
        std::vector<const Intent::Entry*> in_doubt;
        for (const Intent::Entry* entry : entries) {
          const auto found = rows.find(entry->key);
          const View* const row = found == rows.end() ? nullptr : found->second;
          if (entry->key.empty()) {
            continue;
          }
          if (is_in_doubt(plan, *entry, row, committed)) {
            in_doubt.push_back(entry);
          } else if (was_made(plan, *entry, row, committed)) {
            joint.add(entry->changes);
          }
        }
        COUPLET_TRY(leave_to_the_rule(plan, in_doubt, rows, joint));
      }
    }
    joint.put_into(changes);
    State::erase(changes, intent.source, intent.number);
  }
  if (!changes.empty()) {
    COUPLET_TRY(state_.store().commit(changes, Durability::kSynced));
  }
  return {};
}

bool Syncer::was_made(const MappingPlan& plan, const Intent::Entry& entry, const View* row,
                      bool committed) {
  if (row == nullptr) {
    return committed || entry.operation == Operation::kDelete;
  }
  if (entry.operation == Operation::kDelete) {
    return committed;
  }
  // An id that was reserved is nobody else's: a user has changed our row since.
  if (entry.operation == Operation::kCreate && (committed || !writes_id(plan, entry))) {
    return true;
  }
  const WrittenSlots written = written_of(plan, entry, *row);
  // An update was to change each of these, all of them at once: one that did speaks for all, also
  // for those that a user has changed since. A row of the id that we chose may be a user's own.
  return written.done == written.known ||
         (written.done > 0 && entry.operation == Operation::kUpdate);
}

// What these updates were to write counts as changed on both sides, so that the rule of the mapping
// decides, on record: what a user has written since does not go unseen, nor does what was refused.
// What they would have written over is on record too. Where nobody reads the written side the
// update is decided anew, as if it had been refused. One that was to link two objects of which a
// user has deleted one since has linked them: the other is not copied back.
Result<void> Syncer::leave_to_the_rule(const MappingPlan& plan,
                                       std::span<const Intent::Entry* const> entries,
                                       const Reader::Found& rows, JointChanges& joint) {
  for (const Intent::Entry* entry : entries) {
    std::vector<StateBatch::Change> lost;
    std::copy_if(entry->changes.begin(), entry->changes.end(), std::back_inserter(lost),
                 [](const auto& change) { return change.family == Family::kConflicts; });
    joint.add(lost);
  }
  if (entries.empty() || plan.entities->many) {
    return {};  // Who contributes is decided on anew.
  }
  const Side side = entries.front()->side;
  std::vector<ObjectKey> keys;
  for (const Intent::Entry* entry : entries) {
    keys.push_back(entry->key);
  }
  COUPLET_ASSIGN(auto links, state_.links(plan.pair, side, keys));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Intent::Entry& entry = *entries[i];
    if (!links[i]) {
      if (!rows.contains(entry.key)) {
        joint.add(entry.changes);
      }
      continue;  // Else a first contact, as it was.
    }
    for (std::size_t use = 0; use < plan.uses.size(); ++use) {
      const SlotUse& own = *plan.uses[use];
      BaseSlot& base = links[i]->agreement.base[own.slot];
      for (const Intent::Entry::Written& written : entry.written) {
        if (written.slot == plan.slot(use).name && base.known &&
            (own.writes[index_of(other(side))] || own.carried_back[index_of(side)])) {
          base.digests[index_of(side)] = written.digest;
        }
      }
    }
    StateBatch changes;
    state_.put(changes, plan.pair, *links[i]);
    joint.add(changes.changes());
  }
  return {};
}

// Creates whose ids the source chose: the row is looked for by its identity, as any counterpart,
// and is ours if it holds all that was to be written. (Found later it would be somebody's, and the
// defaults of its other columns somebody's word.)
Result<void> Syncer::link_unnamed(const MappingPlan& plan, Reader& reader,
                                  std::span<const Intent::Entry* const> entries,
                                  JointChanges& joint) {
  if (entries.empty()) {
    return {};
  }
  const Side made = entries.front()->side;
  const Side from = other(made);
  std::vector<ObjectKey> keys;
  for (const Intent::Entry* entry : entries) {
    keys.push_back(entry->from);
  }
  COUPLET_ASSIGN(const auto sources, reader.fetch(from, keys));
  COUPLET_ASSIGN(const auto linked, state_.links(plan.pair, from, keys));
  std::vector<Reader::Question> questions;
  std::vector<const Intent::Entry*> asking;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto source = sources.find(keys[i]);
    if (source != sources.end() && !linked[i]) {
      questions.push_back({source->second, {}, {}});
      asking.push_back(entries[i]);
    }
  }
  COUPLET_TRY(reader.find(made, questions));
  std::vector<ObjectKey> found;
  for (const Reader::Question& question : questions) {
    found.push_back(question.answers.size() == 1 ? question.answers.front()->key : ObjectKey{});
  }
  COUPLET_ASSIGN(const auto taken, state_.links(plan.pair, made, found));
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (found[i].empty() || taken[i]) {
      continue;
    }
    const WrittenSlots written = written_of(plan, *asking[i], *questions[i].answers.front());
    if (written.done == written.known) {
      StateBatch changes;
      state_.put(changes, plan.pair, link_of_create(plan, *asking[i], found[i], clock_.now()));
      joint.add(changes.changes());
    }
  }
  return {};
}

}  // namespace couplet
