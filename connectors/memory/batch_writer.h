#pragma once

#include <optional>
#include <string>

#include "connectors/memory/memory_database.h"
#include "engine/model/result.h"
#include "engine/ports/source.h"

namespace couplet::memory {

// Runs one batch as one transaction, commits it and advances `mark`, all under the database's lock.
// Errors as Source::collect says.
Result<WriteOutcome> run_batch(MemoryDatabase& database, const WriteBatch& batch,
                               const std::optional<std::string>& mark);

}  // namespace couplet::memory
