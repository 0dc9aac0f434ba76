// The JSON Schema against the parser, by a validator that knows nothing of us.

#include "engine/definition/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "engine/definition/field_table.h"
#include "engine/definition/yaml_tree.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/definition/described_tables.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::ordered_json;

const std::filesystem::path kRoot = COUPLET_SOURCE_DIR;

// As YAML's core schema has it, which is how an editor sees the file.
Json to_json(const YamlNode& node) {
  if (node.is_sequence()) {
    Json list = Json::array();
    for (const YamlNode& item : node.items) {
      list.push_back(to_json(item));
    }
    return list;
  }
  if (node.is_mapping()) {
    Json map = Json::object();
    for (const YamlMember& member : node.members) {
      map[member.key.text] = to_json(member.value);
    }
    return map;
  }
  if (node.is_null()) {
    return nullptr;
  }
  const Json scalar = Json::parse(node.text, nullptr, false);
  return node.plain && (scalar.is_number() || scalar.is_boolean()) ? scalar : Json(node.text);
}

Json document_of(const std::string& text) {
  Diagnostics found(std::make_shared<SourceText>("couplet.yaml", text));
  const auto tree = parse_yaml(text, found);
  EXPECT_TRUE(tree && !found.has_errors()) << text;
  return tree ? to_json(*tree) : Json();
}

// "valid", or what is wrong, of each text.
std::vector<std::string> judged(const std::vector<std::string>& texts) {
  const TemporaryFolder folder;
  Json documents = Json::array();
  for (const std::string& text : texts) {
    documents.push_back(document_of(text));
  }
  const std::string schema = (folder.path() / "schema.json").string();
  const std::string all = (folder.path() / "documents.json").string();
  std::ofstream(schema) << json_schema();
  std::ofstream(all) << documents;
  const std::string command = "python3 '" +
                              (kRoot / "tests/unit/definition/check_documents.py").string() +
                              "' '" + schema + "' '" + all + "' 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string out;
  for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) {
    out += static_cast<char>(c);
  }
  std::vector<std::string> verdicts;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    verdicts.push_back(line);
  }
  EXPECT_EQ(verdicts.size(), texts.size()) << out;
  verdicts.resize(texts.size());
  return verdicts;
}

// A file with this in place of the mapping, and this behind it.
std::string file_with(const std::string& mapping, const std::string& more = "") {
  return "version: 1\nname: n\nstate: s\nsources:\n"
         "  a: { type: postgres, url: postgresql://a }\n"
         "  b: { type: postgres, url: { env: B_URL } }\n"
         "mappings:\n  m: " +
         mapping + "\n" + more;
}
const char* const kMapping = "{ left: a.t, right: b.t, direction: both, keys: [ k ] }";

bool loads(const std::string& text) {
  return load_text(text, {{"B_URL", "postgresql://b"}}).definition.has_value();
}

TEST(JsonSchemaTest, HasEveryOptionThatWorksAndNoneOfALaterVersion) {
  const Json schema = json_schema();
  for (const Field& field : fields()) {
    const std::string section(field.section);
    const std::string name(field.name);
    SCOPED_TRACE(section + "." + name);
    const Json& properties = section == "file" ? schema.at("properties")
                                               : schema.at("$defs").at(section).at("properties");
    EXPECT_EQ(properties.contains(name), field.later.empty());
    if (field.later.empty()) {
      EXPECT_EQ(properties.at(name).at("description"), field.doc);
      EXPECT_EQ(properties.at(name).contains("default"), !field.default_text.empty());
    }
  }
  EXPECT_EQ(schema.at("$schema"), "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema.at("properties").at("clock_skew").at("default"), "2s");
  EXPECT_EQ(schema.at("$defs").at("postgres").at("properties").at("connections").at("default"), 4);
  EXPECT_EQ(schema.at("$defs").at("limits").at("properties").at("delete").at("default"),
            Json::parse(R"({"count": 20, "percent": 5})"));
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The YAML blocks of a page that are whole files.
void add_blocks(const std::string& page, std::vector<std::string>& texts) {
  const std::string text = read(kRoot / page);
  const std::string fence = "```yaml\n";
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1)) {
    const std::size_t begin = at + fence.size();
    const std::string block = text.substr(begin, text.find("```\n", begin) - begin);
    if (block.find("version: 1") != std::string::npos) {
      texts.push_back(block);
    }
  }
}

TEST(JsonSchemaTest, TakesTheFilesOfTheDocuments) {
  std::vector<std::string> texts = {read(kRoot / "docs/quickstart/couplet.yaml")};
  add_blocks("README.md", texts);
  add_blocks("docs/reference/definition.md", texts);
  ASSERT_GE(texts.size(), 3U);
  EXPECT_THAT(judged(texts), testing::Each("valid"));
}

TEST(JsonSchemaTest, TakesWhatLoadingTakes) {
  const std::vector<std::string> texts = {
      file_with(kMapping),
      file_with(kMapping,
                "clock_skew: 1h30m\nmemory: 1.5 GiB\nlog: { level: debug }\nentities:"
                "\n  a.t: { id: [ x, y ], references: { p: q, r: { columns: c, entity: "
                "a.u } }, where: { kind: [ 1, null ] } }\n  b.t:\n"),
      file_with(kMapping, "log:\n"),
      file_with(kMapping,
                "reconcile: { cron: '0 3 * * *', timezone: Europe/Berlin, max_rate: 5 }\n"
                "http: { listen: '127.0.0.1:8080', token: { file: token } }\n"),
      file_with("{ left: a.t, right: b.t, direction: { env: B_URL }, keys: [ k ] }"),
      file_with("{ left: a.t, right: b.t, direction: left_to_right, cardinality: many_to_one, "
                "keys: [ { left: k, right: p, link: m } ], create: false, "
                "attributes: [ { right: x, const: 5 }, { left: a, right: b, policy: init, "
                "values: { 1: one, 2: null } } ], limits: { delete: { count: 3 } }, "
                "actions: { matched: hold }, where: { left: { sql: 'x > 1' }, right: { y: 2 } } }"),
      file_with("{ left: a.t, right: b.t, direction: both, keys: [ k ], create: left }")};
  const std::vector<std::string> verdicts = judged(texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    // One names a direction through a variable that holds none: the shape is right all the same.
    EXPECT_EQ(loads(texts[i]), texts[i].find("direction: { env") == std::string::npos) << texts[i];
    EXPECT_EQ(verdicts[i], "valid") << texts[i];
  }
}

TEST(JsonSchemaTest, RefusesUnknownOptionsWrongTypesAndWhatIsMissing) {
  const std::vector<std::string> texts = {
      file_with(kMapping, "conflcit: hold\n"),
      file_with(kMapping, "publish: { }\n"),
      file_with(kMapping, "clock_skew: 5\n"),
      file_with(kMapping, "clock_skew: [ 5s ]\n"),
      file_with(kMapping, "memory: much\n"),
      file_with(kMapping, "log: { level: loud }\n"),
      file_with(kMapping, "log: [ debug ]\n"),
      file_with(kMapping, "http: { listen: { port: 1 } }\n"),
      file_with(kMapping, "http: { }\n"),
      file_with(kMapping, "entities: { a.t: { id: [] } }\n"),
      file_with(kMapping, "entities: { a.t: { where: {} } }\n"),
      file_with(kMapping, "entities: { a.t: { where: { sql: x, y: 1 } } }\n"),
      file_with(kMapping, "entities: { a.t: { required: [ x ] } }\n"),
      file_with("{ left: a.t, right: b.t, direction: both, keys: [] }"),
      file_with("{ left: a.t, right: b.t, direction: both, keys: k }"),
      file_with("{ left: a.t, right: b.t, direction: sideways, keys: [ k ] }"),
      file_with("{ left: a.t, right: b.t, keys: [ k ] }"),
      file_with("{ left: a.t, right: b.t, direction: both, keys: [ { left: k } ] }"),
      file_with(
          "{ left: a.t, right: b.t, direction: both, keys: [ { left: k, right: k, lnik: m } ] }"),
      file_with("{ left: a.t, right: b.t, direction: both, keys: [ k ], create: maybe }"),
      file_with("{ left: a.t, right: b.t, direction: both, keys: [ k ], limits: { delete: {} } }"),
      file_with("{ left: a.t, right: b.t, direction: both, keys: [ k ], limits: { delete: 5 } }"),
      file_with(
          "{ left: a.t, right: b.t, direction: both, keys: [ k ], actions: { mached: hold } }"),
      "version: 1\nname: n\nstate: s\nsources: { a: { type: oracle, url: x } }\nmappings: { m: " +
          std::string(kMapping) + " }\n",
      "version: 1\nname: n\nstate: s\nsources: {}\nmappings: {}\n",
      "name: n\n"};
  const std::vector<std::string> verdicts = judged(texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_FALSE(loads(texts[i])) << texts[i];
    EXPECT_NE(verdicts[i], "valid") << texts[i];
  }
}

}  // namespace
}  // namespace couplet::test
