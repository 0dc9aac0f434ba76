// docs/reference/types.md, line by line, on two real databases.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "tests/integration/cli/cli_scene.h"
#include "tests/integration/types/types_page.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr int kFirstMappingLine = 8;

std::string literal(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' ? "''" : std::string(1, c);
  }
  return quoted + "'";
}

// What the server takes for a column of that type: amounts are written as numbers on the page.
std::string written(const std::string& type, const std::string& value) {
  return type == "money" && value.front() != '$' ? literal(value) + "::numeric::money"
                                                 : literal(value);
}

class TypesTest : public CliTest {
 protected:
  void SetUp() override {
    left_.exec(page_.types);
    // Ids of types differ from database to database.
    right_.exec("create type another as enum ('x'); create table more (a another)");
    right_.exec(page_.types);
    ASSERT_FALSE(page_.kinds.empty() || page_.kept.empty() || page_.conversions.empty());
  }

  static void create(const TemporaryDatabase& database, const std::string& table,
                     const std::string& columns) {
    database.exec(fmt::format("create table {} ({})", table, columns));
  }

  void map(const std::vector<std::string>& mappings, const std::string& entities = {}) {
    std::string text = "\n";
    for (const std::string& mapping : mappings) {
      text += mapping + "\n";
    }
    write_file(text + entities);
  }

  nlohmann::json reconcile(bool rebuild = true) {
    std::vector<std::string> words{"reconcile", "--json"};
    if (rebuild) {
      words.emplace_back("--rebuild-state");
    }
    const Ended ended = couplet(words);
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    const auto summary = summary_of(ended.out);
    EXPECT_TRUE(summary.value("converged", false)) << ended.out << ended.err;
    return summary;
  }
  void expect_at_rest() {
    const auto summary = reconcile(false);
    for (const char* count : {"create", "link", "update", "unlink"}) {
      EXPECT_EQ(summary.value(count, -1), 0) << count;
    }
  }

  // Lines of the file that the binding refuses with this code, counted from the first mapping.
  std::map<int, std::string> refused() {
    const Ended ended = couplet({"plan"});
    EXPECT_EQ(ended.exit_code, 2) << ended.out;
    std::map<int, std::string> lines;
    std::istringstream said(ended.err);
    for (std::string line; std::getline(said, line);) {
      const std::size_t at = line.find("couplet.yaml:");
      const std::size_t error = line.find(": error");
      if (at != std::string::npos && error != std::string::npos) {
        const int number = std::stoi(line.substr(at + std::string("couplet.yaml:").size()));
        lines[number - kFirstMappingLine] += line.substr(error);
      }
    }
    return lines;
  }

  TypesPage page_ = TypesPage::read();
};

TEST_F(TypesTest, EveryTypeOfThePageHasValuesOnIt) {
  std::set<std::string> kinds;
  std::set<std::string> kept;
  for (const TypesPage::Kind& kind : page_.kinds) {
    kinds.insert(kind.type);
  }
  for (const TypesPage::Kept& line : page_.kept) {
    EXPECT_THAT(line.values, testing::Not(IsEmpty())) << line.type;
    kept.insert(line.type);
  }
  EXPECT_EQ(kinds, kept);
}

TEST_F(TypesTest, ValuesOfEveryTypeTravelBothWaysAndThenRest) {
  std::vector<std::string> mappings;
  for (std::size_t i = 0; i < page_.kept.size(); ++i) {
    const auto& [type, values] = page_.kept[i];
    const std::string table = fmt::format("v{}", i);
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      create(*database, table, "n integer primary key, v " + type);
      for (std::size_t n = 0; n < values.size(); ++n) {
        database->exec(fmt::format("insert into {} values ({}, {})", table,
                                   2 * n + (database == &left_ ? 0 : 1), written(type, values[n])));
      }
    }
    mappings.push_back(
        fmt::format("  m{0}: {{ left: left.v{0}, right: right.v{0}, direction: both, keys: [n], "
                    "attributes: [v] }}",
                    i));
  }
  map(mappings);
  const auto expect_equal = [&] {
    for (std::size_t i = 0; i < page_.kept.size(); ++i) {
      SCOPED_TRACE(page_.kept[i].type);
      const std::string asked = fmt::format("select n, v::text from v{} order by n", i);
      const auto rows = left_.query(asked);
      EXPECT_EQ(rows.size(), 2 * page_.kept[i].values.size());
      EXPECT_EQ(rows, right_.query(asked));
    }
  };
  EXPECT_EQ(reconcile().value("park", -1), 0);
  expect_equal();
  expect_at_rest();

  // Changed afterwards, and to null.
  for (std::size_t i = 0; i < page_.kept.size(); ++i) {
    const auto& [type, values] = page_.kept[i];
    left_.exec(fmt::format("update v{} set v = {} where n = 0", i, written(type, values.back())));
    right_.exec(fmt::format("update v{} set v = null where n = 1", i));
  }
  EXPECT_EQ(reconcile(false).value("park", -1), 0);
  expect_equal();
  expect_at_rest();
}

// One row a value on each side, found by nothing but the value.
TEST_F(TypesTest, ValuesOfEveryTypeThatCanBeAKeyFindTheirCounterpart) {
  std::vector<std::string> mappings;
  std::vector<std::string> tables;
  std::size_t links = 0;
  std::vector<bool> keys;
  for (std::size_t i = 0; i < page_.kept.size(); ++i) {
    const auto& [type, values] = page_.kept[i];
    const std::string table = fmt::format("k{}", i);
    const bool key = std::any_of(page_.kinds.begin(), page_.kinds.end(),
                                 [&](const auto& kind) { return kind.type == type && kind.key; });
    keys.push_back(key);
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      create(*database, table,
             fmt::format("id {} generated by default as identity primary key, v {}, w text",
                         database == &left_ ? "integer" : "bigint", type));
      for (const std::string& value : values) {
        database->exec(fmt::format("insert into {} (v, w) values ({}, {})", table,
                                   written(type, value),
                                   database == &left_ ? "'from the left'" : "null"));
      }
    }
    mappings.push_back(
        fmt::format("  m{0}: {{ left: left.k{0}, right: right.k{0}, direction: both, "
                    "keys: [v], attributes: [w] }}",
                    i));
    if (key) {
      tables.push_back(table);
      links += values.size();
    }
  }
  map(mappings);
  const auto errors = refused();
  std::vector<std::string> usable;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto found = errors.find(static_cast<int>(i));
    EXPECT_EQ(found == errors.end(), keys[i]) << page_.kept[i].type;
    if (found != errors.end()) {
      EXPECT_THAT(found->second, HasSubstr("cannot be a key"));
    } else {
      usable.push_back(mappings[i]);
    }
  }
  map(usable);
  const auto summary = reconcile();
  EXPECT_EQ(summary.value("create", -1), 0);
  EXPECT_EQ(summary.value("link", 0U), links);
  for (const std::string& table : tables) {
    EXPECT_THAT(right_.query("select v::text from " + table + " where w is null"), IsEmpty())
        << table;
  }
  expect_at_rest();
}

TEST_F(TypesTest, ValuesOfEveryTypeThatCanBeAnIdNameTheirObjects) {
  std::vector<std::string> mappings;
  std::vector<std::string> entities;
  std::vector<bool> ids;
  for (std::size_t i = 0; i < page_.kept.size(); ++i) {
    const auto& [type, values] = page_.kept[i];
    const std::string table = fmt::format("i{}", i);
    const bool id = std::any_of(page_.kinds.begin(), page_.kinds.end(),
                                [&](const auto& kind) { return kind.type == type && kind.id; });
    ids.push_back(id);
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      create(*database, table,
             fmt::format("v {} {}, w text", type, id ? "primary key" : "not null"));
    }
    for (const std::string& value : values) {
      // The server takes a month for 30 days in a primary key.
      left_.exec(fmt::format("insert into {} values ({}, 'w') on conflict do nothing", table,
                             written(type, value)));
    }
    right_.exec(fmt::format("insert into {} values ({}, 'w')", table, written(type, values[0])));
    mappings.push_back(
        fmt::format("  m{0}: {{ left: left.i{0}, right: right.i{0}, direction: both, "
                    "keys: [{1}], attributes: [{2}] }}",
                    i, id ? "v" : "w", id ? "w" : "v"));
    for (const char* side : {"left", "right"}) {
      entities.push_back(fmt::format("  {}.i{}: {{ id: [v] }}\n", side, i));
    }
  }
  const auto section = [&](bool usable_only) {
    std::string text = "entities:\n";
    for (std::size_t i = 0; i < entities.size(); ++i) {
      text += !usable_only || ids[i / 2] ? entities[i] : std::string();
    }
    return text;
  };
  map(mappings, section(false));
  const Ended ended = couplet({"plan"});
  EXPECT_EQ(ended.exit_code, 2);
  std::vector<std::string> usable;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string refusal = fmt::format("column left.i{}.v is ", i);
    EXPECT_EQ(ended.err.find(refusal) == std::string::npos, ids[i]) << page_.kept[i].type;
    if (ids[i]) {
      usable.push_back(mappings[i]);
    }
  }
  map(usable, section(true));
  EXPECT_EQ(reconcile().value("park", -1), 0);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i]) {
      const std::string asked = fmt::format("select v::text, w from i{} order by 1", i);
      EXPECT_EQ(left_.query(asked), right_.query(asked)) << page_.kept[i].type;
    }
  }
  expect_at_rest();
  // Found by its id when it changes, and written there.
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i]) {
      left_.exec(fmt::format("update i{} set w = 'changed'", i));
    }
  }
  EXPECT_EQ(reconcile(false).value("park", -1), 0);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i]) {
      EXPECT_THAT(right_.query(fmt::format("select v::text from i{} where w = 'w'", i)), IsEmpty())
          << page_.kept[i].type;
    }
  }
  expect_at_rest();
}

// The file's own values: a condition finds the row that holds one, a constant writes it.
TEST_F(TypesTest, ConditionsAndConstantsTakeLiteralsOfEveryType) {
  std::vector<std::string> mappings;
  for (std::size_t i = 0; i < page_.kept.size(); ++i) {
    const auto& [type, values] = page_.kept[i];
    const std::string table = fmt::format("c{}", i);
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      create(*database, table, "n integer primary key, v " + type);
    }
    for (std::size_t n = 0; n < values.size(); ++n) {
      left_.exec(fmt::format("insert into {} values ({}, {})", table, n, written(type, values[n])));
    }
    // The server parts boxes by semicolons, the file parts all elements by commas.
    const std::string value =
        literal(type == "box[]" ? "{\"(1,1),(0,0)\",\"(2,2),(1,1)\"}" : values.back());
    mappings.push_back(fmt::format(
        "  m{0}: {{ left: left.c{0}, right: right.c{0}, direction: left_to_right, keys: "
        "[n], attributes: [ {{ right: v, const: {1} }} ], where: {{ left: {{ v: {1} }} }} }}",
        i, value));
  }
  map(mappings);
  EXPECT_EQ(reconcile().value("create", 0U), page_.kept.size());
  for (std::size_t i = 0; i < page_.kept.size(); ++i) {
    SCOPED_TRACE(page_.kept[i].type);
    const std::string last =
        fmt::format("select n, v::text from c{} where n = {}", i, page_.kept[i].values.size() - 1);
    EXPECT_EQ(right_.query(fmt::format("select n, v::text from c{}", i)), left_.query(last));
  }
  expect_at_rest();
}

// Types are spelled as the catalog quotes them, in a schema that is not searched too.
TEST_F(TypesTest, TypesOfOtherSchemasAndNamesTravelToo) {
  left_.exec(R"(create schema "My ""Schema""";
    create type "My ""Schema"""."table" as enum ('a', 'b c');
    create type "My ""Schema"""."group" as ("select" "My ""Schema"""."table"[], "from" hstore, "Ü" citext);
    create table t (n integer primary key, v "My ""Schema"""."group", w "My ""Schema"""."table"[],
                    c citext, h hstore);
    grant usage on schema "My ""Schema""" to couplet)");
  right_.exec(
      R"(create schema ext; grant usage on schema ext to couplet; alter extension hstore set schema ext;
    alter extension citext set schema ext;
    create type "ORDER" as enum ('b c', 'a');
    create type "group" as ("select" "ORDER"[], "from" ext.hstore, "Ü" ext.citext);
    create table t (n integer primary key, v "group", w "ORDER"[], c ext.citext, h ext.hstore))");
  map(
      {"  m: { left: left.t, right: right.t, direction: both, keys: [c], attributes: [n, v, w, h] "
       "}"});
  left_.exec(R"(insert into t values
    (1, row('{"b c",NULL}', 'b=>1,a=>NULL', 'X'), '{a,"b c"}', 'Straße', 'x=>"y z"'),
    (2, null, '{}', 'a', ''))");
  right_.exec("insert into t values (3, null, null, 'A', null)");
  EXPECT_EQ(reconcile().value("create", -1), 3);
  const std::string all = R"(select n, v::text, w::text, c::text, h::text from t order by n)";
  EXPECT_EQ(left_.query(all), right_.query(all));
  EXPECT_EQ(left_.query(all).size(), 3U);
  expect_at_rest();
}

TEST_F(TypesTest, WhatConvertsBecomesWhatThePageSaysOrIsParked) {
  std::vector<std::string> mappings;
  std::size_t parked = 0;
  for (std::size_t i = 0; i < page_.conversions.size(); ++i) {
    const TypesPage::Conversion& pair = page_.conversions[i];
    if (pair.forward == "no conversion") {
      EXPECT_EQ(pair.backward, pair.forward) << pair.one;
      EXPECT_THAT(pair.examples, IsEmpty()) << pair.one;
      continue;
    }
    EXPECT_THAT(pair.examples, testing::Not(IsEmpty())) << pair.one << " " << pair.other;
    for (const bool forward : {true, false}) {
      const std::string table = fmt::format("{}{}", forward ? "f" : "b", i);
      create(left_, table, "n integer primary key, v " + pair.one);
      create(right_, table, "n integer primary key, v " + pair.other);
      const TemporaryDatabase& source = forward ? left_ : right_;
      for (std::size_t n = 0; n < pair.examples.size(); ++n) {
        const TypesPage::Example& example = pair.examples[n];
        if (example.forward == forward) {
          source.exec(fmt::format("insert into {} values ({}, {})", table, n,
                                  written(forward ? pair.one : pair.other, example.given)));
          parked += example.stored ? 0 : 1;
        }
      }
      mappings.push_back(
          fmt::format("  m{0}: {{ left: left.{0}, right: right.{0}, direction: {1}, "
                      "keys: [n], attributes: [v] }}",
                      table, forward ? "left_to_right" : "right_to_left"));
    }
  }
  map(mappings);
  EXPECT_EQ(reconcile().value("park", 0U), parked);
  for (std::size_t i = 0; i < page_.conversions.size(); ++i) {
    const TypesPage::Conversion& pair = page_.conversions[i];
    for (std::size_t n = 0; n < pair.examples.size(); ++n) {
      const TypesPage::Example& example = pair.examples[n];
      SCOPED_TRACE(fmt::format("{} {} {}: {}", pair.one, example.forward ? "→" : "←", pair.other,
                               example.given));
      const auto rows = (example.forward ? right_ : left_)
                            .query(fmt::format("select v::text from {}{} where n = {}",
                                               example.forward ? "f" : "b", i, n));
      EXPECT_EQ(rows, example.stored ? std::vector<Row>{{*example.stored}} : std::vector<Row>());
    }
  }
  expect_at_rest();
}

TEST_F(TypesTest, WhatIsRefusedOrWarnedOfIsWhatThePageSays) {
  std::vector<std::string> two_way;
  std::vector<std::string> one_way;
  for (std::size_t i = 0; i < page_.conversions.size(); ++i) {
    const TypesPage::Conversion& pair = page_.conversions[i];
    create(left_, fmt::format("p{}", i), "n integer primary key, v " + pair.one);
    create(right_, fmt::format("p{}", i), "n integer primary key, v " + pair.other);
    const auto mapping = [&](const char* direction) {
      return fmt::format(
          "  m{0}: {{ left: left.p{0}, right: right.p{0}, direction: {1}, keys: [n], attributes: "
          "[v] }}",
          i, direction);
    };
    two_way.push_back(mapping("both"));
    one_way.push_back(mapping("left_to_right"));
  }
  const auto check = [&](bool both) {
    const auto errors = refused();
    for (std::size_t i = 0; i < page_.conversions.size(); ++i) {
      const TypesPage::Conversion& pair = page_.conversions[i];
      SCOPED_TRACE(pair.one + " and " + pair.other);
      const bool none = pair.forward == "no conversion";
      const bool silent = pair.forward == "in silence" || pair.backward == "in silence";
      const auto found = errors.find(static_cast<int>(i));
      EXPECT_EQ(found != errors.end(), none || (both && silent));
      if (found != errors.end() && !none) {
        EXPECT_THAT(found->second, HasSubstr("what is lost here would be written back there"));
      }
    }
  };
  map(two_way);
  check(true);
  map(one_way);
  check(false);

  // Without what is refused, the warnings show.
  std::vector<std::string> usable;
  std::vector<std::string> verdicts;
  for (std::size_t i = 0; i < page_.conversions.size(); ++i) {
    if (page_.conversions[i].forward != "no conversion") {
      usable.push_back(one_way[i]);
      verdicts.push_back(page_.conversions[i].forward);
    }
  }
  map(usable);
  const Ended plan = couplet({"plan"});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  for (std::size_t i = 0; i < usable.size(); ++i) {
    const std::size_t at =
        plan.err.find(fmt::format("couplet.yaml:{}:", kFirstMappingLine + static_cast<int>(i)));
    SCOPED_TRACE(usable[i] + verdicts[i]);
    ASSERT_EQ(at != std::string::npos, verdicts[i] != "nothing");
    if (at != std::string::npos) {
      const std::string line = plan.err.substr(at, plan.err.find('\n', at) - at);
      EXPECT_EQ(line.find("such objects are parked") != std::string::npos,
                verdicts[i] == "some are refused")
          << line;
    }
  }
}

}  // namespace
}  // namespace couplet::test
