// What the source says of tables: everything that binding decides by.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/postgres/catalog_session.h"
#include "tests/integration/postgres/postgres_scene.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class CatalogTest : public PostgresScene {
 protected:
  ColumnInfo column(const TableInfo& info, const std::string& name) {
    const ColumnInfo* found = info.column(name);
    EXPECT_NE(found, nullptr) << name;
    return found == nullptr ? ColumnInfo() : *found;
  }
};

TEST_F(CatalogTest, AColumnThatIsAddedAgainHasAnotherNumber) {
  database().exec("create table t (id int primary key, a int, b int)");
  const TableInfo before = table("t");
  EXPECT_NE(column(before, "a").number, 0U);
  EXPECT_NE(column(before, "a").number, column(before, "b").number);
  database().exec(
      "alter table t drop column a; alter table t add column a int; "
      "alter table t alter column b type bigint");
  const TableInfo after = table("t");
  EXPECT_NE(column(after, "a").number, column(before, "a").number);
  EXPECT_EQ(column(after, "b").number, column(before, "b").number);
}

TEST_F(CatalogTest, DomainsAreResolvedToTheirBaseTypeWithItsModifier) {
  database().exec(
      "create domain email as varchar(40) not null;"
      "create domain work_email as email check (value like '%@work');"
      "create domain price as numeric(10,2) default 0;"
      "create type mood as enum ('sad', 'ok', 'happy');"
      "create domain good_mood as mood check (value <> 'sad');"
      "create table t (id int primary key, e work_email, p price, m good_mood)");
  const TableInfo t = table("t");
  const ColumnInfo e = column(t, "e");
  ASSERT_TRUE(e.type.has_value());
  EXPECT_EQ(e.type->kind, TypeKind::kVarchar);
  EXPECT_EQ(e.type->length, 40);
  EXPECT_EQ(e.type_name, "work_email");
  EXPECT_FALSE(e.nullable) << "a domain of the chain forbids null";
  const ColumnInfo p = column(t, "p");
  ASSERT_TRUE(p.type.has_value());
  EXPECT_EQ(p.type->precision, 10);
  EXPECT_EQ(p.type->scale, 2);
  EXPECT_TRUE(p.has_default);
  EXPECT_TRUE(p.nullable);
  const ColumnInfo m = column(t, "m");
  ASSERT_TRUE(m.type.has_value());
  EXPECT_EQ(m.type->kind, TypeKind::kEnum);
  EXPECT_THAT(m.type->labels, ElementsAre("sad", "ok", "happy"));
}

TEST_F(CatalogTest, WhatMakesValuesThatDifferEqualIsTold) {
  database().exec(
      "create extension citext;"
      "create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
      "create domain mail as citext;"
      "create table t (id int primary key, plain text, c text collate \"C\", l text collate loose,"
      " i citext, m mail, u text, n text);"
      "create unique index by_u on t (n, u collate loose)");
  const TableInfo t = table("t");
  EXPECT_EQ(column(t, "plain").equated_by, "");
  EXPECT_EQ(column(t, "c").equated_by, "");
  EXPECT_EQ(column(t, "n").equated_by, "");
  EXPECT_EQ(column(t, "l").equated_by, "collation loose");
  EXPECT_EQ(column(t, "i").equated_by, "type citext");
  EXPECT_EQ(column(t, "m").equated_by, "type mail");
  EXPECT_EQ(column(t, "u").equated_by, "collation loose of unique index by_u");
}

TEST_F(CatalogTest, TypeModifiersAreWhatTheDeclarationSays) {
  database().exec(
      "create table t (id int primary key, a numeric(5,-2), b numeric(4,6), c numeric, d char,"
      " e varchar, f timestamp(3), g timestamptz(0), h timestamptz, i bpchar)");
  const TableInfo t = table("t");
  EXPECT_EQ(column(t, "a").type->scale, -2);
  EXPECT_EQ(column(t, "b").type->precision, 4);
  EXPECT_EQ(column(t, "b").type->scale, 6);
  EXPECT_EQ(column(t, "c").type->precision, -1);
  EXPECT_EQ(column(t, "d").type->length, 1);
  EXPECT_EQ(column(t, "e").type->length, -1);
  EXPECT_EQ(column(t, "f").type->fraction_digits, 3);
  EXPECT_EQ(column(t, "g").type->fraction_digits, 0);
  EXPECT_EQ(column(t, "h").type->fraction_digits, 6);
  EXPECT_EQ(column(t, "i").type->length, -1);
}

TEST_F(CatalogTest, ATypeThatIsNotKnownIsItsText) {
  database().exec(
      "create type shape as (name text, at point);"
      "create table t (id int primary key, at point, places point[], c \"char\", s shape)");
  const TableInfo t = table("t");
  for (const auto& [name, type_name] : std::vector<std::pair<std::string, std::string>>{
           {"at", "point"}, {"c", "\"char\""}, {"s", "shape"}}) {
    ASSERT_EQ(column(t, name).type->kind, TypeKind::kOpaque) << name;
    EXPECT_EQ(column(t, name).type->name, type_name);
  }
  EXPECT_EQ(column(t, "c").type->base, "char");
  ASSERT_EQ(column(t, "places").type->kind, TypeKind::kArray);
  EXPECT_EQ(column(t, "places").type->elements.at(0).kind, TypeKind::kOpaque);
  EXPECT_EQ(column(t, "places").type->elements.at(0).base, "point");
}

TEST_F(CatalogTest, NestedTypesAreDescribedDownToTheirParts) {
  database().exec(
      "create type mood as enum ('sad', 'ok'); create domain moods as mood[];"
      "create domain money_like as numeric(10,2);"
      "create type \"Odd Pair\" as (\"left\" int, \"b\"\"c\" moods, gone text, d varchar(3)[]);"
      "alter type \"Odd Pair\" drop attribute gone;"
      "create type span as range (subtype = float8);"
      "create table t (id int primary key, a numeric(10,2)[], m moods, p \"Odd Pair\"[],"
      " r int4range, s span, mr nummultirange, d money_like[], i interval day to second(3),"
      " n name, z timetz(0))");
  const TableInfo t = table("t");
  const Type numbers = *column(t, "a").type;
  ASSERT_EQ(numbers.kind, TypeKind::kArray);
  EXPECT_EQ(numbers.name, "numeric(10,2)[]");
  EXPECT_EQ(numbers.elements.at(0).precision, 10);
  const Type moods = *column(t, "m").type;
  ASSERT_EQ(moods.kind, TypeKind::kArray);
  EXPECT_EQ(moods.name, "moods");
  EXPECT_EQ(moods.elements.at(0).labels, (std::vector<std::string>{"sad", "ok"}));
  const Type pair = column(t, "p").type->elements.at(0);
  ASSERT_EQ(pair.kind, TypeKind::kComposite);
  EXPECT_EQ(pair.name, "\"Odd Pair\"");
  EXPECT_EQ(pair.fields, (std::vector<std::string>{"left", "b\"c", "d"}));
  EXPECT_EQ(pair.elements.at(1).elements.at(0).kind, TypeKind::kEnum);
  EXPECT_EQ(pair.elements.at(2).elements.at(0).length, 3);
  EXPECT_TRUE(column(t, "r").type->discrete);
  EXPECT_FALSE(column(t, "s").type->discrete);
  EXPECT_EQ(column(t, "s").type->elements.at(0).kind, TypeKind::kFloat64);
  ASSERT_EQ(column(t, "mr").type->kind, TypeKind::kMultirange);
  EXPECT_EQ(column(t, "mr").type->elements.at(0).kind, TypeKind::kNumeric);
  EXPECT_EQ(column(t, "d").type->elements.at(0).scale, 2);
  EXPECT_EQ(column(t, "i").type->fraction_digits, 3);
  EXPECT_GT(column(t, "i").type->precision, 0);
  EXPECT_EQ(column(t, "n").type->length, 63);
  EXPECT_EQ(column(t, "z").type->fraction_digits, 0);
}

TEST_F(CatalogTest, ColumnsThatTheDatabaseFillsAreMarked) {
  database().exec(
      "create table t (a bigint generated always as identity primary key,"
      " b int generated by default as identity, c serial, d int default 7,"
      " e int generated always as (d * 2) stored, f int)");
  const TableInfo t = table("t");
  EXPECT_TRUE(column(t, "a").identity_always && column(t, "a").has_default);
  EXPECT_TRUE(column(t, "b").has_default && !column(t, "b").identity_always);
  EXPECT_TRUE(column(t, "c").has_default);
  EXPECT_TRUE(column(t, "d").has_default && !column(t, "d").generated);
  EXPECT_TRUE(column(t, "e").generated);
  EXPECT_FALSE(column(t, "f").has_default);
}

TEST_F(CatalogTest, OnlyKeysOverPlainColumnsOfAllRowsAreUniqueKeys) {
  database().exec(
      "create table t (a int, b int, c text, d int, primary key (b, a),"
      " constraint deferred_c unique (c) deferrable initially deferred);"
      "create unique index plain_d on t (d) include (c);"
      "create unique index by_expression on t (lower(c));"
      "create unique index of_some on t (d) where a > 0;"
      "create index not_unique on t (a)");
  const TableInfo t = table("t");
  EXPECT_THAT(t.primary_key, ElementsAre("b", "a"));
  ASSERT_THAT(t.unique_keys, SizeIs(3));
  EXPECT_THAT(t.unique_keys,
              UnorderedElementsAre(
                  AllOf(Field(&UniqueKey::primary, true),
                        Field(&UniqueKey::columns, ElementsAre("b", "a"))),
                  AllOf(Field(&UniqueKey::name, "deferred_c"), Field(&UniqueKey::deferrable, true),
                        Field(&UniqueKey::columns, ElementsAre("c"))),
                  AllOf(Field(&UniqueKey::name, "plain_d"), Field(&UniqueKey::deferrable, false),
                        Field(&UniqueKey::columns, ElementsAre("d")))));
}

TEST_F(CatalogTest, ForeignKeysPairTheirColumnsInOrder) {
  database().exec(
      "create schema other;"
      "create table other.p (x int, y text, unique (y, x));"
      "create table t (id int primary key, px int, py text, boss int references t deferrable,"
      " constraint to_p foreign key (py, px) references other.p (y, x))");
  const TableInfo t = table("t");
  ASSERT_THAT(t.foreign_keys, SizeIs(2));
  const ForeignKey& boss = t.foreign_keys[0];
  EXPECT_EQ(boss.constraint, "t_boss_fkey");
  EXPECT_TRUE(boss.deferrable);
  EXPECT_EQ(boss.table, (TableName{"public", "t"}));
  const ForeignKey& to_p = t.foreign_keys[1];
  EXPECT_EQ(to_p.table, (TableName{"other", "p"}));
  EXPECT_THAT(to_p.columns, ElementsAre("py", "px"));
  EXPECT_THAT(to_p.target_columns, ElementsAre("y", "x"));
}

TEST_F(CatalogTest, APartitionedTableHasItsKeysOnceAndTheTriggersOfItsParts) {
  database().exec(
      "create table ref (id int primary key) partition by range (id);"
      "create table ref_1 partition of ref for values from (0) to (100);"
      "create table ref_2 partition of ref for values from (100) to (200);"
      "create table p (id int primary key, r int references ref) partition by range (id);"
      "create table p_1 partition of p for values from (0) to (100);"
      "create table p_2 partition of p for values from (100) to (200)");
  TableInfo p = table("p");
  EXPECT_EQ(p.kind, TableInfo::Kind::kPartitionedTable);
  EXPECT_THAT(p.primary_key, ElementsAre("id"));
  ASSERT_THAT(p.foreign_keys, SizeIs(1)) << "clones per partition of the target are left out";
  EXPECT_EQ(p.foreign_keys[0].table.table, "ref");
  EXPECT_FALSE(p.user_triggers);
  EXPECT_THAT(table("p_1").foreign_keys, SizeIs(1)) << "a partition has its share of the key";

  database().exec(
      "create function f() returns trigger language plpgsql as $$ begin return new; end $$;"
      "create trigger on_a_part before update on p_2 for each row execute function f()");
  EXPECT_TRUE(table("p").user_triggers);
}

TEST_F(CatalogTest, OnlyEnabledTriggersOfUsersCount) {
  database().exec(
      "create table q (id int primary key);"
      "create table t (id int primary key, q int references q);"
      "create function f() returns trigger language plpgsql as $$ begin return new; end $$");
  EXPECT_FALSE(table("t").user_triggers) << "foreign keys are triggers of the server's own";
  database().exec("create trigger g before insert on t for each row execute function f()");
  EXPECT_TRUE(table("t").user_triggers);
  database().exec("alter table t disable trigger g");
  EXPECT_FALSE(table("t").user_triggers);
}

TEST_F(CatalogTest, AViewIsAViewAndAMissingTableIsLeftOut) {
  database().exec("create table t (id int primary key); create view v as select id from t");
  const std::vector<TableName> names{
      {"", "v"}, {"", "missing"}, {"public", "t"}, {"no_schema", "t"}, {"", "v"}};
  const auto found = source().describe(names);
  ASSERT_TRUE(found.has_value()) << found.error().message;
  ASSERT_THAT(*found, SizeIs(3));
  EXPECT_EQ((*found)[0].kind, TableInfo::Kind::kView);
  EXPECT_EQ((*found)[0].name, (TableName{"public", "v"}));
  EXPECT_EQ((*found)[1].name, (TableName{"public", "t"}));
  EXPECT_EQ((*found)[2].name, (TableName{"public", "v"}));
}

TEST_F(CatalogTest, TheConfiguredSchemaStandsForTheEmptyOne) {
  database().exec(
      "create schema \"My.Schema\"; create table \"My.Schema\".t (a int primary key);"
      "create table t (b int primary key); create table only_public (c int)");
  PostgresSourceSettings there = settings();
  there.schema = "My.Schema";
  reopen(there);
  EXPECT_EQ(table("t").name, (TableName{"My.Schema", "t"}));
  const std::vector<TableName> names{{"", "only_public"}, {"public", "t"}};
  const auto found = source().describe(names);
  ASSERT_TRUE(found.has_value());
  ASSERT_THAT(*found, SizeIs(1)) << "never one of the same name elsewhere";
  EXPECT_THAT((*found)[0].primary_key, ElementsAre("b"));
  there.schema = "missing";
  reopen(there);
  EXPECT_THAT(source().describe(names).value_or(std::vector<TableInfo>()), SizeIs(1));
}

TEST_F(CatalogTest, PrivilegesAreThoseOfOurRoleByColumnToo) {
  database().exec(
      "create table t (id int primary key, open text, shut text);"
      "create table hidden (id int primary key);"
      "create role reader login;"
      "grant select on t to reader; grant update (open) on t to reader");
  reopen(settings("reader"));
  const TableInfo t = table("t");
  EXPECT_TRUE(t.may_select);
  EXPECT_FALSE(t.may_insert);
  EXPECT_TRUE(t.may_update);
  EXPECT_FALSE(t.may_delete);
  EXPECT_TRUE(column(t, "open").may_update);
  EXPECT_FALSE(column(t, "shut").may_update);
  EXPECT_TRUE(column(t, "shut").may_select);
  EXPECT_FALSE(table("hidden").may_select);
  const auto tables = source().tables();
  ASSERT_TRUE(tables.has_value());
  EXPECT_THAT(*tables, ElementsAre(TableName{"public", "t"}));

  const Projection asked = projection(table("hidden"), {});
  const std::vector<ObjectKey> keys{key(asked, "1")};
  RowBatch rows;
  const auto refused = source().fetch(asked, keys, rows);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::kPrivilege);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("permission denied for table hidden"));
  const auto scan = source().scan(asked);
  ASSERT_FALSE(scan.has_value());
  EXPECT_EQ(scan.error().kind, ErrorKind::kPrivilege);
  WriteGroup changed = group(WriteGroup::Operation::kUpdate, t, {"shut"});
  add(changed, {"1"}, {"x"});
  const auto written = write({changed});
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().kind, ErrorKind::kPrivilege);
  reopen(settings());
  database().exec("drop owned by reader; drop role reader");
}

TEST_F(CatalogTest, PoliciesCountWhereTheyBindOurRole) {
  database().exec(
      "create table t (id int primary key); alter table t enable row level security;"
      "create policy p on t using (id < 10); create role bound login; grant all on t to bound");
  EXPECT_FALSE(table("t").row_security) << "a superuser is not bound";
  reopen(settings("bound"));
  const TableInfo t = table("t");
  EXPECT_TRUE(t.row_security);
  WriteGroup made = group(WriteGroup::Operation::kCreate, t, {});
  add(made, {"11"}, {});
  const auto refused = write({made});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::kRowFault) << "the row's fault, not the role's";
  reopen(settings());
  database().exec("drop owned by bound; drop role bound");
}

TEST_F(CatalogTest, AnyNumberOfTablesIsDescribedByAFixedNumberOfStatements) {
  std::vector<TableName> names;
  std::string sql;
  for (int i = 0; i < 40; ++i) {
    names.push_back({"", "t" + std::to_string(i)});
    sql += "create table t" + std::to_string(i) + " (id int primary key, n text unique);";
  }
  database().exec(sql);
  const std::uint64_t before = source().statements();
  ASSERT_THAT(source().describe({names.data(), 1}).value_or(std::vector<TableInfo>()), SizeIs(1));
  const std::uint64_t for_one = source().statements() - before;
  ASSERT_THAT(source().describe(names).value_or(std::vector<TableInfo>()), SizeIs(40));
  EXPECT_EQ(source().statements() - before - for_one, for_one);
  EXPECT_LE(for_one, 10U);
}

TEST_F(CatalogTest, TablesListsNeitherPartsNorTheServersOwn) {
  database().exec(
      "create table p (id int) partition by range (id);"
      "create table p_1 partition of p for values from (0) to (9);"
      "create view v as select 1 as x; create schema zoo; create table zoo.a (x int);"
      "create materialized view m as select 1 as x");
  const auto tables = source().tables();
  ASSERT_TRUE(tables.has_value());
  EXPECT_THAT(*tables, ElementsAre(TableName{"public", "m"}, TableName{"public", "p"},
                                   TableName{"public", "v"}, TableName{"zoo", "a"}));
}

TEST_F(CatalogTest, AConditionIsOneExpressionOverTheTable) {
  database().exec("create table t (id int primary key, name text, active boolean)");
  const TableName t{"public", "t"};
  for (const char* text : {"active", "name = 'a' and id > 3", "t.active -- of the table",
                           "exists (select 1 where t.id = 1)", "null"}) {
    EXPECT_TRUE(source().check_condition(t, SqlCondition{text}).has_value()) << text;
  }
  for (const char* text : {"nonsense", "id", "id, active", "active) or (true",
                           "active; drop table t", "", "count(*) > 1", "active /* open"}) {
    const auto checked = source().check_condition(t, SqlCondition{text});
    ASSERT_FALSE(checked.has_value()) << text;
    EXPECT_EQ(checked.error().kind, ErrorKind::kSchema) << checked.error().message;
  }
  EXPECT_EQ(source().check_condition({"public", "missing"}, SqlCondition{"true"}).error().kind,
            ErrorKind::kSchema);
}

// Of a standby that has to replay, or of tables that are dropped while their catalogs are read.
TEST_F(CatalogTest, WhatTheCatalogsRefuseOnceMayBeAskedAgain) {
  std::uint64_t statements = 0;
  const auto kind_of = [&](auto question) {
    const Result<int> answer = postgres::ask(settings(), statements, question);
    EXPECT_FALSE(answer.has_value());
    return answer ? ErrorKind::kInternal : answer.error().kind;
  };
  const auto refused_with = [&](const std::string& code) {
    return kind_of([&](postgres::CatalogSession& session) {
      session.run("do $$ begin raise exception 'no' using errcode = '" + code + "'; end $$");
      return 0;
    });
  };
  EXPECT_EQ(refused_with("40001"), ErrorKind::kTransient);
  EXPECT_EQ(refused_with("40P01"), ErrorKind::kTransient);
  EXPECT_EQ(refused_with("XX000"), ErrorKind::kTransient);
  EXPECT_EQ(refused_with("42501"), ErrorKind::kPrivilege);
}

}  // namespace
}  // namespace couplet::test
