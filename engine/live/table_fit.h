#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/definition/bound.h"
#include "engine/ports/source.h"

namespace couplet {

// Whether a mapping that was bound to a table of a source as it was can go on with it as it is now;
// `now`: nullptr if it is gone. Empty: it can. Else a sentence that names what has changed.
std::string what_no_longer_fits(const BoundDefinition& definition, std::size_t mapping,
                                std::size_t source, const TableInfo& before, const TableInfo* now);

// The same of all mappings and of the tables under these entities, as the catalogs have them now:
// by mapping, why it cannot go on. A statement or two a source.
Result<std::map<std::size_t, std::string>> what_no_longer_fits(
    const BoundDefinition& definition, const std::vector<Source*>& sources,
    const std::set<std::size_t>& entities);

// Whether the mapping reads or writes anything of that table.
bool has_to_do_with(const BoundDefinition& definition, std::size_t mapping, std::size_t source,
                    const TableInfo& table);

}  // namespace couplet
