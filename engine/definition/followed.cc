#include "engine/definition/followed.h"

#include <algorithm>
#include <functional>
#include <map>

#include "engine/definition/catalogs.h"

namespace couplet {
namespace {

using VisitStep = std::function<void(std::size_t source, const PathStep& step)>;

void for_each_step(const BoundDefinition& definition, const Pair& pair, Side side, const Slot& slot,
                   const VisitStep& visit) {
  for (const PathStep& step : slot.end(side).steps) {
    visit(definition.entities[pair.entities[index_of(side)]].source, step);
  }
}

bool is_over(const BoundEntity& entity, std::size_t source, const TableName& table) {
  return entity.source == source && entity.table.name == table;
}

// What the path looks it up by names a row of it.
bool take_id(const std::vector<std::string>& columns, BoundEntity& entity) {
  std::vector<Type> types;
  for (const std::string& name : columns) {
    const ColumnInfo* column = entity.table.column(name);
    if (column == nullptr || !column->type || !can_be_id(*column->type)) {
      return false;
    }
    types.push_back(*column->type);
  }
  entity.id = columns;
  entity.id_types = std::move(types);
  return !columns.empty();
}

void add_passed(BoundDefinition& bound, const Catalogs& catalogs, std::size_t source,
                const PathStep& step) {
  const auto known =
      std::find_if(bound.entities.begin(), bound.entities.end(),
                   [&](const BoundEntity& entity) { return is_over(entity, source, step.table); });
  if (known != bound.entities.end()) {
    if (known->id.empty()) {
      take_id(step.target_columns, *known);
    }
    return;
  }
  const TableInfo* info = catalogs.find(source, step.table);
  if (info == nullptr) {
    return;
  }
  BoundEntity entity;
  entity.source = source;
  entity.table = *info;
  if (!take_id(info->primary_key, entity) && !take_id(step.target_columns, entity)) {
    return;
  }
  const std::string name = bound.sources[source] + "." + step.table.table;
  if (std::none_of(bound.entities.begin(), bound.entities.end(),
                   [&](const BoundEntity& other) { return other.name == name; })) {
    entity.name = name;
  }
  bound.entities.push_back(std::move(entity));
}

}  // namespace

void add_passed_tables(BoundDefinition& bound, const Catalogs& catalogs) {
  for (const Pair& pair : bound.pairs) {
    for (const Slot& slot : pair.slots) {
      for (const Side side : {Side::kLeft, Side::kRight}) {
        for_each_step(bound, pair, side, slot, [&](std::size_t source, const PathStep& step) {
          add_passed(bound, catalogs, source, step);
        });
      }
    }
  }
}

std::vector<Followed> followed_tables(const BoundDefinition& definition, std::size_t source) {
  const std::optional<bool>& stream = definition.streams[source];
  if (!stream.value_or(true)) {
    return {};
  }
  std::map<TableName, Followed> found;
  const auto follow = [&](std::size_t of, const TableName& table) {
    for (std::size_t i = 0; i < definition.entities.size(); ++i) {
      const BoundEntity& entity = definition.entities[i];
      if (of != source || !is_over(entity, source, table) || entity.id.empty()) {
        continue;
      }
      Followed& followed = found[table];
      if (followed.entities.empty()) {
        followed.table = {table, entity.id, entity.id_types};
      }
      // Two that name its rows otherwise cannot be told by one event: the first is followed.
      if (followed.table.id == entity.id &&
          std::find(followed.entities.begin(), followed.entities.end(), i) ==
              followed.entities.end()) {
        followed.entities.push_back(i);
      }
    }
  };
  for (const BoundMapping& mapping : definition.mappings) {
    const Pair& pair = definition.pairs[mapping.pair];
    for (const Side side : {Side::kLeft, Side::kRight}) {
      const BoundEntity& entity = definition.entities[pair.entities[index_of(side)]];
      const bool read = mapping.writes[index_of(other(side))];
      if (read || stream) {
        follow(entity.source, entity.table.name);
      }
      if (!read) {
        continue;
      }
      for (const auto* uses : {&mapping.keys, &mapping.attributes}) {
        for (const SlotUse& use : *uses) {
          if (!use.identity && !use.writes[index_of(other(side))]) {
            continue;  // What it reads here is carried nowhere.
          }
          for_each_step(definition, pair, side, pair.slots[use.slot],
                        [&](std::size_t of, const PathStep& step) { follow(of, step.table); });
        }
      }
    }
  }
  std::vector<Followed> tables;
  for (auto& [name, followed] : found) {
    tables.push_back(std::move(followed));
  }
  return tables;
}

bool is_read(const BoundDefinition& definition, std::size_t source) {
  return std::any_of(
      definition.mappings.begin(), definition.mappings.end(), [&](const BoundMapping& mapping) {
        const auto reads = [&](Side side) {
          const std::size_t entity = definition.pairs[mapping.pair].entities[index_of(side)];
          return mapping.writes[index_of(other(side))] &&
                 definition.entities[entity].source == source;
        };
        return reads(Side::kLeft) || reads(Side::kRight);
      });
}

}  // namespace couplet
