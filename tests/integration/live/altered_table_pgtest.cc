// `couplet run` and tables that their owners alter meanwhile: bound anew, or stopped alone.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/integration/live/live_scene.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// Beside people and persons, things on both sides, followed on both.
class AlteredTablePgTest : public LivePgTest {
 protected:
  void make(const std::string& type) {
    for (const auto& [database, source] :
         {std::pair(&left_, "left"), std::pair(&right_, "right")}) {
      database->exec("create type mood as enum ('glad', 'sad')");
      database->exec(
          fmt::format("create table things (id bigint primary key, name text, value {})", type));
      database->exec(
          fmt::format("alter publication couplet_{}_{} add table things", name(), source));
    }
    write_file(std::string(kPeople) +
               "  thing: { left: left.things, right: right.things, direction: both, "
               "keys: [id], attributes: [name, value] }\n");
    add_people(1);
  }
  static void wait_for(const TemporaryDatabase& database, const std::string& condition) {
    wait_for_row(database.cluster(), database.name(), "select 1 from things where " + condition);
  }
  [[nodiscard]] std::vector<Row> things(const TemporaryDatabase& database) const {
    return database.query("select id, name, value from things order by id");
  }
};

struct Alteration {
  const char* name;
  const char* type;   // of things.value, on both sides
  const char* value;  // before
  const char* left;   // what is done there
  const char* right;  // empty: nothing
  const char* wider;  // a value that fits only now, or one that is new
  bool is_told;       // the stream, or a value that does not fit, has us look at once
};

class GoesOnPgTest : public AlteredTablePgTest, public testing::WithParamInterface<Alteration> {};

TEST_P(GoesOnPgTest, WhatIsAlteredCompatiblyGoesOnByItself) {
  const Alteration& given = GetParam();
  make(given.type);
  left_.exec(fmt::format("insert into things values (1, 'a', {0}), (2, 'b', {0})", given.value));
  Program program(this->program({"run"}));
  wait_for(right_, "id = 2");
  left_.exec("update things set name = 'b2' where id = 2");  // Told: it follows by now.
  wait_for(right_, "name = 'b2'");
  left_.exec(given.left);
  if (*given.right != '\0') {
    right_.exec(given.right);
  }
  left_.exec(fmt::format("insert into things (id, name, value) values (3, 'c', {})", given.wider));
  wait_for(right_, fmt::format("id = 3 and value = {}", given.wider));
  right_.exec("update things set name = 'a2' where id = 1");
  wait_for(left_, "name = 'a2'");
  right_.exec(fmt::format("insert into things (id, name, value) values (4, 'd', {})", given.value));
  wait_for(left_, "id = 4");
  EXPECT_EQ(things(left_), things(right_));
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, Not(HasSubstr("is stopped")));
  EXPECT_THAT(ended.out, Not(HasSubstr("conflict")));
  if (given.is_told) {
    EXPECT_THAT(ended.err, HasSubstr("table public.things of left was altered: bound anew"));
  }
  expect_nothing_left_to_do();
}

INSTANTIATE_TEST_SUITE_P(
    Tables, GoesOnPgTest,
    testing::Values(
        Alteration{"IntegerToBigint", "integer", "7", "alter table things alter value type bigint",
                   "alter table things alter value type bigint", "5000000000", true},
        Alteration{"OneSideToBigint", "integer", "7", "alter table things alter value type bigint",
                   "", "8", true},
        Alteration{"LongerVarchar", "varchar(10)", "'short'",
                   "alter table things alter value type varchar(30)",
                   "alter table things alter value type varchar(30)", "'longer than it could be'",
                   true},
        Alteration{"VarcharToText", "varchar(10)", "'short'",
                   "alter table things alter value type text",
                   "alter table things alter value type text", "'longer than it could be'", true},
        Alteration{"MorePrecision", "numeric(4, 1)", "1.5",
                   "alter table things alter value type numeric(10, 3)",
                   "alter table things alter value type numeric(10, 3)", "12345.125", true},
        Alteration{"AnotherLabel", "mood", "'sad'", "alter type mood add value 'odd'",
                   "alter type mood add value 'odd' before 'glad'", "'odd'", true},
        Alteration{"AnotherColumn", "integer", "7", "alter table things add column extra text", "",
                   "8", true},
        Alteration{"NotNull", "integer", "7", "alter table things alter value set not null", "",
                   "8", false},
        Alteration{"Null", "integer not null", "7", "alter table things alter value drop not null",
                   "", "8", false},
        Alteration{"AnotherDefault", "integer default 1", "7",
                   "alter table things alter value set default 2", "", "8", false}),
    [](const auto& test) { return std::string(test.param.name); });

struct Break {
  const char* name;
  const char* left;
  const char* told;
};

class StopsAlonePgTest : public AlteredTablePgTest, public testing::WithParamInterface<Break> {};

TEST_P(StopsAlonePgTest, WhatDoesNotFitAnyMoreStopsItsMappingAlone) {
  make("integer");
  left_.exec("insert into things values (1, 'a', 1)");
  Program program(this->program({"run"}));
  wait_for(right_, "id = 1");
  wait_until_right("name = 'p1'");
  left_.exec("update things set name = 'b' where id = 1");
  wait_for(right_, "name = 'b'");
  left_.exec(GetParam().left);
  left_.exec("update things set name = 'unseen' where id = 1");
  left_.exec("insert into people (name, age) values ('p2', 2)");
  wait_until_right("name = 'p2'");
  right_.exec("update persons set years = 3 where name = 'p2'");
  wait_until_left("age = 3");
  const Ended ended = stop(program);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr(std::string("mapping 'thing' is stopped: ") + GetParam().told));
  EXPECT_THAT(ended.err, Not(HasSubstr("mapping 'person' is stopped")));
  EXPECT_EQ(things(right_), (std::vector<Row>{{"1", "b", "1"}})) << ended.err;
}

INSTANTIATE_TEST_SUITE_P(
    Tables, StopsAlonePgTest,
    testing::Values(Break{"ColumnDropped", "alter table things drop column value",
                          "column value of table public.things is gone"},
                    Break{"ColumnRenamed", "alter table things rename column value to worth",
                          "column value of table public.things is gone"},
                    Break{"AnotherType",
                          "alter table things alter value type bytea using 'x'::bytea",
                          "column value of table public.things was integer and is bytea ("}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace couplet::test
