// The change stream against a real server: every shape in which changes come.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/model/packed_cells.h"
#include "tests/integration/postgres/postgres_scene.h"
#include "tests/integration/postgres/stream_scene.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::SizeIs;

class StreamTest : public StreamScene {
 protected:
  // What columns of the request's first table are asked for with its events.
  void ask_for(StreamRequest& request, const std::vector<std::string>& columns) {
    StreamedTable& table = request.tables[1];
    const auto described = source().describe({&table.table, 1});
    table.columns = columns;
    table.column_types.clear();
    for (const std::string& column : columns) {
      table.column_types.push_back(*described->front().column(column)->type);
    }
  }
  // Of the next `count` inserts and updates.
  std::vector<std::string> cells(std::size_t count) {
    std::vector<std::string> all;
    while (all.size() < count) {
      auto batch = stream().next(std::chrono::seconds(60));
      if (!batch || batch->empty()) {
        ADD_FAILURE() << (batch ? "nothing came" : batch.error().message);
        return all;
      }
      for (const ChangeTransaction& transaction : batch->transactions) {
        for (const ChangeEvent& event : transaction.events) {
          if (event.kind == ChangeEvent::Kind::kInsert ||
              event.kind == ChangeEvent::Kind::kUpdate) {
            all.push_back(event.cells);
          }
        }
      }
    }
    return all;
  }
};

TEST_F(StreamTest, EveryRowOfOneCopyIsToldThoughTheyShareAPlaceInTheLog) {
  database().exec("create table people (id int primary key, name text)");
  publish("people");
  open(request({"people"}));
  database().exec("copy people (id) from program 'seq 1 5'");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_THAT(all[0].events, ElementsAre("insert people/1", "insert people/2", "insert people/3",
                                         "insert people/4", "insert people/5"));
}

TEST_F(StreamTest, InterleavedTransactionsComeInTheOrderOfTheirCommits) {
  database().exec("create table people (id int primary key)");
  publish("people");
  open(request({"people"}));
  UserSession first(database().url());
  UserSession second(database().url());
  first.exec("begin");
  first.exec("insert into people values (1)");
  second.exec("begin");
  second.exec("insert into people values (2)");
  first.exec("insert into people values (3)");
  second.exec("commit");
  first.exec("commit");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_THAT(all[0].events, ElementsAre("insert people/2"));
  EXPECT_THAT(all[1].events, ElementsAre("insert people/1", "insert people/3"));
  EXPECT_LT(all[0].end, all[1].end);
}

// The end of a transaction is often where the next one begins.
TEST_F(StreamTest, AStreamGoesOnBehindAnyTransactionWithoutLossAndWithoutRepeat) {
  database().exec("create table people (id int primary key)");
  publish("people");
  open(request({"people"}));
  UserSession user(database().url());
  for (int i = 0; i < 6; ++i) {
    user.exec(fmt::format("insert into people values ({})", i));
  }
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(6));
  for (std::size_t i = 0; i < all.size(); ++i) {
    open(request({"people"}, all[i].end));
    EXPECT_FALSE(stream().gap().has_value());
    std::vector<std::string> rest;
    for (const Told& transaction : told()) {
      if (transaction.events[0].starts_with("insert people")) {
        rest.push_back(transaction.events[0]);
      }
    }
    ASSERT_THAT(rest, SizeIs(all.size() - i - 1));
    if (!rest.empty()) {
      EXPECT_EQ(rest[0], fmt::format("insert people/{}", i + 1));
    }
  }
}

TEST_F(StreamTest, AnObjectWhoseKeyChangesIsToldUnderBothKeys) {
  database().exec("create table people (id int, part text, name text, primary key (id, part))");
  publish("people");
  open(request({"people"}));
  database().exec("insert into people values (1, 'a', 'Ada')");
  database().exec("update people set name = 'Ada L.'");
  database().exec("update people set id = 2");
  database().exec("delete from people");
  EXPECT_THAT(events(), ElementsAre("insert people/1,a", "update people/1,a",
                                    "update people/2,a (was 1,a)", "delete people/2,a"));
}

TEST_F(StreamTest, EveryReplicaIdentityThatHoldsTheIdNamesWhatChanged) {
  database().exec(
      "create table whole (id int primary key, name text);"
      "alter table whole replica identity full;"
      "create table by_index (id int primary key, name text);"
      "create unique index by_index_id on by_index (id);"
      "alter table by_index replica identity using index by_index_id;"
      "create table without (id int primary key, name text);"
      "alter table without replica identity nothing");
  database().exec(fmt::format("create publication {} for table fence, whole, by_index", slot()));
  make_slot();
  open(request({"whole", "by_index", "without"}));
  for (const std::string table : {"whole", "by_index"}) {
    database().exec(fmt::format(
        "insert into {0} values (1, 'a'); update {0} set name = 'b'; update {0} set id = 2;"
        "delete from {0}",
        table));
  }
  EXPECT_THAT(events(), ElementsAre("insert whole/1", "update whole/1", "update whole/2 (was 1)",
                                    "delete whole/2", "insert by_index/1", "update by_index/1",
                                    "update by_index/2 (was 1)", "delete by_index/2"));
}

TEST_F(StreamTest, AReplicaIdentityThatIsAnotherUnderWayNamesWhatChangesFromThereOn) {
  database().exec(
      "create table people (id int primary key, name text);"
      "create unique index people_by_id on people (id)");
  publish("people");
  open(request({"people"}));
  database().exec("insert into people values (1, 'a')");
  database().exec("alter table people replica identity full");
  database().exec("update people set id = 2");
  database().exec("alter table people replica identity using index people_by_id");
  database().exec("update people set id = 3");
  database().exec("delete from people");
  EXPECT_THAT(events(), ElementsAre("insert people/1", "table people", "update people/2 (was 1)",
                                    "table people", "update people/3 (was 2)", "delete people/3"));
}

TEST_F(StreamTest, WithoutAReplicaIdentityInsertsAreNamed) {
  database().exec(
      "create table people (id int primary key, name text);"
      "alter table people replica identity nothing");
  publish("people", "with (publish = 'insert, truncate')");
  open(request({"people"}));
  database().exec("insert into people values (1, 'a'); delete from people; truncate people");
  EXPECT_THAT(events(), ElementsAre("insert people/1", "truncate people"));
}

TEST_F(StreamTest, WhatAReplicaIdentityOfOtherColumnsCannotNameIsSaid) {
  database().exec(
      "create table people (id int primary key, code text not null unique, name text);"
      "alter table people replica identity using index people_code_key");
  publish("people");
  open(request({"people"}));
  database().exec("insert into people values (1, 'a', 'Ada')");
  database().exec("update people set name = 'Ada L.'");
  database().exec("update people set id = 2, code = 'b'");
  database().exec("delete from people");
  EXPECT_THAT(events(), ElementsAre("insert people/1", "update people/1", "unnamed people",
                                    "update people/2", "unnamed people"));
}

TEST_F(StreamTest, AnUnchangedToastedKeyIsReadFromTheOldRow) {
  database().exec(
      "create table notes (id text primary key, name text);"
      "alter table notes alter id set storage external");
  publish("notes");
  open(request({"notes"}));
  // Longer than a page takes in line, shorter than an index takes.
  database().exec("insert into notes values (repeat('k', 2300), repeat('n', 1000))");
  database().exec("update notes set name = 'short'");
  const std::string id(2300, 'k');
  EXPECT_THAT(events(), ElementsAre("insert notes/" + id, "update notes/" + id));
}

TEST_F(StreamTest, ATruncationIsOfTheTableAndNoDelete) {
  database().exec(
      "create table people (id int primary key);"
      "create table pets (id int primary key, owner int references people)");
  publish("people, pets");
  open(request({"people", "pets"}));
  database().exec("insert into people values (1)");
  database().exec("truncate people cascade");
  EXPECT_THAT(events(),
              testing::UnorderedElementsAre("insert people/1", "truncate people", "truncate pets"));
}

TEST_F(StreamTest, PartitionsAreTheTableThatTheyArePartOf) {
  const std::string tables =
      "create table parts (id int primary key, name text) partition by range (id);"
      "create table parts_1 partition of parts for values from (0) to (100);"
      "create table parts_2 (name text, id int not null) partition by range (id);"
      "create table parts_2_1 partition of parts_2 for values from (100) to (200)";
  database().exec(tables +
                  "; alter table parts_2 add primary key (id);"
                  "alter table parts attach partition parts_2 for values from (100) to (200)");
  publish("parts");
  open(request({"parts"}));
  database().exec("insert into parts values (1, 'a'), (101, 'b')");
  database().exec("update parts set name = 'c'");
  database().exec("create table parts_3 partition of parts for values from (200) to (300)");
  database().exec("insert into parts values (201, 'd')");
  // Each partition is a table of its own to the server.
  EXPECT_THAT(events(),
              ElementsAre("insert parts/1", "table parts", "insert parts/101", "update parts/1",
                          "update parts/101", "table parts", "insert parts/201"));
  database().exec("truncate parts");
  EXPECT_THAT(events(), ElementsAre("truncate parts"));
}

TEST_F(StreamTest, PartitionsMayBePublishedAsTheirRoot) {
  database().exec(
      "create table parts (id int primary key, name text) partition by range (id);"
      "create table parts_1 partition of parts for values from (0) to (100);"
      "create table parts_2 partition of parts for values from (100) to (200)");
  publish("parts", "with (publish_via_partition_root = true)");
  open(request({"parts"}));
  database().exec("insert into parts values (1, 'a'), (101, 'b')");
  database().exec("update parts set id = 102 where id = 1");  // A row that moves.
  database().exec("delete from parts where id = 101");
  database().exec("truncate parts");
  EXPECT_THAT(events(),
              ElementsAre("insert parts/1", "table parts", "insert parts/101", "delete parts/1",
                          "insert parts/102", "delete parts/101", "truncate parts"));
}

TEST_F(StreamTest, ATableThatIsAlteredUnderWayIsToldAndItsRowsBothBeforeAndAfter) {
  database().exec("create table people (id int primary key, name text, note text)");
  publish("people");
  open(request({"people"}));
  database().exec("insert into people values (1, 'Ada', null)");
  database().exec("alter table people add column age int");
  database().exec("insert into people values (2, 'Bob', null, 7)");
  database().exec("alter table people rename column note to remark");
  database().exec("insert into people values (3, 'Cleo')");
  database().exec("alter table people alter column name type varchar(40)");
  database().exec("insert into people values (4, 'Dan')");
  database().exec("alter table people drop column name");
  database().exec("insert into people values (5)");
  EXPECT_THAT(events(), ElementsAre("insert people/1", "table people", "insert people/2",
                                    "table people", "insert people/3", "table people",
                                    "insert people/4", "table people", "insert people/5"));
}

TEST_F(StreamTest, AlteringInTheMiddleOfATransactionReadsEachRowByItsOwnShape) {
  database().exec("create table people (name text, id int primary key)");
  publish("people");
  open(request({"people"}));
  database().exec(
      "begin; insert into people values ('Ada', 1); alter table people drop column name;"
      "insert into people values (2); commit");
  EXPECT_THAT(events(), ElementsAre("insert people/1", "table people", "insert people/2"));
}

TEST_F(StreamTest, AWidenedIdKeepsItsKeys) {
  database().exec("create table people (id int primary key); insert into people values (1)");
  publish("people");
  open(request({"people"}));
  database().exec("update people set id = 1; alter table people alter id type bigint");
  database().exec("delete from people; insert into people values (7)");
  const std::vector<std::string> all = events();
  EXPECT_THAT(all,
              ElementsAre("update people/1", "table people", "delete people/1", "insert people/7"));
}

TEST_F(StreamTest, AnIdOfAnotherTypeIsSaidAndNotMisread) {
  database().exec("create table people (id int primary key)");
  publish("people");
  open(request({"people"}));
  database().exec("insert into people values (1)");
  database().exec("alter table people alter id type text");
  database().exec("insert into people values ('x')");
  EXPECT_THAT(events(), ElementsAre("insert people/1", "table people", "unnamed people"));
}

TEST_F(StreamTest, ARenamedTableAndTheOneThatTakesItsPlaceAreTold) {
  database().exec("create table people (id int primary key)");
  publish("people");
  open(request({"people"}));
  database().exec("insert into people values (1)");
  database().exec("alter table people rename to people_old");
  database().exec("insert into people_old values (2)");
  EXPECT_THAT(events(), ElementsAre("insert people/1", "table people"));
  database().exec(fmt::format(
      "create table people (id int primary key); alter publication {} add table people", slot()));
  database().exec("insert into people values (3)");
  EXPECT_THAT(events(), Contains("insert people/3"));
}

TEST_F(StreamTest, ATableThatIsMadeAnewIsTold) {
  database().exec("create table people (id int primary key)");
  publish("people");
  open(request({"people"}));
  database().exec("insert into people values (1)");
  database().exec(
      fmt::format("drop table people; create table people (id int primary key);"
                  "alter publication {} add table people",
                  slot()));
  database().exec("insert into people values (2)");
  EXPECT_THAT(events(), ElementsAre("insert people/1", "table people", "insert people/2"));
}

TEST_F(StreamTest, TablesThatNobodyAskedForAreLeftOut) {
  database().exec("create table people (id int primary key); create table other (id int)");
  publish("people, other");
  open(request({"people"}));
  database().exec("insert into other values (1)");
  database().exec("insert into people values (1); insert into other values (2)");
  EXPECT_THAT(events(), ElementsAre("insert people/1"));
}

// The stream, a scan and a look-up have to agree on what an object is called.
TEST_F(StreamTest, KeysAreThoseThatAScanGives) {
  database().exec("create type mood as enum ('sad', 'ok'); create domain code as varchar(8)");
  const std::vector<std::pair<std::string, std::string>> columns = {
      {"bool", "true"},
      {"smallint", "-7"},
      {"int", "-70000"},
      {"bigint", "5000000000"},
      {"numeric(8,2)", "1.50"},
      {"numeric", "0.000100"},
      {"real", "1.5"},
      {"double precision", "-2.25"},
      {"text", "'ä,/%'"},
      {"varchar(9)", "'x '"},
      {"char(5)", "'ab'"},
      {"name", "'n'"},
      {"date", "'2026-02-28'"},
      {"timestamp", "'2026-01-01 12:00:00.5'"},
      {"timestamptz", "'2026-01-01 12:00:00+02'"},
      {"time", "'23:59:59.1'"},
      {"timetz", "'03:04:05+02'"},
      {"interval", "'1 mon 2 days 3 hours'"},
      {"uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"},
      {"bytea", "'\\x00ff'"},
      {"money", "'12.34'"},
      {"oid", "4000000000"},
      {"pg_lsn", "'1/A'"},
      {"inet", "'10.0.0.1/8'"},
      {"cidr", "'10.0.0.0/8'"},
      {"macaddr", "'08:00:2b:01:02:03'"},
      {"bit(4)", "B'1010'"},
      {"varbit", "B'101'"},
      {"mood", "'ok'"},
      {"code", "'c'"}};
  std::vector<std::string> tables;
  std::string published;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    tables.push_back(fmt::format("t{}", i));
    database().exec(
        fmt::format("create table {} (id {} primary key, n int)", tables[i], columns[i].first));
    published += (i == 0 ? "" : ", ") + tables[i];
  }
  publish(published);
  const StreamRequest asked = request(tables);
  open(asked);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    database().exec(fmt::format("insert into {0} values ({1}, 1); update {0} set n = 2", tables[i],
                                columns[i].second));
  }
  std::vector<std::string> expected;
  for (std::size_t i = 1; i < asked.tables.size(); ++i) {
    const StreamedTable& table = asked.tables[i];
    const Projection projection{table.table, table.id, table.id_types, {}, {}};
    RowBatch rows;
    auto scan = source().scan(projection);
    ASSERT_TRUE(scan && (*scan)->next(rows) && rows.rows() == 1) << table.table.table;
    const std::string key = format_key(table.id_types, key_of_row(rows, 0, table.id_types));
    expected.push_back(fmt::format("insert {}/{}", table.table.table, key));
    expected.push_back(fmt::format("update {}/{}", table.table.table, key));
  }
  EXPECT_EQ(events(), expected);
}

// What an event brings is decided on as if it had been read.
TEST_F(StreamTest, CellsAreThoseThatAFetchReads) {
  database().exec(
      "create type mood as enum ('sad', 'ok'); create type pair as (a int, b text);"
      "create domain code as varchar(8);"
      "create table things (id int primary key, b bool, s smallint, i int, l bigint, "
      "n numeric(8,2), m numeric, r real, d double precision, t text, v varchar(9), c char(5), "
      "day date, ts timestamp, tz timestamptz, at time, atz timetz, iv interval, u uuid, y bytea, "
      "mo money, j json, jb jsonb, ip inet, mac macaddr, bits bit(4), e mood, k code, "
      "ai int[], at2 text[], rg int4range, p pair, missing text)");
  publish("things");
  StreamRequest asked = request({"things"});
  StreamedTable& table = asked.tables[1];
  const auto described = source().describe({&table.table, 1});
  ASSERT_TRUE(described && described->size() == 1);
  Projection projection{table.table, table.id, table.id_types, {}, {}};
  for (const ColumnInfo& column : described->front().columns) {
    if (column.name != "id") {
      table.columns.push_back(column.name);
      table.column_types.push_back(*column.type);
      projection.columns.push_back({{}, column.name, *column.type});
    }
  }
  open(asked);
  database().exec(
      "insert into things values (1, true, -7, -70000, 5000000000, 1.50, 0.000100, 1.5, -2.25, "
      "'ä,/%', 'x ', 'ab', '2026-02-28', '2026-01-01 12:00:00.5', '2026-01-01 12:00:00+02', "
      "'23:59:59.1', '03:04:05+02', '1 mon 2 days 3 hours', "
      "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x00ff', '12.34', '{\"b\": 1}', '{\"b\": 1}', "
      "'10.0.0.1/8', '08:00:2b:01:02:03', B'1010', 'ok', 'c', '{1,null}', '{a,b}', '[1,5)', "
      "'(1,x)', null)");
  ChangeEvent event;
  for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
       event.cells.empty() && std::chrono::steady_clock::now() < until;) {
    auto batch = stream().next(std::chrono::milliseconds(100));
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    for (const ChangeTransaction& transaction : batch->transactions) {
      EXPECT_TRUE(is_known_position(transaction.begins_at));
      event = transaction.events.back();  // Before it: of which table it is.
    }
  }
  RowBatch fetched;
  ASSERT_TRUE(source().fetch(projection, {&event.key, 1}, fetched).has_value());
  ASSERT_EQ(fetched.rows(), 1U);
  RowBatch streamed(projection.width());
  streamed.begin_row();
  streamed.push(fetched.at(0, 0));
  ASSERT_TRUE(add_cells(event.cells, table.columns.size(), streamed)) << "no cells came";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    EXPECT_TRUE(identical(streamed.at(0, 1 + i), fetched.at(0, 1 + i))) << table.columns[i];
  }
}

TEST_F(StreamTest, AColumnThatIsOfAnotherTypeByNowBringsNoCells) {
  database().exec("create table people (id int primary key, name text)");
  publish("people");
  StreamRequest asked = request({"people"});
  ask_for(asked, {"name"});
  open(asked);
  database().exec("alter table people alter name type int using 1");
  database().exec("insert into people values (1, 7)");
  EXPECT_THAT(cells(1), ElementsAre(""));
}

// The log does not have what the server computes.
TEST_F(StreamTest, ARowOfWhichAGeneratedColumnIsAskedForBringsNoCells) {
  database().exec(
      "create table people (id int primary key, name text, loud text "
      "generated always as (upper(name)) stored)");
  publish("people");
  StreamRequest asked = request({"people"});
  ask_for(asked, {"name", "loud"});
  open(asked);
  database().exec("insert into people values (1, 'Ada'); update people set name = 'Bob'");
  EXPECT_THAT(cells(2), ElementsAre("", ""));
  ask_for(asked, {"name"});
  open(asked);
  EXPECT_THAT(cells(2), ElementsAre(Not(""), Not(""))) << "the other alone is brought";
}

TEST_F(StreamTest, OurOwnTransactionsAreKnownByTheirOrigin) {
  database().exec("create table people (id int primary key)");
  publish("people");
  open(request({"people"}));
  const auto written_under = [&](const std::string& origin, int id) {
    UserSession session(database().url());
    session.exec(
        fmt::format("select pg_replication_origin_create('{0}');"
                    "select pg_replication_origin_session_setup('{0}')",
                    origin));
    session.exec(fmt::format("insert into people values ({})", id));
    session.exec("select pg_replication_origin_session_reset()");
    session.exec(fmt::format("select pg_replication_origin_drop('{}')", origin));
  };
  written_under("couplet_x_daphne_0", 1);
  written_under("couplet_x_daphne_eu_0", 2);
  database().exec("insert into people values (3)");
  std::vector<bool> ours;
  for (const Told& transaction : told()) {
    ours.push_back(transaction.ours);
  }
  EXPECT_THAT(ours, ElementsAre(true, false, false));
}

TEST_F(StreamTest, WhatIsRolledBackIsNeverTold) {
  database().exec("create table people (id int primary key)");
  publish("people");
  open(request({"people"}));
  database().exec("begin; insert into people values (1); rollback");
  database().exec(
      "begin; insert into people values (2); savepoint a; insert into people values (3);"
      "rollback to a; insert into people values (4); commit");
  EXPECT_THAT(events(), ElementsAre("insert people/2", "insert people/4"));
}

TEST_F(StreamTest, ABacklogComesInLargeStepsAndToItsEnd) {
  constexpr int kTransactions = 10'000;
  database().exec("create table people (id int primary key)");
  publish("people");
  database().exec(
      "create procedure fill(count int) language plpgsql as $$ begin "
      "for i in 1 .. count loop insert into people values (i); commit; end loop; "
      "end $$");
  database().exec(fmt::format("call fill({})", kTransactions));
  const std::string end = database().query("select clock_timestamp()::text").at(0).at(0).value();
  wait_for(fmt::format("select 1 where clock_timestamp() > timestamptz '{}' + interval '1 second'",
                       end));
  std::size_t largest = 0;
  for (int attempt = 0; attempt < 20 && largest < 1000; ++attempt) {  // Others may be at work.
    open(request({"people"}));
    for (int came = 0; came < kTransactions;) {
      const auto batch = stream().next(std::chrono::seconds(60));
      ASSERT_TRUE(batch && !batch->empty()) << "after " << came;
      largest = std::max(largest, batch->transactions.size());
      for (const ChangeTransaction& transaction : batch->transactions) {
        ASSERT_EQ(shown(transaction.events.back()), fmt::format("insert people/{}", ++came));
      }
    }
    close();
  }
  EXPECT_GE(largest, 1000U) << "a few transactions at a time";
}

TEST_F(StreamTest, ATransactionKnowsTheIdThatItsRowsHave) {
  database().exec("create table people (id int primary key)");
  publish("people");
  open(request({"people"}));
  database().exec("insert into people values (1)");
  const std::vector<Told> all = told();
  ASSERT_THAT(all, SizeIs(1));
  const auto rows = database().query("select xmin::text from people");
  EXPECT_EQ(std::to_string(all[0].transaction), rows.at(0).at(0).value());
}

}  // namespace
}  // namespace couplet::test
