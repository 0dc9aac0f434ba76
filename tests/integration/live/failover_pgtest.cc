// `couplet run` and a server that is another by now: a standby that took over.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>

#include "tests/integration/live/live_scene.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The left database is on a server with a standby, which has all that there was at the start.
class FailoverPgTest : public LivePgTest {
 protected:
  FailoverPgTest() {
    add_people(3);
    PostgresSettings settings;
    settings.standby_of = &shared_cluster();
    standby_.emplace(settings);
  }

  // What is written from now on, it never gets.
  void cut_off() const {
    standby_->exec("postgres", "alter system set primary_conninfo = ''");
    standby_->exec("postgres", "select pg_reload_conf()");
    wait_for_row(*standby_, "postgres",
                 "select where not exists (select from pg_stat_wal_receiver)");
  }
  void fail_over() {
    EXPECT_EQ(standby_->query("postgres", "select pg_promote()"), (std::vector<Row>{{"t"}}));
    write_file(kPeople, standby_->url(left_.name(), kRole), right_.url(kRole));
  }
  [[nodiscard]] std::vector<Row> lefts_now() const {
    return standby_->query(left_.name(), "select name, age from people order by name");
  }
  void exec_left(const std::string& sql) const { standby_->exec(left_.name(), sql); }

  std::optional<PostgresCluster> standby_;
};

TEST_F(FailoverPgTest, AStandbyThatLacksWhatWasSyncedIsSaidAndItsValuesGoToBothEnds) {
  {
    Program program(this->program({"run"}));
    wait_until_right("name = 'p3'");
    cut_off();
    left_.exec("select pg_logical_emit_message(false, 'x', repeat('y', 1000000))");
    left_.exec("update people set age = 100 where name = 'p1'");
    wait_until_right("name = 'p1' and years = 100");
    left_.exec("insert into people (name, age) values ('lost', 4)");
    wait_until_right("name = 'lost'");
    right_.exec("update persons set years = 200 where name = 'p2'");
    wait_until_left("name = 'p2' and age = 200");
    EXPECT_EQ(stop(program).exit_code, 0);
  }
  fail_over();
  {
    Program program(this->program({"run"}));
    wait_until_right("name = 'p1' and years = 1");
    exec_left("insert into people (name, age) values ('after', 5)");
    wait_until_right("name = 'after'");
    right_.exec("update persons set years = 300 where name = 'p3'");
    wait_for_row(*standby_, left_.name(), "select from people where name = 'p3' and age = 300");
    const Ended ended = stop(program);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.err, AllOf(HasSubstr("source 'left': the server's log ends at"),
                                 HasSubstr("a standby took over"), HasSubstr("reconciling")));
  }
  // What is not there any more counts as deleted: its counterpart stays and is not copied back.
  EXPECT_EQ(lefts_now(),
            (std::vector<Row>{{"after", "5"}, {"p1", "1"}, {"p2", "2"}, {"p3", "300"}}));
  EXPECT_EQ(rights(), (std::vector<Row>{
                          {"after", "5"}, {"lost", "4"}, {"p1", "1"}, {"p2", "2"}, {"p3", "300"}}));
  const Ended again = couplet({"reconcile", "--json"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  for (const char* count : {"create", "link", "update", "unlink", "hold", "park", "conflict"}) {
    EXPECT_EQ(summary_of(again.out).at(count), 0) << count << "\n" << again.out;
  }
}

}  // namespace
}  // namespace couplet::test
