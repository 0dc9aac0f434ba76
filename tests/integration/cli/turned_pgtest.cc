// A mapping that is listed the other way round over two entities that another has listed first:
// what is told under it has the sides that the file gives it.
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class TurnedTest : public CliTest {
 protected:
  // `back` writes years, `person` the other way alone makes people. Both share their links.
  void SetUp() override {
    write_file(R"(
  person: { left: left.people, right: right.persons, direction: left_to_right, keys: [name] }
  back: { left: right.persons, right: left.people, direction: both, keys: [name],
          conflict: left_wins, attributes: [ { left: years, right: age } ] }
)");
    left_.exec("insert into people (name, age) values ('a', 1)");
    ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
    left_.exec("update people set age = 70");
    right_.exec("update persons set years = 80");
  }
  nlohmann::json part_of(const std::string& object, const std::string& mapping) const {
    const auto json = nlohmann::json::parse(couplet({"explain", object, "--json"}).out);
    for (const auto& part : json["mappings"]) {
      if (part["mapping"] == mapping && part["attributes"].size() == 2) {
        return part;
      }
    }
    return {};
  }
};

TEST_F(TurnedTest, ExplainNamesValuesWinnerAndRuleByTheSidesOfTheMapping) {
  const auto part = part_of("right.persons/1", "back");
  const auto& years = part["attributes"][1];
  EXPECT_EQ(years["left"], "years");
  EXPECT_EQ(years["right"], "age");
  EXPECT_EQ(years["left_value"], 80);
  EXPECT_EQ(years["right_value"], 70);
  EXPECT_EQ(years["winner"], "left");
  EXPECT_EQ(years["rule"], "left_wins");
  EXPECT_THAT(couplet({"explain", "left.people/1"}).out,
              HasSubstr("    years = 80  |  age = 70  both changed, left counts, left_wins\n"));
}

TEST_F(TurnedTest, ConflictsAreListedAndShownByTheSidesOfTheMapping) {
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  EXPECT_EQ(left_.query("select age from people"), right_.query("select years from persons"));
  const auto lines = lines_of(couplet({"conflicts", "list", "--json"}).out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["mapping"], "back");
  EXPECT_EQ(lines[0]["attribute"], "years=age");
  EXPECT_EQ(lines[0]["left"]["object"], "right.persons/1");
  EXPECT_EQ(lines[0]["left"]["value"], 80);
  EXPECT_EQ(lines[0]["right"]["object"], "left.people/1");
  EXPECT_EQ(lines[0]["right"]["value"], 70);
  EXPECT_EQ(lines[0]["winner"], "left");
  EXPECT_EQ(lines[0]["rule"], "left_wins");
  EXPECT_THAT(couplet({"conflicts", "list"}).out,
              HasSubstr("right.persons/1 80 / left.people/1 70  years=age: left_wins: left\n"));
  const std::string id = lines[0]["id"].get<std::string>();
  EXPECT_EQ(lines_of(couplet({"conflicts", "show", id, "--json"}).out)[0], lines[0]);
  const Ended shown = couplet({"conflicts", "show", id});
  EXPECT_THAT(shown.out, HasSubstr("\n  left: right.persons/1 80, changed unknown\n"
                                   "  right: left.people/1 70, changed unknown\n"
                                   "  left_wins: left\n"));
  const auto part = part_of("left.people/1", "back");
  ASSERT_EQ(part["conflicts"].size(), 1U);
  EXPECT_EQ(part["conflicts"][0]["left"], lines[0]["left"]);
  EXPECT_EQ(part["conflicts"][0]["rule"], "left_wins");
}

TEST_F(TurnedTest, LinksHaveTheSidesOfTheMappingThatIsAskedForElseOfTheFirst) {
  const Ended first = couplet({"links", "list"});
  EXPECT_THAT(first.out, StartsWith("left.people/1 = right.persons/1  "));
  const Ended back = couplet({"links", "list", "--mapping", "back"});
  EXPECT_THAT(back.out, StartsWith("right.persons/1 = left.people/1  "));
  const auto json = lines_of(couplet({"links", "list", "--mapping", "back", "--json"}).out);
  EXPECT_EQ(json[0]["left"], "right.persons/1");
  EXPECT_EQ(json[0]["right"], "left.people/1");
  const auto exported = lines_of(couplet({"links", "export", "--mapping", "back"}).out);
  EXPECT_EQ(exported[0], json[0]);
  // The two as such: by the first; what is explained of them: by each mapping.
  const auto shown =
      nlohmann::json::parse(couplet({"links", "show", "left.people/1", "--json"}).out);
  EXPECT_EQ(shown["links"][0]["left"], "left.people/1");
  EXPECT_THAT(couplet({"links", "show", "left.people/1"}).out,
              HasSubstr("    years = 80  |  age = 70  "));
  EXPECT_THAT(couplet({"links", "remove", "left.people/1", "--mapping", "back"}).out,
              StartsWith("/ right.persons/1 = left.people/1  "));
  EXPECT_THAT(
      couplet({"links", "add", "right.persons/1", "left.people/1", "--mapping", "back"}).out,
      StartsWith("right.persons/1 = left.people/1  manual "));
}

}  // namespace
}  // namespace couplet::test
