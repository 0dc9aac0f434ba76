#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "connectors/sqlite/database.h"
#include "connectors/sqlite/log_text.h"
#include "engine/ports/stream_setup.h"

namespace couplet::sqlite {

// What a file has of a change log, and the tables that it is to tell of.
struct LogFacts {
  struct Made {
    std::string sql;
    std::int64_t place = 0;  // in the catalog: what is made later stands behind
  };
  struct Table {
    bool view = false;  // has no changes of its own
    std::string sql;    // as it was made
    std::vector<UniqueColumns> unique;
  };
  std::string log_sql;                   // of whatever has the log's name; empty: nothing
  bool begun = false;                    // the log has an entry
  std::map<std::string, Made> triggers;  // that write into this log, the seal among them
  std::map<std::string, Table> tables;   // those asked for that are there
};

// In a transaction of its own, if none is open, by a fixed number of statements.
Result<LogFacts> read_log_facts(Database& database, const std::string& log,
                                std::span<const StreamNeeds::Table> tables);

// Whether somebody has read from the log: the entry that it begins with is gone. False: there is no
// log.
Result<bool> log_was_read(Database& database, const std::string& log);

}  // namespace couplet::sqlite
