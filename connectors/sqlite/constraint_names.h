#pragma once

#include <string>
#include <string_view>

#include "connectors/sqlite/catalog.h"
#include "engine/ports/source.h"

// SQLite tells columns where PostgreSQL tells a constraint, and of a foreign key nothing at all.
namespace couplet::sqlite {

// The constraint or column behind what the error names: "customers.email" is a unique key or a
// column that may not be null; a check has its own name. What was given where nothing is known of
// it. Pure.
std::string constraint_named(const Catalog& catalog, const Error& error);

// The foreign key that these groups, written in the open transaction, have broken; empty if it
// cannot be told. For a commit that was refused, before it is rolled back.
std::string broken_foreign_key(Database& database, const Catalog& catalog,
                               const std::vector<WriteGroup>& groups);

}  // namespace couplet::sqlite
