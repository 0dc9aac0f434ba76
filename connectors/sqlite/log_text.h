#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// The change log of a file: a table that triggers on the followed tables fill. Text of its
// statements; pure.
//
//   seq      microseconds since 1970, or one more than the entry before: the order of the changes
//   "table"  as the catalog spells it; empty in the entry that the log begins with
//   change   begin | insert | update | delete | replace (a row that made place for another)
//   k1 …     the id that the row has now (of a deleted one: had)
//   b1 …     update: the id that it had before
//
// An entry is never changed, and the last one never removed. So a place in the log is the `seq` of
// an entry, and a log in which the entry of our place is missing is not the one that we have read:
// by time, another log, or one of a restored copy, does not come to the same number again.
namespace couplet::sqlite {

// Columns by which the rows of a table are kept unique, and how each compares them.
struct UniqueColumns {
  std::vector<std::string> columns;
  std::vector<std::string> collations;  // "BINARY", "NOCASE", …
};

struct LoggedTable {
  std::string name;
  std::vector<std::string> id;
  std::vector<UniqueColumns> unique;
};

// Something that is made in the file; SQLite keeps `sql` byte by byte.
struct LogObject {
  std::string name;
  std::string sql;
};

// A log's table for ids of so many columns.
LogObject log_table(const std::string& log, std::size_t id_columns);
// The triggers on a table. Besides one for each kind of change: where a row can make others go by
// its unique values (INSERT OR REPLACE and its like fire no delete trigger, unless
// recursive_triggers is on), one that writes down which.
std::vector<LogObject> log_triggers(const std::string& log, const LoggedTable& table);
// Made last: what stands behind it in the catalog was dropped and made again since. Also keeps
// entries from being changed.
LogObject log_seal(const std::string& log);

// The entry that a log begins with.
std::string begin_text(const std::string& log);
// Every trigger of this log is called so.
std::string trigger_prefix(const std::string& log);
// Whether a trigger writes down changes in a change log, whosever, and changes nothing else.
bool is_log_trigger(std::string_view name, std::string_view sql);
// Whether a table is one.
bool is_log_table(std::string_view name, std::string_view sql);

// Entries behind `?1` up to `?2`, in order, no more than `?3`: seq, table, change, k1 …, b1 ….
std::string entries_text(const std::string& log, std::size_t id_columns);

}  // namespace couplet::sqlite
