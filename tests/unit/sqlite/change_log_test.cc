// What the triggers of a change log write down, whoever writes and however.
#include <gmock/gmock.h>

#include "tests/unit/sqlite/log_scene.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ChangeLogTest : public LogScene {};

// SQLite fires no delete trigger for a row that a REPLACE removes.
TEST_F(ChangeLogTest, ARowThatAReplacingInsertRemovesIsTold) {
  file_.exec(
      "create table people (id integer primary key, mail text unique, nick text);"
      "create unique index people_nick on people (nick collate nocase)");
  set_up({"people"});
  file_.exec("insert into people values (1, 'a@x', 'ada'), (2, 'b@x', 'bob'), (3, 'c@x', 'cyd')");
  const auto stream = caught_up();
  file_.exec("insert or replace into people values (9, 'a@x', 'BOB')");
  EXPECT_EQ(count("people"), "2");
  EXPECT_THAT(told(*stream), testing::UnorderedElementsAre("delete people 1", "delete people 2",
                                                           "insert people 9"));
  file_.exec("replace into people values (3, 'c2@x', 'cyd')");
  EXPECT_THAT(told(*stream), ElementsAre("insert people 3")) << "the same id needs no word more";
}

TEST_F(ChangeLogTest, ARowThatAReplacingUpdateRemovesIsTold) {
  file_.exec(
      "create table people (id integer primary key, mail text unique on conflict replace, age)");
  set_up({"people"});
  file_.exec("insert into people values (1, 'a@x', 1), (2, 'b@x', 2)");
  const auto stream = caught_up();
  file_.exec("update people set mail = 'a@x' where id = 2");
  EXPECT_EQ(count("people"), "1");
  EXPECT_THAT(told(*stream), ElementsAre("delete people 1", "update people 2"));
  file_.exec("update people set age = 5");
  EXPECT_THAT(told(*stream), ElementsAre("update people 2"));
}

TEST_F(ChangeLogTest, WithRecursiveTriggersItIsToldAsWell) {
  file_.exec("create table people (id integer primary key, mail text unique)");
  set_up({"people"});
  file_.exec("insert into people values (1, 'a@x')");
  const auto stream = caught_up();
  file_.exec("pragma recursive_triggers = on; insert or replace into people values (2, 'a@x')");
  EXPECT_THAT(told(*stream), testing::IsSupersetOf({"delete people 1", "insert people 2"}));
}

// The last word on a row decides what is made of it.
TEST_F(ChangeLogTest, AnUpsertEndsAsAnUpdate) {
  file_.exec("create table people (id integer primary key, mail text unique, age integer)");
  set_up({"people"});
  file_.exec("insert into people values (1, 'a@x', 1)");
  const auto stream = caught_up();
  file_.exec(
      "insert into people (mail, age) values ('a@x', 2) on conflict (mail) do update set age = "
      "excluded.age");
  EXPECT_EQ(told(*stream).back(), "update people 1");
  file_.exec("insert or ignore into people (mail, age) values ('a@x', 3)");
  EXPECT_EQ(count("people"), "1");
}

TEST_F(ChangeLogTest, WhatAForeignKeyTakesAlongIsTold) {
  file_.exec(
      "create table firms (id integer primary key);"
      "create table staff (id integer primary key, firm integer references firms on delete cascade "
      "on update cascade)");
  set_up({"firms", "staff"});
  file_.exec("insert into firms values (1), (2); insert into staff values (10, 1), (20, 2)");
  const auto stream = caught_up();
  file_.exec("delete from firms where id = 1; update firms set id = 3");
  EXPECT_THAT(told(*stream),
              testing::UnorderedElementsAre("delete firms 1", "delete staff 10",
                                            "update firms 3 was 2", "update staff 20"));
}

TEST_F(ChangeLogTest, EachRowOfAnEmptiedTableIsTold) {
  file_.exec("create table people (id integer primary key)");
  set_up({"people"});
  file_.exec("insert into people values (1), (2)");
  const auto stream = caught_up();
  file_.exec("delete from people");
  EXPECT_THAT(told(*stream), ElementsAre("delete people 1", "delete people 2"));
}

TEST_F(ChangeLogTest, WhatTriggersOfUsersChangeIsTold) {
  file_.exec(
      "create table people (id integer primary key, age integer, touched text);"
      "create table audit (id integer primary key, what text);"
      "create trigger touch after update of age on people begin"
      "  update people set touched = 'now' where id = new.id;"
      "  insert into audit (what) values ('age'); end");
  set_up({"people", "audit"});
  file_.exec("insert into people values (1, 1, null)");
  const auto stream = caught_up();
  file_.exec("update people set age = 2");
  EXPECT_THAT(told(*stream), testing::IsSupersetOf({"update people 1", "insert audit 1"}));
}

TEST_F(ChangeLogTest, RowsAreNamedByIdsOfAnyKindAndNumber) {
  file_.exec(
      "create table \"odd \"\"name'\" (\"a b\" text, n real, raw blob, age, "
      "primary key (\"a b\", n, raw)) without rowid;"
      "create table days (day date primary key, id uuid)");
  set_up({"odd \"name'", "days"});
  const auto stream = caught_up();
  file_.exec(
      "insert into \"odd \"\"name'\" values ('it''s', 2, x'00ff', 1);"
      "update \"odd \"\"name'\" set n = 2.5;"
      "insert into days values ('2026-02-28', null)");
  EXPECT_THAT(told(*stream),
              ElementsAre("insert odd \"name' it%27s,2,%5Cx00ff",
                          "update odd \"name' it%27s,2.5,%5Cx00ff was it%27s,2,%5Cx00ff",
                          "insert days 2026-02-28"));
}

TEST_F(ChangeLogTest, ARowWithoutANameIsToldToHaveNone) {
  file_.exec("create table days (day date primary key)");
  set_up({"days"});
  const auto stream = caught_up();
  file_.exec("insert into days values ('no day'), (null)");
  EXPECT_THAT(told(*stream), ElementsAre("unnamed days", "unnamed days"));
}

TEST_F(ChangeLogTest, WhatWasRolledBackIsNotTold) {
  file_.exec("create table people (id integer primary key)");
  set_up({"people"});
  const auto stream = caught_up();
  file_.exec("begin; insert into people values (1); rollback");
  EXPECT_THROW(file_.exec("insert into people values (2), (2)"), std::runtime_error);
  EXPECT_THAT(told(*stream), IsEmpty());
}

// Applications ask for these after a write.
TEST_F(ChangeLogTest, CountersOfAWriterAreThoseOfItsOwnRows) {
  file_.exec("create table people (id integer primary key, mail text unique)");
  set_up({"people"});
  file_.exec("insert into people values (70, 'a'), (71, 'b')");
  EXPECT_EQ(file_.query("select last_insert_rowid(), changes()"),
            (std::vector<SqliteFile::Row>{{"71", "2"}}));
}

// A change in a transaction that is open is nowhere yet, and nobody waits for it.
TEST_F(ChangeLogTest, AnOpenTransactionIsNeitherToldNorWaitedFor) {
  for (const char* mode : {"delete", "wal"}) {
    file_.exec(std::string("pragma journal_mode = ") + mode);
    file_.exec("drop table if exists people; create table people (id integer primary key)");
    set_up({"people"});
    file_.exec("insert into people values (1)");
    const auto stream = caught_up();
    file_.exec("insert into people values (2)");
    file_.exec("begin immediate; insert into people values (3)");
    EXPECT_THAT(told(*stream), ElementsAre("insert people 2")) << mode;
    stream->acknowledge(end_);
    EXPECT_THAT(told(*stream), IsEmpty()) << mode;
    file_.exec("commit");
    EXPECT_THAT(told(*stream), ElementsAre("insert people 3")) << mode;
  }
}

TEST_F(ChangeLogTest, WhatWasAcknowledgedIsRemovedButForItsPlace) {
  file_.exec("create table people (id integer primary key)");
  set_up({"people"});
  auto stream = caught_up();
  file_.exec("insert into people values (1), (2), (3)");
  told(*stream);
  EXPECT_EQ(count(kLog), "4") << "with the entry that it begins with";
  stream->acknowledge(end_);
  stream.reset();
  EXPECT_EQ(count(kLog), "1");
  EXPECT_FALSE(open(end_)->gap());
}

TEST_F(ChangeLogTest, EntriesAreTimedAndNotChanged) {
  file_.exec("create table people (id integer primary key)");
  set_up({"people"});
  const auto stream = caught_up();
  file_.exec("insert into people values (1)");
  EXPECT_EQ(file_.query(std::string("select abs(max(seq) / 1000000 - strftime('%s', 'now')) < 60 "
                                    "from ") +
                        kLog)[0][0],
            "1");
  EXPECT_THROW(file_.exec(std::string("update ") + kLog + " set k1 = 7"), std::runtime_error);
}

TEST_F(ChangeLogTest, OurTriggersAreNoneOfTheTablesUsers) {
  file_.exec("create table people (id integer primary key, mail text unique)");
  set_up({"people"});
  SqliteSource source(settings());
  const TableName people{"", "people"};
  EXPECT_FALSE(source.describe({&people, 1})->at(0).user_triggers);
  EXPECT_THAT(*source.tables(), ElementsAre(people)) << "nobody maps a change log";
}

}  // namespace
}  // namespace couplet::test
