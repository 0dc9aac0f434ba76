// `couplet run` and what is done around it: a second one, a process that is stopped for a while, a
// database that takes no writes, tables that go away, a system that gives it little.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "tests/integration/live/live_scene.h"

namespace couplet::test {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class EnvironmentPgTest : public LivePgTest {
 protected:
  EnvironmentPgTest() { add_people(3); }

  void end_sessions_of(const TemporaryDatabase& database) const {
    database.exec(
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
        " where datname = current_database() and usename = 'couplet'");
  }
  // Under a limit that a shell sets first.
  [[nodiscard]] Program::Settings limited(const std::string& limit,
                                          std::vector<std::string> words) const {
    Program::Settings settings = this->program(std::move(words));
    std::string line;
    for (const std::string& word : settings.words) {
      line += fmt::format(" '{}'", word);
    }
    settings.words = {"/bin/sh", "-c", fmt::format("{}; exec{}", limit, line)};
    return settings;
  }
};

// Its state is another: it knows no link, and there are marks of the first, so that it makes
// nothing before somebody says that it may.
TEST_F(EnvironmentPgTest, ASecondRunOfAnotherStateWaitsForTheFirstAndThenMakesNothingTwice) {
  const std::filesystem::path elsewhere = folder_.path() / "elsewhere";
  std::filesystem::create_directory(elsewhere);
  std::filesystem::copy_file(folder_.path() / "couplet.yaml", elsewhere / "couplet.yaml");
  Program first(this->program({"run"}));
  wait_until_right("name = 'p3'");
  left_.exec("insert into people (name) values ('followed')");
  wait_until_right("name = 'followed'");
  Program::Settings settings = this->program({"run"});
  settings.words.back() = (elsewhere / "couplet.yaml").string();
  settings.log_file = (folder_.path() / "second.log").string();
  Program second(settings);
  const auto said = [&] {
    std::ifstream log(*settings.log_file);
    return std::string(std::istreambuf_iterator<char>(log), {});
  };
  while (said().find("it is tried again until it passes") == std::string::npos) {
    ASSERT_FALSE(second.ends_within(std::chrono::milliseconds(50))) << said();
  }
  EXPECT_THAT(said(), HasSubstr("Is another couplet of this name running?"));
  left_.exec("insert into people (name) values ('of the first')");
  wait_until_right("name = 'of the first'");
  EXPECT_EQ(stop(first).exit_code, 0);
  left_.exec("insert into people (name) values ('held'); update people set age = 100");
  wait_until_right("name = 'of the first' and years = 100");
  wait_until_acknowledged(left_);
  EXPECT_EQ(stop(second).exit_code, 0) << said();
  EXPECT_THAT(said(), HasSubstr("creates are held until `couplet reconcile --rebuild-state`"));
  EXPECT_EQ(rights(), left_.query("select name, age from people where name <> 'held' order by 1"));
}

TEST_F(EnvironmentPgTest, AProcessThatWasStoppedForLongerThanTheServersTimeoutGoesOn) {
  for (const TemporaryDatabase* database : {&left_, &right_}) {
    database->exec(fmt::format("alter database {} set wal_sender_timeout = '500ms'",
                               test::quoted(database->name())));
  }
  Program program(this->program({"run"}));
  wait_until_right("name = 'p3'");
  wait_until_acknowledged(left_);
  program.send(SIGSTOP);
  left_.exec("update people set age = 100 where name = 'p1'");
  right_.exec("update persons set years = 200 where name = 'p2'");
  for (const TemporaryDatabase* database : {&left_, &right_}) {
    wait_for_row(database->cluster(), database->name(),
                 "select 1 where not exists (select from pg_replication_slots"
                 " where database = current_database() and active)");
  }
  program.send(SIGCONT);
  wait_until_right("name = 'p1' and years = 100");
  wait_until_left("name = 'p2' and age = 200");
  EXPECT_EQ(stop(program).exit_code, 0);
  expect_nothing_left_to_do();
}

TEST_F(EnvironmentPgTest, ADatabaseThatTakesNoWritesForAWhileIsWaitedFor) {
  Program program(this->program({"run"}));
  wait_until_right("name = 'p3'");
  right_.exec(fmt::format("alter database {} set default_transaction_read_only = on",
                          test::quoted(right_.name())));
  end_sessions_of(right_);
  left_.exec("update people set age = 100 where name = 'p1'");
  left_.exec("select pg_sleep(1)");
  right_.exec(
      fmt::format("set transaction_read_only = off;"
                  "alter database {} reset default_transaction_read_only",
                  test::quoted(right_.name())));
  end_sessions_of(right_);
  wait_until_right("name = 'p1' and years = 100");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("it is tried again until it passes"));
  expect_nothing_left_to_do();
}

TEST_F(EnvironmentPgTest, TooFewFileDescriptorsAreSaidAndLoseNothing) {
  const auto with = [&](int descriptors) {
    return test::run(limited(fmt::format("ulimit -n {}", descriptors), {"reconcile"}));
  };
  EXPECT_EQ(with(8).exit_code, 3);
  for (int descriptors = 9; descriptors < 24; ++descriptors) {
    SCOPED_TRACE(fmt::format("{} descriptors", descriptors));
    const Ended ended = with(descriptors);
    EXPECT_THAT(ended.exit_code, AnyOf(0, 3)) << ended.err;
    EXPECT_THAT(ended.err, AnyOf(IsEmpty(), HasSubstr("open files")));
  }
  EXPECT_EQ(with(64).exit_code, 0);
  EXPECT_EQ(lefts(), rights());
}

// Threads need room for their stacks, so they are refused too.
TEST_F(EnvironmentPgTest, TooLittleMemoryIsSaidAndLosesNothing) {
  const auto with = [&](int mib) {
    return test::run(limited(fmt::format("ulimit -v {}", mib * 1024), {"reconcile"}));
  };
  EXPECT_NE(with(32).exit_code, 0);
  for (int mib = 40; mib < 128; mib += 8) {
    SCOPED_TRACE(fmt::format("{} MiB", mib));
    const Ended ended = with(mib);
    EXPECT_THAT(ended.exit_code, AnyOf(0, 1, 3)) << "signal " << ended.signal << ended.err;
    EXPECT_EQ(ended.exit_code == 0, ended.err.empty()) << ended.err;
    EXPECT_THAT(ended.err, Not(HasSubstr("bug")));
  }
  EXPECT_EQ(with(1024).exit_code, 0);
  expect_nothing_left_to_do();
}

TEST_F(EnvironmentPgTest, WhatNobodyTakesTheOutputOfIsSyncedAllTheSame) {
  Program::Settings settings = this->program({"run"});
  settings.out_file = "/dev/full";
  Program program(settings);
  wait_until_right("name = 'p3'");
  left_.exec("insert into people (name) values ('untold')");
  wait_until_right("name = 'untold'");
  right_.exec("update persons set years = 200 where name = 'p2'");
  wait_until_left("name = 'p2' and age = 200");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.err, HasSubstr("No space left on device"));
  expect_nothing_left_to_do();
}

// What is mapped to it stays as it is: that a table is gone says nothing of its rows.
class LostTablePgTest : public EnvironmentPgTest,
                        public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Ways, LostTablePgTest,
                         testing::Values("drop table people",
                                         "create schema aside; alter table people set schema aside",
                                         "alter table people rename to humans"),
                         [](const auto& way) { return fmt::format("way{}", way.index); });

TEST_P(LostTablePgTest, ATableThatGoesAwayStopsItsMappingAndTakesNothingAlong) {
  Program program(this->program({"run"}));
  wait_until_right("name = 'p3'");
  left_.exec(GetParam());
  right_.exec("update persons set years = 200 where name = 'p2'");
  wait_until_acknowledged(right_);
  const Ended ended = stop(program);
  EXPECT_THAT(ended.err, HasSubstr("table public.people is gone")) << ended.exit_code;
  EXPECT_EQ(rights(), (std::vector<Row>{{"p1", "1"}, {"p2", "200"}, {"p3", "3"}}));
}

// Another table, with rows that the state knows by their ids.
class RenewedTablePgTest : public EnvironmentPgTest {
 protected:
  [[nodiscard]] std::string made_anew() const {
    return fmt::format(
        "create table people (id bigint generated by default as identity primary key,"
        " name text not null, age integer);"
        "insert into people select n, 'p' || n, n from generate_series(1, 3) n;"
        "alter table people alter id restart with 4;"
        "alter publication couplet_{}_left add table people",
        name());
  }
  void expect_all_there() const {
    EXPECT_EQ(rights(), (std::vector<Row>{{"p1", "1"}, {"p2", "200"}, {"p3", "3"}, {"p4", "4"}}));
    expect_nothing_left_to_do();
  }
};

TEST_F(RenewedTablePgTest, ATableThatIsMadeAnewAfterItWasMissedLosesAndDoublesNothing) {
  {
    Program program(this->program({"run"}));
    wait_until_right("name = 'p3'");
    left_.exec("drop table people");
    right_.exec("update persons set years = 200 where name = 'p2'");
    wait_until_acknowledged(right_);
    EXPECT_THAT(stop(program).err, HasSubstr("table public.people is gone"));
  }
  left_.exec(made_anew());
  Program program(this->program({"run"}));
  wait_until_left("name = 'p2' and age = 200");
  left_.exec("insert into people (name, age) values ('p4', 4)");
  wait_until_right("name = 'p4'");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  expect_all_there();
}

// That the publication holds another table is told by whichever life comes first after it: the one
// at hand goes on with its stream, but a write that meets the table's change ends it.
TEST_F(RenewedTablePgTest, SoDoesOneThatIsMadeAnewUnderTheDaemon) {
  std::string told;
  {
    Program program(this->program({"run"}));
    wait_until_right("name = 'p3'");
    wait_until_acknowledged(left_);  // It follows by now.
    left_.exec("drop table people;" + made_anew());
    left_.exec("insert into people (name, age) values ('p4', 4)");
    wait_until_right("name = 'p4'");
    right_.exec("update persons set years = 200 where name = 'p2'");
    wait_until_left("name = 'p2' and age = 200");
    const Ended ended = stop(program);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.err, Not(HasSubstr("stopped:")));
    told = ended.err;
  }
  expect_all_there();
  Program program(this->program({"run"}));
  left_.exec("update people set age = 5 where name = 'p4'");
  wait_until_right("name = 'p4' and years = 5");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(told + ended.err,
              HasSubstr(fmt::format("publication couplet_{}_left is not as it was", name())));
  expect_nothing_left_to_do();
}

}  // namespace
}  // namespace couplet::test
