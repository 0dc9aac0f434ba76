#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/map_reader.h"

// Internal to loading: one function a section of the file, in the order in which they build on each
// other. Each reports what is wrong with its section and goes on with the rest.
namespace couplet {

// name, state, memory, clock_skew, reconcile, http, log.
void read_settings(const ParseContext& context, const MapReader& file, Definition& definition);
// sources; needs the definition's name.
void read_sources(const ParseContext& context, const MapReader& file, Definition& definition);
// entities; needs the sources.
void read_entities(const ParseContext& context, const MapReader& file, Definition& definition);
// mappings; needs the entities, and adds those that have no entry.
void read_mappings(const ParseContext& context, const MapReader& file, Definition& definition);

// The index of the entity that `name` ("source.Entity") means, added if it has no entry; nullopt,
// reported, if it is no such name.
std::optional<std::size_t> find_entity(const ParseContext& context, Definition& definition,
                                       const Text& name, const std::string& option);
// `where` of an entity or of one side of a mapping.
std::optional<WhereDefinition> read_where(const ParseContext& context, const YamlNode& node,
                                          const std::string& option);
// The members of a map keyed by names; reports what is no map and names that are none.
std::vector<const YamlMember*> named_members(const ParseContext& context, const MapReader& file,
                                             std::string_view section);

}  // namespace couplet
