// Columns and types that are not what they were in the run before.
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ChangedTypesTest : public CliTest {
 protected:
  void SetUp() override {
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      database->exec(
          "create type mood as enum ('sad', 'ok'); create type pair as (a int, b text);"
          "create table t (n int primary key, v integer, m mood[], p pair, r int4range)");
    }
    left_.exec("insert into t values (1, 7, '{sad,NULL}', '(1,x)', '[1,6)')");
    write_file(
        "\n  m: { left: left.t, right: right.t, direction: both, keys: [n], attributes: [v, m, p, "
        "r] "
        "}\n");
    EXPECT_EQ(reconcile().value("create", -1), 1);
  }

  nlohmann::json reconcile() {
    const Ended ended = couplet({"reconcile", "--json"});
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    return summary_of(ended.out);
  }
  std::string refusal() {
    const Ended ended = couplet({"reconcile"});
    EXPECT_EQ(ended.exit_code, 2) << ended.out;
    return ended.err;
  }
  void expect_equal() {
    const std::string all = "select n, v::text, m::text, p::text, r::text from t order by n";
    EXPECT_EQ(left_.query(all), right_.query(all));
  }
};

TEST_F(ChangedTypesTest, AColumnThatWasWidenedIsTheSameColumn) {
  right_.exec(
      "alter table t alter column v type bigint, alter column r type int8range "
      "using int8range(lower(r), upper(r))");
  EXPECT_EQ(reconcile().value("update", -1), 0);
  right_.exec("update t set v = 8, r = '[2,9)'");
  EXPECT_EQ(reconcile().value("update", -1), 1);
  expect_equal();
}

TEST_F(ChangedTypesTest, AColumnOfATypeThatDoesNotConvertIsRefusedAndNothingIsWritten) {
  right_.exec("alter table t alter column v type uuid using gen_random_uuid()");
  left_.exec("update t set v = 8");
  const auto before = right_.query("select t::text from t");
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("couplet.yaml:8:"), HasSubstr("integer"), HasSubstr("uuid")));
  EXPECT_EQ(right_.query("select t::text from t"), before);

  right_.exec("alter table t alter column v type integer using 7");
  EXPECT_EQ(reconcile().value("update", -1), 1);
  expect_equal();
}

TEST_F(ChangedTypesTest, AColumnThatIsGoneIsNamed) {
  right_.exec("alter table t drop column m");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("couplet.yaml:8:"), HasSubstr("has no column \"m\"")));
  // Given back it is empty, and is filled.
  right_.exec("alter table t add column m mood[]");
  EXPECT_EQ(reconcile().value("update", -1), 1);
  EXPECT_EQ(right_.query("select m::text from t"), (std::vector<Row>{{"{sad,NULL}"}}));
  expect_equal();
}

TEST_F(ChangedTypesTest, AColumnThatIsDroppedAndAddedAgainEmptiesNothingOfTheOtherSide) {
  left_.exec("insert into t values (2, 8), (3, 9)");
  EXPECT_EQ(reconcile().value("create", -1), 2);
  const auto values = [](const TemporaryDatabase& database) {
    return database.query("select v::text from t order by n");
  };
  const std::vector<Row> before{{"7"}, {"8"}, {"9"}};
  const std::string tells = "attribute v of left.t: column v of table public.t is not the one";
  for (const char* added : {"v integer", "v integer not null default 0"}) {
    left_.exec(std::string("alter table t drop column v; alter table t add column ") + added);
    EXPECT_THAT(couplet({"plan"}).err, HasSubstr(tells));
    EXPECT_THAT(couplet({"doctor", "--json"}).out, HasSubstr(tells));
    const Ended ended = couplet({"reconcile", "--json"});
    EXPECT_THAT(ended.err, HasSubstr(tells));
    EXPECT_EQ(summary_of(ended.out).value("update", -1), 3) << ended.out;
    EXPECT_EQ(values(left_), before) << added;
    EXPECT_EQ(values(right_), before) << added;
    const Ended again = couplet({"reconcile", "--json"});
    EXPECT_EQ(summary_of(again.out).value("update", -1), 0) << again.out;
    EXPECT_THAT(again.err, testing::Not(HasSubstr(tells)));
  }
}

// Its columns have other numbers, and nothing else is new.
TEST_F(ChangedTypesTest, ATableThatIsRestoredWithAllItsValuesIsWrittenNowhere) {
  left_.exec(
      "create table copy (r int4range, p pair, m mood[], v integer, n int primary key);"
      "insert into copy (n, v, m, p, r) select n, v, m, p, r from t;"
      "drop table t; alter table copy rename to t");
  right_.exec("update t set v = 8");
  EXPECT_EQ(reconcile().value("update", -1), 1);
  EXPECT_EQ(left_.query("select v::text from t"), (std::vector<Row>{{"8"}}));
  expect_equal();
  EXPECT_EQ(reconcile().value("update", -1), 0);
}

TEST_F(ChangedTypesTest, ACompositeWithAnotherFieldIsRefusedByName) {
  right_.exec("alter type pair add attribute c int");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("couplet.yaml:8:"), HasSubstr("has other fields"),
                               HasSubstr("pair into pair")));
  left_.exec("alter type pair add attribute c int");
  left_.exec("update t set p = '(1,x,2)'");
  EXPECT_EQ(reconcile().value("update", -1), 1);
  expect_equal();
}

TEST_F(ChangedTypesTest, ALabelThatOneSideLacksParksTheObjectUntilItIsThere) {
  left_.exec("alter type mood add value 'glad'");
  left_.exec("update t set m = '{glad}'");
  auto summary = reconcile();
  EXPECT_EQ(summary.value("park", -1), 1);
  EXPECT_EQ(summary.value("update", -1), 0);
  EXPECT_THAT(couplet({"plan"}).out, HasSubstr("the target has no such label"));
  right_.exec("alter type mood add value 'glad'");
  summary = reconcile();
  EXPECT_EQ(summary.value("park", -1), 0);
  EXPECT_EQ(summary.value("update", -1), 1);
  expect_equal();
}

// Each type holds what it holds: what the other side cannot, stays where it is.
TEST_F(ChangedTypesTest, AValueThatTheOtherSideCannotHoldParksItsObjectAlone) {
  right_.exec("alter table t alter column v type smallint");
  left_.exec("insert into t values (2, 70000, null, null, null), (3, 8, null, null, null)");
  const auto summary = reconcile();
  EXPECT_EQ(summary.value("park", -1), 1);
  EXPECT_EQ(summary.value("create", -1), 1);
  EXPECT_EQ(right_.query("select n from t order by n"), (std::vector<Row>{{"1"}, {"3"}}));
}

}  // namespace
}  // namespace couplet::test
