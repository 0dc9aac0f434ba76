#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "connectors/postgres/reader.h"
#include "engine/model/position.h"
#include "engine/model/result.h"

namespace couplet::postgres {

// Source::ask_visible and are_visible. Transactions by the 32 bits of their ids that a stream
// carries, at least one; one statement for all of them. One that is streamed has committed, but
// others see it later: while its commit waits for a standby, say. Errors: those of Reader.
Result<void> ask_visible(Reader& reader, std::span<const std::uint64_t> transactions);
Result<bool> are_visible(Reader& reader);

// A place in the log behind everything that a session sees by now. Errors: those of Reader.
Result<Position> position(Reader& reader);

// The statement: how many of $1 (bigint[]) are not seen. Ids are extended to the 64 bits of the
// server's own count: the one with these bits that is nearest to the next.
std::string visibility_text();
// The id of 64 bits, as an expression over these two.
std::string extended_id_text(const std::string& id, const std::string& next);

}  // namespace couplet::postgres
