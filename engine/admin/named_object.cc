#include "engine/admin/named_object.h"

#include "engine/definition/suggestion.h"

namespace couplet {

Result<NamedObject> parse_object(const BoundDefinition& definition, std::string_view name) {
  const auto refuse = [](std::string message, std::string hint) {
    return fail(Error{ErrorKind::kInvalidArgument,
                      std::move(message),
                      std::move(hint),
                      {},
                      "invalid_object",
                      {}});
  };
  const std::string text(name);
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash + 1 == text.size()) {
    return refuse("\"" + text + "\" names no object", "objects are written source.Entity/ID");
  }
  const std::string entity_name = text.substr(0, slash);
  std::vector<std::string> known;
  for (std::size_t i = 0; i < definition.entities.size(); ++i) {
    const BoundEntity& entity = definition.entities[i];
    known.push_back(entity.name);
    if (entity.name != entity_name) {
      continue;
    }
    auto key = parse_key(entity.id_types, std::string_view(text).substr(slash + 1));
    if (!key) {
      return refuse("\"" + text + "\" names no object: " + key.error().message, key.error().hint);
    }
    return NamedObject{i, std::move(*key)};
  }
  std::string hint = did_you_mean(entity_name, known);
  return refuse("no mapping has the entity \"" + entity_name + "\"",
                hint.empty() ? "objects are written source.Entity/ID" : std::move(hint));
}

std::string object_name(const BoundEntity& entity, const ObjectKey& key) {
  return entity.name + "/" + format_key(entity.id_types, key);
}

}  // namespace couplet
