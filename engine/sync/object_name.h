#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/sync/view.h"

namespace couplet {

// An object as people name it.
struct NamedObject {
  std::size_t entity = 0;  // index into BoundDefinition::entities
  ObjectKey key;
  auto operator<=>(const NamedObject&) const = default;
};

// "source.Entity/ID"; the ID as format_key has it.
std::string object_name(const BoundEntity& entity, const ObjectKey& key);
// The other way. The name ends at its first slash: what follows is the id, in which a slash stands
// for itself or is escaped. Errors: kInvalidArgument naming `text`, and what was expected.
Result<NamedObject> parse_object(const BoundDefinition& definition, std::string_view text);
std::string object_name(const MappingPlan& plan, Side side, const ObjectKey& key);
// The first few by key, and how many more: "left.people/2, left.people/3 and 4 more". Those that a
// dry run has only planned have no name.
std::string first_names(const MappingPlan& plan, const std::vector<const View*>& objects);
// "this identity key (email, region)", the attributes as that side calls them.
std::string this_identity_key(const MappingPlan& plan, Side side);

// What a view holds in one attribute, as reports show it: a reference as the id it refers to.
nlohmann::json value_json(const MappingPlan& plan, const View& view, std::size_t use);
// The same in the terms of the other side: what a write brings there. CHECKs that it can be sent.
nlohmann::json sent_json(const ViewBuilder& builder, const MappingPlan& plan, const View& view,
                         std::size_t use);

}  // namespace couplet
