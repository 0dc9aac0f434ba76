#pragma once

#include <map>
#include <span>
#include <vector>

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/relation.h"
#include "engine/ports/source.h"

namespace couplet::postgres {

// What the catalog said of the tables in use. Read when a table is first seen, and again whenever
// the engine describes it.
class RelationCache {
 public:
  explicit RelationCache(Catalog& catalog) : catalog_(catalog) {}

  void put(const TableName& asked, const Relation& relation);
  // Errors: kSchema if the table is not there (any more).
  Result<const Relation*> at(const TableName& table);
  // Reads those that are missing with one question.
  Result<void> load(std::span<const TableName> tables);
  // All tables of a projection, then its own.
  Result<const Relation*> of(const Projection& projection);
  // Without reading: null if it is not known.
  [[nodiscard]] const Relation* known(const TableName& table) const;
  void forget(const TableName& table) { relations_.erase(table); }

 private:
  Catalog& catalog_;
  std::map<TableName, Relation> relations_;
};

}  // namespace couplet::postgres
