#include "engine/sync/object_lookup.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/ports/tuning.h"

namespace couplet {
namespace {

// The keys of one entity, each with its place in the answer.
struct Asked {
  std::vector<ObjectKey> keys;
  std::vector<std::size_t> places;
};

Result<void> find_rows(const BoundEntity& entity, Source& source, const Asked& asked,
                       std::vector<KnownObject>& known) {
  Projection projection;
  projection.table = entity.table.name;
  projection.id = entity.id;
  projection.id_types = entity.id_types;
  RowBatch rows;
  for (std::size_t start = 0; start < asked.keys.size(); start += tuning::kBatchRows) {
    const std::size_t count = std::min(tuning::kBatchRows, asked.keys.size() - start);
    COUPLET_TRY(source.fetch(projection, std::span(asked.keys).subspan(start, count), rows));
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      known[asked.places[start + rows.ordinal(row)]].exists = true;
    }
  }
  return {};
}

// Marks those for whom `found` has something.
template <typename Found>
void remember(const Asked& asked, const std::vector<std::optional<Found>>& found,
              std::vector<KnownObject>& known) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    known[asked.places[i]].remembered = known[asked.places[i]].remembered || found[i].has_value();
  }
}

Result<void> find_records(const State& state, const MappingPlan& plan, Side side,
                          const Asked& asked, std::vector<KnownObject>& known) {
  const std::optional<Side> many = plan.entities->many;
  if (!many) {
    COUPLET_ASSIGN(const auto links, state.links(plan.pair, side, asked.keys));
    remember(asked, links, known);
  } else if (side == *many) {
    COUPLET_ASSIGN(const auto contributions, state.contributions(plan.pair, asked.keys));
    remember(asked, contributions, known);
  } else {
    COUPLET_ASSIGN(const auto targets, state.targets(plan.pair, asked.keys));
    remember(asked, targets, known);
  }
  COUPLET_ASSIGN(const auto tombstones, state.tombstones(plan.pair, side, asked.keys));
  remember(asked, tombstones, known);
  std::vector<Subject> subjects;
  for (const ObjectKey& key : asked.keys) {
    subjects.push_back({plan.mapping, side, key});
  }
  COUPLET_ASSIGN(const auto standing, state.standing(subjects));
  for (std::size_t i = 0; i < standing.size(); ++i) {
    KnownObject& object = known[asked.places[i]];
    object.remembered =
        object.remembered || standing[i].parked || standing[i].held || standing[i].waiting;
  }
  return {};
}

// One that is gone stands in the tombstone of its survivor.
Result<void> find_survivors(const State& state, const MappingPlan& plan, Side side,
                            const Asked& asked, std::vector<KnownObject>& known) {
  std::set<ObjectKey> gone;
  for (std::size_t i = 0; i < asked.keys.size(); ++i) {
    const KnownObject& object = known[asked.places[i]];
    if (!object.exists && !object.remembered) {
      gone.insert(asked.keys[i]);
    }
  }
  if (gone.empty()) {
    return {};
  }
  COUPLET_ASSIGN(const auto survivors, state.survivors(plan.pair, side, gone));
  for (std::size_t i = 0; i < asked.keys.size(); ++i) {
    KnownObject& object = known[asked.places[i]];
    object.remembered = object.remembered || survivors.contains(asked.keys[i]);
  }
  return {};
}

}  // namespace

Result<std::vector<KnownObject>> look_up(const BoundDefinition& definition, const State& state,
                                         const std::vector<Source*>& sources,
                                         const std::vector<MappingPlan>& plans,
                                         std::span<const NamedObject> objects) {
  std::vector<KnownObject> known(objects.size());
  std::map<std::size_t, Asked> by_entity;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    Asked& asked = by_entity[objects[i].entity];
    asked.keys.push_back(objects[i].key);
    asked.places.push_back(i);
  }
  for (const auto& [index, asked] : by_entity) {
    const BoundEntity& entity = definition.entities[index];
    COUPLET_TRY(find_rows(entity, *sources[entity.source], asked, known));
    for (const MappingPlan& plan : plans) {
      for (const Side side : {Side::kLeft, Side::kRight}) {
        if (plan.entities->entities[index_of(side)] == index) {
          COUPLET_TRY(find_records(state, plan, side, asked, known));
          COUPLET_TRY(find_survivors(state, plan, side, asked, known));
        }
      }
    }
  }
  return known;
}

}  // namespace couplet
