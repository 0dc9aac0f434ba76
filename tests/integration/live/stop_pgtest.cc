// How `couplet run` ends and begins again: TERM while users write on both sides, a second TERM,
// kill -9.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <thread>

#include "tests/integration/live/live_scene.h"
#include "tests/support/fault_proxy.h"
#include "tests/support/lasting_session.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

// Somebody who writes as fast as the server lets them: a new row, or one of ten old ones.
class BusyUser {
 public:
  BusyUser(std::string url, std::string table, std::string column, std::string who)
      : thread_([this, url = std::move(url), table = std::move(table), column = std::move(column),
                 who = std::move(who)] {
          LastingSession session(url);
          for (int n = 0; !ended_; ++n) {
            session.query(n % 5 == 0 ? fmt::format("insert into {} (name, {}) values ('{}{}', 0)",
                                                   table, column, who, n)
                                     : fmt::format("update {0} set {1} = {2} where name = 'p{3}'",
                                                   table, column, n, 1 + n % 10));
          }
        }) {}
  ~BusyUser() {
    ended_ = true;
    thread_.join();
  }
  BusyUser(const BusyUser&) = delete;
  BusyUser& operator=(const BusyUser&) = delete;

 private:
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

// Somebody who has locked all persons, so that who writes them waits.
class Obstacle {
 public:
  explicit Obstacle(const TemporaryDatabase& database)
      : database_(database), session_(database.url()) {
    session_.query("begin");
    session_.query("select from persons for update");
  }
  void wait_until_met() const {
    wait_for_row(database_.cluster(), database_.name(),
                 "select 1 from pg_stat_activity where datname = current_database()"
                 " and usename = 'couplet' and wait_event_type = 'Lock'");
  }

 private:
  const TemporaryDatabase& database_;
  LastingSession session_;
};

class StopPgTest : public LivePgTest {
 protected:
  StopPgTest() : network_(shared_cluster().port()) {
    write_file(kPeople, left_.url(kRole), network_.by_way(right_.url(kRole)));
    add_people(10);
  }

  void expect_the_rest_comes() {
    Program again(this->program({"run", "--quiet"}));
    left_.exec("insert into people (name) values ('later')");
    wait_until_right("name = 'later'");
    wait_until_right("name = 'p10' and years = 110");
    EXPECT_EQ(stop(again).exit_code, 0);
    expect_nothing_left_to_do();
  }

  // Of what lies between couplet and the right database.
  FaultProxy network_;
};

TEST_F(StopPgTest, TermWhileUsersWriteFinishesWhatIsAtHandAndExits0Within10Seconds) {
  {
    Program program(this->program({"run", "--quiet"}));
    wait_until_right("name = 'p10'");
    const BusyUser left(left_.url(), "people", "age", "l");
    const BusyUser right(right_.url(), "persons", "years", "r");
    wait_until_right("name like 'l%'");
    wait_until_left("name like 'r%'");
    program.send(SIGTERM);
    EXPECT_TRUE(program.ends_within(std::chrono::seconds(10)));
    const Ended ended = program.wait();
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("stopped; what was done is recorded"));
  }
  Program again(this->program({"run", "--quiet"}));
  wait_until_acknowledged(left_);
  wait_until_acknowledged(right_);
  EXPECT_EQ(stop(again).exit_code, 0);
  expect_nothing_left_to_do();
}

TEST_F(StopPgTest, TermWhileTheTargetDoesNotAnswerExits0Within10SecondsAndTheRestComesAgain) {
  Program program(this->program({"run", "--quiet"}));
  wait_until_right("name = 'p10'");
  {
    const Obstacle obstacle(right_);
    left_.exec("update people set age = age + 100");
    obstacle.wait_until_met();
    network_.freeze();
    program.send(SIGTERM);
    EXPECT_TRUE(program.ends_within(std::chrono::seconds(10)));
    network_.heal();
  }
  const Ended ended = program.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("what was at hand comes again"));
  expect_the_rest_comes();
}

TEST_F(StopPgTest, ASecondTermEndsItAtOnceByThatSignalAndTheRestComesAgain) {
  Program program(this->program({"run", "--quiet"}));
  wait_until_right("name = 'p10'");
  {
    const Obstacle obstacle(right_);
    left_.exec("update people set age = age + 100");
    obstacle.wait_until_met();
    program.send(SIGTERM);
    while (program.is_pending(SIGTERM)) {
    }
    program.send(SIGTERM);
    EXPECT_TRUE(program.ends_within(std::chrono::seconds(1)));
  }
  EXPECT_EQ(program.wait().signal, SIGTERM);
  expect_the_rest_comes();
}

TEST_F(StopPgTest, KilledWhileUsersWriteItFollowsTheChangesAgainWithin5Seconds) {
  auto program = std::make_unique<Program>(this->program({"run", "--quiet"}));
  wait_until_right("name = 'p10'");
  for (int kill = 0; kill < 3; ++kill) {
    {
      const BusyUser left(left_.url(), "people", "age", fmt::format("l{}_", kill));
      const BusyUser right(right_.url(), "persons", "years", fmt::format("r{}_", kill));
      wait_until_right(fmt::format("name like 'l{}_%'", kill));
      wait_until_left(fmt::format("name like 'r{}_%'", kill));
      program->send(SIGKILL);
      EXPECT_EQ(program->wait().signal, SIGKILL);
    }
    const auto began = Clock::now();
    program = std::make_unique<Program>(this->program({"run", "--quiet"}));
    left_.exec(fmt::format("insert into people (name) values ('after {}')", kill));
    right_.exec(fmt::format("insert into persons (name) values ('after {} too')", kill));
    wait_until_right(fmt::format("name = 'after {}'", kill));
    wait_until_left(fmt::format("name = 'after {} too'", kill));
    const auto took = Clock::now() - began;
    EXPECT_LE(took, std::chrono::seconds(5));
    RecordProperty(
        fmt::format("again_after_ms_{}", kill),
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  }
  EXPECT_EQ(stop(*program).exit_code, 0);
  expect_nothing_left_to_do();
}

}  // namespace
}  // namespace couplet::test
