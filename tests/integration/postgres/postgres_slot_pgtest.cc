// Slots: how a stream begins, what it tells the server, and what goes wrong with them.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <thread>

#include "connectors/postgres/visibility.h"
#include "tests/integration/postgres/postgres_scene.h"
#include "tests/integration/postgres/stream_scene.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A server whose settings these tests change, and which they stop.
PostgresCluster& own_cluster() {
  static PostgresCluster cluster([] {
    PostgresSettings settings;
    settings.parameters = {{"max_prepared_transactions", "5"},
                           {"max_slot_wal_keep_size", "32MB"},
                           {"min_wal_size", "32MB"},
                           {"max_wal_size", "32MB"}};
    return settings;
  }());
  return cluster;
}

class SlotScene : public StreamScene {
 protected:
  explicit SlotScene(PostgresCluster& cluster) : StreamScene(cluster) {}
  void SetUp() override {
    database().exec("create table people (id int primary key, name text)");
    publish("people");
  }
  Error refusal(const StreamRequest& asked) {
    auto opened = try_open(asked);
    EXPECT_FALSE(opened.has_value());
    return opened ? Error() : opened.error();
  }
  Lsn confirmed() {
    return lsn(fmt::format(
        "select confirmed_flush_lsn from pg_replication_slots where slot_name = '{}'", slot()));
  }
  bool sees(const std::vector<std::uint64_t>& transactions) {
    EXPECT_TRUE(source().ask_visible(transactions).has_value());
    return source().are_visible().value();
  }
  std::string active() {
    return fmt::format(
        "select active_pid::text from pg_replication_slots where slot_name = '{}' and active",
        slot());
  }
};

class SlotTest : public SlotScene {
 protected:
  SlotTest() : SlotScene(shared_cluster()) {}
};

// Stops its server, fills its disk or changes its settings.
class SlotServerTest : public SlotScene {
 protected:
  SlotServerTest() : SlotScene(own_cluster()) {}
};

TEST_F(SlotTest, ASlotThatIsNotThereIsNamedWithWhatMakesIt) {
  const StreamRequest asked = request({"people"});
  drop_slot();
  const Error error = refusal(asked);
  EXPECT_EQ(error.kind, ErrorKind::kSchema);
  EXPECT_EQ(error.code, "slot_missing");
  EXPECT_THAT(error.message, AllOf(HasSubstr("source daphne"), HasSubstr(slot())));
  EXPECT_THAT(error.hint, HasSubstr("couplet setup"));
}

TEST_F(SlotTest, ASlotOfAnotherPluginOrKindIsNotTaken) {
  const StreamRequest asked = request({"people"});
  drop_slot();
  database().exec(
      fmt::format("select pg_create_logical_replication_slot('{}', 'test_decoding')", slot()));
  EXPECT_THAT(refusal(asked).message, HasSubstr("of the output plugin test_decoding"));
  drop_slot();
  database().exec(fmt::format("select pg_create_physical_replication_slot('{}')", slot()));
  EXPECT_THAT(refusal(asked).message, HasSubstr("physical"));
  drop_slot();
  database().exec(fmt::format(
      "select pg_create_logical_replication_slot('{}', 'pgoutput', false, true)", slot()));
  EXPECT_THAT(refusal(asked).message, HasSubstr("prepared transactions"));
  EXPECT_EQ(refusal(asked).code, "slot_foreign");
}

TEST_F(SlotTest, ASlotOfAnotherDatabaseIsNotTaken) {
  const StreamRequest asked = request({"people"});
  const TemporaryDatabase other;
  drop_slot();
  other.exec(fmt::format("select pg_create_logical_replication_slot('{}', 'pgoutput')", slot()));
  const Error error = refusal(asked);
  drop_slot();
  EXPECT_EQ(error.code, "slot_foreign");
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("of database " + other.name()), HasSubstr(database().name())));
}

TEST_F(SlotTest, ASlotThatAnotherSessionReadsIsToldWithItsProcess) {
  open(request({"people"}));
  const Error error = refusal(request({"people"}));
  EXPECT_EQ(error.kind, ErrorKind::kTransient);
  EXPECT_EQ(error.code, "55006");
  const std::string pid = database().query(active()).at(0).at(0).value();
  EXPECT_THAT(error.message, HasSubstr(pid));
  EXPECT_THAT(error.hint, HasSubstr("pg_terminate_backend(" + pid + ")"));
  EXPECT_THAT(events(), IsEmpty()) << "the first goes on";
}

TEST_F(SlotTest, ASlotIsFreeAgainSoonAfterItsStreamIsClosed) {
  open(request({"people"}));
  close();
  wait_for(fmt::format("select from pg_replication_slots where slot_name = '{}' and not active",
                       slot()));
}

TEST_F(SlotTest, APublicationThatIsNotThereIsNamed) {
  const StreamRequest asked = request({"people"});
  database().exec("drop publication " + slot());
  const Error error = refusal(asked);
  EXPECT_EQ(error.code, "publication_missing");
  EXPECT_THAT(error.message, HasSubstr("publication " + slot() + " does not exist"));
}

TEST_F(SlotTest, APublicationThatIsDroppedUnderWayEndsTheStreamWithWhatMendsIt) {
  open(request({"people"}));
  database().exec(
      fmt::format("begin; drop publication {}; insert into people values (1); commit", slot()));
  database().exec("insert into people values (2)");
  const Error error = error_of_stream();
  EXPECT_EQ(error.kind, ErrorKind::kSchema);
  EXPECT_EQ(error.code, "publication_missing");
  EXPECT_THAT(error.hint, HasSubstr("couplet teardown, then couplet setup"));
}

TEST_F(SlotTest, ARoleThatMayNotStreamIsToldWhichRightItLacks) {
  database().exec("create role reader login; grant select on people, fence to reader");
  const StreamRequest asked = request({"people"});
  PostgresSource source(settings("reader"));
  const auto opened = source.changes(asked);
  database().exec("revoke all on people, fence from reader; drop role reader");
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::kPrivilege);
  EXPECT_THAT(opened.error().hint, HasSubstr("replication"));
}

TEST_F(SlotTest, WithoutANameOfASlotThereIsNoStream) {
  PostgresSourceSettings nameless = settings();
  nameless.slot.clear();
  const auto opened = PostgresSource(nameless).changes(request({"people"}));
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(SlotTest, AStreamThatGoesOnWhereItWasHasNoGap) {
  open(request({"people"}));
  EXPECT_FALSE(stream().gap().has_value()) << "nothing was read before";
  database().exec("insert into people values (1)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  open(request({"people"}, all[0].end));
  EXPECT_FALSE(stream().gap().has_value());
}

TEST_F(SlotTest, AStreamSaysWhereTheServerStoodWhenItWasOpened) {
  // Its commit need not be durable yet.
  database().exec("set synchronous_commit = off; insert into people values (1)");
  open(request({"people"}));
  const Position opened_at = stream().opened_at();
  database().exec("insert into people values (2)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_LE(Position(all[0].end), opened_at);
  EXPECT_GT(Position(all[1].end), opened_at);
}

TEST_F(SlotTest, ASlotThatWasMadeAgainOrMovedIsAGap) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  close();
  drop_slot();
  database().exec("insert into people values (2)");
  make_slot();
  database().exec("insert into people values (3)");
  open(request({"people"}, all[0].end));
  ASSERT_TRUE(stream().gap().has_value());
  EXPECT_THAT(stream().gap()->reason, AllOf(HasSubstr(slot()), HasSubstr("made again")));
  EXPECT_THAT(events(), ElementsAre("insert people/3")) << "it goes on with what is left";
  const Position begins_at = stream().begins_at();
  open(request({"people"}, begins_at));
  EXPECT_FALSE(stream().gap().has_value()) << "it is the same one";
  EXPECT_EQ(stream().begins_at(), begins_at);
}

TEST_F(SlotTest, ASlotThatIsMadeAgainBeforeAnythingWasReadIsAGapFromWhereItBegan) {
  open(request({"people"}));
  const Position begins_at = stream().begins_at();
  close();
  drop_slot();
  database().exec("insert into people values (1)");
  make_slot();
  open(request({"people"}, begins_at));
  EXPECT_TRUE(stream().gap().has_value());
}

// No event tells that less is published: the server is asked.
TEST_F(SlotTest, AStreamHasLapsedOnceItsPublicationIsAnother) {
  const auto lapsed = [this] {
    const auto asked = stream().has_lapsed();
    EXPECT_TRUE(asked.has_value()) << asked.error().message;
    return asked && *asked;
  };
  for (const char* change : {"drop table people", "set (publish = 'insert')"}) {
    open(request({"people"}));
    database().exec("insert into people select coalesce(max(id), 0) + 1 from people");
    EXPECT_FALSE(lapsed()) << "what is written is no other term";
    database().exec(fmt::format("alter publication {} {}", slot(), change));
    EXPECT_TRUE(lapsed()) << change;
    if (std::string_view(change).starts_with("drop")) {
      database().exec(fmt::format("alter publication {} add table people", slot()));
      EXPECT_TRUE(lapsed()) << "it did hold less";
    }
  }
}

TEST_F(SlotTest, AServerThatIsBehindWhereWeWereIsAGapAndNothingOfItIsSkipped) {
  const Lsn far{confirmed().value + (std::uint64_t{1} << 40U)};
  open(request({"people"}, far));
  ASSERT_TRUE(stream().gap().has_value());
  EXPECT_THAT(stream().gap()->reason, HasSubstr("the server's log ends at"));
  database().exec("insert into people values (1)");
  EXPECT_THAT(events(), ElementsAre("insert people/1"));
}

TEST_F(SlotTest, TheServerIsToldOnlyWhatWasAcknowledged) {
  const Lsn before = confirmed();
  open(request({"people"}));
  database().exec("insert into people values (1)");
  database().exec("insert into people values (2)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(2));
  stream().acknowledge(all[0].end);
  wait_for(
      fmt::format("select from pg_replication_slots where slot_name = '{}' and "
                  "confirmed_flush_lsn > '0/0'::pg_lsn + {}",
                  slot(), before.value));
  EXPECT_EQ(confirmed(), all[0].end);
  stream().acknowledge(Position(before));  // Never goes back.
  close();
  EXPECT_EQ(confirmed(), all[0].end);
}

TEST_F(SlotTest, WhatWasAcknowledgedLastIsToldWhenTheStreamIsClosed) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  stream().acknowledge(all[0].end);
  close();
  wait_for(
      fmt::format("select from pg_replication_slots where slot_name = '{}' and "
                  "confirmed_flush_lsn = '0/0'::pg_lsn + {}",
                  slot(), all[0].end.value));
}

// Nobody writes what we read: tables of ours are idle, others and other databases are not.
TEST_F(SlotTest, AnIdleSlotMovesOnWhileOtherTablesAndDatabasesAreWritten) {
  const TemporaryDatabase other;
  open(request({"people"}));
  for (const TemporaryDatabase* busy :
       {&other, static_cast<const TemporaryDatabase*>(&database())}) {
    busy->exec("create table busy as select generate_series(1, 20000) as n");
    const Lsn written = lsn("select pg_current_wal_insert_lsn()");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (confirmed() < written && std::chrono::steady_clock::now() < deadline) {
      const auto batch = stream().next(std::chrono::milliseconds(100));
      ASSERT_TRUE(batch.has_value()) << batch.error().message;
      EXPECT_THAT(batch->transactions, IsEmpty());
      if (batch->idle_at) {
        stream().acknowledge(*batch->idle_at);
      }
      // The server writes nothing by itself for some time: what a user does moves its log.
      database().exec("select pg_logical_emit_message(false, 'x', 'y')");
    }
    EXPECT_GE(confirmed(), written);
  }
}

TEST_F(SlotTest, NoIdlePlaceIsGivenWhileSomethingBeforeItIsOutstanding) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  database().exec("create table busy as select generate_series(1, 20000) as n");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  bool seen = false;
  while (!seen && std::chrono::steady_clock::now() < deadline) {
    const auto batch = stream().next(std::chrono::milliseconds(100));
    ASSERT_TRUE(batch.has_value());
    EXPECT_FALSE(batch->idle_at && batch->transactions.empty()) << "ahead of what was written";
    seen = !batch->transactions.empty();
  }
  EXPECT_TRUE(seen);
}

// The reader of a frozen target: the server hears from us all the same, and nothing is lost.
TEST_F(SlotTest, AConsumerThatTakesNothingForThreeTimeoutsKeepsItsConnection) {
  database().exec(fmt::format("alter database {} set wal_sender_timeout = '1s'",
                              test::quoted(database().name())));
  open(request({"people"}));
  const std::string pid = database().query(active()).at(0).at(0).value();
  // More than the queue and the sockets hold, in transactions that are not streamed.
  database().exec(
      "do $$ begin for i in 0..999 loop insert into people select i * 300 + g, repeat('x', 100) "
      "from generate_series(1, 300) g; commit; end loop; end $$");
  database().query("select pg_sleep(3.5)");
  EXPECT_EQ(database().query(active()).at(0).at(0).value(), pid) << "no reconnect";
  EXPECT_THAT(database().query(fmt::format("select from pg_stat_replication where pid = {} and "
                                           "sent_lsn < pg_current_wal_lsn() - 1000000",
                                           pid)),
              SizeIs(1))
      << "it was the queue that held the server up";
  std::size_t rows = 0;
  for (const Told& transaction : told()) {
    rows += transaction.events.size();
  }
  EXPECT_EQ(rows, 300'000U);
  EXPECT_EQ(database().query(active()).at(0).at(0).value(), pid);
}

TEST_F(SlotTest, AnIdleConnectionOutlivesTheServersTimeout) {
  database().exec(fmt::format("alter database {} set wal_sender_timeout = '300ms'",
                              test::quoted(database().name())));
  open(request({"people"}));
  const std::string pid = database().query(active()).at(0).at(0).value();
  database().query("select pg_sleep(1.5)");
  EXPECT_EQ(database().query(active()).at(0).at(0).value(), pid);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(SlotTest, ASessionThatTheServerEndsIsAnErrorAfterWhichAnotherGoesOn) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  const std::vector<Told> all = told();
  database().query(fmt::format("select pg_terminate_backend(({}) ::int, 10000)", active()));
  const Error error = error_of_stream();
  EXPECT_EQ(error.kind, ErrorKind::kTransient);
  EXPECT_EQ(error.code, "57P01");
  database().exec("insert into people values (2)");
  open(request({"people"}, all.at(0).end));
  EXPECT_FALSE(stream().gap().has_value());
  std::vector<std::string> rest = events();
  std::erase(rest, "insert fence/1");
  EXPECT_THAT(rest, ElementsAre("insert people/2"));
}

TEST_F(SlotTest, VisibleTransactionsAreWaitedForByTheirShortIds) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  database().exec("insert into people values (2)");
  std::vector<std::uint64_t> ids;
  for (const Told& transaction : told()) {
    ids.push_back(transaction.transaction);
  }
  ASSERT_THAT(ids, SizeIs(2));
  ASSERT_TRUE(source().identity().has_value()) << "its session is there";
  const std::uint64_t before = source().statements();
  ASSERT_TRUE(source().ask_visible(ids).has_value());
  EXPECT_TRUE(source().identity().has_value()) << "other questions may be asked meanwhile";
  EXPECT_TRUE(source().are_visible().value());
  EXPECT_EQ(source().statements(), before + 2) << "one statement for all";
  EXPECT_TRUE(source().are_visible().value()) << "nothing is asked";
  EXPECT_EQ(source().statements(), before + 2);
}

TEST_F(SlotTest, WhatWasAskedOfASessionThatHasEndedIsAskedOnceMore) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  const std::vector<std::uint64_t> ids{told().at(0).transaction};
  ASSERT_TRUE(source().ask_visible(ids).has_value());
  database().exec(
      "select pg_terminate_backend(pid, 10000) from pg_stat_activity where query like "
      "'%pg_visible_in_snapshot%' and pid <> pg_backend_pid()");
  EXPECT_TRUE(source().are_visible().value());
}

// The stream has 32 bits of a count that the server keeps with 64.
TEST_F(SlotTest, AnIdIsExtendedToTheNearestOfTheServersCount) {
  const auto extended = [&](std::uint64_t id, std::uint64_t next) {
    return database()
        .query("select " + postgres::extended_id_text(std::to_string(id) + "::int8",
                                                      std::to_string(next) + "::int8"))
        .at(0)
        .at(0)
        .value();
  };
  constexpr std::uint64_t kEpoch = std::uint64_t{1} << 32U;
  EXPECT_EQ(extended(900, 1000), "900");
  EXPECT_EQ(extended(1002, 1000), "1002") << "open transactions may be ahead of the next to end";
  EXPECT_EQ(extended(900, 3 * kEpoch + 1000), std::to_string(3 * kEpoch + 900));
  EXPECT_EQ(extended(kEpoch - 5, 3 * kEpoch + 10), std::to_string(3 * kEpoch - 5))
      << "of the epoch before";
  EXPECT_EQ(extended(4, 3 * kEpoch - 10), std::to_string(3 * kEpoch + 4)) << "of the next";
}

TEST_F(SlotTest, ATransactionThatIsStillOpenIsNotVisible) {
  UserSession user(database().url());
  user.exec("begin; insert into people values (1)");
  const auto rows = database().query(
      "select backend_xid::text from pg_stat_activity where backend_xid is not null and "
      "datname = current_database()");
  const std::vector<std::uint64_t> ids{std::stoull(rows.at(0).at(0).value())};
  EXPECT_FALSE(sees(ids));
  user.exec("rollback");
  EXPECT_TRUE(sees(ids));
}

// The slot has an event, no snapshot has its row: the commit waits for a standby.
TEST_F(SlotServerTest, AnEventThatIsAheadOfItsRowIsWaitedFor) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  told();
  database().exec("alter system set synchronous_standby_names = 'nobody'");
  database().exec("select pg_reload_conf()");
  wait_for("select from pg_settings where name = 'synchronous_standby_names' and setting <> ''");
  std::thread writer([this] {
    UserSession user(database().url());
    user.exec("set synchronous_commit = on; update people set name = 'Ada'");
  });
  const std::vector<Told> all =
      told_until([](const Told& one) { return one.events[0] == "update people/1"; });
  const auto rows = database().query("select name from people where id = 1");
  std::vector<std::uint64_t> ids;
  if (!all.empty()) {
    ids.push_back(all.back().transaction);
  }
  const bool early = sees(ids);
  database().exec("alter system reset synchronous_standby_names");
  database().exec("select pg_reload_conf()");
  writer.join();
  EXPECT_FALSE(rows.at(0).at(0).has_value()) << "the row is the old one";
  EXPECT_FALSE(early);
  EXPECT_TRUE(sees(ids));
}

TEST_F(SlotServerTest, APreparedTransactionComesAtItsCommit) {
  open(request({"people"}));
  UserSession user(database().url());
  user.exec("begin");
  user.exec("insert into people values (1)");
  user.exec("prepare transaction 'one'");
  EXPECT_THAT(events(), IsEmpty());
  user.exec("begin");
  user.exec("insert into people select generate_series(2, 5000)");
  user.exec("prepare transaction 'two'");
  user.exec("commit prepared 'one'");
  user.exec("rollback prepared 'two'");
  EXPECT_THAT(events(), ElementsAre("insert people/1"));
}

TEST_F(SlotServerTest, AServerThatGoesDownAndComesBackHasLostNothing) {
  open(request({"people"}));
  database().exec("insert into people values (1)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  stream().acknowledge(all[0].end);
  database().exec("insert into people values (2)");
  database().cluster().restart(PostgresCluster::StopMode::kImmediate);
  EXPECT_EQ(error_of_stream().kind, ErrorKind::kTransient);
  database().exec("insert into people values (3)");
  open(request({"people"}, all[0].end));
  EXPECT_FALSE(stream().gap().has_value());
  std::vector<std::string> rest = events();
  std::erase(rest, "insert fence/1");
  EXPECT_THAT(rest, ElementsAre("insert people/2", "insert people/3"));
}

// Its log may lack what we have seen, and have other changes at the same places.
TEST_F(SlotServerTest, AServerThatWasPromotedToAnotherTimelineIsAGap) {
  const auto timeline = [&] {
    return database().query("select left(pg_walfile_name(pg_current_wal_lsn()), 8)")[0][0].value();
  };
  const std::string before = timeline();
  open(request({"people"}));
  const std::string terms = stream().terms();
  database().exec("insert into people values (1)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  stream().acknowledge(all[0].end);
  close();
  PostgresCluster& server = database().cluster();
  server.stop();
  std::ofstream(server.socket_directory() / "data" / "standby.signal").close();
  server.start();
  EXPECT_EQ(database().query("select pg_is_in_recovery(), pg_promote()"),
            (std::vector<Row>{{"t", "t"}}));
  ASSERT_NE(timeline(), before);
  database().exec("insert into people values (2)");
  StreamRequest asked = request({"people"}, all[0].end);
  asked.terms = terms;
  open(asked);
  ASSERT_TRUE(stream().gap().has_value());
  EXPECT_THAT(stream().gap()->reason,
              HasSubstr(fmt::format("is on timeline {} and was on {}", timeline(), before)));
  EXPECT_THAT(events(), Contains("insert people/2")) << "the slot goes on";
  asked.terms = stream().terms();
  open(asked);
  EXPECT_FALSE(stream().gap().has_value());
}

TEST_F(SlotServerTest, ASlotWhoseLogWasRemovedIsLostAndSaysSo) {
  const StreamRequest asked = request({"people"});
  for (int i = 0; i < 8; ++i) {
    database().exec(
        "select pg_logical_emit_message(false, 'x', repeat('y', 1000000)) "
        "from generate_series(1, 10); select pg_switch_wal()");
  }
  database().exec("checkpoint");
  wait_for(fmt::format(
      "select from pg_replication_slots where slot_name = '{}' and wal_status = 'lost'", slot()));
  const Error error = refusal(asked);
  EXPECT_EQ(error.kind, ErrorKind::kSchema);
  EXPECT_EQ(error.code, "slot_lost");
  EXPECT_THAT(error.hint, AllOf(HasSubstr("max_slot_wal_keep_size"), HasSubstr("couplet setup")));
}

}  // namespace
}  // namespace couplet::test
