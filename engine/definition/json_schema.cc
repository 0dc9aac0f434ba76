#include "engine/definition/json_schema.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engine/definition/field_table.h"
#include "engine/definition/yaml_tree.h"
#include "engine/model/situation.h"

namespace couplet {
namespace {

using Json = nlohmann::ordered_json;

Json ref(std::string_view name) { return {{"$ref", "#/$defs/" + std::string(name)}}; }

Json any_of(std::initializer_list<Json> choices) {
  Json list = Json::array();
  for (const Json& one : choices) {
    list.push_back(one);
  }
  return {{"anyOf", std::move(list)}};
}

Json pattern(const char* expression) { return {{"type", "string"}, {"pattern", expression}}; }

Json list_of(Json items, std::size_t least) {
  return {{"type", "array"}, {"items", std::move(items)}, {"minItems", least}};
}

// A map keyed by names of the file's author.
Json map_of(Json values, Json names, std::size_t least) {
  Json map = {{"type", "object"}, {"additionalProperties", std::move(values)}};
  if (!names.is_null()) {
    map["propertyNames"] = std::move(names);
  }
  if (least > 0) {
    map["minProperties"] = least;
  }
  return map;
}

// A scalar as YAML's core schema reads it; what a kind of option makes of its default.
Json scalar_of(const YamlNode& node) {
  if (node.is_null()) {
    return nullptr;
  }
  const Json parsed = Json::parse(node.text, nullptr, false);
  return node.plain && !parsed.is_discarded() && !parsed.is_structured() ? parsed : Json(node.text);
}

Json default_of(const Field& field) {
  const std::string text(field.default_text);
  Diagnostics ignored(std::make_shared<SourceText>("", text));
  const auto node = parse_yaml(text, ignored);
  if (!node) {
    return text;
  }
  if (!node->is_mapping()) {
    return scalar_of(*node);
  }
  Json map = Json::object();
  for (const YamlMember& member : node->members) {
    map[member.key.text] = scalar_of(member.value);
  }
  return map;
}

// Sources are told apart by their `type`: each type has a section of its own.
std::vector<std::string_view> source_sections() {
  std::vector<std::string_view> sections;
  for (const Field& field : fields()) {
    if (field.name == "type" && field.type == FieldType::kChoice) {
      sections.push_back(field.section);
    }
  }
  return sections;
}

bool has_required(std::string_view section) {
  for (const Field& field : fields()) {
    if (field.section == section && field.required) {
      return true;
    }
  }
  return false;
}

Json section_ref(std::string_view section) {
  if (section == "source") {
    Json choices = Json::array();
    for (const std::string_view type : source_sections()) {
      choices.push_back(ref(type));
    }
    return choices.size() == 1 ? choices[0] : Json{{"anyOf", std::move(choices)}};
  }
  // Nothing at all stands for a map with nothing in it.
  return has_required(section) || section == "limit" ? ref(section)
                                                     : any_of({ref(section), {{"type", "null"}}});
}

Json actions() {
  Json situations = Json::object();
  for (std::size_t i = 0; i < kSituations; ++i) {
    situations[name_of(static_cast<Situation>(i))] = ref("text");
  }
  return {{"type", "object"}, {"properties", situations}, {"additionalProperties", false}};
}

// Shapes of their own.
Json other_shape(const Field& field) {
  if (!field.choices.empty()) {  // `create`: true, false or a side.
    Json values = Json::array();
    for (const std::string_view choice : field.choices) {
      values.push_back(choice);
      if (choice == "true" || choice == "false") {
        values.push_back(choice == "true");
      }
    }
    return any_of({{{"enum", values}}, ref("outside")});
  }
  if (field.name == "references") {
    return map_of(any_of({ref("texts"), ref("reference")}), Json(), 0);
  }
  if (field.name == "actions") {
    return actions();
  }
  if (field.name == "values") {
    return map_of(ref("literal"), Json(), 1);
  }
  return ref("where");
}

Json names_of(std::string_view name) {
  return pattern(name == "entities" ? "^[^.]+\\..+$" : "^[A-Za-z][A-Za-z0-9_-]*$");
}

Json shape_of(const Field& field) {
  switch (field.type) {
    case FieldType::kText:
    case FieldType::kPath:
    case FieldType::kConnection:
    case FieldType::kSecret:
      return ref("text");
    case FieldType::kInteger:
      return any_of({{{"type", "integer"}, {"minimum", field.least}, {"maximum", field.most}},
                     pattern("^[0-9]+$"),
                     ref("outside")});
    case FieldType::kNumber:
      return any_of(
          {{{"type", "number"}, {"minimum", 0}}, pattern("^[0-9]+(\\.[0-9]+)?$"), ref("outside")});
    case FieldType::kBoolean:
      return {{"type", "boolean"}};
    case FieldType::kDuration:
      return ref("duration");
    case FieldType::kSize:
      return ref("size");
    case FieldType::kChoice:
      return any_of({{{"enum", field.choices}}, ref("outside")});
    case FieldType::kLiteral:
      return ref("literal");
    case FieldType::kTexts:
      return ref("texts");
    case FieldType::kSection:
      return section_ref(field.of);
    case FieldType::kSections:
      return map_of(section_ref(field.of), names_of(field.name), 1);
    case FieldType::kSectionList:
      return list_of(any_of({ref("text"), ref(field.of)}), field.required ? 1 : 0);
    case FieldType::kOther:
      return other_shape(field);
  }
  return {};
}

Json property_of(const Field& field) {
  Json property = shape_of(field);
  property["description"] = field.doc;
  if (!field.default_text.empty()) {
    property["default"] = default_of(field);
  }
  return property;
}

Json section_of(std::string_view section) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Field& field : fields()) {
    if (field.section == section && field.later.empty()) {
      properties[std::string(field.name)] = property_of(field);
      if (field.required) {
        required.push_back(field.name);
      }
    }
  }
  Json out = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) {
    out["required"] = std::move(required);
  }
  if (section == "attribute") {
    out["anyOf"] = {{{"required", {"left", "right"}}}, {{"required", {"const"}}}};
  }
  if (section == "limit") {
    out["minProperties"] = 1;
  }
  return out;
}

// What several options share.
Json shared_shapes() {
  Json shapes = Json::object();
  const Json name = {{"type", "string"}, {"minLength", 1}};
  const Json from_environment = {{"type", "object"},
                                 {"properties", {{"env", name}}},
                                 {"required", {"env"}},
                                 {"additionalProperties", false}};
  const Json from_file = {{"type", "object"},
                          {"properties", {{"file", name}}},
                          {"required", {"file"}},
                          {"additionalProperties", false}};
  shapes["outside"] = any_of({from_environment, from_file});
  shapes["outside"]["description"] = "taken from an environment variable or from a file";
  shapes["text"] = any_of({name, {{"type", {"number", "boolean"}}}, ref("outside")});
  shapes["texts"] = any_of({ref("text"), list_of(ref("text"), 1)});
  shapes["literal"] = any_of({{{"type", {"string", "number", "boolean", "null"}}}, ref("outside")});
  shapes["duration"] =
      any_of({pattern("^([0-9]+(\\.[0-9]+)?(us|ms|s|m|h|d|w))+$"), ref("outside")});
  shapes["size"] =
      any_of({pattern("^[0-9]+(\\.[0-9]+)? *(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$"), ref("outside")});
  const Json sql = {{"type", "object"},
                    {"properties", {{"sql", ref("text")}}},
                    {"required", {"sql"}},
                    {"additionalProperties", false}};
  Json equalities = map_of(any_of({ref("literal"), list_of(ref("literal"), 1)}), Json(), 1);
  equalities["properties"] = {{"sql", false}};
  shapes["where"] = any_of({sql, equalities});
  return shapes;
}

}  // namespace

nlohmann::ordered_json json_schema() {
  Json definitions = shared_shapes();
  std::set<std::string_view> done = {"file"};
  for (const Field& field : fields()) {
    if (done.insert(field.section).second) {
      definitions[std::string(field.section)] = section_of(field.section);
    }
  }
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "couplet.yaml"},
                 {"description", "What Couplet keeps in step, and how"}};
  schema.update(section_of("file"));
  schema["$defs"] = std::move(definitions);
  return schema;
}

}  // namespace couplet
