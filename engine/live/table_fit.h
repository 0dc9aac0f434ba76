#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/definition/bound.h"
#include "engine/definition/definition.h"
#include "engine/ports/source.h"

// Tables that are others than those that a definition was bound to.
namespace couplet {

// By source and name, as they were when somebody looked; nullopt: gone.
using SeenTables = std::map<std::pair<std::size_t, TableName>, std::optional<TableInfo>>;

// All that the definition is bound to, as they were then.
SeenTables tables_of(const BoundDefinition& definition);
// Those under the entities, as the catalogs have them now. A statement or two a source.
Result<SeenTables> look_at_tables(const BoundDefinition& definition,
                                  const std::vector<Source*>& sources,
                                  const std::set<std::size_t>& entities);
std::set<std::size_t> all_entities(const BoundDefinition& definition);

// Whether the mapping reads or writes anything of that table.
bool has_to_do_with(const BoundDefinition& definition, std::size_t mapping, std::size_t source,
                    const TableName& table);

// The definition bound to its tables as they are by now, as far as it can be.
struct BoundAnew {
  // Of what stopped mappings cannot go on with, it knows what it was bound to before: the others
  // go on.
  BoundDefinition definition;
  // Why a mapping cannot go on, in a sentence that names table and column: what it has to do with
  // is gone, or was dropped and added anew, or the file does not fit it any more.
  std::map<std::size_t, std::string> unfit;
};
// `given`: the file that `bound` was made of; `now`: look_at_tables of all its entities. Conditions
// in SQL are not asked about: one that has become none stops its mapping when it is read by.
// Errors: those of sources that are asked for tables of which `bound` knows nothing.
Result<BoundAnew> bind_anew(const Definition& given, const BoundDefinition& bound,
                            const SeenTables& now, const std::vector<Source*>& sources);

}  // namespace couplet
