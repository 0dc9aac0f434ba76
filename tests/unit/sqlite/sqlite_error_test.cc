#include "connectors/sqlite/sqlite_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

namespace couplet::sqlite {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(SqliteErrorTest, EachKindOfTroubleHasItsKind) {
  EXPECT_EQ(kind_of(SQLITE_BUSY), ErrorKind::kTransient);
  EXPECT_EQ(kind_of(SQLITE_BUSY_SNAPSHOT), ErrorKind::kTransient);
  EXPECT_EQ(kind_of(SQLITE_LOCKED_SHAREDCACHE), ErrorKind::kTransient);
  EXPECT_EQ(kind_of(SQLITE_NOTADB), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of(SQLITE_CORRUPT_INDEX), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of(SQLITE_CANTOPEN), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of(SQLITE_IOERR_READ), ErrorKind::kUnavailable);
  EXPECT_EQ(kind_of(SQLITE_READONLY_DBMOVED), ErrorKind::kPrivilege);
  EXPECT_EQ(kind_of(SQLITE_FULL), ErrorKind::kDiskFull);
  EXPECT_EQ(kind_of(SQLITE_ERROR), ErrorKind::kSchema);
  EXPECT_EQ(kind_of(SQLITE_CONSTRAINT_UNIQUE), ErrorKind::kRowFault);
  EXPECT_EQ(kind_of(SQLITE_TOOBIG), ErrorKind::kRowFault);
  EXPECT_EQ(kind_of(SQLITE_MISUSE), ErrorKind::kInternal);
}

// One rule decides about clashes, whatever the database (engine/sync/syncer.cc).
TEST(SqliteErrorTest, ConstraintsHaveTheSqlstatesOfPostgres) {
  const auto code = [](int result) {
    return to_error("s", {result, "UNIQUE constraint failed: t.a"}).code;
  };
  EXPECT_EQ(code(SQLITE_CONSTRAINT_UNIQUE), "23505");
  EXPECT_EQ(code(SQLITE_CONSTRAINT_PRIMARYKEY), "23505");
  EXPECT_EQ(code(SQLITE_CONSTRAINT_ROWID), "23505");
  EXPECT_EQ(code(SQLITE_CONSTRAINT_FOREIGNKEY), "23503");
  EXPECT_EQ(code(SQLITE_CONSTRAINT_NOTNULL), "23502");
  EXPECT_EQ(code(SQLITE_CONSTRAINT_CHECK), "23514");
  EXPECT_EQ(code(SQLITE_CONSTRAINT_DATATYPE), "22P02");
  EXPECT_EQ(code(SQLITE_CONSTRAINT_TRIGGER), "P0001");
}

TEST(SqliteErrorTest, WhatATriggerSaysOfARowStaysInTheDetail) {
  const Error error = to_error("box", {SQLITE_CONSTRAINT_TRIGGER, "no place for s3cret"});
  EXPECT_THAT(error.message, HasSubstr("source box: a trigger of the database refuses the row"));
  EXPECT_THAT(error.message, Not(HasSubstr("s3cret")));
  EXPECT_EQ(error.detail, "no place for s3cret");
}

TEST(SqliteErrorTest, ALockSaysHowItIsMended) {
  const Error error = to_error("box", {SQLITE_BUSY, "database is locked"});
  EXPECT_THAT(error.message, HasSubstr("source box: another connection holds the file locked"));
  EXPECT_THAT(error.hint, HasSubstr("busy_timeout"));
}

TEST(SqliteErrorTest, TheColumnsThatRefusedAreRead) {
  EXPECT_EQ(refused_by("UNIQUE constraint failed: t.a, t.b"), "t.a, t.b");
  EXPECT_EQ(refused_by("CHECK constraint failed: t_a_check"), "t_a_check");
  EXPECT_THAT(refused_by("database is locked"), IsEmpty());
}

}  // namespace
}  // namespace couplet::sqlite
