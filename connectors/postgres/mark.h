#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "connectors/postgres/connection.h"
#include "engine/model/strong_int.h"

// Replication origins as marks of committed batches: an origin's progress commits with the
// transaction that sets it, so it says for good which batch was the last to happen.
namespace couplet::postgres {

// Holds the name for this session alone (an advisory lock): once it is ours, nothing of an earlier
// process can still commit, whether that one had an origin or none. Waits up to `wait`; a role that
// may not goes without. Errors: kUnavailable if the wait ran out.
Result<void> hold_name(Connection& connection, const std::string& source_name,
                       const std::string& name, std::chrono::milliseconds wait);

// Attaches the origin to the session, made if it does not exist, and gives its progress. While a
// session of an earlier process holds it, waits up to `wait`: once it is ours, nothing of theirs
// can still commit under it. The name is held first. nullopt: there is no origin for us. Errors:
// kUnavailable if the wait ran out.
Result<std::optional<BatchNumber>> attach_origin(Connection& connection,
                                                 const std::string& source_name,
                                                 const std::string& origin,
                                                 std::chrono::milliseconds wait);

// The statement that begins each batch: gives its transaction id. With an origin attached it takes
// the number (pg_lsn) and the transaction carries it.
std::string version_text(bool with_mark);
// The batch number as the pg_lsn that version_text takes.
std::string mark_parameter(BatchNumber number);

}  // namespace couplet::postgres
