#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/settings.h"
#include "engine/model/result.h"
#include "engine/ports/stream_setup.h"

// What the server has of what a change stream needs, as its catalogs tell it.
namespace couplet::postgres {

struct SlotFacts {
  bool logical = false;
  bool temporary = false;
  std::string plugin;
  std::string database;
  std::int64_t active_pid = 0;  // 0: nobody reads it
  std::string application;      // of that session
  bool made = false;            // false: a session is making it still
  bool lost = false;            // what it stood for is gone, or it was invalidated
  std::string wal_status;       // "reserved", "extended", "unreserved", "lost"; empty before 13
  std::optional<std::int64_t> safe_bytes;      // that may be written before it is lost
  std::optional<std::int64_t> retained_bytes;  // of the log, held back by it
};

struct PublishedTable {
  TableName name;
  bool narrowed = false;  // by a row filter or a list of columns
};

struct PublicationFacts {
  bool all_tables = false;
  bool all_changes = false;  // insert, update, delete, truncate
  bool via_root = false;
  bool ours = false;  // our role may change it
  std::string owner;
  std::vector<PublishedTable> tables;
  std::vector<std::string> schemas;  // with all of their tables
};

struct TableFacts {
  enum class Identity : std::uint8_t { kNone, kOther, kFitting };
  TableName name;
  std::string owner;
  bool ours = false;         // our role has the rights of its owner
  bool publishable = false;  // an ordinary or partitioned table that is logged
  bool partitioned = false;
  // Of the least fitting one among its parts: whether what the log calls a row by holds the id.
  Identity identity = Identity::kNone;
  TableName part;         // that one
  std::string own_index;  // of `part`, unique, over the id and nothing else; empty: none
};

struct StreamFacts {
  std::string database;
  std::string role;
  std::string application;  // what our sessions call themselves
  std::string wal_level;
  bool standby = false;
  bool pooled = false;
  bool may_replicate = false;
  bool may_create = false;  // in the database
  std::int64_t slots = 0;   // in use, by anybody
  std::int64_t slots_max = 0;
  std::int64_t senders = 0;
  std::int64_t senders_max = 0;
  std::optional<std::int64_t> slot_log_max_mib;  // nullopt: without bound
  std::optional<SlotFacts> slot;
  std::optional<PublicationFacts> publication;
  std::vector<TableFacts> tables;  // those of StreamNeeds that exist, in its order
  std::vector<std::string> marks;  // of this deployment and source
};

// Reads only: one transaction with a fixed number of statements.
Result<StreamFacts> read_stream_facts(const PostgresSourceSettings& settings,
                                      const StreamNeeds& needs, std::uint64_t& statements);

}  // namespace couplet::postgres
