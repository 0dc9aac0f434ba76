// The section `mappings`.
#include <algorithm>
#include <utility>

#include "engine/definition/sections.h"
#include "engine/definition/suggestion.h"

namespace couplet {

namespace {

struct MappingContext {
  const ParseContext& parse;
  MappingDefinition& mapping;
  std::string subject;  // "mappings.region"

  void error(Place place, std::string code, std::string message, std::string hint = {}) const {
    parse.error(place, std::move(code), std::move(message), std::move(hint));
  }
};

bool is_one_way(Direction direction) { return direction != Direction::kBoth; }

// Which side a `const` is written to follows from the one that is named.
void read_constant(const MappingContext& context, const MapReader& reader,
                   AttributeDefinition& attribute) {
  const Place place = reader.member("const")->key.begin;
  attribute.constant = reader.literal("const");
  if (attribute.identity) {
    context.error(place, "contradiction", "a key cannot be const",
                  "where: { left: …, right: … } narrows a mapping, and a create writes it");
    return;
  }
  if (attribute.link || attribute.values_place) {
    context.error(
        place, "contradiction",
        std::string("const and ") + (attribute.link ? "link" : "values") + " exclude each other");
  }
  const bool left = attribute.path[0].has_value();
  const bool right = attribute.path[1].has_value();
  if (left == right) {
    context.error(place, "contradiction",
                  left ? "a const is written to one side, and both are named"
                       : "a const needs the side that it is written to: left or right",
                  left ? "name the written side only" : "");
    return;
  }
  const Direction only = left ? Direction::kRightToLeft : Direction::kLeftToRight;
  const Direction mapping = context.mapping.direction;
  if (mapping != Direction::kBoth && mapping != only) {
    context.error(attribute.path[left ? 0 : 1]->place, "contradiction",
                  std::string("a const on the ") + (left ? "left" : "right") +
                      " is never written: the mapping runs " + name_of(mapping));
  } else if (attribute.direction_place && attribute.direction != only) {
    context.error(
        *attribute.direction_place, "contradiction",
        std::string("a const on the ") + (left ? "left" : "right") + " runs " + name_of(only));
  }
  attribute.direction = only;
}

void read_value_lines(const MappingContext& context, const MapReader& reader,
                      AttributeDefinition& attribute) {
  const YamlMember* given = reader.member("values");
  if (given == nullptr) {
    return;
  }
  attribute.values_place = given->key.begin;
  if (!given->value.is_mapping() || given->value.members.empty()) {
    context.error(given->value.begin, "wrong_type",
                  reader.option("values") + " must be a map of left value: right value, this is " +
                      (given->value.is_mapping() ? "empty" : given->value.describe()));
    return;
  }
  if (attribute.link) {
    context.error(given->key.begin, "contradiction", "link and values exclude each other");
  }
  for (const YamlMember& line : given->value.members) {
    auto left = read_literal(context.parse, line.key, reader.option("values"));
    auto right = read_literal(context.parse, line.value, reader.option("values"));
    if (left && right) {
      attribute.values.push_back({std::move(*left), std::move(*right)});
    }
  }
}

void read_attribute_direction(const MappingContext& context, const MapReader& reader,
                              AttributeDefinition& attribute) {
  attribute.direction = context.mapping.direction;
  const auto direction = reader.choice("direction");
  if (!direction) {
    return;
  }
  const Place place = reader.place_of("direction");
  attribute.direction_place = place;
  const auto wanted = static_cast<Direction>(*direction);
  if (attribute.identity) {
    context.error(place, "contradiction",
                  "a key has no direction of its own: it tells objects apart in both");
    return;
  }
  if (context.mapping.direction != Direction::kBoth && wanted != context.mapping.direction) {
    context.error(place, "contradiction",
                  std::string("the attribute runs ") + name_of(wanted) + ", its mapping only " +
                      name_of(context.mapping.direction),
                  "an attribute's direction is within its mapping's");
    return;
  }
  attribute.direction = wanted;
}

std::optional<AttributeDefinition> read_attribute(const MappingContext& context,
                                                  const YamlNode& node, bool identity,
                                                  const std::string& option) {
  AttributeDefinition attribute;
  attribute.place = node.begin;
  attribute.identity = identity;
  attribute.direction = context.mapping.direction;
  attribute.conflict = context.mapping.conflict;
  if (node.is_scalar()) {
    const auto name = read_text(context.parse, node, option);
    if (!name) {
      return std::nullopt;
    }
    attribute.path = {*name, *name};
    return attribute;
  }
  const MapReader reader(context.parse, node, "attribute", option, node.begin);
  if (!reader.is_map()) {
    return std::nullopt;
  }
  attribute.path[index_of(Side::kLeft)] = reader.text("left");
  attribute.path[index_of(Side::kRight)] = reader.text("right");
  attribute.link = reader.text("link");
  read_attribute_direction(context, reader, attribute);
  if (const auto policy = reader.choice("policy")) {
    attribute.policy = static_cast<Policy>(*policy);
  }
  if (const auto conflict = reader.choice("conflict")) {
    attribute.conflict = static_cast<ConflictPolicy>(*conflict);
  }
  read_value_lines(context, reader, attribute);
  if (reader.member("const") != nullptr) {
    read_constant(context, reader, attribute);
  } else {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (reader.member(name_of(side)) == nullptr) {
        context.error(reader.place(), "missing_option", option + " lacks \"" + name_of(side) + "\"",
                      "a name alone is short for both sides alike");
      }
    }
  }
  for (const auto& path : attribute.path) {
    if (path && path->value == "self" && path->known && !attribute.link) {
      context.error(path->place, "wrong_value", "`self` is the object itself and needs a link",
                    "link: the mapping whose links say what it is on the other side");
    }
  }
  return attribute;
}

void read_attributes(const MappingContext& context, const MapReader& reader, std::string_view name,
                     bool identity, std::vector<AttributeDefinition>& out) {
  const YamlMember* given = reader.member(name);
  if (given == nullptr) {
    return;
  }
  if (!given->value.is_sequence()) {
    context.error(given->value.begin, "wrong_type",
                  reader.option(name) + " must be a list, this is " + given->value.describe(),
                  std::string(name) + ": [ name ]");
    return;
  }
  if (identity && given->value.items.empty()) {
    context.error(given->value.begin, "no_keys",
                  context.subject + " has no keys: nothing would tell which objects are the same");
  }
  for (const YamlNode& item : given->value.items) {
    if (auto attribute = read_attribute(context, item, identity, reader.option(name))) {
      out.push_back(std::move(*attribute));
    }
  }
}

void read_create(const MappingContext& context, const MapReader& reader) {
  const YamlMember* given = reader.member("create");
  if (given == nullptr) {
    return;
  }
  const auto choice = reader.choice("create");
  if (!choice) {
    return;
  }
  enum : std::size_t { kTrue, kFalse, kLeft, kRight };
  MappingDefinition& mapping = context.mapping;
  mapping.create = {*choice == kTrue || *choice == kLeft, *choice == kTrue || *choice == kRight};
  if (*choice < kLeft) {
    return;
  }
  const Side side = *choice == kLeft ? Side::kLeft : Side::kRight;
  if (!written_sides(mapping.direction)[index_of(side)]) {
    context.error(given->value.begin, "contradiction",
                  std::string("create: ") + name_of(side) + ", but the mapping runs " +
                      name_of(mapping.direction) + " and never writes there");
  }
}

void read_limits(const MappingContext& context, const MapReader& reader) {
  auto& limits = context.mapping.limits;
  limits[LimitClass::kDelete] = {20, 5.0};
  limits[LimitClass::kRecreate] = {20, 50.0};
  const YamlMember* given = reader.member("limits");
  if (given == nullptr) {
    return;
  }
  const std::string option = reader.option("limits");
  const MapReader classes(context.parse, given->value, "limits", option, given->key.begin);
  const std::pair<const char*, LimitClass> names[] = {{"create", LimitClass::kCreate},
                                                      {"recreate", LimitClass::kRecreate},
                                                      {"update", LimitClass::kUpdate},
                                                      {"delete", LimitClass::kDelete}};
  for (const auto& [name, limit_class] : names) {
    const YamlMember* line = classes.member(name);
    if (line == nullptr) {
      continue;
    }
    const MapReader values(context.parse, line->value, "limit", option + "." + name,
                           line->key.begin);
    Limit limit;
    if (const auto count = values.integer("count")) {
      limit.count = static_cast<std::uint64_t>(*count);
    }
    limit.percent = values.number("percent");
    if (limit.percent && *limit.percent > 100) {
      context.error(values.place_of("percent"), "wrong_value",
                    option + "." + name + ".percent must be 0 to 100");
    }
    if (values.is_map() && values.member("count") == nullptr &&
        values.member("percent") == nullptr) {
      context.error(values.place(), "missing_option",
                    option + "." + name + " lacks count and percent");
    }
    limits[limit_class] = limit;
  }
}

// The word for what a situation does by default (DESIGN section 5.2); nullptr: it does nothing, or
// nothing that could be left undone.
const char* default_action(Situation situation, const MappingDefinition& mapping) {
  switch (situation) {
    case Situation::kSourceChanged:
    case Situation::kTargetChanged:
      return "update";
    case Situation::kMatched:
      return "link";
    case Situation::kAbsent:
      return "create";
    case Situation::kDeferred:
      return "defer";
    case Situation::kAmbiguous:
    case Situation::kDuplicate:
      return "hold";
    case Situation::kAlreadyLinked:
      return mapping.many_to_one ? "link" : "hold";
    case Situation::kMoved:
      return mapping.many_to_one ? "relink" : "rename";
    case Situation::kSucceeded:
      return "relink";
    case Situation::kTargetMissing:
      return is_one_way(mapping.direction) ? "recreate" : "report";
    case Situation::kNoIdentity:
    case Situation::kSourceMissing:
    case Situation::kOutOfScope:
      return "report";
    case Situation::kConflict:
      return "default";
    case Situation::kInSync:
    case Situation::kAssembling:
    case Situation::kBothGone:
      return nullptr;
  }
  return nullptr;
}

void read_actions(const MappingContext& context, const MapReader& reader) {
  const YamlMember* given = reader.member("actions");
  if (given == nullptr) {
    return;
  }
  const std::string option = reader.option("actions");
  if (!given->value.is_mapping()) {
    context.error(
        given->value.begin, "wrong_type",
        option + " must be a map of situation: action, this is " + given->value.describe());
    return;
  }
  std::vector<std::string> known;
  for (std::size_t i = 0; i < kSituations; ++i) {
    known.emplace_back(name_of(static_cast<Situation>(i)));
  }
  for (const YamlMember& line : given->value.members) {
    const auto situation = situation_named(line.key.text);
    if (!situation) {
      context.error(line.key.begin, "unknown_option",
                    option + ": there is no situation \"" + line.key.text + "\"",
                    did_you_mean(line.key.text, known));
      continue;
    }
    const char* usual = default_action(*situation, context.mapping);
    if (usual == nullptr) {
      context.error(line.key.begin, "wrong_value",
                    option + ": what is done when " + line.key.text + " cannot be chosen",
                    "leave this line out");
      continue;
    }
    const auto action = read_text(context.parse, line.value, option + "." + line.key.text);
    if (!action || !action->known) {
      continue;
    }
    if (action->value == "default" || action->value == usual) {
      context.mapping.actions[*situation] = Action::kDefault;
    } else if (action->value == "report") {
      context.mapping.actions[*situation] = Action::kReport;
    } else if (action->value == "hold") {
      context.mapping.actions[*situation] = Action::kHold;
    } else {
      const std::string meant =
          action->referenced ? "" : did_you_mean(action->value, {"report", "hold", "default"});
      context.error(
          action->place, "wrong_value",
          option + "." + line.key.text + " must be report, hold or default, not " + quoted(*action),
          meant.empty() ? "nothing can be set to an action that writes more than the default does"
                        : meant);
    }
  }
}

void read_policies(const MappingContext& context, const MapReader& reader) {
  MappingDefinition& mapping = context.mapping;
  if (const auto cardinality = reader.choice("cardinality")) {
    mapping.many_to_one = *cardinality == 1;
    mapping.cardinality_place = reader.place_of("cardinality");
    if (mapping.many_to_one && !is_one_way(mapping.direction)) {
      context.error(mapping.cardinality_place, "contradiction",
                    "many_to_one needs a one-way direction: of many sources none could tell its "
                    "share of a change to the target",
                    "direction: left_to_right or right_to_left");
    }
  }
  if (const auto conflict = reader.choice("conflict")) {
    mapping.conflict = static_cast<ConflictPolicy>(*conflict);
  }
  if (const auto tie = reader.choice("tie")) {
    mapping.tie = static_cast<Side>(*tie);
  }
  if (const auto policy = reader.choice("delete"); policy && *policy != 0) {
    context.error(
        reader.place_of("delete"), "not_supported_yet",
        std::string("not supported yet: delete: ") + (*policy == 1 ? "orphans" : "intent"),
        "delete: never");
  }
}

void read_mapping(const ParseContext& parse, const YamlMember& given, Definition& definition) {
  MappingDefinition mapping;
  mapping.name = given.key.text;
  mapping.place = given.key.begin;
  const MappingContext context{parse, mapping, "mappings." + mapping.name};
  const MapReader reader(parse, given.value, "mapping", context.subject, given.key.begin);
  if (!reader.is_map()) {
    definition.mappings.push_back(std::move(mapping));
    return;
  }
  std::array<std::optional<std::size_t>, 2> entities;
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const auto name = reader.text(name_of(side));
    if (!name || !name->known) {
      continue;
    }
    auto& entity = entities[index_of(side)];
    entity = find_entity(parse, definition, *name, reader.option(name_of(side)));
    mapping.entity_places[index_of(side)] = name->place;
    mapping.entities[index_of(side)] = entity.value_or(0);
  }
  if (entities[0] && entities[0] == entities[1]) {
    context.error(
        mapping.entity_places[1], "contradiction",
        context.subject + " relates " + definition.entities[*entities[0]].name + " to itself");
  }
  if (const auto direction = reader.choice("direction")) {
    mapping.direction = static_cast<Direction>(*direction);
  }
  mapping.direction_place = reader.place_of("direction");
  mapping.keys_place = reader.place_of("keys");
  read_policies(context, reader);
  read_create(context, reader);
  read_attributes(context, reader, "keys", true, mapping.keys);
  read_attributes(context, reader, "attributes", false, mapping.attributes);
  if (const YamlMember* where = reader.member("where")) {
    const MapReader sides(parse, where->value, "mapping_where", reader.option("where"),
                          where->key.begin);
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (const YamlMember* condition = sides.member(name_of(side))) {
        mapping.where[index_of(side)] =
            read_where(parse, condition->value, sides.option(name_of(side)));
      }
    }
  }
  read_limits(context, reader);
  read_actions(context, reader);
  definition.mappings.push_back(std::move(mapping));
}

// Links name mappings that may stand further down.
void resolve_links(const ParseContext& context, Definition& definition) {
  std::vector<std::string> names;
  for (const MappingDefinition& mapping : definition.mappings) {
    names.push_back(mapping.name);
  }
  for (MappingDefinition& mapping : definition.mappings) {
    for (auto* attributes : {&mapping.keys, &mapping.attributes}) {
      for (AttributeDefinition& attribute : *attributes) {
        if (!attribute.link || !attribute.link->known) {
          continue;
        }
        const auto found = std::find(names.begin(), names.end(), attribute.link->value);
        if (found == names.end()) {
          context.error(attribute.link->place, "unknown_mapping",
                        "link: there is no mapping " + quoted(*attribute.link),
                        did_you_mean(attribute.link->value, names));
        } else {
          attribute.link_mapping = static_cast<std::size_t>(found - names.begin());
        }
      }
    }
  }
}

}  // namespace

const char* name_of(Direction direction) {
  switch (direction) {
    case Direction::kBoth:
      return "both";
    case Direction::kLeftToRight:
      return "left_to_right";
    case Direction::kRightToLeft:
      return "right_to_left";
  }
  return "";
}

std::array<bool, 2> written_sides(Direction direction) {
  return {direction != Direction::kLeftToRight, direction != Direction::kRightToLeft};
}

Side source_side(Direction direction) {
  return direction == Direction::kRightToLeft ? Side::kRight : Side::kLeft;
}

void read_mappings(const ParseContext& context, const MapReader& file, Definition& definition) {
  for (const YamlMember* given : named_members(context, file, "mappings")) {
    read_mapping(context, *given, definition);
  }
  resolve_links(context, definition);
}

}  // namespace couplet
