// A plan tells what a reconcile would do, and does nothing.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class PlanTest : public CliTest {
 protected:
  // Everything that a plan could leave behind.
  std::string traces() {
    std::ostringstream text;
    for (const auto& [database, table] :
         {std::pair(&left_, "people"), std::pair(&right_, "persons")}) {
      for (const Row& row :
           database->query(std::string("select xmin::text, ctid::text, t::text from ") + table +
                           " t order by ctid")) {
        for (const auto& cell : row) {
          text << cell.value_or("null") << '|';
        }
      }
      text
          << database->query("select coalesce(sum(last_value), 0) from pg_sequences")[0][0].value();
    }
    for (const Row& row : left_.query("select roname from pg_replication_origin order by 1")) {
      text << *row[0] << '|';
    }
    std::vector<std::string> files;
    if (std::filesystem::exists(state())) {
      files.push_back(times_of(state()));
      for (const auto& entry : std::filesystem::directory_iterator(state())) {
        std::ifstream file(entry.path(), std::ios::binary);
        std::ostringstream content;
        content << file.rdbuf();
        files.push_back(times_of(entry.path()) + content.str());
      }
    }
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) {
      text << file << '\n';
    }
    return text.str();
  }
  static std::string times_of(const std::filesystem::path& path) {
    return path.string() + " " +
           std::to_string(std::filesystem::last_write_time(path).time_since_epoch().count());
  }
};

TEST_F(PlanTest, ItLeavesDatabasesAsTheyAreAndMakesNoState) {
  add_people(3);
  right_.exec("insert into persons (name, years) values ('p1', 99), ('q', 7)");
  const std::string before = traces();
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"plan"}, {"reconcile", "--dry-run"}, {"plan", "--json"}}) {
    const Ended plan = couplet(words);
    EXPECT_EQ(plan.exit_code, 0) << plan.err;
    EXPECT_EQ(traces(), before);
  }
  EXPECT_FALSE(std::filesystem::exists(state()));
}

TEST_F(PlanTest, ItLeavesAStateAsItIs) {
  add_people(3);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  left_.exec(
      "update people set age = 50 where name = 'p2'; insert into people (name) values ('r')");
  const std::string before = traces();
  const Ended plan = couplet({"plan"});
  EXPECT_EQ(plan.exit_code, 0) << plan.err;
  EXPECT_EQ(traces(), before);
  EXPECT_THAT(plan.out, HasSubstr("~ person  left.people/2 → right.persons/2  source_changed: "
                                  "years 2 → 50\n"));
  EXPECT_THAT(plan.out, HasSubstr("+ person  left.people/4  absent\n"));
  EXPECT_THAT(plan.out, HasSubstr("2 operations to do: 1 create, 1 update."));
}

TEST_F(PlanTest, ItSaysWhatTheReconcileThenDoes) {
  add_people(3);
  right_.exec("insert into persons (name, years) values ('p1', 99), ('q', 7)");
  const auto planned = summary_of(couplet({"plan", "--json"}).out);
  const auto done = summary_of(couplet({"reconcile", "--json"}).out);
  for (const char* operation : {"create", "link", "update", "delete", "unlink"}) {
    EXPECT_EQ(planned[operation], done[operation]) << operation;
  }
  EXPECT_EQ(planned["converged"], false);
  EXPECT_EQ(done["converged"], true);
}

TEST_F(PlanTest, ExitCodeIs4WhenThereIsSomethingToDo) {
  add_people(1);
  EXPECT_EQ(couplet({"plan"}).exit_code, 0);
  EXPECT_EQ(couplet({"plan", "--exit-code"}).exit_code, 4);
  EXPECT_EQ(couplet({"reconcile", "--dry-run", "--exit-code"}).exit_code, 4);
  ASSERT_EQ(couplet({"reconcile", "--exit-code"}).exit_code, 0);
  EXPECT_EQ(couplet({"plan", "--exit-code"}).exit_code, 0);
}

TEST_F(PlanTest, AColumnThatIsEmptyAllAtOnceIsTold) {
  add_people(3);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  const std::string asks = "was the column on the other side dropped and added anew, or emptied?";
  left_.exec("update people set age = null where name = 'p1'");
  EXPECT_THAT(couplet({"plan"}).err, Not(HasSubstr(asks))) << "one of three";
  left_.exec("update people set age = null");
  EXPECT_THAT(
      couplet({"plan", "-q"}).err,
      HasSubstr("mapping person: years would be set to null in all 3 linked objects: " + asks));
  EXPECT_THAT(couplet({"reconcile"}).err, HasSubstr("years was set to null in all 3"));
}

// The same tables, but links are kept by the names of entities.
TEST_F(PlanTest, LinksOfAnEntityThatIsCalledOtherwiseAreNotForgottenInSilence) {
  add_people(2);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  const std::string tells =
      "the state holds links of left.people and right.persons, which no "
      "mapping relates any more, and none of left.Person and right.persons: ";
  EXPECT_THAT(couplet({"plan"}).err, Not(HasSubstr("no mapping relates any more")));
  std::string mappings = kPeople;
  mappings.replace(mappings.find("left.people"), 11, "left.Person");
  write_file(mappings + "entities: { left.Person: { table: people } }\n");
  EXPECT_THAT(couplet({"plan"}).err, HasSubstr(tells));
  EXPECT_THAT(couplet({"reconcile"}).err, HasSubstr(tells));
  EXPECT_THAT(couplet({"reconcile"}).err, Not(HasSubstr("no mapping relates any more")))
      << "they were found again by their identity keys";
}

TEST_F(PlanTest, ACreateOfTheFutureHasNoName) {
  add_people(1);
  const auto lines = lines_of(couplet({"plan", "--json"}).out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0],
            nlohmann::json::parse(R"({"operation":"create","situation":"absent","mapping":"person",
                                      "from":"left.people/1","to":null})"));
}

TEST_F(PlanTest, OnlyTheMappingsNamedAreLookedAt) {
  left_.exec("create table cities (id int primary key, name text)");
  right_.exec("create table towns (id int primary key, name text)");
  left_.exec("insert into cities values (1, 'Ulm')");
  add_people(1);
  write_file(std::string(kPeople) +
             "  city: { left: left.cities, right: right.towns, direction: left_to_right,"
             " keys: [name], attributes: [id] }\n");
  const Ended one = couplet({"plan", "city", "--json"});
  EXPECT_EQ(summary_of(one.out)["create"], 1) << one.out << one.err;
  EXPECT_EQ(lines_of(one.out)[0]["mapping"], "city");
  const Ended both = couplet({"plan", "city", "person", "--json"});
  EXPECT_EQ(summary_of(both.out)["create"], 2);

  const Ended misspelt = couplet({"plan", "citty", "--json"});
  EXPECT_EQ(misspelt.exit_code, 2);
  EXPECT_EQ(misspelt.err, "couplet: there is no mapping \"citty\"\n  did you mean \"city\"?\n");
  EXPECT_EQ(error_of(misspelt.out)["code"], "unknown_mapping");
}

}  // namespace
}  // namespace couplet::test
