#pragma once

#include <cstdint>
#include <span>

#include "connectors/postgres/settings.h"
#include "engine/model/result.h"
#include "engine/ports/inspection.h"

namespace couplet::postgres {

// As Source::inspect: what the server and its catalogs tell a person. One read-only transaction on
// a session of its own, with a fixed number of statements.
Result<Inspection> inspect(const PostgresSourceSettings& settings, std::span<const TableName> names,
                           std::uint64_t& statements);

}  // namespace couplet::postgres
