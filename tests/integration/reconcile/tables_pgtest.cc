// Tables of all kinds, reconciled end to end on a real server.
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;

class TablesTest : public CliTest {
 protected:
  nlohmann::json reconcile() {
    const Ended ended = couplet({"reconcile", "--rebuild-state", "--json"});
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    auto summary = summary_of(ended.out);
    EXPECT_TRUE(summary.at("converged")) << ended.out;
    EXPECT_EQ(summary.at("park"), 0) << ended.out;
    return summary;
  }
  void expect_at_rest() {
    const auto summary = reconcile();
    for (const char* count : {"create", "link", "update", "unlink"}) {
      EXPECT_EQ(summary.at(count), 0) << count;
    }
  }
};

TEST_F(TablesTest, NamesThatNeedQuotingAreTakenAsTheCatalogSpellsThem) {
  left_.exec(R"(create table "Select ""me""" ("Id" bigint generated always as identity primary key,
                "order" text, "Größe" text))");
  right_.exec(R"(create table "drop table x;--" (id uuid primary key default gen_random_uuid(),
                 "group" text, "naïve 'quote'" text))");
  write_text("version: 1\nname: quoting\nstate: state\nsources:\n  left: { type: postgres, url: '" +
             left_.url(kRole) + "' }\n  right: { type: postgres, url: '" + right_.url(kRole) +
             "' }\nentities:\n  left.A: { table: 'Select \"me\"' }\n"
             "  right.B: { table: 'drop table x;--' }\nmappings:\n"
             "  ab: { left: left.A, right: right.B, direction: both, keys: [ { left: order, right: "
             "group } "
             "],\n        attributes: [ { left: Größe, right: \"naïve 'quote'\" } ] }\n");
  left_.exec(R"(insert into "Select ""me""" ("order", "Größe") values ('a''; drop', 'ß "x"'))");
  right_.exec(R"(insert into "drop table x;--" ("group", "naïve 'quote'") values ('b', '\'))");
  EXPECT_EQ(reconcile().at("create"), 2);
  EXPECT_EQ(left_.query(R"(select "order", "Größe" from "Select ""me""" order by 1)"),
            right_.query(R"(select "group", "naïve 'quote'" from "drop table x;--" order by 1)"));
  expect_at_rest();
}

TEST_F(TablesTest, PartitionedTablesGeneratedColumnsAndCompositeIdsKeepStep) {
  left_.exec(
      "create table m (region text, n int, v numeric(10,2), primary key (region, n)) "
      "partition by list (region); create table m_eu partition of m for values in ('eu'); "
      "create table m_us partition of m for values in ('us')");
  right_.exec(
      "create table m (region varchar(10), n bigint, v numeric(12,2), "
      "w numeric generated always as (v * 2) stored, primary key (region, n))");
  write_file(
      "\n  m: { left: left.m, right: right.m, direction: both, keys: [region, n], "
      "attributes: [v] }\n");
  left_.exec("insert into m values ('eu', 1, 1.50), ('us', 1, 2.25), ('us', 20, null)");
  right_.exec("insert into m (region, n, v) values ('eu', 3, 7), ('us', 1, 9)");
  EXPECT_EQ(reconcile().at("create"), 3);
  EXPECT_EQ(left_.query("select region, n, v from m order by 1, 2"),
            right_.query("select region, n, v from m order by 1, 2"));
  left_.exec("update m set v = v + 1 where region = 'us' and n = 1");
  right_.exec("update m set v = 8 where region = 'eu' and n = 3");
  EXPECT_EQ(reconcile().at("update"), 2);
  EXPECT_EQ(left_.query("select region, n, v from m order by 1, 2"),
            right_.query("select region, n, v from m order by 1, 2"));
  EXPECT_THAT(right_.query("select w from m where n = 3"), ElementsAre(Row{"16.00"}));
  expect_at_rest();
}

TEST_F(TablesTest, EveryTypeOfTheFoundationTravelsBothWays) {
  const std::string columns =
      "k text not null, b boolean, i2 smallint, i4 integer, i8 bigint, n numeric, f4 real, "
      "f8 double precision, t text, vc varchar(20), c char(5), d date, ts timestamp, "
      "tz timestamptz, u uuid, j json, jb jsonb, y bytea, e mood, dm positive";
  for (const TemporaryDatabase* database : {&left_, &right_}) {
    database->exec(
        "create type mood as enum ('sad', 'ok', 'happy'); "
        "create domain positive as integer check (value > 0); "
        "create table everything (id bigint generated always as identity primary key, " +
        columns + ")");
  }
  write_file(
      "\n  all: { left: left.everything, right: right.everything, direction: both, keys: "
      "[k], attributes: [b, i2, i4, i8, n, f4, f8, t, vc, c, d, ts, tz, u, j, jb, y, e, dm] "
      "}\n");
  const std::string insert =
      "insert into everything (k, b, i2, i4, i8, n, f4, f8, t, vc, c, d, ts, tz, u, j, jb, y, e, "
      "dm) values ";
  left_.exec(insert +
             "('edge', true, -32768, 2147483647, -9223372036854775808, 'NaN', '-Infinity', "
             "1e-300, 'ünï\n', '', 'ab', '4713-01-01 BC', 'infinity', '2025-01-01 "
             "00:00:00.000001+05', gen_random_uuid(), '{\"b\": 1, \"a\": [1.0, null]}', "
             "'{\"a\": 1e400}', '\\x00ff', 'happy', 5), "
             "('null', null, null, null, null, null, null, null, null, null, null, null, null, "
             "null, null, null, null, null, null, null)");
  right_.exec(insert +
              "('other', false, 0, 0, 0, 123456789012345678901234567890.123456789, 1.5, 'NaN', "
              "'x', 'y  ', 'z', 'infinity', '-infinity', '0001-01-01 00:00+00', "
              "gen_random_uuid(), '[]', '\"\"', '', 'sad', 1)");
  EXPECT_EQ(reconcile().at("create"), 3);
  const std::string all =
      "select k, b, i2, i4, i8, n, f4, f8, t, vc, c, d, ts, tz, u, j, jb, y, e, dm from "
      "everything order by k";
  EXPECT_EQ(left_.query(all), right_.query(all));
  expect_at_rest();
  right_.exec(
      "update everything set n = 1.10, c = 'q', jb = '{\"a\": 1}', e = 'ok' "
      "where k = 'edge'");
  EXPECT_EQ(reconcile().at("update"), 1);
  EXPECT_EQ(left_.query(all), right_.query(all));
  expect_at_rest();
}

TEST_F(TablesTest, WhereInSqlNarrowsWhatIsCopied) {
  write_text(
      "version: 1\nname: scoped\nstate: state\nsources:\n  left: { type: postgres, url: '" +
      left_.url(kRole) + "' }\n  right: { type: postgres, url: '" + right_.url(kRole) +
      "' }\nentities:\n  left.people: { where: { sql: 'age >= 18 and name !~ ''^x''' } }\n"
      "mappings:\n  person: { left: left.people, right: right.persons, direction: left_to_right, "
      "keys: [name], attributes: [ { left: age, right: years } ] }\n");
  left_.exec("insert into people (name, age) values ('a', 20), ('b', 10), ('xc', 30)");
  EXPECT_EQ(reconcile().at("create"), 1);
  EXPECT_THAT(right_.query("select name from persons"), ElementsAre(Row{"a"}));
  left_.exec("update people set age = 10 where name = 'a'");
  const auto summary = reconcile();
  EXPECT_EQ(summary.at("report"), 1);
  EXPECT_THAT(right_.query("select name, years from persons"), ElementsAre(Row{"a", "20"}));
}

}  // namespace
}  // namespace couplet::test
