// What happens to a stream that is open: a server that goes down, that does not answer, that takes
// the slot away, and rows of a size that nobody expects.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "connectors/postgres/slot.h"
#include "tests/integration/postgres/postgres_scene.h"
#include "tests/integration/postgres/stream_scene.h"
#include "tests/support/fault_proxy.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using Clock = std::chrono::steady_clock;

// A server that these tests shut down, and whose log is short.
PostgresCluster& short_logged_cluster() {
  static PostgresCluster cluster([] {
    PostgresSettings settings;
    settings.parameters = {
        {"max_slot_wal_keep_size", "32MB"}, {"min_wal_size", "32MB"}, {"max_wal_size", "32MB"}};
    return settings;
  }());
  return cluster;
}

class FaultScene : public StreamScene {
 protected:
  explicit FaultScene(PostgresCluster& cluster) : StreamScene(cluster) {}
  void SetUp() override {
    database().exec("create table people (id int primary key, name text)");
    publish("people");
  }
};

class StreamFaultTest : public FaultScene {
 protected:
  StreamFaultTest() : FaultScene(shared_cluster()) {}
};

class StreamServerFaultTest : public FaultScene {
 protected:
  StreamServerFaultTest() : FaultScene(short_logged_cluster()) {}
};

// A fast shutdown waits until all that was sent is acknowledged, which a target that stands still
// would keep from ever being so.
TEST_F(StreamServerFaultTest, AServerIsShutDownThoughNothingIsAcknowledged) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  stream().acknowledge(all[0].end);
  wait_for(fmt::format("select from pg_stat_replication where flush_lsn >= '{}'",
                       postgres::to_string(all[0].end)));
  database().exec("insert into people values (2)");
  ASSERT_THAT(events(), Contains("insert people/2"));
  const auto began = Clock::now();
  database().cluster().stop(PostgresCluster::StopMode::kFast);
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(20));
  const Error error = error_of_stream();
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << error.message;
  EXPECT_THAT(error.message, HasSubstr("shutting down"));
  database().cluster().start();
  open(request({"people"}, all[0].end));
  EXPECT_THAT(events(), Contains("insert people/2")) << "it was never acknowledged";
}

TEST_F(StreamServerFaultTest, ASlotThatTheServerTakesAwayUnderWayEndsItsStreamAndIsSaidToBeLost) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  ASSERT_THAT(told(), SizeIs(1));
  const auto rows = database().query(fmt::format(
      "select active_pid::text from pg_replication_slots where slot_name = '{}'", slot()));
  for (int i = 0; i < 8; ++i) {
    database().exec(
        "select pg_logical_emit_message(false, 'x', repeat('y', 1000000)) "
        "from generate_series(1, 10); select pg_switch_wal()");
  }
  database().exec("checkpoint");
  EXPECT_EQ(error_of_stream().kind, ErrorKind::kTransient);
  close();
  wait_for(fmt::format(
      "select from pg_replication_slots where slot_name = '{}' and wal_status = 'lost'", slot()));
  const auto again = try_open(request({"people"}));
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, "slot_lost");
}

// Something in between keeps the connection alive, and nobody is there.
TEST_F(StreamFaultTest, AServerThatDoesNotAnswerIsGivenUp) {
  database().exec(fmt::format("alter database {} set wal_sender_timeout = '200ms'",
                              test::quoted(database().name())));
  FaultProxy network(database().cluster().port());
  PostgresSourceSettings behind = settings();
  behind.url = network.by_way(behind.url);
  PostgresSource far(behind);
  auto stream = far.changes(request({"people"}));
  ASSERT_TRUE(stream.has_value()) << stream.error().message;
  database().query("select pg_sleep(6)");
  ASSERT_TRUE((*stream)->next(std::chrono::milliseconds(0)).has_value())
      << "one that has nothing to tell answers";
  network.freeze();
  Result<ChangeBatch> batch;
  for (const auto until = Clock::now() + std::chrono::seconds(60); batch && Clock::now() < until;) {
    batch = (*stream)->next(std::chrono::milliseconds(100));
  }
  ASSERT_FALSE(batch.has_value());
  EXPECT_EQ(batch.error().kind, ErrorKind::kTransient);
  EXPECT_THAT(batch.error().message, HasSubstr("the server has not answered for"));
  network.heal();
}

// What comes of one while it is open moves no place past it.
TEST_F(StreamFaultTest, AnIdlePlaceThatIsAcknowledgedInsideALargeTransactionLosesNothingOfIt) {
  open(request({"people"}));
  UserSession user(database().url());
  user.exec("begin");
  user.exec("insert into people select g, 'n' from generate_series(1, 5000) g");
  wait_for(fmt::format(
      "select from pg_stat_replication_slots where slot_name = '{}' and stream_txns >= 1", slot()));
  database().exec("insert into people values (9000)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  Position idle = all[0].end;
  stream().acknowledge(idle);
  database().exec("create table other (id int); insert into other values (1)");
  for (const auto until = Clock::now() + std::chrono::seconds(60);
       reaches(Position(all[0].end), idle) && Clock::now() < until;) {
    const auto batch = stream().next(std::chrono::milliseconds(100));
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    idle = batch->idle_at.value_or(idle);
  }
  ASSERT_FALSE(reaches(Position(all[0].end), idle));
  stream().acknowledge(idle);
  close();
  user.exec("commit");
  open(request({"people"}, idle));
  EXPECT_FALSE(stream().gap().has_value());
  std::size_t rows = 0;
  for (const Told& transaction : told()) {
    rows += transaction.events.size();
  }
  EXPECT_GE(rows, 5000U);
  EXPECT_LE(rows, 5001U) << "and nothing else comes but a row of the fence";
}

TEST_F(StreamFaultTest, AValueOfAHundredMegabytesComesWhole) {
  constexpr std::size_t kBytes = 100'000'000;
  database().exec(fmt::format("alter database {} set logical_decoding_work_mem = '1GB'",
                              test::quoted(database().name())));
  StreamRequest asked = request({"people"});
  StreamedTable& people = asked.tables.back();
  const auto described = source().describe({&people.table, 1});
  ASSERT_TRUE(described && described->size() == 1);
  people.columns = {"name"};
  people.column_types = {*described->front().column("name")->type};
  open(asked);
  database().exec(fmt::format(
      "insert into people values (1, repeat('x', {0})); update people set id = 2", kBytes));
  std::vector<std::size_t> sizes;
  for (const auto until = Clock::now() + std::chrono::seconds(120);
       sizes.size() < 2 && Clock::now() < until;) {
    const auto batch = stream().next(std::chrono::milliseconds(100));
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    for (const ChangeTransaction& transaction : batch->transactions) {
      for (const ChangeEvent& event : transaction.events) {
        if (event.kind != ChangeEvent::Kind::kTable) {
          sizes.push_back(event.cells.size());
        }
      }
    }
  }
  ASSERT_THAT(sizes, SizeIs(2));
  EXPECT_GT(sizes[0], kBytes);
  EXPECT_LT(sizes[1], 100U) << "it was not changed, and is absent";
}

TEST_F(StreamFaultTest, ATableOfAllColumnsThatThereCanBeIsFollowed) {
  constexpr int kColumns = 1600;
  std::string columns = "id int primary key";
  for (int i = 1; i < kColumns; ++i) {
    columns += fmt::format(", c{} int", i);
  }
  database().exec(
      fmt::format("create table wide ({}); alter publication {} add table wide", columns, slot()));
  open(request({"people", "wide"}));
  database().exec(
      "insert into wide (id, c1599) values (1, 1); update wide set c1 = 7; "
      "update wide set id = 2; delete from wide");
  EXPECT_THAT(events(), ElementsAre("insert wide/1", "update wide/1", "update wide/2 (was 1)",
                                    "delete wide/2"));
}

}  // namespace
}  // namespace couplet::test
