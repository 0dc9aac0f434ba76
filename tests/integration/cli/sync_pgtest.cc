// Single objects: brought into step by name, and explained.
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SyncVerbTest : public CliTest {
 protected:
  // Objects with ids of text and of two parts, on both sides alike.
  void map_notes() {
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      database->exec(
          "create table notes (area text, number integer, body text, primary key (area, number))");
    }
    write_file(R"(
  note: { left: left.notes, right: right.notes, direction: both, keys: [area, number],
          attributes: [ body ] }
)");
  }
};

TEST_F(SyncVerbTest, ItSyncsWhatIsNamedAndNothingElse) {
  add_people(3);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  left_.exec("update people set age = age + 10");
  const Ended planned = couplet({"sync", "left.people/2", "--dry-run", "--exit-code"});
  EXPECT_EQ(planned.exit_code, 4) << planned.err;
  EXPECT_THAT(planned.out, HasSubstr("~ person  left.people/2 → right.persons/2  source_changed: "
                                     "years 2 → 12\n"));
  const Ended ended = couplet({"sync", "left.people/2", "right.persons/3"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("~ person  left.people/2 → right.persons/2"),
                               HasSubstr("~ person  left.people/3 → right.persons/3"),
                               HasSubstr("2 operations: 2 update."), HasSubstr("Converged.")));
  EXPECT_EQ(right_.query("select string_agg(years::text, ' ' order by id) from persons")[0][0],
            "1 12 13");
  const auto again = summary_of(couplet({"sync", "left.people/2", "--json"}).out);
  EXPECT_EQ(again.at("update"), 0);
  EXPECT_EQ(again.at("converged"), true);
}

TEST_F(SyncVerbTest, NamesThatAreOffAreToldBeforeAnythingIsWritten) {
  add_people(2);
  for (const auto& [name, said] : std::vector<std::pair<std::string, std::string>>{
           {"7", "objects are named source.Entity/ID"},
           {"left.poeple/1", "did you mean \"left.people\"?"},
           {"left.people/one", "\"left.people/one\": component 1"},
           {"left.people/", "it is empty"},
           {"left.people/1,2", "2 components where 1 are expected"},
           {"left.people/99999999999999999999", "component 1"},
           {"left.people/%zz", "two hexadecimal digits"}}) {
    const Ended ended = couplet({"sync", "left.people/1", name});
    EXPECT_EQ(ended.exit_code, 2) << name;
    EXPECT_THAT(ended.err, HasSubstr(said));
    EXPECT_THAT(ended.out, IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(state()));
  }
  const Ended missing = couplet({"sync", "left.people/1", "left.people/77", "--json"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(error_of(missing.out).at("code"), "no_such_object");
  EXPECT_THAT(missing.err, HasSubstr("no such object: left.people/77"));
  EXPECT_THAT(right_.query("select * from persons"), IsEmpty());
  EXPECT_EQ(couplet({"sync"}).exit_code, 2);
}

TEST_F(SyncVerbTest, IdsWithSlashesCommasPercentSignsSpacesAndNothingInThem) {
  map_notes();
  const std::vector<std::pair<std::string, std::string>> areas = {
      {"a/b", "a%2Fb"}, {"a,b", "a%2Cb"}, {"50%", "50%25"}, {"a b", "a%20b"},
      {"", "%"},        {"é", "é"},       {"%2F", "%252F"}};
  std::vector<std::string> words = {"sync"};
  for (const auto& [area, written] : areas) {
    left_.exec("insert into notes values ('" + area + "', 1, 'x')");
    words.push_back("left.notes/" + written + ",1");
  }
  const Ended ended = couplet(words);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  for (const auto& [area, written] : areas) {
    EXPECT_THAT(ended.out,
                HasSubstr("left.notes/" + written + ",1 → right.notes/" + written + ",1  absent"));
    EXPECT_THAT(right_.query("select body from notes where area = '" + area + "'"),
                ElementsAre(ElementsAre(testing::Optional(std::string("x")))));
  }
  // A slash and a space may stand for themselves.
  EXPECT_EQ(couplet({"sync", "left.notes/a/b,1", "left.notes/a b,1"}).exit_code, 0);
  EXPECT_THAT(couplet({"explain", "left.notes/a/b,1"}).out, HasSubstr("left.notes/a%2Fb,1\n"));
}

TEST_F(SyncVerbTest, FiveThousandObjectsOnOneCommandLine) {
  add_people(5'000);
  std::vector<std::string> words = {"sync", "--json"};
  for (int id = 1; id <= 5'000; ++id) {
    words.push_back("left.people/" + std::to_string(id));
  }
  left_.log_statements();
  const auto count = [&] {
    std::size_t statements = 0;
    for (const LoggedStatement& statement : left_.statements_logged()) {
      statements += statement.application.starts_with("couplet") ? 1U : 0U;
    }
    return statements;
  };
  const std::size_t before = count();
  const Ended ended = couplet(words);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(summary_of(ended.out).at("create"), 5'000);
  EXPECT_LE(count() - before, 5U * 4 + 40);
  EXPECT_EQ(right_.query("select count(*) from persons")[0][0], "5000");
}

TEST_F(SyncVerbTest, ADeepPathIsFollowedFromTheAncestorThatIsNamed) {
  right_.exec(
      "create table regions (id bigint generated by default as identity primary key, name text);"
      "alter table persons add region_id bigint references regions (id);"
      "create index on persons (region_id)");
  left_.exec("alter table people add region text");
  write_text("version: 1\nname: " + name() +
             "\nstate: state\nsources:\n"
             "  left: { type: postgres, url: \"" +
             left_.url(kRole) + "\" }\n  right: { type: postgres, url: \"" + right_.url(kRole) +
             "\" }\nentities:\n  right.regions: { table: regions }\n"
             "mappings:\n  person: { left: left.people, right: right.persons,\n"
             "    direction: right_to_left, keys: [ name ],\n"
             "    attributes: [ { left: region, right: region.name } ] }\n");
  right_.exec(
      "insert into regions (name) values ('north'), ('south');"
      "insert into persons (name, region_id) values ('a', 1), ('b', 1), ('c', 2)");
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  right_.exec("update regions set name = upper(name)");
  const Ended ended = couplet({"sync", "right.regions/1", "--json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(summary_of(ended.out).at("update"), 2);
  EXPECT_EQ(left_.query("select string_agg(region, ' ' order by name) from people")[0][0],
            "NORTH NORTH south");
}

TEST_F(SyncVerbTest, AnExplanationIsOneObjectWithEveryKey) {
  add_people(1);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  left_.exec("update people set age = 40");
  const Ended ended = couplet({"explain", "left.people/1", "--json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json.at("object"), "left.people/1");
  EXPECT_EQ(json.at("exists"), true);
  ASSERT_EQ(json.at("mappings").size(), 2U);
  const auto& part = json.at("mappings")[0];
  EXPECT_EQ(part.at("mapping"), "person");
  EXPECT_EQ(part.at("direction"), "left_to_right");
  EXPECT_EQ(part.at("situation"), "source_changed");
  EXPECT_EQ(part.at("operation"), "update");
  EXPECT_EQ(part.at("counterpart"), "right.persons/1");
  EXPECT_EQ(part.at("link").at("by"), "created");
  EXPECT_EQ(part.at("link").at("identity"), (nlohmann::json{{"name", "p1"}}));
  EXPECT_EQ(part.at("link").at("incarnation"), 1);
  const auto& age = part.at("attributes")[1];
  EXPECT_EQ(age, (nlohmann::json{{"left", "age"},
                                 {"right", "years"},
                                 {"left_value", 40},
                                 {"right_value", 1},
                                 {"left_changed", true},
                                 {"right_changed", false},
                                 {"winner", "left"},
                                 {"rule", "changed"}}));
  for (const char* key : {"reason", "tombstone", "held", "parked"}) {
    EXPECT_TRUE(part.at(key).is_null()) << key;
  }
  EXPECT_TRUE(part.at("waits_for").empty());
  EXPECT_TRUE(part.at("conflicts").empty());
  EXPECT_EQ(json.at("mappings")[1].at("situation"), "target_changed");
  EXPECT_EQ(json.at("mappings")[1].at("operation"), nullptr);
  EXPECT_EQ(right_.query("select years from persons")[0][0], "1");

  const Ended text = couplet({"explain", "left.people/1"});
  EXPECT_THAT(text.out,
              AllOf(HasSubstr("left.people/1\n  person  left_to_right  source_changed → update\n"),
                    HasSubstr("    counterpart: right.persons/1\n"),
                    HasSubstr("    age = 40  |  years = 1  left changed, left counts, changed\n")));
}

TEST_F(SyncVerbTest, AnExplanationNeedsNoStateAndMakesNone) {
  add_people(1);
  const Ended ended = couplet({"explain", "left.people/1"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("absent → create"));
  EXPECT_FALSE(std::filesystem::exists(state()));
  const Ended missing = couplet({"explain", "right.persons/1", "--json"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(error_of(missing.out).at("code"), "no_such_object");
  EXPECT_THAT(missing.err, Not(HasSubstr("internal")));
  EXPECT_EQ(couplet({"explain"}).exit_code, 2);
  EXPECT_EQ(couplet({"explain", "left.people/1", "left.people/2"}).exit_code, 2);
}

TEST_F(SyncVerbTest, AMappingThatIsListedTheOtherWayRoundIsExplainedAsTheFileHasIt) {
  write_file(R"(
  person: { left: left.people, right: right.persons, direction: left_to_right, keys: [name],
            attributes: [ { left: age, right: years } ] }
  back: { left: right.persons, right: left.people, direction: left_to_right, keys: [name],
          attributes: [ { left: years, right: age } ] }
)");
  add_people(1);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  right_.exec("update persons set years = 50");
  const auto json = nlohmann::json::parse(couplet({"explain", "right.persons/1", "--json"}).out);
  for (const auto& part : json.at("mappings")) {
    if (part.at("mapping") == "back") {
      EXPECT_EQ(part.at("direction"), "left_to_right");
      EXPECT_EQ(part.at("operation"), "update");
      EXPECT_EQ(part.at("attributes")[1].at("left"), "years");
      EXPECT_EQ(part.at("attributes")[1].at("left_value"), 50);
      EXPECT_EQ(part.at("attributes")[1].at("winner"), "left");
    } else {
      EXPECT_EQ(part.at("attributes")[1].at("left"), "age");
      EXPECT_TRUE(part.at("operation").is_null());
      EXPECT_EQ(part.at("attributes")[1].at("rule"), "carried_by_another");
    }
  }
}

}  // namespace
}  // namespace couplet::test
