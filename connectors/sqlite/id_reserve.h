#pragma once

#include <optional>
#include <span>
#include <string>

#include "connectors/sqlite/catalog.h"
#include "connectors/sqlite/database.h"
#include "engine/ports/source.h"

namespace couplet::sqlite {

// Ids for rows to come: from the counter of an AUTOINCREMENT table, which is moved on as by rows
// that were inserted and deleted; or from a default that gives another value each time. nullopt:
// neither. A rowid without AUTOINCREMENT is the largest one plus one, which nobody can keep for us.
Result<std::optional<RowBatch>> reserve_ids(Database& writer, const Relation& relation,
                                            std::span<const std::string> id,
                                            std::span<const Type> id_types, std::size_t count);

}  // namespace couplet::sqlite
