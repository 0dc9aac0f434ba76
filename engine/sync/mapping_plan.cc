#include "engine/sync/mapping_plan.h"

#include <algorithm>
#include <set>

namespace couplet {
namespace {

bool same_path(const ColumnPath& a, const ColumnPath& b) {
  return a.column == b.column && a.joins == b.joins;
}

// The index of the path among the projection's columns; added if it is not there.
std::size_t column_of(Projection& projection, const ColumnPath& path) {
  const auto found = std::find_if(projection.columns.begin(), projection.columns.end(),
                                  [&](const ColumnPath& known) { return same_path(known, path); });
  const auto index = static_cast<std::size_t>(found - projection.columns.begin());
  if (found == projection.columns.end()) {
    projection.columns.push_back(path);
  }
  return index;
}

// What a column of an identity key is compared as when a counterpart is looked for: as the slot is,
// so that what is equal is found. Ids and listed values have one form.
Comparison compared_as(const Slot& slot, const Type& type) {
  const bool plain = !slot.link && !slot.constant && slot.values.empty();
  return plain ? slot.comparison : *comparison_between(type, type);
}

SidePlan make_side(const BoundDefinition& definition, const MappingPlan& plan, Side side) {
  SidePlan made;
  made.entity = &definition.entities[plan.entities->entities[index_of(side)]];
  made.projection.table = made.entity->table.name;
  made.projection.id = made.entity->id;
  made.projection.id_types = made.entity->id_types;
  made.projection.scope = plan.bound->scope[index_of(side)];
  const std::size_t ids = made.entity->id.size();
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    const Endpoint& end = plan.slot(use).end(side);
    SlotColumns columns;
    const bool self = end.kind == Endpoint::Kind::kSelf;
    for (const ColumnPath& path : end.columns) {
      const std::size_t column = column_of(made.projection, path);
      columns.columns.push_back(ids + column);
      columns.types.push_back(path.type);
      columns.own = columns.own && path.joins.empty();
      if (plan.uses[use]->identity) {
        made.identity.push_back(column);
        made.identity_types.push_back(path.type);
        made.identity_as.push_back(compared_as(plan.slot(use), path.type));
        if (!self) {
          made.rivals.push_back(column);
          made.rivals_as.push_back(made.identity_as.back());
        }
      }
    }
    if (end.updated_at) {
      columns.time = ids + column_of(made.projection, *end.updated_at);
    }
    made.slots.push_back(std::move(columns));
  }
  if (made.entity->updated_at) {
    made.changed_at = ids + column_of(made.projection,
                                      {{}, *made.entity->updated_at, made.entity->updated_at_type});
  }
  return made;
}

// Whether the two mappings contribute to one attribute, each by a slot of its own.
bool compete(const MappingPlan& a, std::size_t use_a, const MappingPlan& b, std::size_t use_b) {
  if (!a.entities->many || !b.entities->many || a.target_entity() != b.target_entity() ||
      (a.pair == b.pair && a.uses[use_a]->slot == b.uses[use_b]->slot)) {
    return false;
  }
  const Side one_a = other(*a.entities->many);
  const Side one_b = other(*b.entities->many);
  if (!a.uses[use_a]->writes[index_of(one_a)] || !b.uses[use_b]->writes[index_of(one_b)]) {
    return false;
  }
  const auto& columns_a = a.slot(use_a).end(one_a).columns;
  const auto& columns_b = b.slot(use_b).end(one_b).columns;
  return std::equal(columns_a.begin(), columns_a.end(), columns_b.begin(), columns_b.end(),
                    same_path);
}

void find_competitors(std::vector<MappingPlan>& plans) {
  for (MappingPlan& plan : plans) {
    plan.competitors.resize(plan.uses.size());
    for (const MappingPlan& rival : plans) {
      for (std::size_t use = 0; use < plan.uses.size(); ++use) {
        for (std::size_t theirs = 0; theirs < rival.uses.size(); ++theirs) {
          if (rival.mapping != plan.mapping && compete(plan, use, rival, theirs)) {
            plan.competitors[use].push_back({rival.mapping, rival.pair, rival.uses[theirs]->slot});
          }
        }
      }
    }
  }
}

}  // namespace

bool identity_is_unique(const SidePlan& side) {
  std::set<std::string> columns;
  for (const std::size_t column : side.identity) {
    const ColumnPath& path = side.projection.columns[column];
    if (path.joins.empty()) {
      columns.insert(path.column);
    }
  }
  const auto holds = [&](const std::vector<std::string>& key) {
    return std::all_of(key.begin(), key.end(),
                       [&](const std::string& column) { return columns.contains(column); });
  };
  const auto& keys = side.entity->table.unique_keys;
  return std::any_of(keys.begin(), keys.end(),
                     [&](const UniqueKey& key) { return !key.deferrable && holds(key.columns); });
}

std::string hidden_counterpart(const SidePlan& side) {
  const TableInfo& table = side.entity->table;
  if (!table.row_security || identity_is_unique(side)) {
    return {};
  }
  return "row level security of table " + to_string(table.name) +
         " may hide its counterpart, and no unique key there would refuse a second one: let our "
         "role see all rows, by a policy or BYPASSRLS (`couplet doctor`)";
}

std::vector<MappingPlan> make_plans(const BoundDefinition& definition) {
  std::vector<MappingPlan> plans;
  for (std::size_t i = 0; i < definition.mappings.size(); ++i) {
    const BoundMapping& bound = definition.mappings[i];
    MappingPlan plan;
    plan.mapping = i;
    plan.pair = bound.pair;
    plan.bound = &bound;
    plan.entities = &definition.pairs[bound.pair];
    for (const SlotUse& use : bound.keys) {
      plan.uses.push_back(&use);
    }
    for (const SlotUse& use : bound.attributes) {
      plan.uses.push_back(&use);
    }
    std::array<bool, 2> writes{};
    for (const std::size_t other_mapping : plan.entities->mappings) {
      for (const Side side : {Side::kLeft, Side::kRight}) {
        writes[index_of(side)] |= definition.mappings[other_mapping].writes[index_of(side)];
      }
    }
    plan.pair_two_way = writes[0] && writes[1];
    for (const Side side : {Side::kLeft, Side::kRight}) {
      plan.sides[index_of(side)] = make_side(definition, plan, side);
    }
    plans.push_back(std::move(plan));
  }
  find_competitors(plans);
  return plans;
}

}  // namespace couplet
