#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "connectors/postgres/relation.h"
#include "connectors/postgres/settings.h"
#include "engine/model/result.h"
#include "engine/ports/catalog.h"

namespace couplet::postgres {

// Reads the system catalogs, on a session of its own that ends with the call, in one snapshot and
// with a fixed number of statements, however many tables are asked for.
class Catalog {
 public:
  Catalog(const PostgresSourceSettings& settings, std::uint64_t& statements)
      : settings_(settings), statements_(statements) {}

  // In the order of `names`; those that do not exist are left out. An empty schema stands for the
  // configured one, else the first of the search path.
  Result<std::vector<Relation>> describe(std::span<const TableName> names);
  // Tables, views, foreign tables that the role may read, partitions left out, system's too.
  Result<std::vector<TableName>> tables();

 private:
  const PostgresSourceSettings& settings_;
  std::uint64_t& statements_;
};

}  // namespace couplet::postgres
