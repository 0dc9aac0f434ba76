#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/admin/link_list.h"
#include "engine/admin/link_removal.h"
#include "engine/definition/definition.h"
#include "engine/sync/explainer.h"

// Mappings over one pair of entities share its links, and are kept as the one that is listed first
// has them. What is told under a mapping that is listed the other way round is turned to the sides
// that the file gives it: here, and nowhere else.
namespace couplet {

// A mapping as its file has it.
struct MappingShown {
  std::string name;
  bool turned = false;  // the file's left is the engine's right
};

// By index.
std::vector<MappingShown> mappings_shown(const Definition& definition,
                                         const BoundDefinition& bound);

// Each as the mapping's file has it. `pair`: the mapping's; it names attributes.
Conflict as_shown(Conflict conflict, const MappingShown& mapping, const Pair& pair);
Explanation as_shown(Explanation explanation, const std::vector<MappingShown>& mappings,
                     const BoundDefinition& bound);
// Links belong to no mapping but the one that is asked for; nullopt: as the first listed has them.
LinkItem as_shown(LinkItem link, const std::optional<std::size_t>& mapping,
                  const std::vector<MappingShown>& mappings);
LinkRemoval::Removed as_shown(LinkRemoval::Removed removed,
                              const std::optional<std::size_t>& mapping,
                              const std::vector<MappingShown>& mappings);

}  // namespace couplet
