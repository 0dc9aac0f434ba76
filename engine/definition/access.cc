#include "engine/definition/access.h"

#include <algorithm>

namespace couplet {
namespace {

class Gathering {
 public:
  explicit Gathering(const BoundDefinition& definition) : definition_(definition) {}

  Access gather() {
    for (const BoundEntity& entity : definition_.entities) {
      if (!is_mapped(entity)) {
        continue;
      }
      TableAccess& table = at(entity);
      table.id = entity.id;
      table.read.insert(entity.id.begin(), entity.id.end());
      table.has_change_time = entity.updated_at.has_value();
      if (entity.updated_at) {
        table.read.insert(*entity.updated_at);
      }
      read_conditions(table, entity.scope);
    }
    for (const BoundMapping& mapping : definition_.mappings) {
      for (const Side side : {Side::kLeft, Side::kRight}) {
        add(mapping, side);
      }
    }
    return std::move(access_);
  }

 private:
  [[nodiscard]] bool is_mapped(const BoundEntity& entity) const {
    const auto index = static_cast<std::size_t>(&entity - definition_.entities.data());
    return std::any_of(definition_.pairs.begin(), definition_.pairs.end(), [&](const Pair& pair) {
      return pair.entities[0] == index || pair.entities[1] == index;
    });
  }

  TableAccess& at(const BoundEntity& entity) { return access_[{entity.source, entity.table.name}]; }

  static void read_conditions(TableAccess& table, const std::vector<Condition>& conditions) {
    for (const Condition& condition : conditions) {
      if (const auto* equals = std::get_if<EqualsAny>(&condition)) {
        table.read.insert(equals->column);
      }
    }
  }

  static void add_search(TableAccess& table, Search wanted) {
    const bool known =
        std::any_of(table.searches.begin(), table.searches.end(), [&](const Search& search) {
          return search.columns == wanted.columns && search.trimmed == wanted.trimmed;
        });
    if (!wanted.columns.empty() && !known) {
      table.searches.push_back(std::move(wanted));
    }
  }

  // A change at the end of a path wakes those who read it: the path is walked back.
  void read_path(const BoundEntity& entity, const ColumnPath& path) {
    TableName table = entity.table.name;
    for (const Join& join : path.joins) {
      TableAccess& referring = access_[{entity.source, table}];
      referring.read.insert(join.columns.begin(), join.columns.end());
      add_search(referring, {{join.columns.begin(), join.columns.end()},
                             {},
                             "a path to " + to_string(join.table) + ", when it is walked back"});
      table = join.table;
      TableAccess& referred = access_[{entity.source, table}];
      referred.read.insert(join.target_columns.begin(), join.target_columns.end());
    }
    access_[{entity.source, table}].read.insert(path.column);
  }

  void add(const BoundMapping& mapping, Side side) {
    const Pair& pair = definition_.pairs[mapping.pair];
    const BoundEntity& entity = definition_.entities[pair.entities[index_of(side)]];
    TableAccess& table = at(entity);
    read_conditions(table, mapping.scope[index_of(side)]);
    const bool writes = mapping.writes[index_of(side)];
    const bool creates = writes && mapping.create[index_of(side)];

    Search key;
    key.why = "the identity key of mapping " + mapping.name;
    for (const auto* uses : {&mapping.keys, &mapping.attributes}) {
      for (const SlotUse& use : *uses) {
        const Slot& slot = pair.slots[use.slot];
        const Endpoint& end = slot.end(side);
        for (const ColumnPath& path : end.columns) {
          read_path(entity, path);
          if (use.identity && path.joins.empty()) {
            key.columns.insert(path.column);
            if (slot.comparison.kind == ComparisonKind::kTrimmed && !slot.link &&
                slot.values.empty() && is_coarser(slot.comparison, path.type)) {
              key.trimmed.insert(path.column);
            }
          }
          if (use.writes[index_of(side)] && path.joins.empty()) {
            write(table, entity, path.column, creates);
          }
        }
        if (end.updated_at) {
          read_path(entity, *end.updated_at);
        }
        table.times_decide = table.times_decide || use.conflict == ConflictPolicy::kLastWriteWins;
      }
    }
    // Of many contributors none is looked for by its key.
    if (pair.many != side) {
      for (const std::string& column : key.columns) {
        table.keys.emplace(column, mapping.name);
      }
      add_search(table, std::move(key));
    }
    if (writes && entity.updated_at && entity.updated_at_writable) {
      write(table, entity, *entity.updated_at, creates);
    }
    if (creates) {
      for (const BoundMapping::Written& written : mapping.create_values[index_of(side)]) {
        table.insert.insert(written.column);
      }
      table.insert.insert(entity.id.begin(), entity.id.end());
    }
  }

  static void write(TableAccess& table, const BoundEntity& entity, const std::string& column,
                    bool creates) {
    table.update.insert(column);
    table.id_is_mapped = table.id_is_mapped ||
                         std::find(entity.id.begin(), entity.id.end(), column) != entity.id.end();
    if (creates) {
      table.insert.insert(column);
    }
  }

  const BoundDefinition& definition_;
  Access access_;
};

}  // namespace

Access access_of(const BoundDefinition& definition) { return Gathering(definition).gather(); }

}  // namespace couplet
