#include "engine/sync/object_name.h"

#include <algorithm>

#include "engine/definition/suggestion.h"
#include "engine/model/literal.h"

namespace couplet {

std::string object_name(const BoundEntity& entity, const ObjectKey& key) {
  return entity.name + "/" + format_key(entity.id_types, key);
}

std::string object_name(const MappingPlan& plan, Side side, const ObjectKey& key) {
  return object_name(*plan.side(side).entity, key);
}

std::string first_names(const MappingPlan& plan, const std::vector<const View*>& objects) {
  constexpr std::size_t kNamed = 3;
  std::vector<const View*> sorted;
  for (const View* object : objects) {
    if (!is_planned(object->key)) {
      sorted.push_back(object);
    }
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const View* a, const View* b) { return a->key < b->key; });
  std::string names;
  for (std::size_t i = 0; i < sorted.size() && i < kNamed; ++i) {
    names += (i == 0 ? "" : ", ") + object_name(plan, sorted[i]->side, sorted[i]->key);
  }
  return sorted.size() <= kNamed
             ? names
             : names + " and " + std::to_string(sorted.size() - kNamed) + " more";
}

std::string this_identity_key(const MappingPlan& plan, Side side) {
  std::string names;
  for (std::size_t use = 0; use < plan.uses.size(); ++use) {
    if (plan.uses[use]->identity) {
      names += (names.empty() ? "" : ", ") + plan.slot(use).end(side).text;
    }
  }
  return "this identity key (" + names + ")";
}

Result<NamedObject> parse_object(const BoundDefinition& definition, std::string_view text) {
  const auto refuse = [&](std::string message, std::string hint) {
    return fail(Error{ErrorKind::kInvalidArgument,
                      "\"" + std::string(text) + "\": " + std::move(message),
                      std::move(hint),
                      {},
                      "wrong_object",
                      {}});
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return refuse("not the name of an object", "objects are named source.Entity/ID");
  }
  const std::string_view entity = text.substr(0, slash);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < definition.entities.size(); ++i) {
    const BoundEntity& known = definition.entities[i];
    if (known.name != entity) {
      names.push_back(known.name);
      continue;
    }
    if (known.id.empty()) {
      return refuse("its table has no id by which an object could be named",
                    "id: [ column ] under entities says what tells its rows apart");
    }
    auto key = parse_key(known.id_types, text.substr(slash + 1));
    if (!key) {
      return refuse(key.error().message, key.error().hint);
    }
    return NamedObject{i, std::move(*key)};
  }
  std::string hint = did_you_mean(entity, names);
  if (hint.empty()) {
    for (const std::string& name : names) {
      hint += (hint.empty() ? "entities: " : ", ") + name;
    }
  }
  return refuse("the definition has no entity " + std::string(entity), std::move(hint));
}

namespace {
nlohmann::json cells_json(const std::vector<Type>& types, const std::vector<Value>& cells) {
  if (cells.size() == 1) {
    return to_json(types[0], cells[0]);
  }
  nlohmann::json parts = nlohmann::json::array();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    parts.push_back(to_json(types[i], cells[i]));
  }
  return cells.empty() ? nlohmann::json() : parts;
}
}  // namespace

nlohmann::json value_json(const MappingPlan& plan, const View& view, std::size_t use) {
  const SlotColumns& columns = plan.side(view.side).slots[use];
  std::vector<Value> cells;
  for (const std::size_t column : columns.columns) {
    cells.push_back(view.cell(column));
  }
  return cells_json(columns.types, cells);
}

nlohmann::json sent_json(const ViewBuilder& builder, const MappingPlan& plan, const View& view,
                         std::size_t use) {
  std::string arena;
  std::vector<Value> cells;
  COUPLET_CHECK(builder.send(view, use, arena, cells).has_value());
  return cells_json(plan.side(other(view.side)).slots[use].types, cells);
}

}  // namespace couplet
