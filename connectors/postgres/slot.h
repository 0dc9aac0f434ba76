#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "connectors/postgres/connection.h"
#include "engine/model/position.h"
#include "engine/model/result.h"
#include "engine/ports/change_stream.h"

namespace couplet::postgres {

// What the server says of a slot and of what a stream by it needs.
struct StreamSlot {
  std::string name;
  std::string publication;
  std::string database;  // Of our session.
  bool exists = false;
  std::string plugin;  // Empty: a physical slot.
  std::string slot_database;
  std::int32_t active_pid = 0;  // 0: nobody reads from it.
  Lsn confirmed;                // confirmed_flush_lsn: what was committed before is not sent again.
  std::string wal_status;       // reserved, extended, unreserved, lost
  bool two_phase = false;
  bool publication_exists = false;
  Lsn server;   // How far the server's log is durable.
  Lsn written;  // Behind every commit that there is, durable or not.
  std::chrono::milliseconds wal_sender_timeout{0};  // 0: none
  std::string timeline;                             // of the log, 8 hex digits; empty: a standby
  std::string published;  // another one with every change of the publication; empty: there is none
};

// One statement. Errors: those of Connection.
Result<StreamSlot> read_slot(Connection& connection, const std::string& slot,
                             const std::string& publication);

// Whether a stream can begin. Errors: kSchema, code "slot_missing", "slot_lost", "slot_foreign" (it
// is another's: of a plugin, a database or a kind that we do not use) or "publication_missing";
// kTransient, code 55006: another session reads from it.
Result<void> check_slot(const std::string& source_name, const StreamSlot& facts);

// ChangeStream::terms.
std::string terms_of(const StreamSlot& facts);

// What happened between `from`, under `terms`, and where the slot goes on is told by no event.
std::optional<StreamGap> gap_of(const StreamSlot& facts, const Position& from,
                                const std::string& terms);

std::string to_string(Lsn lsn);  // "1/89575F78"

}  // namespace couplet::postgres
