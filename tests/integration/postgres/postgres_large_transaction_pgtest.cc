// Transactions that the server sends before they have committed (protocol 2).

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "tests/integration/postgres/postgres_scene.h"
#include "tests/integration/postgres/stream_scene.h"
#include "tests/support/temporary_folder.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// The scene's databases send what is larger than 64 kB at once.
class LargeTransactionTest : public StreamScene {
 protected:
  void SetUp() override {
    database().exec("create table people (id int primary key, name text)");
    publish("people");
  }
  // Whether the server did stream: else the test shows nothing.
  void expect_streamed(int transactions) {
    wait_for(fmt::format(
        "select from pg_stat_replication_slots where slot_name = '{}' and stream_txns >= {}",
        slot(), transactions));
  }
  static std::vector<std::string> inserts(int from, int to) {
    std::vector<std::string> all;
    for (int id = from; id <= to; ++id) {
      all.push_back(fmt::format("insert people/{}", id));
    }
    return all;
  }
  static std::string insert(int from, int to) {
    return fmt::format("insert into people select g, 'n' from generate_series({}, {}) g;", from,
                       to);
  }
};

TEST_F(LargeTransactionTest, AllOfItIsToldAtItsCommitInBoundedParts) {
  open(request({"people"}));
  database().exec(insert(1, 50'000));
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].events, inserts(1, 50'000));
  EXPECT_GE(all[0].parts, 50U);
  expect_streamed(1);
}

TEST_F(LargeTransactionTest, NothingOfItIsToldBeforeItHasCommitted) {
  open(request({"people"}));
  UserSession user(database().url());
  user.exec("begin;" + insert(1, 5'000));
  expect_streamed(1);
  EXPECT_THAT(told(), IsEmpty());
  user.exec("commit");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].events, inserts(1, 5'000));
}

TEST_F(LargeTransactionTest, SubtransactionsThatWereRolledBackAreLeftOut) {
  open(request({"people"}));
  database().exec("begin;" + insert(1, 3'000) + "savepoint a;" + insert(3'001, 6'000) +
                  "savepoint b;" + insert(6'001, 9'000) + "rollback to a;" + insert(9'001, 12'000) +
                  "savepoint c;" + insert(12'001, 15'000) + "release c; commit");
  std::vector<std::string> expected = inserts(1, 3'000);
  for (const std::string& event : inserts(9'001, 15'000)) {
    expected.push_back(event);
  }
  EXPECT_EQ(events(), expected);
  expect_streamed(1);
}

TEST_F(LargeTransactionTest, OneThatIsRolledBackIsNeverTold) {
  open(request({"people"}));
  UserSession user(database().url());
  user.exec("begin;" + insert(1, 5'000));
  expect_streamed(1);
  user.exec("rollback");
  database().exec(insert(6'000, 6'000));
  EXPECT_THAT(events(), ElementsAre("insert people/6000"));
}

TEST_F(LargeTransactionTest, SeveralAtATimeAreKeptApart) {
  open(request({"people"}));
  UserSession first(database().url());
  UserSession second(database().url());
  first.exec("begin;" + insert(1, 2'000));
  second.exec("begin;" + insert(10'001, 12'000));
  first.exec(insert(2'001, 4'000));
  second.exec(insert(12'001, 14'000) + "commit");
  first.exec(insert(4'001, 5'000) + "commit");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(2));
  // Each is told of its tables by itself.
  std::vector<std::string> later{"table people"};
  for (const std::string& event : inserts(1, 5'000)) {
    later.push_back(event);
  }
  EXPECT_EQ(all[0].events, inserts(10'001, 14'000));
  EXPECT_EQ(all[1].events, later);
  EXPECT_LT(all[0].end, all[1].end);
  expect_streamed(2);
}

// The server tells of a table again inside of each such transaction, and for good at its commit.
TEST_F(LargeTransactionTest, ATableThatItAltersIsReadByItsNewShapeFromThereOn) {
  open(request({"people"}));
  database().exec("insert into people values (100000)");
  database().exec(
      "begin; alter table people drop column name; "
      "insert into people select generate_series(1, 5000);"
      "savepoint a; alter table people add column age int;"
      "insert into people select generate_series(5001, 9000); rollback to a;"
      "insert into people values (9001); commit");
  database().exec("insert into people values (100001)");
  std::vector<std::string> expected{"insert people/100000", "table people"};
  for (const std::string& event : inserts(1, 5'000)) {
    expected.push_back(event);
  }
  std::vector<std::string> all = events();
  expected.emplace_back("insert people/9001");
  expected.emplace_back("insert people/100001");
  // That it was altered may be told again behind what was rolled back.
  std::vector<std::string> told_of_rows;
  std::copy_if(all.begin(), all.end(), std::back_inserter(told_of_rows),
               [&](const std::string& event) {
                 return event != "table people" || told_of_rows.size() == 1;
               });
  EXPECT_EQ(told_of_rows, expected);
  expect_streamed(1);
}

TEST_F(LargeTransactionTest, OneThatWasNotAcknowledgedComesAgainWhole) {
  open(request({"people"}));
  database().exec(insert(1, 5'000));
  const std::vector<Told> first = told();
  ASSERT_THAT(first, SizeIs(1));
  open(request({"people"}));
  const std::vector<Told> again = told();
  ASSERT_FALSE(again.empty());
  EXPECT_EQ(again[0].events, first[0].events);
  EXPECT_EQ(again[0].end, first[0].end);
}

TEST_F(LargeTransactionTest, WhereTheFolderForItCannotBeWrittenTheStreamSaysSo) {
  StreamRequest asked = request({"people"});
  asked.spool_folder = "/no such folder";
  open(asked);
  database().exec(insert(1, 50'000));
  EXPECT_THAT(error_of_stream().message, testing::HasSubstr("cannot make a temporary file"));
}

}  // namespace
}  // namespace couplet::test
