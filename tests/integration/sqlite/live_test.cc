// `couplet run` on two SQLite files that others write: both ways, killed and caught up, with what
// happens to their change logs meanwhile.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "tests/integration/sqlite/sqlite_scene.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// One file has a rollback journal, where readers and writers wait for each other; the other has
// none.
class SqliteLiveTest : public SqliteTest {
 protected:
  SqliteLiveTest() {
    left_.exec("pragma journal_mode = wal");
    left_.exec("create table people (id integer primary key, name text not null, age integer)");
    right_.exec("create table persons (id integer primary key, name text not null, years integer)");
    write();
    const Ended made = couplet({"setup"});
    EXPECT_EQ(made.exit_code, 0) << made.out << made.err;
  }

  void write(const std::string& rest = "") const {
    write_text(
        fmt::format("version: 1\nname: box\nstate: state\nsources:\n"
                    "  left: {{ type: sqlite, path: \"{}\", poll: 5ms }}\n"
                    "  right: {{ type: sqlite, path: \"{}\", poll: 5ms }}\n{}mappings:{}",
                    left_.path().string(), right_.path().string(), rest, kPeople));
  }

  [[nodiscard]] Program::Settings running() const {
    Program::Settings settings;
    settings.words = {COUPLET_PROGRAM, "run", "--json", "--config",
                      (folder_.path() / "couplet.yaml").string()};
    settings.environment = environment_;
    return settings;
  }
  static Ended stop(Program& program) {
    program.send(SIGTERM);
    return program.wait();
  }

  // Until the query has a row.
  static void wait_for(const SqliteFile& file, const std::string& query) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (file.query(query).empty()) {
      if (std::chrono::steady_clock::now() > deadline) {
        throw std::runtime_error("waited too long for: " + query);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  void wait_until_right(const std::string& condition) const {
    wait_for(right_, "select 1 from persons where " + condition);
  }
  void wait_until_left(const std::string& condition) const {
    wait_for(left_, "select 1 from people where " + condition);
  }
  // Until all that the logs told is done and removed.
  void wait_until_acknowledged() const {
    wait_for(left_, "select 1 from (select count(*) as n from couplet_box_left) where n = 1");
    wait_for(right_, "select 1 from (select count(*) as n from couplet_box_right) where n = 1");
  }

  [[nodiscard]] std::vector<Row> lefts() const {
    return left_.query("select name, age from people order by name");
  }
  [[nodiscard]] std::vector<Row> rights() const {
    return right_.query("select name, years from persons order by name");
  }
  void expect_nothing_left_to_do() const {
    EXPECT_EQ(lefts(), rights());
    const auto summary = reconciled();
    for (const char* count : {"create", "link", "update", "unlink", "hold", "park", "conflict"}) {
      EXPECT_EQ(summary.at(count), 0) << count;
    }
  }
  [[nodiscard]] std::string doctor() const {
    const Ended ended = couplet({"doctor"});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return ended.out;
  }
};

TEST_F(SqliteLiveTest, ARowThatIsWrittenOnOneSideAppearsOnTheOtherBothWays) {
  left_.exec("insert into people (name, age) values ('before', 1)");
  Program program(running());
  wait_until_right("name = 'before'");
  left_.exec("insert into people (name, age) values ('left', 1)");
  wait_until_right("name = 'left'");
  right_.exec("insert into persons (name, years) values ('right', 2)");
  wait_until_left("name = 'right'");
  left_.exec("update people set age = 40 where name = 'left'");
  wait_until_right("name = 'left' and years = 40");
  right_.exec("update persons set years = 50 where name = 'left'");
  wait_until_left("name = 'left' and age = 50");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("following the changes of left, right"));
  expect_nothing_left_to_do();
}

// What we have written comes back in the log of the other side, and is found in step.
TEST_F(SqliteLiveTest, OurOwnWritesAreNotAnswered) {
  left_.exec("create table counted (n integer); insert into counted values (0)");
  left_.exec(
      "create trigger count_writes after update on people begin update counted set n = n + 1; end");
  Program program(running());
  left_.exec("insert into people (name, age) values ('a', 1), ('b', 2), ('c', 3)");
  wait_until_right("name = 'c'");
  right_.exec("update persons set years = years + 10");
  wait_until_left("name = 'c' and age = 13");
  wait_until_acknowledged();
  EXPECT_EQ(stop(program).exit_code, 0);
  EXPECT_EQ(left_.query("select n from counted")[0][0], "3");
  expect_nothing_left_to_do();
}

TEST_F(SqliteLiveTest, WhatIsWrittenWhileNobodyLooksIsFoundWithoutAReconcile) {
  {
    Program program(running());
    left_.exec("insert into people (name, age) values ('a', 1), ('b', 1), ('c', 1)");
    wait_until_right("name = 'c'");
    wait_until_acknowledged();
    EXPECT_EQ(stop(program).exit_code, 0);
  }
  left_.exec("update people set age = 2 where name = 'a'; delete from people where name = 'b'");
  right_.exec(
      "update persons set years = 3 where name = 'c'; insert into persons (name, years) "
      "values ('d', 4)");
  Program program(running());
  wait_until_right("name = 'a' and years = 2");
  wait_until_left("name = 'c' and age = 3");
  wait_until_left("name = 'd' and age = 4");
  wait_until_acknowledged();
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, Not(HasSubstr("reconciling")));
  EXPECT_THAT(ended.out, HasSubstr("\"operation\":\"unlink\""));
  EXPECT_THAT(rights(), ElementsAre(Row{"a", "2"}, Row{"b", "1"}, Row{"c", "3"}, Row{"d", "4"}));
}

TEST_F(SqliteLiveTest, AConflictOfBothSidesIsDecidedOnce) {
  Program first(running());
  left_.exec("insert into people (name, age) values ('a', 1)");
  wait_until_right("name = 'a'");
  wait_until_acknowledged();
  EXPECT_EQ(stop(first).exit_code, 0);
  left_.exec("update people set age = 10");
  right_.exec("update persons set years = 20");
  Program second(running());
  wait_until_right("years = 10");  // Times that nobody knows are a tie, which the left wins.
  wait_until_acknowledged();
  EXPECT_EQ(stop(second).exit_code, 0);
  const Ended listed = couplet({"conflicts", "list", "--json"});
  EXPECT_EQ(lines_of(listed.out).size(), 2U) << listed.out << "one conflict, and the summary";
  expect_nothing_left_to_do();
}

class SqliteLiveCrashTest : public SqliteLiveTest,
                            public testing::WithParamInterface<const char*> {};

TEST_P(SqliteLiveCrashTest, LosesAndDoublesNothing) {
  environment_["COUPLET_CRASH_AT"] = std::string(GetParam()) + ":1";
  {
    Program program(running());
    left_.exec("insert into people (name, age) values ('left 1', 1), ('left 2', 1)");
    right_.exec("insert into persons (name, years) values ('right 1', 2), ('right 2', 2)");
    left_.exec("update people set age = age + 1 where name = 'left 1'");
    EXPECT_EQ(program.wait().signal, SIGKILL)
        << "is the program built with -DCOUPLET_CRASH_POINTS=ON?";
  }
  environment_.erase("COUPLET_CRASH_AT");
  right_.exec("update persons set years = 9 where name = 'right 1'");
  Program program(running());
  wait_until_left("name = 'right 1' and age = 9");
  wait_until_left("name = 'right 2'");
  wait_until_right("name = 'left 1' and years = 2");
  wait_until_right("name = 'left 2'");
  wait_until_acknowledged();
  EXPECT_EQ(stop(program).exit_code, 0);
  EXPECT_EQ(lefts().size(), 4U);
  expect_nothing_left_to_do();
}

INSTANTIATE_TEST_SUITE_P(KilledAtEachDurableStep, SqliteLiveCrashTest,
                         testing::Values("live_received", "before_intent", "after_intent",
                                         "after_submit", "after_commit", "after_results",
                                         "live_synced", "live_recorded", "live_acknowledged"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST_F(SqliteLiveTest, ATableThatIsMadeAnewWhileItRunsIsReconciledAndFollowedOn) {
  Program program(running());
  left_.exec("insert into people (name, age) values ('a', 1)");
  wait_until_right("name = 'a'");
  wait_until_acknowledged();  // Its place in the log is on record.
  left_.exec(
      "begin; create table new_people (id integer primary key, name text not null unique, age "
      "integer, note text); insert into new_people (id, name, age) select id, name, age from "
      "people; drop table people; alter table new_people rename to people; update people set age "
      "= 2; commit");
  wait_until_right("name = 'a' and years = 2");
  left_.exec("insert into people (name, age) values ('b', 3)");
  wait_until_right("name = 'b'");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("trigger couplet_box_left_insert_people is missing"));
  EXPECT_THAT(ended.err, HasSubstr("its change log begins behind where we were"));
  expect_nothing_left_to_do();
}

TEST_F(SqliteLiveTest, AColumnThatIsAddedStopsNobodyAndOneThatIsDroppedItsMapping) {
  Program program(running());
  left_.exec("insert into people (name, age) values ('a', 1)");
  wait_until_right("name = 'a'");
  left_.exec("alter table people add column note text");
  left_.exec("insert into people (name, age, note) values ('b', 2, 'x')");
  wait_until_right("name = 'b'");
  right_.exec("alter table persons drop column years");
  left_.exec("insert into people (name, age) values ('c', 3)");
  wait_until_acknowledged();
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("mapping 'person' is stopped"));
}

TEST_F(SqliteLiveTest, AnApplicationThatHoldsTheLockIsWaitedFor) {
  Program program(running());
  left_.exec("insert into people (name, age) values ('a', 1)");
  wait_until_right("name = 'a'");
  right_.exec("begin immediate; update persons set years = 5");
  left_.exec("insert into people (name, age) values ('b', 2)");
  right_.exec("commit");
  wait_until_right("name = 'b'");
  wait_until_left("name = 'a' and age = 5");
  EXPECT_EQ(stop(program).exit_code, 0);
  expect_nothing_left_to_do();
}

TEST_F(SqliteLiveTest, ALogThatIsMissingIsMadeByTheRun) {
  EXPECT_EQ(couplet({"teardown"}).exit_code, 0);
  Program program(running());
  left_.exec("insert into people (name, age) values ('a', 1)");
  wait_until_right("name = 'a'");
  left_.exec("update people set age = 2");
  wait_until_right("years = 2");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("change log couplet_box_left is missing"));
  expect_nothing_left_to_do();
}

TEST_F(SqliteLiveTest, WithoutAWishForAStreamThereIsNoneAndOneThatIsThereIsToldToGrow) {
  write_text(
      fmt::format("version: 1\nname: box\nstate: state\nsources:\n"
                  "  left: {{ type: sqlite, path: \"{}\", stream: false }}\n"
                  "  right: {{ type: sqlite, path: \"{}\", poll: 5ms }}\nmappings:{}",
                  left_.path().string(), right_.path().string(), kPeople));
  Program program(running());
  right_.exec("insert into persons (name, years) values ('right', 2)");
  wait_until_left("name = 'right'");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.err, HasSubstr("following the changes of right"));
  EXPECT_THAT(doctor(), HasSubstr("(log_left_over)"));
}

TEST_F(SqliteLiveTest, SetupDoctorAndTeardownAgreeOnWhatIsThere) {
  Ended again = couplet({"setup"});
  EXPECT_THAT(again.out, HasSubstr("-- left: nothing to do"));
  EXPECT_THAT(again.out, HasSubstr("-- everything is set up"));
  EXPECT_THAT(doctor(), Not(HasSubstr("change_log")));

  left_.exec("drop trigger couplet_box_left_update_people");
  const Ended asked = couplet({"doctor", "--json"});
  std::string fix;
  const nlohmann::json findings = lines_of(asked.out).at(0).at("findings");
  for (const auto& finding : findings) {
    if (finding.at("code") == "change_log") {
      EXPECT_EQ(finding.at("level"), "warning");
      EXPECT_THAT(finding.at("message").get<std::string>(),
                  HasSubstr("trigger couplet_box_left_update_people is missing"));
      fix = finding.at("fix");
    }
  }
  ASSERT_NE(fix, "") << asked.out;
  left_.exec(fix);
  EXPECT_THAT(doctor(), Not(HasSubstr("change_log")));

  again = couplet({"teardown"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  for (const SqliteFile* file : {&left_, &right_}) {
    EXPECT_EQ(file->query("select count(*) from sqlite_schema where name like 'couplet%'")[0][0],
              "0");
  }
  EXPECT_THAT(couplet({"teardown"}).out, HasSubstr("-- there is nothing to take away"));
  EXPECT_THAT(doctor(), HasSubstr("change log couplet_box_left is missing (stream_not_set_up)"));
}

// Else what was deleted on the left would come back from the right.
TEST_F(SqliteLiveTest, ALogThatWasReadSpeaksOfAStateThatIsLost) {
  {
    Program program(running());
    left_.exec("insert into people (name, age) values ('a', 1), ('b', 1)");
    wait_until_right("name = 'b'");
    wait_until_acknowledged();
    EXPECT_EQ(stop(program).exit_code, 0);
  }
  left_.exec("delete from people where name = 'a'");
  std::filesystem::remove_all(folder_.path() / "state");
  const Ended held = couplet({"reconcile", "--json"});
  EXPECT_EQ(held.exit_code, 0) << held.err;
  EXPECT_EQ(summary_of(held.out).at("create"), 0) << held.out;
  EXPECT_THAT(held.err, HasSubstr("--rebuild-state"));
  EXPECT_EQ(lefts().size(), 1U);
}

// What a person may run by hand, in place of `setup`.
TEST_F(SqliteLiveTest, ADryRunIsAScriptForTheShell) {
  EXPECT_EQ(couplet({"teardown"}).exit_code, 0);
  const Ended script = couplet({"setup", "--dry-run", "left"});
  EXPECT_EQ(script.exit_code, 0);
  EXPECT_TRUE(script.out.starts_with(".bail on\n-- left: the file ")) << script.out;
  left_.exec(script.out.substr(script.out.find('\n') + 1));
  EXPECT_THAT(couplet({"setup", "left"}).out, HasSubstr("-- everything is set up"));
}

}  // namespace
}  // namespace couplet::test
