#include "engine/live/router.h"

#include <algorithm>
#include <iterator>

#include "engine/live/progress.h"
#include "engine/model/planted_bug.h"

namespace couplet {

void Images::put(const ChangeEvent& event, const ChangeTransaction& transaction) {
  const auto [place, added] = places_.try_emplace(event.key.bytes, events_.size());
  if (added) {
    events_.emplace_back();
  }
  events_[place->second] = {&event.key, event.cells, transaction.version, &transaction.begins_at};
}

bool Images::drop(const ObjectKey& key) {
  const auto place = places_.find(key.bytes);
  if (place == places_.end()) {
    return false;
  }
  events_[place->second].key = nullptr;
  places_.erase(place);
  return true;
}

std::vector<FastLane::Event> Images::events() const {
  std::vector<FastLane::Event> events;
  events.reserve(events_.size());
  std::copy_if(events_.begin(), events_.end(), std::back_inserter(events),
               [](const FastLane::Event& event) { return event.key != nullptr; });
  // What is remembered of neighbours stands together, and so do rows.
  std::sort(events.begin(), events.end(),
            [](const FastLane::Event& a, const FastLane::Event& b) { return *a.key < *b.key; });
  return events;
}

Router::Router(const BoundDefinition& definition)
    : ways_(fast_ways(definition, make_plans(definition))) {
  for (std::size_t source = 0; source < definition.sources.size(); ++source) {
    sources_.push_back({followed_tables(definition, source), false});
  }
  for (const BoundMapping& mapping : definition.mappings) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const BoundEntity& entity =
          definition.entities[definition.pairs[mapping.pair].entities[index_of(side)]];
      if (mapping.writes[index_of(side)] && entity.table.user_triggers) {
        sources_[entity.source].triggers = true;
      }
    }
  }
}

std::vector<StreamedTable> Router::tables(std::size_t source) const {
  std::vector<StreamedTable> tables;
  for (const Followed& followed : sources_[source].tables) {
    StreamedTable& table = tables.emplace_back(followed.table);
    for (const std::size_t entity : followed.entities) {
      if (ways_[entity]) {
        table.columns = ways_[entity]->columns;
        table.column_types = ways_[entity]->column_types;
      }
    }
  }
  return tables;
}

void Router::route(std::size_t source, const ChangeTransaction& transaction, bool whole,
                   const Horizon& horizon, Routed& routed) const {
  const PerSource& known = sources_[source];
  // Of a part, where that cannot be told, as if it were the earliest.
  const Position& place = transaction.ended ? transaction.end : transaction.begins_at;
  const bool looked_on = is_known_position(place) && is_known_position(horizon.opened_at) &&
                         !reaches(horizon.opened_at, place);
  const bool ours = transaction.ours ? !planted("echo_is_a_write") : planted("write_is_an_echo");
  if (ours && (looked_on || planted("echo_of_the_dead")) &&
      (!known.triggers || planted("triggers_are_echo"))) {
    for (const ChangeEvent& event : transaction.events) {  // Nobody tells it a second time.
      if (event.kind == ChangeEvent::Kind::kTable) {
        const auto& entities = known.tables.at(event.table).entities;
        routed.altered.insert(entities.begin(), entities.end());
      }
    }
    return;
  }
  const bool again = !is_known_position(place) || reaches(horizon.received, place);
  if (planted("skip_by_lsn") && transaction.ended && again) {
    return;
  }
  if (planted("skip_by_begin") && reaches(horizon.received, transaction.begins_at)) {
    return;
  }
  const Telling telling{transaction, again,
                        !again && !transaction.ours && is_known_position(transaction.begins_at) &&
                            (whole || planted("rows_of_a_part_are_taken"))};
  for (const ChangeEvent& event : transaction.events) {
    for (const std::size_t entity : known.tables.at(event.table).entities) {
      add(telling, event, entity, routed);
    }
  }
  if (!transaction.events.empty() &&
      (routed.transactions.empty() || routed.transactions.back() != transaction.transaction)) {
    routed.transactions.push_back(transaction.transaction);
  }
}

// What became of their rows since nobody says: they may be gone.
void Router::look_at_images(std::size_t entity, Routed& routed) {
  if (const auto images = routed.images.find(entity); images != routed.images.end()) {
    for (const FastLane::Event& event : images->second.events()) {
      routed.told.changed.insert({entity, *event.key});
    }
    routed.images.erase(images);
  }
}

void Router::add(const Telling& telling, const ChangeEvent& event, std::size_t entity,
                 Routed& routed) const {
  using Kind = ChangeEvent::Kind;
  if (event.kind == Kind::kTable || event.kind == Kind::kTruncate || event.kind == Kind::kUnnamed) {
    std::set<std::size_t>& of_kind = event.kind == Kind::kTable      ? routed.altered
                                     : event.kind == Kind::kTruncate ? routed.truncated
                                                                     : routed.unnamed;
    of_kind.insert(entity);
    if (!planted("rows_outlive_their_table")) {
      look_at_images(entity, routed);
    }
    return;
  }
  const auto touch = [&](const ObjectKey& key) {
    Syncer::Changed object{entity, key};
    const bool is_new = routed.told.changed.insert(object).second;
    if (!telling.transaction.ours || planted("triggers_are_others")) {
      routed.told.ours.erase(object);
    } else if (is_new) {
      routed.told.ours.insert(object);
    }
    if (telling.again && !planted("again_is_the_first_time")) {
      routed.told.again.insert(object);
    }
    return object;
  };
  if (ways_[entity] && telling.rows && !event.cells.empty() && !event.before &&
      (routed.told.changed.empty() || !routed.told.changed.contains({entity, event.key}))) {
    routed.images[entity].put(event, telling.transaction);
    return;
  }
  if (const auto images = routed.images.find(entity); images != routed.images.end()) {
    images->second.drop(event.key);
    if (event.before) {
      images->second.drop(*event.before);
    }
  }
  const Syncer::Changed object = touch(event.key);
  if (event.kind == Kind::kDelete) {
    routed.told.deleted.insert(object);
    return;
  }
  if (!planted("evidence_outlives_the_row")) {
    routed.told.deleted.erase(object);
  }
  if (event.before) {
    if (!planted("old_id_is_not_told")) {
      touch(*event.before);
    }
    if (!telling.again) {
      routed.renamed.push_back({entity, *event.before, event.key});
    }
  }
}

}  // namespace couplet
