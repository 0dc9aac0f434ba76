#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/model/strong_int.h"
#include "engine/ports/catalog.h"

// What a source tells of itself to a person who sets it up. Facts only: what they mean for a
// definition is the business of who asked. Everything may be missing: then nothing is known.
namespace couplet {

// An index that is valid and has no predicate.
struct IndexInfo {
  std::string name;
  // Plain ones, and those without their blanks at the end (rtrim(column, ' ')), up to the first
  // other expression.
  std::vector<std::string> columns;
  bool unique = false;                 // over exactly these columns, all plain
  std::set<std::string> trimmed = {};  // those of `columns` that are without their blanks
};

struct TableInspection {
  TableName name;
  std::vector<IndexInfo> indexes;
  std::vector<std::string> triggers;       // row triggers of its users, enabled
  bool rows_hidden = false;                // policies may hide rows from our role
  std::optional<std::uint64_t> row_count;  // an estimate
};

struct Inspection {
  std::string product;  // "PostgreSQL 15.4"; empty: nothing is known
  int version = 0;      // as the server counts: 150004
  std::string database;
  std::string role;
  std::string encoding;  // of the database: "UTF8"
  bool superuser = false;
  bool sees_hidden_rows = false;                // is above row security by an attribute of its own
  bool read_only = false;                       // takes no writes now: a standby, or a setting
  std::optional<Timestamp> now;                 // its clock, read while it was asked
  std::map<std::string, std::string> settings;  // by name: "max_replication_slots"
  // Functions that Source::attach_mark calls and our role may not:
  // "pg_replication_origin_oid(text)".
  std::vector<std::string> forbidden_functions;
  // Schemas with tables of the names asked for that our role may not look into.
  std::vector<std::string> hidden_schemas;
  // Those that exist, in the order asked for.
  std::vector<TableInspection> tables;
};

}  // namespace couplet
