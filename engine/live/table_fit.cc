#include "engine/live/table_fit.h"

#include <algorithm>
#include <iterator>

#include "engine/definition/bind.h"
#include "engine/model/planted_bug.h"

namespace couplet {
namespace {

using TableKey = std::pair<std::size_t, TableName>;  // source, name

// The columns of the table that the mapping has to do with.
std::set<std::string> columns_of(const BoundDefinition& definition, std::size_t mapping,
                                 std::size_t source, const TableName& table) {
  const BoundMapping& bound = definition.mappings[mapping];
  const Pair& pair = definition.pairs[bound.pair];
  std::set<std::string> columns;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const BoundEntity& entity = definition.entities[pair.entities[index_of(side)]];
    if (entity.source != source) {
      continue;
    }
    if (entity.table.name == table) {
      columns.insert(entity.id.begin(), entity.id.end());
      if (entity.updated_at) {
        columns.insert(*entity.updated_at);
      }
      for (const Condition& condition : bound.scope[index_of(side)]) {
        if (const auto* equals = std::get_if<EqualsAny>(&condition)) {
          columns.insert(equals->column);
        }
      }
    }
    for (const auto* uses : {&bound.keys, &bound.attributes}) {
      for (const SlotUse& use : *uses) {
        for (const ColumnRead& read : pair.slots[use.slot].end(side).read) {
          if (read.table == table) {
            columns.insert(read.column);
          }
        }
      }
    }
  }
  return columns;
}

// What of a table is another than it was: a column that mappings have to do with, or all the rest
// of it.
struct Difference {
  TableKey table;
  std::optional<std::string> column;
  std::set<std::size_t> mappings;  // that have to do with it
  std::string what;                // "column age of table people was integer and is text"
  bool final = false;              // what was bound is there no longer: nothing fits instead
};

// Nothing: the same.
std::optional<Difference> difference_of(const ColumnInfo& was, const ColumnInfo* is,
                                        const TableKey& table) {
  if (is != nullptr && was == *is) {
    return std::nullopt;
  }
  Difference found{table, was.name, {}, "column " + was.name + " of table ", false};
  found.what += to_string(table.second);
  found.final = is == nullptr || is->number != was.number;
  if (is == nullptr) {
    found.what += " is gone";
  } else if (found.final) {
    found.what += " was dropped and added anew";
  } else if (is->type != was.type && is->type_name != was.type_name) {
    found.what += " was " + was.type_name + " and is " + is->type_name;
  } else {
    found.what += " is another than it was";
  }
  return found;
}

class Refit {
 public:
  Refit(const Definition& given, const BoundDefinition& bound, const SeenTables& now,
        const std::vector<Source*>& sources)
      : given_(given), bound_(bound), sources_(sources), before_(tables_of(bound)), now_(now) {
    for (const auto& [table, was] : before_) {
      compare(table, *was);
    }
  }

  // All that can be taken at once, else one after the other: what cannot be bound to is left as it
  // was.
  Result<BoundAnew> bind() {
    std::set<std::size_t> taken;  // of differences_
    for (std::size_t i = 0; i < differences_.size(); ++i) {
      if (!differences_[i].final) {
        taken.insert(i);
      }
    }
    COUPLET_ASSIGN(BindResult made, bind_with(taken));
    if (!made.definition) {
      COUPLET_ASSIGN(made, bind_in_turn(taken));
    }
    BoundAnew anew{bound_, {}};
    if (made.definition) {
      anew.definition = std::move(*made.definition);
    }
    for (std::size_t i = 0; i < differences_.size(); ++i) {
      if (taken.contains(i)) {
        continue;
      }
      for (const std::size_t mapping : differences_[i].mappings) {
        anew.unfit.emplace(mapping, differences_[i].what);
      }
    }
    return anew;
  }

 private:
  void compare(const TableKey& table, const TableInfo& was) {
    std::map<std::string, std::set<std::size_t>> watched;  // by column: mappings
    std::set<std::size_t> mappings;
    for (std::size_t mapping = 0; mapping < bound_.mappings.size(); ++mapping) {
      for (const std::string& column : columns_of(bound_, mapping, table.first, table.second)) {
        watched[column].insert(mapping);
        mappings.insert(mapping);
      }
    }
    const auto found = now_.find(table);
    if (found == now_.end() || !found->second) {
      if (!planted("gone_table_fits")) {
        differences_.push_back(
            {table, std::nullopt, mappings, "table " + to_string(table.second) + " is gone", true});
      }
      return;
    }
    TableInfo rest_was = was;
    TableInfo rest_is = *found->second;
    for (const auto& of_column : watched) {
      const std::string& name = of_column.first;
      const ColumnInfo* column = was.column(name);
      if (column == nullptr) {
        continue;
      }
      if (auto difference = difference_of(*column, found->second->column(name), table)) {
        difference->mappings = of_column.second;
        differences_.push_back(std::move(*difference));
      }
      for (TableInfo* rest : {&rest_was, &rest_is}) {
        std::erase_if(rest->columns, [&](const ColumnInfo& one) { return one.name == name; });
      }
    }
    if (rest_was != rest_is) {
      differences_.push_back({table, std::nullopt, mappings,
                              "table " + to_string(table.second) + " is another than it was",
                              false});
    }
  }

  // The table as it was, but for the differences that are taken.
  [[nodiscard]] TableInfo version(const TableKey& table, const std::set<std::size_t>& taken) const {
    const TableInfo& was = *before_.at(table);
    const auto found = now_.find(table);
    if (found == now_.end() || !found->second) {
      return was;
    }
    const TableInfo& is = *found->second;
    const auto takes = [&](const std::optional<std::string>& column) {
      return std::any_of(taken.begin(), taken.end(), [&](std::size_t i) {
        return differences_[i].table == table && differences_[i].column == column;
      });
    };
    TableInfo made = takes(std::nullopt) ? is : was;
    for (const Difference& difference : differences_) {
      if (difference.table != table || !difference.column) {
        continue;
      }
      const std::string& name = *difference.column;
      const ColumnInfo column = takes(name) ? *is.column(name) : *was.column(name);
      const auto place =
          std::find_if(made.columns.begin(), made.columns.end(),
                       [&](const ColumnInfo& candidate) { return candidate.name == name; });
      if (place == made.columns.end()) {
        made.columns.push_back(column);
      } else {
        *place = column;
      }
    }
    return made;
  }

  // By the name that the definition gives, which may lack the schema. Who has another table of that
  // name by now is no matter: it is not the one that was bound.
  [[nodiscard]] const TableKey* known(std::size_t source, const TableName& asked) const {
    for (const auto& [table, info] : before_) {
      if (table.first == source && table.second.table == asked.table &&
          (asked.schema.empty() || table.second.schema == asked.schema)) {
        return &table;
      }
    }
    return nullptr;
  }

  [[nodiscard]] Result<BindResult> bind_with(const std::set<std::size_t>& taken) const {
    return couplet::bind(
        given_,
        [&](std::size_t source,
            std::span<const TableName> names) -> Result<std::vector<TableInfo>> {
          std::vector<TableInfo> answer;
          for (const TableName& name : names) {
            if (const TableKey* table = known(source, name)) {
              answer.push_back(version(*table, taken));
              continue;
            }
            COUPLET_ASSIGN(auto described, sources_[source]->describe({&name, 1}));
            std::move(described.begin(), described.end(), std::back_inserter(answer));
          }
          return answer;
        },
        [&](std::size_t source) { return sources_[source]->tables(); });
  }

  // Leaves those in `taken` that were, and says of the others why not.
  Result<BindResult> bind_in_turn(std::set<std::size_t>& taken) {
    std::set<std::size_t> left = std::exchange(taken, {});
    COUPLET_ASSIGN(BindResult made, bind_with(taken));
    for (bool any = made.definition.has_value(); any;) {
      any = false;
      for (auto i = left.begin(); i != left.end();) {
        std::set<std::size_t> tried = taken;
        tried.insert(*i);
        COUPLET_ASSIGN(BindResult with, bind_with(tried));
        if (with.definition) {
          made = std::move(with);
          taken = std::move(tried);
          i = left.erase(i);
          any = true;
          continue;
        }
        why_[*i] = first_error(with.diagnostics);
        ++i;
      }
    }
    for (const std::size_t i : left) {
      differences_[i].what += why_[i].empty() ? "" : " (" + why_[i] + ")";
    }
    return made;
  }

  static std::string first_error(const Diagnostics& diagnostics) {
    const auto& items = diagnostics.items();
    const auto found = std::find_if(items.begin(), items.end(), [](const Diagnostic& item) {
      return item.severity == Severity::kError;
    });
    return found == items.end() ? std::string() : found->message;
  }

  const Definition& given_;
  const BoundDefinition& bound_;
  const std::vector<Source*>& sources_;
  const SeenTables before_;
  const SeenTables& now_;
  std::vector<Difference> differences_;
  std::map<std::size_t, std::string> why_;  // by difference: what kept it from being bound to
};

}  // namespace

SeenTables tables_of(const BoundDefinition& definition) {
  SeenTables tables;
  for (const BoundEntity& entity : definition.entities) {
    tables[{entity.source, entity.table.name}] = entity.table;
  }
  return tables;
}

std::set<std::size_t> all_entities(const BoundDefinition& definition) {
  std::set<std::size_t> entities;
  for (std::size_t entity = 0; entity < definition.entities.size(); ++entity) {
    entities.insert(entity);
  }
  return entities;
}

Result<SeenTables> look_at_tables(const BoundDefinition& definition,
                                  const std::vector<Source*>& sources,
                                  const std::set<std::size_t>& entities) {
  std::map<std::size_t, std::set<TableName>> names;  // by source
  SeenTables tables;
  for (const std::size_t entity : entities) {
    const BoundEntity& bound = definition.entities[entity];
    names[bound.source].insert(bound.table.name);
    tables[{bound.source, bound.table.name}] = std::nullopt;
  }
  for (const auto& [source, of_source] : names) {
    const std::vector<TableName> asked(of_source.begin(), of_source.end());
    COUPLET_ASSIGN(auto described, sources[source]->describe(asked));
    for (TableInfo& table : described) {
      const TableKey key{source, table.name};
      tables[key] = std::move(table);
    }
  }
  return tables;
}

bool has_to_do_with(const BoundDefinition& definition, std::size_t mapping, std::size_t source,
                    const TableName& table) {
  return !columns_of(definition, mapping, source, table).empty();
}

Result<BoundAnew> bind_anew(const Definition& given, const BoundDefinition& bound,
                            const SeenTables& now, const std::vector<Source*>& sources) {
  return Refit(given, bound, now, sources).bind();
}

}  // namespace couplet
