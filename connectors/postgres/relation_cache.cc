#include "connectors/postgres/relation_cache.h"

#include <fmt/format.h>

#include <algorithm>

namespace couplet::postgres {

void RelationCache::put(const TableName& asked, const Relation& relation) {
  relations_[asked] = relation;
  relations_[relation.info.name] = relation;
}

const Relation* RelationCache::known(const TableName& table) const {
  const auto found = relations_.find(table);
  return found == relations_.end() ? nullptr : &found->second;
}

Result<void> RelationCache::load(std::span<const TableName> tables) {
  std::vector<TableName> missing;
  for (const TableName& table : tables) {
    if (known(table) == nullptr &&
        std::find(missing.begin(), missing.end(), table) == missing.end()) {
      missing.push_back(table);
    }
  }
  if (missing.empty()) {
    return {};
  }
  COUPLET_ASSIGN(const std::vector<Relation> found, catalog_.describe(missing));
  for (const Relation& relation : found) {
    for (const TableName& asked : missing) {
      const bool same = asked.table == relation.info.name.table &&
                        (asked.schema.empty() || asked.schema == relation.info.name.schema);
      if (same) {
        put(asked, relation);
      }
    }
  }
  for (const TableName& asked : missing) {
    if (known(asked) == nullptr) {
      return fail(ErrorKind::kSchema, fmt::format("there is no table {}", to_string(asked)));
    }
  }
  return {};
}

Result<const Relation*> RelationCache::at(const TableName& table) {
  COUPLET_TRY(load({&table, 1}));
  return known(table);
}

Result<const Relation*> RelationCache::of(const Projection& projection) {
  std::vector<TableName> tables{projection.table};
  for (const ColumnPath& path : projection.columns) {
    for (const Join& join : path.joins) {
      tables.push_back(join.table);
    }
  }
  COUPLET_TRY(load(tables));
  return known(projection.table);
}

}  // namespace couplet::postgres
