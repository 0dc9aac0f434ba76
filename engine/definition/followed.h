#pragma once

#include <cstddef>
#include <vector>

#include "engine/definition/bound.h"
#include "engine/ports/change_stream.h"

// Whose changes a definition has to hear of.
namespace couplet {

class Catalogs;

// Tables that paths lead through and that no entity is over become entities, unmapped, behind the
// others: a change there changes what is read through it. By their name where it is free.
void add_passed_tables(BoundDefinition& bound, const Catalogs& catalogs);

// A table whose changes are followed, and the entities over it.
struct Followed {
  StreamedTable table;
  std::vector<std::size_t> entities;
};
// Those of a source: its objects that a mapping reads, and what their paths lead through; where it
// says `stream: true`, also those that mappings only write. Ascending by name. Empty: nothing is
// read there, so nothing need be told, or it says `stream: false`.
std::vector<Followed> followed_tables(const BoundDefinition& definition, std::size_t source);
// Whether what changes there has to be heard of.
bool is_read(const BoundDefinition& definition, std::size_t source);

}  // namespace couplet
