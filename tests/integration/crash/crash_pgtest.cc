// kill -9 at every durable step of a reconcile, on real databases, in both directions; once with a
// role that may make replication origins and once with one that may not (DESIGN section 6). After
// it nothing is doubled, lost, undone or left held.
#include <gmock/gmock.h>

#include <csignal>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

constexpr std::array<const char*, 6> kCrashPoints = {"before_intent", "after_intent",
                                                     "after_submit",  "after_commit",
                                                     "after_results", "after_record"};

class CrashTest : public CliTest,
                  public testing::WithParamInterface<std::tuple<const char*, bool>> {
 protected:
  CrashTest() {
    const std::string role = std::get<1>(GetParam()) ? kRole : "couplet_without_origins";
    shared_cluster().exec("postgres",
                          "do $$ begin create role couplet_without_origins login; "
                          "exception when duplicate_object then null; end $$");
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      database->exec(
          "grant all on all tables in schema public to couplet_without_origins; "
          "grant all on all sequences in schema public to couplet_without_origins");
    }
    write_file(kPeople, left_.url(role), right_.url(role));
  }

  // Reconciles until it has been killed at the `nth` passage of the point; false if it never was.
  bool crash(int nth) {
    environment_["COUPLET_CRASH_AT"] =
        std::string(std::get<0>(GetParam())) + ":" + std::to_string(nth);
    const Ended ended = couplet({"reconcile", "--rebuild-state"});
    environment_.erase("COUPLET_CRASH_AT");
    if (ended.signal == SIGKILL) {
      return true;
    }
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return false;
  }

  void settle() {
    const Ended ended = couplet({"reconcile", "--rebuild-state", "--json"});
    ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    EXPECT_TRUE(summary_of(ended.out).at("converged")) << ended.out;
    const Ended again = couplet({"reconcile", "--json"});
    ASSERT_EQ(again.exit_code, 0) << again.out << again.err;
    const auto summary = summary_of(again.out);
    for (const char* count : {"create", "link", "update", "unlink", "hold", "park", "conflict"}) {
      EXPECT_EQ(summary.at(count), 0) << count << "\n" << again.out;
    }
  }

  [[nodiscard]] std::vector<Row> lefts() const {
    return left_.query("select name, age from people order by name");
  }
  [[nodiscard]] std::vector<Row> rights() const {
    return right_.query("select name, years from persons order by name");
  }
};

TEST_P(CrashTest, LeavesNothingDoubledLostOrHeld) {
  int crashes = 0;
  for (int nth = 1; nth <= 2; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    const std::string n = std::to_string(nth);
    left_.exec("insert into people (name, age) values ('left " + n + "', 1)");
    right_.exec("insert into persons (name, years) values ('right " + n + "', 2)");
    left_.exec("insert into people (name, age) values ('both " + n + "', 3)");
    right_.exec("insert into persons (name, years) values ('both " + n + "', 3)");
    crashes += crash(nth) ? 1 : 0;
    settle();
    ASSERT_EQ(lefts(), rights());
    ASSERT_EQ(lefts().size(), 3U * static_cast<std::size_t>(nth));

    left_.exec("update people set age = 10 where name = 'left " + n + "'");
    right_.exec("update persons set years = 20 where name = 'right " + n + "'");
    crashes += crash(nth) ? 1 : 0;
    // A change that comes after the crash is carried, not taken for a conflict.
    left_.exec("update people set age = 11 where name = 'left " + n + "'");
    settle();
    ASSERT_EQ(lefts(), rights());
    EXPECT_THAT(left_.query("select age from people where name = 'left " + n + "'"),
                testing::ElementsAre(Row{"11"}));
    EXPECT_THAT(left_.query("select age from people where name = 'right " + n + "'"),
                testing::ElementsAre(Row{"20"}));
  }
  EXPECT_GT(crashes, 0) << "is the program built with -DCOUPLET_CRASH_POINTS=ON?";
}

INSTANTIATE_TEST_SUITE_P(AtEveryDurableStep, CrashTest,
                         testing::Combine(testing::ValuesIn(kCrashPoints), testing::Bool()),
                         [](const auto& instance) {
                           return std::string(std::get<0>(instance.param)) +
                                  (std::get<1>(instance.param) ? "_with_origins"
                                                               : "_without_origins");
                         });

}  // namespace
}  // namespace couplet::test
