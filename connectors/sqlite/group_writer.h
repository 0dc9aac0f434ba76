#pragma once

#include "connectors/sqlite/database.h"
#include "connectors/sqlite/relation.h"
#include "engine/ports/source.h"

namespace couplet::sqlite {

// Writes the rows of one group inside the open transaction: one statement, prepared once and run
// with one row's values after the other's, since nothing travels in between. Errors: of the first
// row that fails, kRowFault among them; the transaction is then to be rolled back.
Result<GroupOutcome> write_group(Database& database, const Relation& relation,
                                 const WriteGroup& group);

}  // namespace couplet::sqlite
