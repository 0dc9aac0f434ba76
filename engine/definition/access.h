#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/definition/bound.h"

// What a definition does with the tables of its sources: what a role must be allowed, what indexes
// should serve.
namespace couplet {

// Columns that are searched by, and what for.
struct Search {
  std::set<std::string> columns;
  std::set<std::string> trimmed;  // those of them that are compared without blanks at the end
  std::string why;                // "identity key of mapping customer"
};

// What a definition does with one table.
struct TableAccess {
  std::set<std::string> read;    // columns
  std::set<std::string> insert;  // none: nothing is created there
  std::set<std::string> update;
  std::vector<std::string> id;   // of the entity over it; empty: a path leads through it
  std::vector<Search> searches;  // each set of columns once
  // Columns of identity keys that a counterpart is looked for by, each with the first such mapping.
  std::map<std::string, std::string> keys;
  bool times_decide = false;     // last_write_wins is decided by its change times
  bool has_change_time = false;  // and it has a column for them
  bool id_is_mapped = false;     // creates bring the id along
};

// By source and table.
using Access = std::map<std::pair<std::size_t, TableName>, TableAccess>;

// `definition` need not be whole: of mappings that could be bound in part, that part.
Access access_of(const BoundDefinition& definition);

}  // namespace couplet
