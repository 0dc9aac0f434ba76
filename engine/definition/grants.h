#pragma once

#include <string>
#include <vector>

#include "engine/definition/access.h"
#include "engine/ports/catalog.h"

// What a role lacks, and the GRANTs that give it to it. Every name is quoted.
namespace couplet {

struct MissingRight {
  std::string message;  // "our role may not read public.people (age, name)"
  std::string grant;    // one SQL statement; empty where nobody can grant it
  bool needed = true;   // false: a run does without, less safely
};

// One for each of reading, inserting and updating that the table's role may not do with all of the
// columns that `access` wants, and for each sequence that gives ids, or other values, to the rows
// that are created.
std::vector<MissingRight> missing_rights(const TableInfo& table, const TableAccess& access);
// What lets the table's role write all of it; empty where nobody can grant it.
std::string grant_to_write(const TableInfo& table);
// To look into a schema at all.
MissingRight missing_schema(const std::string& schema, const std::string& role);

}  // namespace couplet
