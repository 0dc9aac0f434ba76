// What describe makes of what SQLite's catalog tells, beyond the contract of every source.
#include <gmock/gmock.h>

#include "connectors/sqlite/sqlite_source.h"
#include "tests/support/sqlite_file.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

class SqliteCatalogTest : public testing::Test {
 protected:
  SqliteCatalogTest() : source_({"box", file_.path(), std::chrono::milliseconds(100)}) {}

  TableInfo described(const std::string& table) {
    const TableName name{{}, table};
    const auto tables = source_.describe({&name, 1});
    EXPECT_TRUE(tables && tables->size() == 1) << table;
    return tables && !tables->empty() ? tables->front() : TableInfo();
  }

  SqliteFile file_;
  SqliteSource source_;
};

// Its numbers are places, which move when another column is dropped.
TEST_F(SqliteCatalogTest, ColumnsHaveNoNumberThatWouldStay) {
  file_.exec("create table t (id integer primary key, v text)");
  for (const ColumnInfo& column : described("t").columns) {
    EXPECT_EQ(column.number, 0U) << column.name;
  }
}

TEST_F(SqliteCatalogTest, APrimaryKeyIsFoundInEveryForm) {
  file_.exec(
      "create table by_rowid (id integer primary key, v text);"
      "create table by_descending (id integer primary key desc, v text);"
      "create table by_text (code text primary key, v text);"
      "create table by_two (b text, a integer, primary key (a, b));"
      "create table without (code text primary key, v text) without rowid;"
      "create table strictly (id int primary key, v any) strict;"
      "create table by_none (v text)");
  for (const char* table : {"by_rowid", "by_descending", "by_text", "without", "strictly"}) {
    SCOPED_TRACE(table);
    const TableInfo info = described(table);
    EXPECT_EQ(info.primary_key.size(), 1U);
    EXPECT_THAT(info.unique_keys, ElementsAre(testing::AllOf(
                                      Field("name", &UniqueKey::name, std::string(table) + "_pkey"),
                                      Field("columns", &UniqueKey::columns, info.primary_key),
                                      Field("primary", &UniqueKey::primary, true))));
    EXPECT_FALSE(info.column(info.primary_key.front())->nullable);
  }
  EXPECT_THAT(described("by_two").primary_key, ElementsAre("a", "b"));
  EXPECT_THAT(described("by_none").primary_key, IsEmpty());
  EXPECT_TRUE(described("by_rowid").column("id")->has_default) << "chosen where it is not given";
  EXPECT_FALSE(described("by_descending").column("id")->has_default) << "no rowid, by an old quirk";
  EXPECT_FALSE(described("strictly").column("v")->type) << "anything goes";
}

TEST_F(SqliteCatalogTest, ConstraintsGetTheNamesThatPostgresWouldGive) {
  file_.exec(
      "create table parents (id integer primary key, a text, b text, unique (a, b));"
      "create table Children (id integer primary key, Parent integer references PARENTS,"
      " a text, b text, foreign key (A, b) references parents (A, B));"
      "create unique index named on children (parent);"
      "create unique index partial on children (a) where b is not null;"
      "create unique index computed on children (lower(a))");
  EXPECT_THAT(described("parents").unique_keys,
              testing::UnorderedElementsAre(Field("name", &UniqueKey::name, "parents_pkey"),
                                            Field("name", &UniqueKey::name, "parents_a_b_key")));
  const TableInfo children = described("Children");
  EXPECT_THAT(children.unique_keys,
              testing::UnorderedElementsAre(Field("name", &UniqueKey::name, "Children_pkey"),
                                            Field("name", &UniqueKey::name, "named")))
      << "neither over a part of the rows nor over an expression";
  ASSERT_EQ(children.foreign_keys.size(), 2U);
  EXPECT_EQ(children.foreign_keys[0].constraint, "Children_Parent_fkey");
  EXPECT_EQ(children.foreign_keys[0].table.table, "parents") << "as the catalog spells it";
  EXPECT_THAT(children.foreign_keys[0].target_columns, ElementsAre("id"));
  EXPECT_THAT(children.foreign_keys[1].columns, ElementsAre("a", "b"));
  EXPECT_THAT(children.foreign_keys[1].target_columns, ElementsAre("a", "b"));
}

TEST_F(SqliteCatalogTest, WhatMakesValuesThatDifferEqualIsTold) {
  file_.exec(
      "create table t (id integer primary key, plain text, nocase text collate nocase,"
      " trimmed text collate rtrim, named text collate BINARY, keyed text, other text);"
      "create unique index keyed on t (other, keyed collate nocase);"
      "create index searched on t (plain collate nocase)");
  const TableInfo t = described("t");
  EXPECT_EQ(t.column("plain")->equated_by, "") << "an index that is not unique refuses nothing";
  EXPECT_EQ(t.column("named")->equated_by, "");
  EXPECT_EQ(t.column("other")->equated_by, "");
  EXPECT_EQ(t.column("nocase")->equated_by, "collation NOCASE");
  EXPECT_EQ(t.column("trimmed")->equated_by, "collation RTRIM");
  EXPECT_EQ(t.column("keyed")->equated_by, "collation NOCASE of unique index keyed");
}

TEST_F(SqliteCatalogTest, ViewsAreReadAndVirtualTablesAreNone) {
  file_.exec(
      "create table t (id integer primary key, v text);"
      "create table gone (v text); create view broken as select v from gone; drop table gone;"
      "create view seen as select id, v from t;"
      "create virtual table searched using fts5(body)");
  const TableInfo view = described("seen");
  EXPECT_EQ(view.kind, TableInfo::Kind::kView);
  EXPECT_FALSE(view.may_insert || view.may_update || view.may_delete);
  EXPECT_EQ(view.column("id")->type->kind, TypeKind::kInt64);
  EXPECT_EQ(described("searched").kind, TableInfo::Kind::kOther);
  EXPECT_EQ(described("broken").kind, TableInfo::Kind::kOther);
  const auto tables = source_.tables();
  ASSERT_TRUE(tables.has_value());
  EXPECT_THAT(*tables, testing::UnorderedElementsAre(TableName{{}, "t"}, TableName{{}, "seen"}));
}

TEST_F(SqliteCatalogTest, GeneratedColumnsAndDefaultsAreTold) {
  file_.exec(
      "create table t (id integer primary key, a integer default 5, b integer as (2 * a),"
      " c integer generated always as (3 * a) stored, d text not null)");
  const TableInfo t = described("t");
  EXPECT_TRUE(t.column("a")->has_default);
  EXPECT_FALSE(t.column("a")->generated);
  EXPECT_TRUE(t.column("b")->generated);
  EXPECT_TRUE(t.column("c")->generated);
  EXPECT_FALSE(t.column("d")->nullable);
}

// Ids that nobody can keep for us are not reserved, and then the source chooses.
TEST_F(SqliteCatalogTest, ARowidWithoutAutoincrementIsNotReserved) {
  file_.exec("create table t (id integer primary key, v text); insert into t (v) values ('a')");
  const TableInfo t = described("t");
  const std::vector<Type> types{*t.column("id")->type};
  const auto ids = source_.reserve_ids(t, t.primary_key, types, 3);
  ASSERT_TRUE(ids.has_value()) << ids.error().message;
  EXPECT_FALSE(ids->has_value());
}

}  // namespace
}  // namespace couplet::test
