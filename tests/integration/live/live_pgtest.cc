// `couplet run` on real databases: changes both ways, deletes, echoes, kill -9 and catching up.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "tests/integration/live/live_scene.h"
#include "tests/support/lasting_session.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST_F(LivePgTest, ARowThatIsWrittenOnOneSideAppearsOnTheOtherBothWays) {
  add_people(3);
  Program program(this->program({"run", "--json"}));
  wait_until_right("name = 'p3'");
  left_.exec("insert into people (name, age) values ('left', 1)");
  wait_until_right("name = 'left'");
  right_.exec("insert into persons (name, years) values ('right', 2)");
  wait_until_left("name = 'right'");
  left_.exec("update people set age = 40 where name = 'p1'");
  wait_until_right("name = 'p1' and years = 40");
  right_.exec("update persons set years = 50 where name = 'p1'");
  wait_until_left("name = 'p1' and age = 50");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  std::size_t updates = 0;
  for (const nlohmann::json& line : lines_of(ended.out)) {
    updates += line.value("operation", "") == "update" ? 1 : 0;
  }
  EXPECT_EQ(updates, 2U) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("following the changes of left, right"));
  expect_nothing_left_to_do();
}

TEST_F(LivePgTest, ADeletedRowIsUnlinkedAndItsCounterpartIsNotCopiedBack) {
  add_people(2);
  Program program(this->program({"run", "--json"}));
  wait_until_right("name = 'p2'");
  left_.exec("delete from people where name = 'p1'");
  right_.exec("update persons set years = 7 where name = 'p1'");
  left_.exec("update people set age = 8 where name = 'p2'");
  wait_until_right("name = 'p2' and years = 8");
  wait_until_acknowledged(left_);
  wait_until_acknowledged(right_);
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("\"operation\":\"unlink\""));
  EXPECT_EQ(lefts(), (std::vector<Row>{{"p2", "8"}}));
  EXPECT_EQ(rights(), (std::vector<Row>{{"p1", "7"}, {"p2", "8"}}));
}

TEST_F(LivePgTest, OurOwnWritesAreNotAnswered) {
  add_people(5);
  Program program(this->program({"run"}));
  wait_until_right("name = 'p5'");
  left_.exec("update people set age = age + 100");
  wait_until_right("name = 'p5' and years = 105");
  wait_until_acknowledged(left_);
  wait_until_acknowledged(right_);
  EXPECT_EQ(stop(program).exit_code, 0);
  EXPECT_EQ(written(right_, "persons"), "10");
  EXPECT_EQ(written(left_, "people"), "10");
  expect_nothing_left_to_do();
}

TEST_F(LivePgTest, AnIdThatChangesTakesTheLinkAlong) {
  add_people(2);
  Program program(this->program({"run", "--json"}));
  wait_until_right("name = 'p2'");
  left_.exec("update people set id = 1000, name = 'renamed' where name = 'p1'");
  wait_until_right("name = 'renamed'");
  EXPECT_EQ(stop(program).exit_code, 0);
  EXPECT_EQ(right_.query("select count(*) from persons")[0][0], "2");
  expect_nothing_left_to_do();
}

TEST_F(LivePgTest, ASlotThatIsNotThereIsMade) {
  add_people(1);
  right_.exec(fmt::format("select pg_drop_replication_slot('couplet_{}_right')", name()));
  Program program(this->program({"run"}));
  wait_until_right("name = 'p1'");
  right_.exec("insert into persons (name, years) values ('right', 2)");
  wait_until_left("name = 'right'");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("pg_create_logical_replication_slot"));
  expect_nothing_left_to_do();
}

TEST_F(LivePgTest, ASlotThatWaitsForAnOpenTransactionSaysWhoHoldsItAndGoesOnWhenThatEnds) {
  add_people(1);
  right_.exec(fmt::format("select pg_drop_replication_slot('couplet_{}_right')", name()));
  write_text(
      fmt::format("version: 1\nname: {}\nstate: state\nsources:\n"
                  "  left: {{ type: postgres, url: \"{}\" }}\n"
                  "  right: {{ type: postgres, url: \"{}\", statement_timeout: 1s }}\n"
                  "mappings:{}",
                  name(), left_.url(kRole), right_.url(kRole), kPeople));
  LastingSession user(right_.url());
  user.query("begin");
  user.query("insert into persons (name, years) values ('open', 2)");
  const std::string pid = user.query("select pg_backend_pid()")[0][0].value();
  Program::Settings settings = this->program({"run"});
  settings.log_file = (folder_.path() / "run.log").string();
  Program program(settings);
  const auto said = [&] {
    std::ifstream log(*settings.log_file);
    return std::string(std::istreambuf_iterator<char>(log), {});
  };
  while (said().find("it is tried again until it passes") == std::string::npos) {
    ASSERT_FALSE(program.ends_within(std::chrono::milliseconds(50))) << said();
  }
  EXPECT_THAT(said(), AllOf(HasSubstr("a slot is made only when every transaction"),
                            HasSubstr("pg_terminate_backend(" + pid + ")")));
  user.query("commit");
  wait_until_left("name = 'open'");
  wait_until_right("name = 'p1'");
  EXPECT_EQ(stop(program).exit_code, 0) << said();
  expect_nothing_left_to_do();
}

TEST_F(LivePgTest, WhereItMayNotMakeWhatIsMissingItSaysWhatToRunAndExits3) {
  right_.exec(fmt::format("select pg_drop_replication_slot('couplet_{}_right')", name()));
  right_.exec(fmt::format("drop publication couplet_{}_right", name()));
  shared_cluster().exec("postgres", "alter role couplet noreplication");
  const Ended ended = couplet({"run"});
  shared_cluster().exec("postgres", "alter role couplet replication");
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("may not stream changes (ALTER ROLE \"couplet\" REPLICATION)"));
}

TEST_F(LivePgTest, AStreamThatIsCutOffIsTakenUpAgain) {
  add_people(1);
  Program program(this->program({"run"}));
  wait_until_right("name = 'p1'");
  for (int i = 0; i < 3; ++i) {
    left_.exec(
        "select pg_terminate_backend(active_pid) from pg_replication_slots"
        " where database = current_database() and active_pid is not null");
    left_.exec(fmt::format("insert into people (name, age) values ('after{}', 1)", i));
    wait_until_right(fmt::format("name = 'after{}'", i));
  }
  EXPECT_EQ(stop(program).exit_code, 0);
  expect_nothing_left_to_do();
}

class LiveCrashPgTest : public LivePgTest, public testing::WithParamInterface<const char*> {};

// What was half done is found in step, what was not done comes again, in both directions.
TEST_P(LiveCrashPgTest, KilledAtADurableStepItCatchesUpAndNothingIsDoubled) {
  add_people(3);
  {
    Program first(this->program({"run"}));
    wait_until_right("name = 'p3'");
    EXPECT_EQ(stop(first).exit_code, 0);
  }
  left_.exec(
      "update people set age = 10 where name = 'p1'; insert into people (name) values ('l')");
  right_.exec(
      "update persons set years = 20 where name = 'p2'; insert into persons (name) values ('r')");
  environment_["COUPLET_CRASH_AT"] = GetParam();
  const Ended killed = couplet({"run"});
  environment_.erase("COUPLET_CRASH_AT");
  ASSERT_EQ(killed.signal, SIGKILL) << killed.err;
  left_.exec("update people set age = 30 where name = 'p3'");
  Program again(this->program({"run"}));
  wait_until_right("name = 'p1' and years = 10");
  wait_until_right("name = 'p3' and years = 30");
  wait_until_right("name = 'l'");
  wait_until_left("name = 'p2' and age = 20");
  wait_until_left("name = 'r'");
  EXPECT_EQ(stop(again).exit_code, 0);
  EXPECT_EQ(right_.query("select count(*), count(distinct name) from persons"),
            (std::vector<Row>{{"5", "5"}}));
  expect_nothing_left_to_do();
}

INSTANTIATE_TEST_SUITE_P(AtEveryDurableStep, LiveCrashPgTest,
                         testing::Values("live_received", "before_intent", "after_intent",
                                         "after_submit", "after_commit", "after_results",
                                         "live_synced", "live_recorded", "live_acknowledged"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace couplet::test
