#include "engine/sync/fast_way.h"

#include <algorithm>
#include <limits>
#include <set>

#include "engine/sync/rails.h"

namespace couplet {
namespace {

// Masks of uses are numbers.
constexpr std::size_t kUsesMost = 64;

bool is_over(const BoundEntity& entity, std::size_t source, const TableName& table) {
  return entity.source == source && entity.table.name == table;
}
bool same_table(const BoundEntity& a, const BoundEntity& b) {
  return is_over(a, b.source, b.table.name);
}

// Nothing that the mapping does with the slot leaves a value at an end that the base does not tell
// of while the version of that row moves on: neither a policy nor a change that is another
// mapping's to carry.
bool base_follows(const SlotUse& use) {
  const bool left_to_another =
      (use.carried_back[0] && !use.writes[1]) || (use.carried_back[1] && !use.writes[0]);
  return use.policy == Policy::kEnforce && use.conflict != ConflictPolicy::kHold &&
         !left_to_another;
}

bool stands_alone(const Slot& slot, Side side) {
  const Endpoint& end = slot.end(side);
  return !slot.constant && end.kind != Endpoint::Kind::kSelf &&
         std::all_of(end.columns.begin(), end.columns.end(),
                     [](const ColumnPath& column) { return column.joins.empty(); });
}

// How many sides of mappings are over the table.
std::size_t mapped_over(const std::vector<MappingPlan>& plans, const BoundEntity& entity) {
  std::size_t count = 0;
  for (const MappingPlan& plan : plans) {
    count += static_cast<std::size_t>(
        std::count_if(plan.sides.begin(), plan.sides.end(),
                      [&](const SidePlan& side) { return same_table(*side.entity, entity); }));
  }
  return count;
}

// Somebody reads the table's rows by a path.
bool is_passed(const std::vector<MappingPlan>& plans, const BoundEntity& entity) {
  for (const MappingPlan& plan : plans) {
    for (const SidePlan& side : plan.sides) {
      for (const ColumnPath& path : side.projection.columns) {
        if (std::any_of(path.joins.begin(), path.joins.end(), [&](const Join& join) {
              return is_over(entity, side.entity->source, join.table);
            })) {
          return true;
        }
      }
    }
  }
  return false;
}

bool is_referred_to(const BoundDefinition& definition, const BoundEntity& entity) {
  return std::any_of(
      definition.entities.begin(), definition.entities.end(), [&](const BoundEntity& other) {
        const auto& keys = other.table.foreign_keys;
        return other.source == entity.source &&
               std::any_of(keys.begin(), keys.end(),
                           [&](const ForeignKey& key) { return key.table == entity.table.name; });
      });
}

bool translates(const std::vector<MappingPlan>& plans, std::size_t pair) {
  return std::any_of(plans.begin(), plans.end(), [&](const MappingPlan& plan) {
    for (std::size_t use = 0; use < plan.uses.size(); ++use) {
      if (plan.slot(use).link == pair) {
        return true;
      }
    }
    return false;
  });
}

// Nothing waits for its links, nobody can be its rival, and all that it holds is written.
bool may_create(const BoundDefinition& definition, const std::vector<MappingPlan>& plans,
                const MappingPlan& plan, Side from) {
  const std::size_t to = index_of(other(from));
  const auto& fixed = plan.bound->create_values[to];
  const bool fixes_time = std::any_of(fixed.begin(), fixed.end(), [&](const auto& one) {
    return one.column == plan.side(other(from)).entity->updated_at;
  });
  return plan.bound->create[to] && !fixes_time && identity_is_unique(plan.side(from)) &&
         hidden_counterpart(plan.side(other(from))).empty() &&
         std::all_of(plan.uses.begin(), plan.uses.end(),
                     [&](const SlotUse* use) { return use->writes[to]; }) &&
         !translates(plans, plan.pair) &&
         !is_referred_to(definition, *plan.side(other(from)).entity) &&
         !may_trip(*plan.bound, LimitClass::kCreate, std::numeric_limits<std::uint64_t>::max());
}

bool may_update(const std::vector<MappingPlan>& plans, const MappingPlan& plan, Side from) {
  const SidePlan& own = plan.side(from);
  const SidePlan& target = plan.side(other(from));
  if (plan.entities->many || plan.entities->mappings.size() != 1 || plan.uses.size() > kUsesMost ||
      !plan.bound->writes[index_of(other(from))] || !plan.bound->actions.empty() ||
      same_table(*own.entity, *target.entity) || target.entity->table.user_triggers ||
      may_trip(*plan.bound, LimitClass::kUpdate, std::numeric_limits<std::uint64_t>::max())) {
    return false;
  }
  for (const SidePlan& side : plan.sides) {
    if (!side.projection.scope.empty() || mapped_over(plans, *side.entity) != 1 ||
        is_passed(plans, *side.entity)) {
      return false;
    }
  }
  std::set<std::string> written;
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    const Slot& slot = plan.slot(use);
    // A reference is compared in the terms of the end that is not read, so that no link that moves
    // elsewhere changes what that end holds.
    if (!base_follows(*plan.uses[use]) || !stands_alone(slot, Side::kLeft) ||
        !stands_alone(slot, Side::kRight) || (slot.link && slot.canonical == from)) {
      return false;
    }
    for (const ColumnPath& column : slot.end(other(from)).columns) {
      if (!written.insert(column.column).second) {
        return false;
      }
    }
  }
  // What a row says of its time is what we have carried there, or its users.
  const auto& time = target.entity->updated_at;
  return !time || (target.entity->updated_at_writable && !written.contains(*time));
}

}  // namespace

std::vector<std::optional<FastWay>> fast_ways(const BoundDefinition& definition,
                                              const std::vector<MappingPlan>& plans) {
  std::vector<std::optional<FastWay>> ways(definition.entities.size());
  for (const MappingPlan& plan : plans) {
    for (const Side from : {Side::kLeft, Side::kRight}) {
      if (!may_update(plans, plan, from)) {
        continue;
      }
      FastWay way{plan.mapping, from, may_create(definition, plans, plan, from), {}, {}};
      for (const ColumnPath& column : plan.side(from).projection.columns) {
        way.columns.push_back(column.column);
        way.column_types.push_back(column.type);
      }
      ways[plan.entities->entities[index_of(from)]] = std::move(way);
    }
  }
  return ways;
}

}  // namespace couplet
