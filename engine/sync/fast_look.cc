#include "engine/sync/fast_look.h"

#include <algorithm>

#include "engine/model/packed_cells.h"
#include "engine/model/planted_bug.h"

namespace couplet {
namespace {

// What another row may hold, so that who holds what has to be known before it is written.
bool is_unique(const BoundEntity& entity, const std::string& column) {
  const auto has = [&](const std::vector<std::string>& columns) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
  };
  const auto& keys = entity.table.unique_keys;
  return has(entity.id) || std::any_of(keys.begin(), keys.end(),
                                       [&](const UniqueKey& key) { return has(key.columns); });
}

bool stands(const State::Standing& one) { return one.parked || one.held || one.waiting; }

}  // namespace

FastLook::FastLook(const BoundDefinition& definition, const State& state, const MappingPlan& plan,
                   const WriterState& writers, const ReadHorizon& horizon, Side from, Timestamp now)
    : definition_(definition),
      state_(state),
      plan_(plan),
      writers_(writers),
      horizon_(horizon),
      from_(from),
      to_(other(from)),
      own_(plan.side(from)),
      target_(*plan.side(other(from)).entity),
      now_(now),
      reader_(plan, from, state.digester()) {
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const auto& columns = plan_.slot(use).end(to_).columns;
    const bool unique = std::any_of(columns.begin(), columns.end(), [&](const auto& column) {
      return is_unique(target_, column.column);
    });
    if (plan_.uses[use]->writes[index_of(to_)] && !plan_.uses[use]->identity && !unique) {
      updatable_ |= bit(use);
    }
  }
}

Result<FastLook::Looked> FastLook::look(std::span<const FastLane::Event> events, std::size_t first,
                                        std::size_t last, bool creates) {
  Looked looked;
  rows_.reset(own_.projection.width());
  event_of_.clear();
  keys_.clear();
  for (std::size_t event = first; event < last; ++event) {
    const FastLane::Event& one = events[event];
    COUPLET_TRY(decode_key(own_.projection.id_types, one.key->bytes, arena_, cells_));
    rows_.begin_row(one.version);
    for (const Value& cell : cells_) {
      rows_.push(cell);
    }
    if (!add_cells(one.cells, own_.projection.columns.size(), rows_)) {
      rows_.drop_last();
      looked.refused.push_back(event);
      continue;
    }
    event_of_.push_back(event);
    keys_.push_back(*one.key);
  }
  const std::size_t uses = plan_.uses.size();
  states_.assign(rows_.rows() * uses, {});
  translated_.assign(uses, {});
  for (std::size_t use = 0; use < uses && !states_.empty(); ++use) {
    if (plan_.slot(use).link) {
      COUPLET_TRY(translate(use));
    } else if (!reader_.read_column(use, rows_, 0, rows_.rows(), std::span(states_).subspan(use),
                                    uses)) {
      ObjectKey none;
      for (std::size_t row = 0; row < rows_.rows(); ++row) {
        state_of(row, use) = reader_.read(use, rows_, row, none);
      }
    }
  }

  COUPLET_ASSIGN(auto links, state_.links(plan_.pair, from_, keys_));
  COUPLET_ASSIGN(const bool anyone, state_.anyone_stands(plan_.mapping));
  std::vector<State::Standing> standing;
  if (anyone) {  // Who stands on a worklist may have been recorded in part only.
    std::vector<Subject> subjects;
    for (std::size_t row = 0; row < keys_.size(); ++row) {
      subjects.push_back({plan_.mapping, from_, keys_[row]});
      subjects.push_back(links[row] ? Subject{plan_.mapping, to_, links[row]->end(to_)}
                                    : subjects.back());
    }
    COUPLET_ASSIGN(standing, state_.standing(subjects));
  }
  std::vector<std::optional<Tombstone>> tombstones(keys_.size());
  if (creates && state_.tombstone_cursor(plan_.pair, from_).valid()) {
    COUPLET_ASSIGN(tombstones, state_.tombstones(plan_.pair, from_, keys_));
  }
  for (std::size_t row = 0; row < keys_.size(); ++row) {
    Write write;
    write.event = event_of_[row];
    write.row = row;
    bool plain = !(anyone && (stands(standing[2 * row]) || stands(standing[2 * row + 1]))) &&
                 !writers_.ours(own_.entity->source, rows_.version(row));
    for (std::size_t use = 0; plain && use < uses; ++use) {
      if (planted("unchanged_is_null") && state(row, use).kind == SlotState::Kind::kAbsent) {
        state_of(row, use) = {SlotState::Kind::kNull, state_.digester().of_null(), {}, true};
      }
      plain = state(row, use).holds();
    }
    if (plain && links[row]) {
      write.link = std::move(*links[row]);
      plain = decide_linked(events[write.event], write);
    } else if (plain) {
      plain =
          creates && !tombstones[row] && !is_covered(events[write.event]) && decide_unlinked(write);
    }
    if (!plain) {
      looked.refused.push_back(write.event);
    } else {
      looked.writes.push_back(std::move(write));
    }
  }
  return looked;
}

Result<void> FastLook::translate(std::size_t use) {
  const Slot& slot = plan_.slot(use);
  std::vector<ObjectKey> references;
  std::vector<std::size_t> asking;
  ObjectKey reference;
  for (std::size_t row = 0; row < rows_.rows(); ++row) {
    state_of(row, use) = reader_.read(use, rows_, row, reference);
    if (!reference.empty()) {
      references.push_back(reference);
      asking.push_back(row);
    }
  }
  translated_[use].resize(rows_.rows());
  if (!can_translate(definition_, slot, from_)) {
    return {};
  }
  COUPLET_ASSIGN(auto found, state_.translate(*slot.link, link_side(slot, from_), references));
  for (std::size_t i = 0; i < asking.size(); ++i) {
    if (found[i]) {
      reader_.resolve(use, references[i], &*found[i], nullptr, state_of(asking[i], use));
      translated_[use][asking[i]] = std::move(found[i]);
    }
  }
  return {};
}

EndState FastLook::seen_end(std::size_t row) const {
  return {rows_.version(row),
          own_.changed_at ? time_of(rows_.at(row, *own_.changed_at)) : std::nullopt};
}

bool FastLook::is_covered(const FastLane::Event& event) const {
  return horizon_.covers(own_.entity->source, plan_.pair, from_, *event.key, *event.at);
}

// False where it comes to more than the fast lane knows of. Only what has changed at the one end is
// written, and nothing that another row could hold.
bool FastLook::decide_linked(const FastLane::Event& event, Write& write) const {
  Agreement& agreement = write.link.agreement;
  EndState& target = agreement.ends[index_of(to_)];
  if (target.version == RowVersion{} || agreement.ends[index_of(from_)].version == event.version ||
      is_covered(event)) {
    return false;
  }
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const std::size_t slot = plan_.uses[use]->slot;
    if (slot >= agreement.base.size() || !agreement.base[slot].known) {
      return false;
    }
    const SlotState& held = state(write.row, use);
    if (held.digest == agreement.base[slot].digests[index_of(from_)]) {
      continue;
    }
    if ((updatable_ & bit(use)) == 0 || !held.sendable ||
        held.digest == agreement.base[slot].digests[index_of(to_)]) {
      return false;
    }
    write.uses |= bit(use);
    write.carried = std::max(write.carried, held.time);
  }
  if (target_.updated_at && write.carried) {
    if (!target.time) {  // What the row says of it is not known, and is not to be moved back.
      return false;
    }
    write.times = *target.time < *write.carried;
  }
  agreement.ends[index_of(from_)] = seen_end(write.row);
  agreement.synced_at = now_;
  agreement.flips = 0;  // A change from outside.
  target.time = std::max(target.time, write.carried);
  return write.uses !=
         0;  // Else nothing would name the other end's version, and see that it moved.
}

bool FastLook::decide_unlinked(Write& write) const {
  write.create = true;
  write.link.end(from_) = keys_[write.row];
  write.link.by = LinkedBy::kCreated;
  write.link.linked_at = now_;
  Agreement& agreement = write.link.agreement;
  agreement.base.resize(plan_.entities->slots.size());
  agreement.synced_at = now_;
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const SlotState& held = state(write.row, use);
    if (!held.sendable || (plan_.uses[use]->identity && held.kind != SlotState::Kind::kValue)) {
      return false;
    }
    write.uses |= bit(use);
    write.carried = std::max(write.carried, held.time);
  }
  agreement.ends[index_of(from_)] = seen_end(write.row);
  agreement.ends[index_of(to_)].time = write.carried;
  if (target_.updated_at) {
    const ColumnInfo* column = target_.table.column(*target_.updated_at);
    write.times = write.carried.has_value();
    return write.times || column == nullptr || column->nullable || column->has_default;
  }
  return true;
}

Result<std::span<const Value>> FastLook::send(std::size_t row, std::size_t use) {
  const bool links = plan_.slot(use).link.has_value();
  const auto& translated = links ? translated_[use][row] : std::nullopt;
  COUPLET_TRY(send_slot(plan_, use, from_, state(row, use).kind,
                        links ? Value() : rows_.at(row, own_.slots[use].columns[0]),
                        translated ? &*translated : nullptr, arena_, cells_));
  return std::span<const Value>(cells_);
}

}  // namespace couplet
