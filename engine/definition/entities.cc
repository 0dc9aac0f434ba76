// The section `entities`, and entities that mappings name without an entry.
#include <algorithm>
#include <utility>

#include "engine/definition/sections.h"
#include "engine/definition/suggestion.h"

namespace couplet {

namespace {

// "table" or "schema.table".
TableName split_table(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) {
    return {"", std::string(text)};
  }
  return {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

std::vector<std::string> source_names(const Definition& definition) {
  std::vector<std::string> names;
  for (const SourceDefinition& source : definition.sources) {
    names.push_back(source.name);
  }
  return names;
}

// After the source: words of letters, digits, _ and -, one of them or, with a schema, two. It is
// part of objects' names, which must be told apart.
bool is_entity_name(std::string_view name) {
  const TableName table = split_table(name.substr(name.find('.') + 1));
  const auto is_word = [](const std::string& word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-';
    });
  };
  return is_word(table.table) && (table.schema.empty() || is_word(table.schema));
}

// Splits "source.Entity" and looks the source up.
std::optional<std::size_t> find_source(const ParseContext& context, const Definition& definition,
                                       const std::string& name, Place place,
                                       const std::string& option) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == name.size()) {
    context.error(place, "wrong_name",
                  option + ": \"" + name + "\" names no entity: it is written source.Entity");
    return std::nullopt;
  }
  const std::string source = name.substr(0, dot);
  for (std::size_t i = 0; i < definition.sources.size(); ++i) {
    if (definition.sources[i].name == source) {
      return i;
    }
  }
  context.error(place, "unknown_source", option + ": there is no source \"" + source + "\"",
                did_you_mean(source, source_names(definition)));
  return std::nullopt;
}

std::optional<std::size_t> listed_entity(const Definition& definition, const std::string& name) {
  for (std::size_t i = 0; i < definition.entities.size(); ++i) {
    if (definition.entities[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

void read_references(const ParseContext& context, const YamlMember& given,
                     const std::string& option, EntityDefinition& entity) {
  if (!given.value.is_mapping()) {
    context.error(given.value.begin, "wrong_type",
                  option + " must be a map of names, this is " + given.value.describe());
    return;
  }
  for (const YamlMember& line : given.value.members) {
    ReferenceDefinition reference;
    reference.name.value = line.key.text;
    reference.name.place = line.key.begin;
    const std::string name = option + "." + line.key.text;
    if (line.key.text == "self" || line.key.text.empty() ||
        line.key.text.find('.') != std::string::npos) {
      context.error(
          line.key.begin, "wrong_name",
          "\"" + line.key.text + "\" cannot be the name of a reference",
          line.key.text == "self" ? "`self` is the object itself" : "a dot in a path is a step");
      continue;
    }
    const bool full = line.value.is_mapping() && line.value.member("env") == nullptr &&
                      line.value.member("file") == nullptr;
    if (full) {
      const MapReader reader(context, line.value, "reference", name, line.key.begin);
      reference.columns = reader.texts("columns");
      reference.entity = reader.text("entity");
    } else {
      reference.columns = read_texts(context, line.value, name);
    }
    if (!reference.columns.empty()) {
      entity.references.push_back(std::move(reference));
    }
  }
}

void read_values(const ParseContext& context, const YamlNode& node, const std::string& option,
                 std::vector<LiteralText>& out) {
  if (!node.is_sequence()) {
    if (auto value = read_literal(context, node, option)) {
      out.push_back(std::move(*value));
    }
    return;
  }
  if (node.items.empty()) {
    context.error(node.begin, "wrong_value", option + " is an empty list: nothing would match");
  }
  for (const YamlNode& item : node.items) {
    if (auto value = read_literal(context, item, option)) {
      out.push_back(std::move(*value));
    }
  }
}

}  // namespace

std::optional<WhereDefinition> read_where(const ParseContext& context, const YamlNode& node,
                                          const std::string& option) {
  if (!node.is_mapping() || node.members.empty()) {
    context.error(node.begin, "wrong_type",
                  option + " must be a map of attribute: value, or { sql: text }, this is " +
                      (node.is_mapping() ? "empty" : node.describe()));
    return std::nullopt;
  }
  WhereDefinition where;
  where.place = node.begin;
  if (const YamlMember* sql = node.member("sql"); sql != nullptr && node.members.size() == 1) {
    where.sql = read_text(context, sql->value, option + ".sql");
    return where.sql ? std::optional(std::move(where)) : std::nullopt;
  }
  for (const YamlMember& line : node.members) {
    const std::string name = option + "." + line.key.text;
    if (line.key.text == "sql") {
      context.error(line.key.begin, "contradiction", option + ": sql stands alone",
                    "write the other conditions into the SQL text");
      continue;
    }
    WhereDefinition::Line condition;
    condition.attribute.value = line.key.text;
    condition.attribute.place = line.key.begin;
    read_values(context, line.value, name, condition.values);
    if (!condition.values.empty()) {
      where.lines.push_back(std::move(condition));
    }
  }
  return where;
}

void read_entities(const ParseContext& context, const MapReader& file, Definition& definition) {
  for (const YamlMember* given : named_members(context, file, "entities")) {
    EntityDefinition entity;
    entity.name = given->key.text;
    entity.place = given->key.begin;
    const std::string subject = "entities." + entity.name;
    const auto source = find_source(context, definition, entity.name, entity.place, "entities");
    if (source && !is_entity_name(entity.name)) {
      context.error(
          entity.place, "wrong_name",
          "entities: \"" + entity.name + "\" holds other characters than letters, digits, _ and -",
          "the entity's `table` may hold any");
    }
    const MapReader reader(context, given->value, "entity", subject, given->key.begin);
    entity.source = source.value_or(0);
    entity.table = split_table(entity.name.substr(entity.name.find('.') + 1));
    entity.table_place = entity.place;
    if (reader.is_map()) {
      if (const auto table = reader.text("table"); table && table->known) {
        entity.table = split_table(table->value);
        entity.table_place = table->place;
      }
      entity.id = reader.texts("id");
      entity.updated_at = reader.text("updated_at");
      if (const YamlMember* references = reader.member("references")) {
        read_references(context, *references, reader.option("references"), entity);
      }
      if (const YamlMember* where = reader.member("where")) {
        entity.where = read_where(context, where->value, reader.option("where"));
      }
    }
    if (source) {
      definition.entities.push_back(std::move(entity));
    }
  }
  // By index: entities that have no entry of their own are added on the way.
  for (std::size_t i = 0; i < definition.entities.size(); ++i) {
    for (std::size_t j = 0; j < definition.entities[i].references.size(); ++j) {
      const ReferenceDefinition reference = definition.entities[i].references[j];
      if (!reference.entity || !reference.entity->known) {
        continue;
      }
      const std::string option = "entities." + definition.entities[i].name + ".references";
      const auto target = find_entity(context, definition, *reference.entity, option);
      if (target && definition.entities[*target].source != definition.entities[i].source) {
        context.error(reference.entity->place, "wrong_value",
                      option + "." + reference.name.value + " leads into another source",
                      "a reference points at an entity of its own source");
      }
    }
  }
}

std::optional<std::size_t> find_entity(const ParseContext& context, Definition& definition,
                                       const Text& name, const std::string& option) {
  if (const auto listed = listed_entity(definition, name.value)) {
    return listed;
  }
  const auto source = find_source(context, definition, name.value, name.place, option);
  if (!source) {
    return std::nullopt;
  }
  EntityDefinition entity;
  entity.name = name.value;
  entity.source = *source;
  entity.place = name.place;
  entity.listed = false;
  entity.table = split_table(name.value.substr(name.value.find('.') + 1));
  entity.table_place = name.place;
  if (!is_entity_name(name.value)) {
    context.error(
        name.place, "wrong_name",
        option + ": \"" + name.value + "\" holds other characters than letters, digits, _ and -",
        "give it an entry under entities, with its table");
    return std::nullopt;
  }
  definition.entities.push_back(std::move(entity));
  return definition.entities.size() - 1;
}

}  // namespace couplet
