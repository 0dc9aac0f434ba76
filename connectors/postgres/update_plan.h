#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "connectors/postgres/write_plan.h"

namespace couplet::postgres {

// The commands of one group of updates. Without displaced rows that is one. With them, a move comes
// first; where a column has too few free values to move them all (an enum), only one row of each
// circle steps aside, and the others follow in an order without a clash.
Result<void> plan_update(const std::string& source_name, const Relation& relation,
                         const WriteGroup& group, std::size_t index, const Ask& ask,
                         std::vector<Command>& out);

// Adds the array of the versions expected; null for the rows where `unknown` says so (empty: none).
void add_versions(const Relation& relation, const WriteGroup& group,
                  const std::vector<bool>& unknown, Parameters& parameters);

}  // namespace couplet::postgres
