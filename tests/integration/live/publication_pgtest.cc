// `couplet run` and a source that tells less than it did, or of a table that is another.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/integration/live/live_scene.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class PublicationPgTest : public LivePgTest {
 protected:
  PublicationPgTest() { add_people(3); }

  [[nodiscard]] std::string publication() const { return fmt::format("couplet_{}_left", name()); }
  void in_step() {
    Program program(this->program({"run"}));
    wait_until_right("name = 'p3'");
    wait_until_acknowledged(left_);
    EXPECT_EQ(stop(program).exit_code, 0);
  }
  // A life in which `years` of p1 come to be what they are on the left.
  std::string told_until_in_step() {
    Program program(this->program({"run"}));
    wait_until_right("name = 'p1' and years = 100");
    const Ended ended = stop(program);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return ended.err;
  }
};

TEST_F(PublicationPgTest, WhatWasNotPublishedForAWhileIsFoundByAReconcile) {
  in_step();
  left_.exec(fmt::format("alter publication {} drop table people", publication()));
  left_.exec("update people set age = 100 where name = 'p1'");
  left_.exec(fmt::format("alter publication {} add table people", publication()));
  EXPECT_THAT(
      told_until_in_step(),
      HasSubstr(fmt::format("source 'left': publication {} is not as it was", publication())));
  expect_nothing_left_to_do();
  in_step();
}

TEST_F(PublicationPgTest, SoIsWhatWasNotPublishedByItsOptions) {
  in_step();
  left_.exec(fmt::format("alter publication {} set (publish = 'insert')", publication()));
  left_.exec("update people set age = 100 where name = 'p1'");
  left_.exec(fmt::format("alter publication {} set (publish = 'insert, update, delete, truncate')",
                         publication()));
  EXPECT_THAT(told_until_in_step(), HasSubstr("is not as it was"));
  expect_nothing_left_to_do();
}

// The server tells of it as of one that was deleted: the row is looked for, and is there.
TEST_F(PublicationPgTest, ARowThatLeavesTheFilterOfItsPublicationIsNoneThatWasDeleted) {
  left_.exec(
      fmt::format("alter table people replica identity full;"
                  "alter publication {} set table people where (age < 50)",
                  publication()));
  in_step();
  left_.exec("update people set age = 100 where name = 'p1'");
  told_until_in_step();
  EXPECT_EQ(lefts(), rights());
  expect_nothing_left_to_do();
}

TEST_F(PublicationPgTest, WhatIsAsItWasIsNoGap) {
  in_step();
  left_.exec("update people set age = 100 where name = 'p1'");
  EXPECT_THAT(told_until_in_step(), Not(HasSubstr("reconciling")));
  expect_nothing_left_to_do();
}

TEST_F(PublicationPgTest, ASlotThatWasDroppedBetweenTwoLivesIsMadeAgainAndWhatItMissedIsFound) {
  in_step();
  wait_for_row(left_.cluster(), left_.name(),
               fmt::format("select from pg_replication_slots where slot_name = '{}' and not active",
                           publication()));
  left_.exec(fmt::format("select pg_drop_replication_slot('{}')", publication()));
  left_.exec("update people set age = 100 where name = 'p1'");
  EXPECT_THAT(
      told_until_in_step(),
      AllOf(HasSubstr("pg_create_logical_replication_slot"),
            HasSubstr(fmt::format("reconciling: source 'left': slot {} goes on at", publication())),
            HasSubstr("it was made again")));
  expect_nothing_left_to_do();
}

// The slot cannot be read past what was written while there was none.
TEST_F(PublicationPgTest, APublicationThatIsMadeAnewByHandWhileItRunsEndsItWithAdvice) {
  Program program(this->program({"run"}));
  wait_until_right("name = 'p3'");
  left_.exec("update people set age = 99 where name = 'p2'");
  wait_until_right("name = 'p2' and years = 99");
  left_.exec(fmt::format("drop publication {}", publication()));
  left_.exec("update people set age = 100 where name = 'p1'");
  left_.exec(fmt::format("create publication {} for table people", publication()));
  const Ended ended = program.wait();
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("source 'left' has no stream for us"));
  EXPECT_THAT(ended.err, HasSubstr("couplet setup"));
}

// Its log names a row by a column that is not its id.
TEST_F(PublicationPgTest, ADeleteThatTheLogDoesNotNameIsFoundByTheReconcileOfTheNextLife) {
  left_.exec(
      "alter table people add column code text not null unique default md5(random()::text);"
      "alter table people replica identity using index people_code_key");
  {
    Program program(this->program({"run"}));
    wait_until_right("name = 'p3'");
    left_.exec("delete from people where name = 'p1'");
    left_.exec("insert into people (name, age) values ('p4', 4)");
    wait_until_right("name = 'p4'");
    const Ended ended = stop(program);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.err, AllOf(HasSubstr("its log does not tell which"),
                                 HasSubstr("`couplet doctor`: replica_identity")));
  }
  right_.exec("update persons set years = 7 where name = 'p1'");
  Program program(this->program({"run", "--json"}));
  left_.exec("update people set age = 8 where name = 'p2'");
  wait_until_right("name = 'p2' and years = 8");
  wait_until_acknowledged(left_);
  const Ended ended = stop(program);
  EXPECT_THAT(ended.err, HasSubstr("reconciling: changes went by while mapping 'person'"));
  EXPECT_THAT(ended.out, HasSubstr("\"operation\":\"unlink\""));
  EXPECT_EQ(lefts(), (std::vector<Row>{{"p2", "8"}, {"p3", "3"}, {"p4", "4"}}));
  EXPECT_EQ(rights(), (std::vector<Row>{{"p1", "7"}, {"p2", "8"}, {"p3", "3"}, {"p4", "4"}}));
}

// Its rows hold a null that nobody has written.
class RenewedColumnPgTest : public PublicationPgTest {
 protected:
  RenewedColumnPgTest() { left_.exec("alter table people add column note text"); }
  void renew_and_expect_nothing_cleared(Program& program) {
    left_.exec("alter table people drop column age");
    left_.exec("alter table people add column age integer");
    left_.exec("update people set name = name where name = 'p1'");
    wait_until_acknowledged(left_);
    const Ended ended = stop(program);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("mapping 'person' is stopped: column age of table "
                                     "public.people was dropped and added anew"));
    EXPECT_EQ(rights(), (std::vector<Row>{{"p1", "1"}, {"p2", "2"}, {"p3", "3"}})) << ended.err;
  }
};

TEST_F(RenewedColumnPgTest, AColumnThatIsDroppedAndAddedAnewStopsItsMappingAndClearsNothing) {
  Program program(this->program({"run"}));
  wait_until_right("name = 'p3'");
  renew_and_expect_nothing_cleared(program);
}

TEST_F(RenewedColumnPgTest, AlsoWhereThatWasWhileTheStreamWasCutOff) {
  Program program(this->program({"run"}));
  wait_until_right("name = 'p3'");
  left_.exec(
      "select pg_terminate_backend(active_pid) from pg_replication_slots"
      " where database = current_database() and active_pid is not null");
  renew_and_expect_nothing_cleared(program);
}

}  // namespace
}  // namespace couplet::test
