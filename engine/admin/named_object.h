#pragma once

#include <string>
#include <string_view>

#include "engine/definition/bound.h"
#include "engine/model/object_key.h"

namespace couplet {

// An object as people name it: "source.Entity/ID".
struct NamedObject {
  std::size_t entity = 0;  // index into BoundDefinition::entities
  ObjectKey key;
};

// Errors: kInvalidArgument where it is no name, or no mapping of this definition knows the entity;
// whether the object exists is not asked.
Result<NamedObject> parse_object(const BoundDefinition& definition, std::string_view name);

std::string object_name(const BoundEntity& entity, const ObjectKey& key);

}  // namespace couplet
