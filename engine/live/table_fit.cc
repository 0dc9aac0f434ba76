#include "engine/live/table_fit.h"

#include <utility>

namespace couplet {
namespace {

// The columns of the table that the mapping has to do with.
std::set<std::string> columns_of(const BoundDefinition& definition, std::size_t mapping,
                                 const TableInfo& table, std::size_t source) {
  const BoundMapping& bound = definition.mappings[mapping];
  const Pair& pair = definition.pairs[bound.pair];
  std::set<std::string> columns;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const BoundEntity& entity = definition.entities[pair.entities[index_of(side)]];
    if (entity.source != source) {
      continue;
    }
    if (entity.table.name == table.name) {
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
          if (read.table == table.name) {
            columns.insert(read.column);
          }
        }
      }
    }
  }
  return columns;
}

std::string of_column(const std::string& name, const std::string& table, const std::string& what) {
  return "column " + name + " of table " + table + what;
}

}  // namespace

bool has_to_do_with(const BoundDefinition& definition, std::size_t mapping, std::size_t source,
                    const TableInfo& table) {
  return !columns_of(definition, mapping, table, source).empty();
}

std::string what_no_longer_fits(const BoundDefinition& definition, std::size_t mapping,
                                std::size_t source, const TableInfo& before, const TableInfo* now) {
  const std::set<std::string> columns = columns_of(definition, mapping, before, source);
  const std::string table = to_string(before.name);
  if (now == nullptr) {
    return columns.empty() ? std::string() : "table " + table + " is gone";
  }
  for (const std::string& name : columns) {
    const ColumnInfo* was = before.column(name);
    const ColumnInfo* is = now->column(name);
    if (was == nullptr) {
      continue;
    }
    if (is == nullptr) {
      return of_column(name, table, " is gone");
    }
    if (is->number != was->number) {
      return of_column(name, table, " was dropped and added anew");
    }
    if (is->type != was->type) {
      return of_column(name, table, " was " + was->type_name + " and is " + is->type_name);
    }
  }
  return {};
}

Result<std::map<std::size_t, std::string>> what_no_longer_fits(
    const BoundDefinition& definition, const std::vector<Source*>& sources,
    const std::set<std::size_t>& entities) {
  std::map<std::size_t, std::set<TableName>> names;  // by source
  for (const std::size_t entity : entities) {
    const BoundEntity& bound = definition.entities[entity];
    names[bound.source].insert(bound.table.name);
  }
  std::map<std::pair<std::size_t, TableName>, TableInfo> now;
  for (const auto& [source, of_source] : names) {
    const std::vector<TableName> asked(of_source.begin(), of_source.end());
    COUPLET_ASSIGN(auto described, sources[source]->describe(asked));
    for (TableInfo& table : described) {
      TableName name = table.name;
      now.emplace(std::pair(source, std::move(name)), std::move(table));
    }
  }
  std::map<std::size_t, std::string> unfit;
  for (const std::size_t entity : entities) {
    const BoundEntity& bound = definition.entities[entity];
    const auto found = now.find({bound.source, bound.table.name});
    for (std::size_t mapping = 0; mapping < definition.mappings.size(); ++mapping) {
      std::string why = what_no_longer_fits(definition, mapping, bound.source, bound.table,
                                            found == now.end() ? nullptr : &found->second);
      if (!why.empty()) {
        unfit.emplace(mapping, std::move(why));
      }
    }
  }
  return unfit;
}

}  // namespace couplet
