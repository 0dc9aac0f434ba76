// What is refused when the file is read, with the exact words.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/definition/described_tables.h"

namespace couplet::test {
namespace {

// A file that is fine but for the line that each test puts in.
std::string file_with(const std::string& top, const std::string& source,
                      const std::string& entities, const std::string& mapping) {
  return "version: 1\nname: shop\nstate: s\n" + top +
         "sources:\n  a: { type: postgres, url: host=a" + source +
         " }\n  b: { type: postgres, url: host=b }\n" + entities +
         "mappings:\n  m: { left: a.t, right: b.t, direction: left_to_right, keys: [ k ]" +
         mapping + " }\n";
}

// The findings without the quoted lines: "line:column severity: message" and the hint behind " | ".
std::string load_findings(const std::string& text) {
  const LoadResult result = load_text(text, {{"SET", "x"}, {"EMPTY", ""}});
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics.items()) {
    out += std::to_string(diagnostic.place.line) + ":" + std::to_string(diagnostic.place.column) +
           (diagnostic.severity == Severity::kError ? " " : " warning: ") + diagnostic.message +
           (diagnostic.hint.empty() ? "" : " | " + diagnostic.hint) + "\n";
  }
  EXPECT_EQ(result.definition.has_value(), !result.diagnostics.has_errors());
  return out;
}
std::string top(const std::string& line) {
  return load_findings(file_with(line + "\n", "", "", ""));
}
std::string source(const std::string& options) {
  return load_findings(file_with("", ", " + options, "", ""));
}
std::string entity(const std::string& options) {
  return load_findings(file_with("", "", "entities:\n  a.t: { " + options + " }\n", ""));
}
std::string mapping(const std::string& options) {
  return load_findings(file_with("", "", "", ", " + options));
}
std::string attribute(const std::string& options) {
  return mapping("attributes: [ { " + options + " } ]");
}
// The column where an option of `mapping` begins.
constexpr int kOption = 70;
std::string in_line_8(int column, const std::string& rest) {
  return "8:" + std::to_string(column) + " " + rest + "\n";
}

TEST(LoadRefusalTest, TheBaseOfTheseTestsIsFine) { EXPECT_EQ(top(""), ""); }

TEST(LoadRefusalTest, TheErrorIsQuotedWithACaret) {
  EXPECT_EQ(rendered(load_text(file_with("clock_skwe: 2s\n", "", "", "")).diagnostics),
            "couplet.yaml:4:1: error: the file has no option \"clock_skwe\"\n"
            "    4 | clock_skwe: 2s\n"
            "      | ^\n"
            "    did you mean \"clock_skew\"?\n");
}

TEST(LoadRefusalTest, TheFileItself) {
  EXPECT_EQ(load_findings(""),
            "1:1 the file is empty | the smallest file has version, name, state, sources and "
            "mappings\n");
  EXPECT_EQ(load_findings("- a\n"), "1:1 the file must be a map, this is a list\n");
  EXPECT_EQ(load_findings("version: 1\n"),
            "1:1 the file lacks \"name\" | name: names slots, publications, origins and the "
            "metrics label; at most 40 characters\n"
            "1:1 the file lacks \"state\" | state: folder of the state, created with mode 0700; "
            "holds the control socket\n"
            "1:1 the file lacks \"sources\" | sources: systems of record, by name\n"
            "1:1 the file lacks \"mappings\" | mappings: what is kept in step, by name\n");
  EXPECT_EQ(top("name: again"), "4:1 \"name\" is here a second time; the first is at 2:1\n");
  EXPECT_EQ(top("publish: {}"), "4:1 not supported yet: operations published to a topic\n");
}

TEST(LoadRefusalTest, Settings) {
  EXPECT_EQ(top("memory: 64"),
            "4:9 memory: \"64\" is no size | write a number with its unit: "
            "64MiB, 1GiB\n");
  EXPECT_EQ(top("memory: 1MiB"), "4:9 memory: \"1MiB\" is less than 64MiB\n");
  EXPECT_EQ(top("memory: [ 1 ]"), "4:9 memory must be a text, this is a list\n");
  EXPECT_EQ(top("memory:"), "4:1 memory must be a text, this is nothing\n");
  EXPECT_EQ(top("clock_skew: 2"),
            "4:13 clock_skew: \"2\" is no duration | write a number with its "
            "unit: 250ms, 10s, 15m, 1h30m, 2d\n");
  EXPECT_EQ(top("log: { level: loud }"),
            "4:15 log.level must be trace, debug, info, warning or error, not \"loud\"\n");
  EXPECT_EQ(top("log: text"), "4:6 log must be a map, this is a text\n");
  EXPECT_EQ(load_findings("version: 2\nname: " + std::string(41, 'x') +
                          "\nstate: s\nsources: {}\nmappings: []\n"),
            "1:10 version 2 of the file is not known to this Couplet, which reads version 1 | "
            "install a newer Couplet\n"
            "2:7 name has 41 characters; at most 40 leave room for the names of slots\n"
            "4:10 sources is empty\n"
            "5:11 mappings must be a map keyed by names, this is a list\n");
}

TEST(LoadRefusalTest, Reconcile) {
  EXPECT_EQ(
      top("reconcile: {}"),
      "4:12 reconcile lacks a schedule | every: 15m, or cron: \"0 3 * * *\" with a timezone\n");
  EXPECT_EQ(top("reconcile: { every: 1h, cron: '@daily' }"),
            "4:25 reconcile has both every and cron | keep one of them\n");
  EXPECT_EQ(top("reconcile: { every: 1h, timezone: Europe/Berlin }"),
            "4:25 reconcile.timezone says nothing without cron\n");
  EXPECT_EQ(top("reconcile: { cron: '0 25 * * *' }"),
            "4:20 reconcile.cron: hour: 25 is not in 0-23\n");
  EXPECT_EQ(top("reconcile: { cron: '@daily', timezone: Mars/Base }"),
            "4:40 reconcile.timezone: \"Mars/Base\" is no time zone that the system knows | write "
            "an IANA name: Europe/Berlin, Etc/UTC\n");
  EXPECT_EQ(top("reconcile: { every: 10ms }"), "4:21 reconcile.every: \"10ms\" is too short\n");
  EXPECT_EQ(top("reconcile: { every: 1h, max_rate: 0 }"),
            "4:35 reconcile.max_rate must be more than 0 | leave it out for no bound\n");
  EXPECT_EQ(top("reconcile: { every: 1h, yield_to_live: yes }"),
            "4:40 reconcile.yield_to_live must be true or false, this is \"yes\"\n");
}

TEST(LoadRefusalTest, Http) {
  const std::string no_address =
      " is no address with a port | write address:port: 127.0.0.1:8080, [::1]:8080\n";
  for (const char* address : {"8080", ":8080", "localhost", "localhost:0", "localhost:70000",
                              "::1:8080", "a b:80", "localhost:http"}) {
    EXPECT_EQ(top("http: { listen: '" + std::string(address) + "' }"),
              "4:17 http.listen: \"" + std::string(address) + "\"" + no_address);
  }
  const std::string open =
      "4:17 http.listen: \"0.0.0.0:80\" is open to other machines; that needs allow_remote: true "
      "and a token | listen on 127.0.0.1, and put TLS in front\n";
  EXPECT_EQ(top("http: { listen: '0.0.0.0:80' }"), open);
  EXPECT_EQ(top("http: { listen: '0.0.0.0:80', allow_remote: true }"), open);
  EXPECT_EQ(top("http: { listen: '0.0.0.0:80', allow_remote: true, token: { env: SET } }"), "");
  EXPECT_EQ(top("http: { listen: '[::1]:80' }"), "");
  EXPECT_EQ(top("http: {}"), "4:7 http lacks \"listen\" | listen: address:port\n");
}

TEST(LoadRefusalTest, Secrets) {
  EXPECT_EQ(source("schema: { env: UNSET }"),
            "5:52 sources.a.schema: the environment variable UNSET is not set | export UNSET=... "
            "where couplet runs\n");
  EXPECT_EQ(source("schema: { env: EMPTY }"),
            "5:52 sources.a.schema: the environment variable EMPTY is empty\n");
  EXPECT_EQ(source("schema: { file: gone }"),
            "5:53 sources.a.schema: there is no file /etc/couplet/gone\n");
  EXPECT_EQ(source("schema: { env: [ X ] }"),
            "5:52 sources.a.schema: env needs the name of a variable, this is a list\n");
  EXPECT_EQ(source("schema: { env: SET, file: x }"),
            "5:45 sources.a.schema must be a text, this is a map\n");
}

TEST(LoadRefusalTest, Sources) {
  EXPECT_EQ(source("prot: 1"), "5:37 sources.a has no option \"prot\" | did you mean \"slot\"?\n");
  EXPECT_EQ(source("changes: {}"), "5:37 not supported yet: change events from Kafka topics\n");
  EXPECT_EQ(source("connections: 0"),
            "5:50 sources.a.connections must be a whole number from 1 to 64, not \"0\"\n");
  EXPECT_EQ(source("slot: My-Slot"),
            "5:43 sources.a.slot: \"My-Slot\" is no name for it: at most 63 lower-case letters, "
            "digits and _\n");
  EXPECT_EQ(source("stream: maybe"),
            "5:45 sources.a.stream must be true or false, this is \"maybe\"\n");
  const auto typed = [](const std::string& type) {
    return load_findings(
        "version: 1\nname: n\nstate: s\nsources:\n  a: { type: " + type +
        " }\n  a_: {}\nmappings:\n  m: { left: a.t, right: a.u, direction: both, keys: "
        "[ k ] }\n");
  };
  const std::string lacking =
      "6:7 sources.a_ lacks \"type\" | type: kind of source\n"
      "6:7 sources.a_ lacks \"url\" | url: libpq URL or key=value text\n";
  EXPECT_EQ(typed("sqlite"),
            "5:6 sources.a lacks \"path\" | path: the database file, which must exist\n" + lacking);
  EXPECT_EQ(typed("sqlite, path: a.db, url: x"),
            "5:34 sources.a has no option \"url\"\n" + lacking);
  EXPECT_EQ(typed("sqlite, path: a.db, busy_timeout: 5"),
            "5:48 sources.a.busy_timeout: \"5\" is no duration | write a number with its unit: "
            "250ms, 10s, 15m, 1h30m, 2d\n" +
                lacking);
  EXPECT_EQ(typed("kafka"), "5:14 not supported yet: sources of type kafka\n" + lacking);
  EXPECT_EQ(typed("postgras"),
            "5:14 sources.a.type must be postgres or sqlite, not \"postgras\" | did you mean "
            "\"postgres\"?\n" +
                lacking);
}

TEST(LoadRefusalTest, NamesOfSlotsMustFitAndDiffer) {
  const std::string mappings =
      "mappings: { m: { left: a-b.t, right: a-b.u, direction: both, keys: [ k ] } }\n";
  EXPECT_EQ(
      load_findings("version: 1\nname: n\nstate: s\nsources:\n  a-b: { type: postgres, url: x }\n"
                    "  a_B: { type: postgres, url: x }\n" +
                    mappings),
      "6:3 the slots of sources.a-b and sources.a_B would both be called couplet_n_a_b | "
      "rename one of the two sources\n");
  const std::string name(40, 'n');
  EXPECT_EQ(load_findings(
                "version: 1\nname: " + name + "\nstate: s\nsources:\n  " + std::string(15, 'a') +
                ": { type: postgres, url: x }\n  a-b: { type: postgres, url: x }\n" + mappings),
            "5:3 the slot of sources.aaaaaaaaaaaaaaa would be called couplet_" + name +
                "_aaaaaaaaaaaaaaa, 64 bytes; a server takes 63 | choose a shorter name for the "
                "source or the file\n");
  EXPECT_EQ(
      load_findings("version: 1\nname: n\nstate: s\nsources:\n  1x: { type: postgres, url: x }\n"
                    "  a-b: { type: postgres, url: x }\n" +
                    mappings),
      "5:3 \"1x\" is no name: letters, digits, _ and -, beginning with a letter\n");
}

TEST(LoadRefusalTest, Entities) {
  EXPECT_EQ(entity("identity: [ a ]"),
            "8:10 not supported yet: objects put together by several mappings (identity)\n");
  EXPECT_EQ(entity("required: [ a ]"),
            "8:10 not supported yet: objects put together by several mappings (required)\n");
  EXPECT_EQ(entity("tabel: x"),
            "8:10 entities.a.t has no option \"tabel\" | did you mean \"table\"?\n");
  EXPECT_EQ(entity("id: []"), "8:14 entities.a.t.id is an empty list\n");
  EXPECT_EQ(entity("id: [ a, a ]"), "8:19 entities.a.t.id names \"a\" twice\n");
  EXPECT_EQ(entity("references: [ a ]"),
            "8:22 entities.a.t.references must be a map of names, this is a list\n");
  EXPECT_EQ(entity("references: { self: a }"),
            "8:24 \"self\" cannot be the name of a reference | `self` is the object itself\n");
  EXPECT_EQ(entity("references: { a.b: a }"),
            "8:24 \"a.b\" cannot be the name of a reference | a dot in a path is a step\n");
  EXPECT_EQ(entity("references: { p: { column: a, entity: c.x } }"),
            "8:27 entities.a.t.references.p lacks \"columns\" | columns: columns that refer\n"
            "8:29 entities.a.t.references.p has no option \"column\" | did you mean "
            "\"columns\"?\n");
  EXPECT_EQ(entity("references: { p: { columns: a, entity: b.x } }"),
            "8:49 entities.a.t.references.p leads into another source | a reference points at an "
            "entity of its own source\n");
  EXPECT_EQ(entity("where: x"),
            "8:17 entities.a.t.where must be a map of attribute: value, or { sql: text }, this is "
            "a text\n");
  EXPECT_EQ(entity("where: { sql: x, a: 1 }"),
            "8:19 entities.a.t.where: sql stands alone | write the other conditions into the SQL "
            "text\n");
  EXPECT_EQ(entity("where: { a: [] }"),
            "8:22 entities.a.t.where.a is an empty list: nothing would match\n");
  EXPECT_EQ(entity("where: { a: { b: c } }"),
            "8:22 entities.a.t.where.a must be a single value, this is a map\n");
  EXPECT_EQ(load_findings(file_with("", "", "entities:\n  nodot: {}\n  z.t: {}\n", "")),
            "8:3 entities: \"nodot\" names no entity: it is written source.Entity\n"
            "9:3 entities: there is no source \"z\"\n");
  EXPECT_EQ(
      load_findings(file_with("", "", "entities:\n  a.b/c: {}\n  a.b.c.d: {}\n  a.b.c: {}\n", "")),
      "8:3 entities: \"a.b/c\" holds other characters than letters, digits, _ and - | the "
      "entity's `table` may hold any\n"
      "9:3 entities: \"a.b.c.d\" holds other characters than letters, digits, _ and - | the "
      "entity's `table` may hold any\n");
}

TEST(LoadRefusalTest, Mappings) {
  const auto whole = [](const std::string& text) {
    return load_findings(
        "version: 1\nname: n\nstate: s\nsources:\n  crm: { type: postgres, url: x }\n"
        "mappings:\n  m: { " +
        text + " }\n");
  };
  EXPECT_EQ(whole("left: crm.a, right: cmr.b, direction: both, keys: [ k ]"),
            "7:28 mappings.m.right: there is no source \"cmr\" | did you mean \"crm\"?\n");
  EXPECT_EQ(whole("left: crm.a, right: crm.a, direction: both, keys: [ k ]"),
            "7:28 mappings.m relates crm.a to itself\n");
  EXPECT_EQ(whole("left: crm.a b, right: crm.b, direction: both, keys: [ k ]"),
            "7:14 mappings.m.left: \"crm.a b\" holds other characters than letters, digits, _ and "
            "- | give it an entry under entities, with its table\n");
  EXPECT_EQ(whole("left: crm.a, right: crm.b, direction: left_to_rigth, keys: [ k ]"),
            "7:46 mappings.m.direction must be both, left_to_right or right_to_left, not "
            "\"left_to_rigth\" | did you mean \"left_to_right\"?\n");
  EXPECT_EQ(whole("left: crm.a, right: crm.b, direction: both"),
            "7:6 mappings.m lacks \"keys\" | keys: what tells that two objects are the same "
            "thing\n");
  EXPECT_EQ(whole("left: crm.a, right: crm.b, direction: both, keys: []"),
            "7:58 mappings.m has no keys: nothing would tell which objects are the same\n");
  EXPECT_EQ(whole("left: crm.a, right: crm.b, direction: both, keys: k"),
            "7:58 mappings.m.keys must be a list, this is a text | keys: [ name ]\n");
  EXPECT_EQ(whole("left: crm.a, right: crm.b, direction: both, keys: [ k ], cardinality: "
                  "many_to_one"),
            "7:78 many_to_one needs a one-way direction: of many sources none could tell its share "
            "of a change to the target | direction: left_to_right or right_to_left\n");
}

TEST(LoadRefusalTest, MappingOptions) {
  EXPECT_EQ(mapping("delete: orphans"),
            in_line_8(kOption + 8, "not supported yet: delete: orphans | delete: never"));
  EXPECT_EQ(mapping("delete: intent"),
            in_line_8(kOption + 8, "not supported yet: delete: intent | delete: never"));
  EXPECT_EQ(mapping("publish: x"),
            in_line_8(kOption, "not supported yet: operations published to a topic"));
  EXPECT_EQ(mapping("create: left"),
            in_line_8(kOption + 8,
                      "create: left, but the mapping runs left_to_right and never writes "
                      "there"));
  EXPECT_EQ(mapping("create: always"),
            in_line_8(kOption + 8,
                      "mappings.m.create must be true, false, left or right, not "
                      "\"always\""));
  EXPECT_EQ(mapping("conflict: last_write_win"),
            in_line_8(kOption + 10,
                      "mappings.m.conflict must be last_write_wins, left_wins, right_wins or hold, "
                      "not \"last_write_win\" | did you mean \"last_write_wins\"?"));
  EXPECT_EQ(mapping("conflict: left"),
            in_line_8(kOption + 10,
                      "mappings.m.conflict must be last_write_wins, left_wins, right_wins or hold, "
                      "not \"left\" | did you mean \"left_wins\"?"));
  EXPECT_EQ(mapping("actions: { ambiguous: reprot }"),
            in_line_8(kOption + 22,
                      "mappings.m.actions.ambiguous must be report, hold or default, not "
                      "\"reprot\" | did you mean \"report\"?"));
  EXPECT_EQ(mapping("limits: { deletes: { count: 1 } }"),
            in_line_8(kOption + 10,
                      "mappings.m.limits has no option \"deletes\" | did you mean "
                      "\"delete\"?"));
  EXPECT_EQ(mapping("limits: { delete: {} }"),
            in_line_8(kOption + 18, "mappings.m.limits.delete lacks count and percent"));
  EXPECT_EQ(mapping("limits: { delete: { count: -1, percent: 101 } }"),
            in_line_8(kOption + 27,
                      "mappings.m.limits.delete.count must be a whole number from 0, not "
                      "\"-1\"") +
                in_line_8(kOption + 40, "mappings.m.limits.delete.percent must be 0 to 100"));
  EXPECT_EQ(mapping("actions: { abset: hold }"),
            in_line_8(kOption + 11,
                      "mappings.m.actions: there is no situation \"abset\" | did you mean "
                      "\"absent\"?"));
  EXPECT_EQ(mapping("actions: { ambiguous: link }"),
            in_line_8(kOption + 22,
                      "mappings.m.actions.ambiguous must be report, hold or default, not "
                      "\"link\" | nothing can be set to an action that writes more than the "
                      "default does"));
  EXPECT_EQ(mapping("actions: { in_sync: hold }"),
            in_line_8(kOption + 11,
                      "mappings.m.actions: what is done when in_sync cannot be chosen | leave this "
                      "line out"));
  EXPECT_EQ(mapping("actions: { target_missing: recreate }"), "");  // What it does anyway.
  EXPECT_EQ(mapping("where: { middle: { a: 1 } }"),
            in_line_8(kOption + 9, "mappings.m.where has no option \"middle\""));
}

TEST(LoadRefusalTest, Attributes) {
  constexpr int kFirstOption = kOption + 16;  // the first option inside the attribute
  EXPECT_EQ(attribute("left: a"),
            in_line_8(kFirstOption - 2,
                      "mappings.m.attributes lacks \"right\" | a name alone is short for both "
                      "sides alike"));
  EXPECT_EQ(attribute("left: a, right: b, lnik: m"),
            in_line_8(kFirstOption + 19,
                      "mappings.m.attributes has no option \"lnik\" | did you mean "
                      "\"link\"?"));
  EXPECT_EQ(attribute("left: a, right: b, link: other"),
            in_line_8(kFirstOption + 25, "link: there is no mapping \"other\""));
  EXPECT_EQ(attribute("left: self, right: b"),
            in_line_8(kFirstOption + 6,
                      "`self` is the object itself and needs a link | link: the mapping whose "
                      "links say what it is on the other side"));
  EXPECT_EQ(attribute("left: a, right: b, direction: both"),
            in_line_8(kFirstOption + 30,
                      "the attribute runs both, its mapping only left_to_right | an "
                      "attribute's direction is within its mapping's"));
  EXPECT_EQ(attribute("left: a, right: b, policy: enforced"),
            in_line_8(kFirstOption + 27,
                      "mappings.m.attributes.policy must be enforce, follow or init, not "
                      "\"enforced\" | did you mean \"enforce\"?"));
  EXPECT_EQ(attribute("left: a, right: b, const: 1"),
            in_line_8(kFirstOption + 19,
                      "a const is written to one side, and both are named | name the written "
                      "side only"));
  EXPECT_EQ(attribute("const: 1"),
            in_line_8(kFirstOption, "a const needs the side that it is written to: left or right"));
  EXPECT_EQ(attribute("left: a, const: 1"),
            in_line_8(kFirstOption + 6,
                      "a const on the left is never written: the mapping runs "
                      "left_to_right"));
  EXPECT_EQ(attribute("right: a, const: 1, link: m"),
            in_line_8(kFirstOption + 10, "const and link exclude each other"));
  EXPECT_EQ(attribute("left: a, right: b, values: {}"),
            in_line_8(kFirstOption + 27,
                      "mappings.m.attributes.values must be a map of left value: right "
                      "value, this is empty"));
  EXPECT_EQ(attribute("left: a, right: b, values: { x: [ 1 ] }"),
            in_line_8(kFirstOption + 32,
                      "mappings.m.attributes.values must be a single value, this is a "
                      "list"));
  EXPECT_EQ(attribute("left: a, right: b, link: m, values: { x: y }"),
            in_line_8(kFirstOption + 28, "link and values exclude each other"));
}

TEST(LoadRefusalTest, KeysAreNoOrdinaryAttributes) {
  const auto keyed = [](const std::string& key) {
    return load_findings(
        "version: 1\nname: n\nstate: s\nsources:\n  a: { type: postgres, url: x }\n"
        "mappings:\n  m: { left: a.t, right: a.u, direction: both, keys: [ { " +
        key + " } ] }\n");
  };
  EXPECT_EQ(keyed("left: x, right: y, direction: left_to_right"),
            "7:88 a key has no direction of its own: it tells objects apart in both\n");
  EXPECT_EQ(keyed("right: y, const: 1"),
            "7:68 a key cannot be const | where: { left: …, right: … } narrows a mapping, and a "
            "create writes it\n");
}

// Ten mistakes, ten errors, in the order of the file.
TEST(LoadRefusalTest, AllErrorsOfAFileComeAtOnce) {
  const std::string file = R"yaml(version: one
name: shop
stat: s
memory: lots
reconcile: { every: 15 }
http: { listen: everywhere }
log: { level: loud }
sources:
  a: { type: postgres, url: { env: NOWHERE } }
  b: { type: kafka }
mappings:
  m: { left: a.t, right: b.t, direction: forth, keys: [], create: perhaps }
)yaml";
  EXPECT_EQ(load_findings(file),
            "1:1 the file lacks \"state\" | state: folder of the state, created with mode 0700; "
            "holds the control socket\n"
            "1:10 version must be a whole number from 1, not \"one\"\n"
            "3:1 the file has no option \"stat\" | did you mean \"state\"?\n"
            "4:9 memory: \"lots\" is no size | write a number with its unit: 64MiB, 1GiB\n"
            "5:21 reconcile.every: \"15\" is no duration | write a number with its unit: 250ms, "
            "10s, 15m, 1h30m, 2d\n"
            "6:17 http.listen: \"everywhere\" is no address with a port | write address:port: "
            "127.0.0.1:8080, [::1]:8080\n"
            "7:15 log.level must be trace, debug, info, warning or error, not \"loud\"\n"
            "9:36 sources.a.url: the environment variable NOWHERE is not set | export NOWHERE=... "
            "where couplet runs\n"
            "10:14 not supported yet: sources of type kafka\n"
            "12:42 mappings.m.direction must be both, left_to_right or right_to_left, not "
            "\"forth\" | did you mean \"both\"?\n"
            "12:55 mappings.m has no keys: nothing would tell which objects are the same\n"
            "12:67 mappings.m.create must be true, false, left or right, not \"perhaps\"\n");
}

}  // namespace
}  // namespace couplet::test
