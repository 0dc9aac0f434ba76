// Files that are fine, and what is read from them.
#include "engine/definition/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/definition/field_table.h"
#include "tests/unit/definition/seed_definition.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The smallest useful file.
const std::string kSmall = R"yaml(version: 1
name: shop
state: state
sources:
  a: { type: postgres, url: { env: A_URL } }
  b: { type: postgres, url: host=db dbname=b }
mappings:
  people:
    left: a.people
    right: b.crm.persons
    direction: both
    keys: [ email ]
)yaml";

TEST(LoadTest, TheSmallestUsefulFileHasUnderFifteenLines) {
  EXPECT_LT(std::count(kSmall.begin(), kSmall.end(), '\n'), 15);
  const LoadResult result = load_text(kSmall, {{"A_URL", "host=db password=hunter2"}});
  EXPECT_EQ(rendered(result.diagnostics), "");
  const Definition& definition = *result.definition;
  EXPECT_EQ(definition.name, "shop");
  EXPECT_EQ(definition.state, "/etc/couplet/state");  // Relative to the file's folder.
  EXPECT_EQ(definition.sources[0].postgres.url.reveal(), "host=db password=hunter2");
  EXPECT_EQ(definition.sources[0].postgres.url.masked(), "host=db password=***");
  EXPECT_FALSE(definition.reconcile);
  EXPECT_FALSE(definition.http);
  // Entities without an entry are tables, with a schema if there is a dot.
  ASSERT_EQ(definition.entities.size(), 2U);
  EXPECT_EQ(definition.entities[0].table, (TableName{"", "people"}));
  EXPECT_EQ(definition.entities[1].table, (TableName{"crm", "persons"}));
  EXPECT_EQ(definition.entities[1].name, "b.crm.persons");
  EXPECT_FALSE(definition.entities[1].listed);
}

TEST(LoadTest, EveryOptionIsRead) {
  const LoadResult result = load_text(R"yaml(
version: 1
name: { env: NAME }
state: /var/lib/couplet
memory: 1GiB
clock_skew: 500ms
reconcile: { cron: "0 3 * * *", timezone: Europe/Berlin, max_rate: 250, yield_to_live: false }
http: { listen: "[::]:8080", token: { file: token }, allow_remote: true }
log: { level: warning, format: json }
sources:
  a:
    type: postgres
    url: host=a
    schema: sales
    connections: 8
    slot: my_slot
    publication: my_publication
    stream: false
    statement_timeout: 5m
  b: { type: postgres, url: host=b }
entities:
  a.Order:
    table: odd.Orders 2024
    id: [ shop, number ]
    updated_at: changed
    references: { buyer: customer, item: { columns: [ x, y ], entity: a.Item } }
    where: { kind: [ retail, null ], open: true }
  a.Item:
  b.Order: { table: orders, id: code, where: { sql: "not archived" } }
mappings:
  order:
    left: a.Order
    right: b.Order
    direction: both
    keys: [ number, { left: buyer, right: buyer, link: order } ]
    attributes:
      - { left: state, right: status, values: { 1: open, 2: closed, null: ~ }, conflict: hold }
      - { right: origin, const: couplet }
      - { left: note, right: note, direction: right_to_left, policy: init }
    create: left
    conflict: right_wins
    tie: right
    delete: never
    where: { left: { region: eu } }
    limits: { update: { count: 1000, percent: 12.5 }, delete: { count: 5 } }
    actions: { absent: report, ambiguous: hold, target_missing: hold, moved: default }
)yaml",
                                      {{"NAME", "shop"}});
  EXPECT_EQ(rendered(result.diagnostics), "");
  ASSERT_TRUE(result.definition);
  const Definition& definition = *result.definition;
  EXPECT_EQ(definition.name, "shop");
  EXPECT_EQ(definition.memory_bytes, 1ULL << 30U);
  EXPECT_EQ(definition.clock_skew_us, 500'000);
  EXPECT_EQ(definition.reconcile->cron->timezone, "Europe/Berlin");
  EXPECT_EQ(definition.reconcile->max_rate, 250.0);
  EXPECT_FALSE(definition.reconcile->yield_to_live);
  EXPECT_EQ(definition.http->host, "::");
  EXPECT_EQ(definition.http->token->reveal(), "from-a-file");
  EXPECT_TRUE(definition.http->allow_remote);
  EXPECT_EQ(definition.log.level, LogLevel::kWarning);
  EXPECT_EQ(definition.log.format, LogFormat::kJson);

  const PostgresOptions& source = definition.sources[0].postgres;
  EXPECT_EQ(source.schema, "sales");
  EXPECT_EQ(source.connections, 8U);
  EXPECT_EQ(source.slot, "my_slot");
  EXPECT_EQ(source.publication, "my_publication");
  EXPECT_EQ(source.stream, false);
  EXPECT_EQ(source.statement_timeout_us, 300'000'000);

  const EntityDefinition& order = definition.entities[0];
  EXPECT_EQ(order.table, (TableName{"odd", "Orders 2024"}));
  EXPECT_EQ(order.id[1].value, "number");
  EXPECT_EQ(order.updated_at->value, "changed");
  EXPECT_EQ(order.references[0].columns[0].value, "customer");
  EXPECT_EQ(order.references[1].entity->value, "a.Item");
  ASSERT_EQ(order.where->lines.size(), 2U);
  EXPECT_EQ(order.where->lines[0].values[1].value, std::nullopt);
  EXPECT_EQ(order.where->lines[1].values[0].value, "true");  // A text until its type is known.
  EXPECT_EQ(definition.entities[1].table.table, "Item");
  EXPECT_EQ(definition.entities[2].id[0].value, "code");
  EXPECT_EQ(definition.entities[2].where->sql->value, "not archived");

  const MappingDefinition& mapping = definition.mappings[0];
  EXPECT_EQ(mapping.keys[0].path[1]->value, "number");
  EXPECT_EQ(mapping.keys[1].link_mapping, 0U);
  EXPECT_EQ(mapping.keys[1].conflict, ConflictPolicy::kRightWins);  // The mapping's.
  EXPECT_EQ(mapping.attributes[0].conflict, ConflictPolicy::kHold);
  ASSERT_EQ(mapping.attributes[0].values.size(), 3U);
  EXPECT_EQ(mapping.attributes[0].values[2].left.value, std::nullopt);
  EXPECT_EQ(mapping.attributes[1].constant->value, "couplet");
  EXPECT_EQ(mapping.attributes[1].direction, Direction::kLeftToRight);  // Where it is written.
  EXPECT_EQ(mapping.attributes[2].policy, Policy::kInit);
  EXPECT_EQ(mapping.attributes[2].direction, Direction::kRightToLeft);
  EXPECT_THAT(mapping.create, ElementsAre(true, false));
  EXPECT_EQ(mapping.tie, Side::kRight);
  EXPECT_EQ(mapping.where[0]->lines[0].attribute.value, "region");
  EXPECT_EQ(mapping.limits.at(LimitClass::kUpdate).percent, 12.5);
  EXPECT_EQ(mapping.limits.at(LimitClass::kDelete).count, 5U);
  EXPECT_EQ(mapping.limits.at(LimitClass::kDelete).percent, std::nullopt);
  EXPECT_EQ(mapping.actions.at(Situation::kAbsent), Action::kReport);
  EXPECT_EQ(mapping.actions.at(Situation::kTargetMissing), Action::kHold);
  EXPECT_EQ(mapping.actions.at(Situation::kMoved), Action::kDefault);
}

TEST(LoadTest, SecretsCanBeLeftAlone) {
  LoadOptions options;
  options.resolve_secrets = false;
  options.environment = [](const std::string&) -> std::optional<std::string> {
    ADD_FAILURE() << "the environment was asked";
    return std::nullopt;
  };
  const LoadResult result = parse_definition(kSmall, "couplet.yaml", options);
  EXPECT_EQ(rendered(result.diagnostics), "");
  EXPECT_FALSE(result.definition->sources[0].postgres.url.known());
  EXPECT_TRUE(result.definition->sources[1].postgres.url.known());
}

TEST(LoadTest, AByteOrderMarkIsNoPartOfTheFile) {
  EXPECT_EQ(rendered(load_text("\xEF\xBB\xBF" + kSmall, {{"A_URL", "x"}}).diagnostics), "");
}

TEST(LoadTest, AFileIsReadFromDisk) {
  const std::string path = testing::TempDir() + "couplet_load_test.yaml";
  std::ofstream(path) << kSmall;
  LoadOptions options;
  options.environment = [](const std::string&) { return std::optional<std::string>("host=x"); };
  const LoadResult result = load_definition(path, options);
  EXPECT_TRUE(result.definition);
  EXPECT_EQ(result.definition->state, testing::TempDir() + "state");
  std::filesystem::remove(path);
  EXPECT_EQ(load_definition(path, options).diagnostics.render(),
            path + ": error: there is no file " + path +
                "\n    `couplet init` writes a first one; -c FILE names another\n");
  EXPECT_THAT(load_definition(testing::TempDir(), options).diagnostics.render(),
              HasSubstr("is a folder, not a file"));
}

TEST(LoadTest, NoSecretIsPrintedWhateverElseIsWrong) {
  const std::string file = R"yaml(version: 1
name: shop
state: state
sources:
  a: { type: postgres, url: "postgresql://u:TOPSECRET@h/a", prot: 1 }
  b: { type: postgres, url: 'host=x password=''TOP SECRET''', prot: 1 }
  c: { type: postgres, url: "postgresql://u:\x54OPSECRET@h/a", prot: 1 }
  d:
    type: postgres
    url: >-
      host=x
      password=
      TOPSECRET
    prot: 1
  e: { type: postgres, password: TOPSECRET, url: host=x }
  f: { type: postgres, url: { env: F_URL }, connections: { env: F_URL } }
http: { listen: 127.0.0.1:1, token: TOPSECRET, tokne: 1 }
mappings:
  m: { left: a.x, right: b.x, direction: both, keys: [ k ], conflict: { env: F_URL } }
)yaml";
  const LoadResult result = load_text(file, {{"F_URL", "TOPSECRET"}});
  EXPECT_TRUE(result.diagnostics.has_errors());
  const std::string shown = rendered(result.diagnostics);
  EXPECT_THAT(shown, Not(HasSubstr("SECRET"))) << shown;
  for (const char* line : {"couplet.yaml:5:29: warning: sources.a.url holds a password",
                           "couplet.yaml:5:61: error: sources.a has no option \"prot\"",
                           "couplet.yaml:11:7: warning: sources.d.url holds a password",
                           "couplet.yaml:17:37: warning: http.token stands in the file itself"}) {
    EXPECT_THAT(shown, HasSubstr(line));
  }
  // Broken in the middle: no tree tells what is a secret.
  EXPECT_THAT(rendered(load_text("http: { token: TOPSECRET, [ }\n").diagnostics),
              Not(HasSubstr("SECRET")));
}

TEST(LoadTest, ReplicationNamesAreWhatAServerTakes) {
  EXPECT_EQ(replication_name("cloud-inventory", "Daphne"), "couplet_cloud_inventory_daphne");
  EXPECT_EQ(replication_name("ä", "b"), "couplet____b");
}

TEST(FieldTableTest, RowsAreWholeAndUnique) {
  for (const Field& field : fields()) {
    const std::string name = std::string(field.section) + "." + std::string(field.name);
    EXPECT_EQ(field_named(field.section, field.name), &field) << name << " is there twice";
    EXPECT_TRUE(!field.doc.empty() || !field.later.empty()) << name << " is not described";
    if (field.type == FieldType::kChoice) {
      EXPECT_FALSE(field.choices.empty()) << name;
    }
    const bool section = field.type == FieldType::kSection || field.type == FieldType::kSectionList;
    if (section) {
      EXPECT_FALSE(field_names(field.of).empty()) << name;
    }
  }
}

}  // namespace
}  // namespace couplet::test
