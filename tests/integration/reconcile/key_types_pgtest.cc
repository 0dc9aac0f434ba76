// Identity keys whose two columns are of different types, or that a server compares in its own way:
// an object finds its counterpart whichever side it is looked for on, and nothing is doubled.
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class KeyTypesTest : public CliTest {
 protected:
  // Tables `things` with a key of these types, mapped in this direction.
  void things(const std::string& left, const std::string& right, const std::string& direction) {
    left_.exec("create table things (id serial primary key, k " + left + " not null, note text)");
    right_.exec("create table things (id serial primary key, k " + right + " not null, note text)");
    write_file("\n  thing: { left: left.things, right: right.things, direction: " + direction +
               ", keys: [k], attributes: [note] }\n");
  }
  nlohmann::json reconcile() {
    last_ = couplet({"reconcile", "--rebuild-state", "--json"});
    EXPECT_EQ(last_.exit_code, 0) << last_.out << last_.err;
    return summary_of(last_.out);
  }
  void expect_linked_once(int links) {
    const auto summary = reconcile();
    EXPECT_EQ(summary.at("link"), links) << last_.out;
    EXPECT_EQ(summary.at("create"), 0) << last_.out;
    EXPECT_EQ(summary.at("park"), 0) << last_.out;
    const auto again = reconcile();
    for (const char* count : {"create", "link", "update", "unlink"}) {
      EXPECT_EQ(again.at(count), 0) << last_.out;
    }
  }

  Ended last_;
};

TEST_F(KeyTypesTest, AFixedWidthKeyFindsATextThatEndsInBlanks) {
  things("char(5)", "varchar(10)", "left_to_right");
  left_.exec("insert into things (k, note) values ('ab', 'left'), ('cd', 'left')");
  right_.exec("insert into things (k, note) values ('ab  ', 'right'), ('cd', 'right')");
  expect_linked_once(2);
  EXPECT_THAT(right_.query("select trim(k), note from things order by 1"),
              ElementsAre(Row{"ab", "left"}, Row{"cd", "left"}));
  EXPECT_THAT(left_.query("select k, note from things order by 1"),
              ElementsAre(Row{"ab   ", "left"}, Row{"cd   ", "left"}));
}

TEST_F(KeyTypesTest, ATextThatEndsInBlanksFindsAFixedWidthKey) {
  things("char(5)", "varchar(10)", "right_to_left");
  left_.exec("insert into things (k, note) values ('ab', 'left'), ('cd', 'left')");
  right_.exec("insert into things (k, note) values ('ab  ', 'right'), ('cd', 'right')");
  expect_linked_once(2);
  EXPECT_THAT(left_.query("select trim(k), note from things order by 1"),
              ElementsAre(Row{"ab", "right"}, Row{"cd", "right"}));
  EXPECT_THAT(right_.query("select k from things order by 1"), ElementsAre(Row{"ab  "}, Row{"cd"}));
}

TEST_F(KeyTypesTest, TwoTextsThatAFixedWidthKeyTakesForOneAreHeldNotDoubled) {
  things("char(5)", "varchar(10)", "right_to_left");
  right_.exec("insert into things (k) values ('ab'), ('ab  ')");
  const auto summary = reconcile();
  EXPECT_EQ(summary.at("create"), 0) << last_.out;
  EXPECT_EQ(summary.at("hold"), 2) << last_.out;
  EXPECT_THAT(last_.out, HasSubstr("2 unlinked objects have this identity key"));
  EXPECT_THAT(left_.query("select from things"), testing::IsEmpty());
}

TEST_F(KeyTypesTest, ACoarserTimeFindsAFinerOne) {
  things("timestamptz(0)", "timestamptz", "left_to_right");
  left_.exec("insert into things (k, note) values ('2024-02-29 10:00:00+00', 'left')");
  right_.exec("insert into things (k, note) values ('2024-02-29 10:00:00.3+00', 'right')");
  expect_linked_once(1);
  EXPECT_THAT(right_.query("select note from things"), ElementsAre(Row{"left"}));
}

TEST_F(KeyTypesTest, ADateFindsATimeOfThatDay) {
  things("date", "timestamptz", "left_to_right");
  left_.exec("insert into things (k, note) values ('2024-02-29', 'left')");
  right_.exec("insert into things (k, note) values ('2024-02-29 23:59:59+00', 'right')");
  expect_linked_once(1);
  EXPECT_THAT(right_.query("select note from things"), ElementsAre(Row{"left"}));
}

}  // namespace
}  // namespace couplet::test
