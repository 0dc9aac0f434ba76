// Rows that a real server refuses, one by one inside a batch: that object parks with the server's
// reason, the others go on; and values that the server changes, or that change places.
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Origins are seen by the whole cluster, which the tests share: each state is new beside those of
// the test before, hence --rebuild-state.
class RefusedRowsTest : public CliTest {
 protected:
  RefusedRowsTest() {
    left_.exec(
        "alter table people add column code text, add column grp bigint, "
        "add column size bigint");
    right_.exec(
        "create table groups (id bigint primary key); insert into groups values (1); "
        "alter table persons add column code varchar(3), "
        "add column grp bigint references groups, add column size smallint, "
        "add constraint grown check (years < 150), add constraint one_code unique (code)");
    write_file(R"(
  person: { left: left.people, right: right.persons, direction: left_to_right, keys: [name],
            attributes: [ { left: age, right: years }, code, grp, size ] }
)");
  }

  nlohmann::json reconcile(const std::vector<std::string>& options = {}) {
    std::vector<std::string> words = {"reconcile", "--rebuild-state", "--json"};
    words.insert(words.end(), options.begin(), options.end());
    last_ = couplet(words);
    EXPECT_EQ(last_.exit_code, 0) << last_.out << last_.err;
    return summary_of(last_.out);
  }
  // "left.people/3: reason" of each parked object.
  [[nodiscard]] std::vector<std::string> parked() const {
    std::vector<std::string> found;
    for (const auto& line : lines_of(last_.out)) {
      if (line.value("operation", "") == "park") {
        found.push_back(line.at("from").get<std::string>() + ": " +
                        line.at("reason").get<std::string>());
      }
    }
    return found;
  }

  Ended last_;
};

// A default is no reason to put something else in the place of what the source says.
TEST_F(RefusedRowsTest, ANullForAColumnThatTakesNoneParksWhetherOrNotItHasADefault) {
  right_.exec(
      "alter table persons alter column years set default 7, alter column years set not null");
  left_.exec("insert into people (name, age) values ('Ada', null), ('Bob', 36)");
  const Ended planned = couplet({"plan"});
  EXPECT_THAT(planned.err, HasSubstr("left.people.age may be null, right.persons.years may not; "
                                     "such objects are parked"));
  EXPECT_EQ(reconcile().at("park"), 1);
  EXPECT_THAT(parked(), Contains(testing::AllOf(HasSubstr("left.people/1"), HasSubstr("years"))));
  EXPECT_THAT(right_.query("select name, years from persons"), ElementsAre(Row{"Bob", "36"}));
  // The same of an update.
  left_.exec("update people set age = case name when 'Ada' then 30 end");
  const auto summary = reconcile();
  EXPECT_EQ(summary.at("create"), 1);
  EXPECT_EQ(summary.at("park"), 1);
  EXPECT_THAT(parked(), Contains(testing::AllOf(HasSubstr("left.people/2"), HasSubstr("years"))));
  EXPECT_THAT(right_.query("select name, years from persons order by 1"),
              ElementsAre(Row{"Ada", "30"}, Row{"Bob", "36"}));
}

TEST_F(RefusedRowsTest, EachParksWithTheServersReasonAndTheOthersGoOn) {
  add_people(100);
  left_.exec(
      "update people set age = 200 where id = 10; "          // check
      "update people set code = 'long!' where id = 20; "     // too long
      "update people set grp = 7 where id = 30; "            // foreign key
      "update people set size = 100000 where id = 40; "      // out of range
      "update people set code = 'x' where id in (50, 60)");  // unique
  const auto summary = reconcile();
  EXPECT_EQ(summary.at("park"), 5);
  EXPECT_EQ(summary.at("create"), 95);
  EXPECT_THAT(right_.query("select count(*) from persons"), ElementsAre(Row{"95"}));
  EXPECT_THAT(parked(), Contains(testing::AllOf(HasSubstr("left.people/10"), HasSubstr("grown"))));
  EXPECT_THAT(parked(),
              Contains(testing::AllOf(HasSubstr("left.people/20"), HasSubstr("too long"))));
  EXPECT_THAT(parked(),
              Contains(testing::AllOf(HasSubstr("left.people/30"), HasSubstr("persons_grp_fkey"))));
  EXPECT_THAT(parked(), Contains(HasSubstr("left.people/40")));
  EXPECT_THAT(parked(), Contains(HasSubstr("one_code")));
  // Again: nothing done, all still told. Then each is mended, and goes through.
  EXPECT_EQ(reconcile().at("park"), 5);
  EXPECT_EQ(couplet({"reconcile", "--exit-code"}).exit_code, 4);
  left_.exec(
      "update people set age = 1, code = null, grp = null, size = null "
      "where id in (10, 20, 30, 40, 50, 60)");
  EXPECT_EQ(reconcile().at("park"), 0);
  EXPECT_THAT(right_.query("select count(*) from persons"), ElementsAre(Row{"100"}));
  EXPECT_EQ(couplet({"reconcile", "--exit-code"}).exit_code, 0);
}

// The server says it at the commit, of the whole batch, and not which row it was.
TEST_F(RefusedRowsTest, ARowThatIsRefusedOnlyAtTheCommitParksAndTheOthersGoOn) {
  right_.exec(
      "alter table persons alter constraint persons_grp_fkey deferrable initially deferred");
  add_people(100);
  left_.exec("update people set grp = 1; update people set grp = 7 where id in (30, 70)");
  const auto summary = reconcile();
  EXPECT_EQ(summary.at("park"), 2);
  EXPECT_EQ(summary.at("create"), 98);
  EXPECT_THAT(right_.query("select count(*) from persons"), ElementsAre(Row{"98"}));
  for (const char* id : {"left.people/30", "left.people/70"}) {
    EXPECT_THAT(parked(), Contains(testing::AllOf(HasSubstr(id), HasSubstr("persons_grp_fkey"))));
  }
  right_.exec("insert into groups values (7)");
  EXPECT_EQ(couplet({"parked", "retry"}).exit_code, 0);
  EXPECT_THAT(right_.query("select count(*) from persons"), ElementsAre(Row{"100"}));
  // The same of an update.
  left_.exec("update people set age = 5; update people set grp = 8 where id = 50");
  EXPECT_EQ(reconcile().at("park"), 1);
  EXPECT_THAT(right_.query("select name, grp from persons where years is distinct from 5"),
              ElementsAre(Row{"p50", "1"}));
}

TEST_F(RefusedRowsTest, ANullForAColumnThatForbidsItParks) {
  right_.exec("alter table persons alter column years set not null");
  left_.exec("insert into people (name, age) values ('with', 1), ('without', null)");
  const auto summary = reconcile();
  EXPECT_EQ(summary.at("park"), 1);
  EXPECT_THAT(parked(), ElementsAre(HasSubstr("years")));
  EXPECT_THAT(right_.query("select name from persons"), ElementsAre(Row{"with"}));
}

TEST_F(RefusedRowsTest, UniqueValuesThatSwapAndChainAreWritten) {
  left_.exec("insert into people (name, code) values ('a','1'),('b','2'),('c','3'),('d','4')");
  reconcile();
  left_.exec(
      "update people set code = case name when 'a' then '2' when 'b' then '1' "
      "when 'c' then '4' else '5' end");
  const auto summary = reconcile();
  EXPECT_EQ(summary.at("park"), 0);
  EXPECT_EQ(left_.query("select name, code from people order by 1"),
            right_.query("select name, code from persons order by 1"));
}

TEST_F(RefusedRowsTest, UniqueValuesSwapThoughOtherColumnsChangeInOneRowOnly) {
  left_.exec(
      "insert into people (name, age, code) values ('a',1,'1'),('b',2,'2'),('c',3,'3'),"
      "('d',4,'4')");
  reconcile();
  left_.exec(
      "update people set code = case name when 'a' then '2' when 'b' then '1' "
      "when 'c' then '4' else '5' end; update people set age = 50 where name in ('a', 'c')");
  EXPECT_EQ(reconcile().at("park"), 0);
  EXPECT_THAT(right_.query("select name, years, code from persons order by 1"),
              ElementsAre(Row{"a", "50", "2"}, Row{"b", "2", "1"}, Row{"c", "50", "4"},
                          Row{"d", "4", "5"}));
}

// A row of the batch that is refused parts it: those that exchange stay on one side of the cut.
TEST_F(RefusedRowsTest, RowsThatExchangeStayTogetherThoughAnotherIsRefused) {
  left_.exec("insert into people (name, code) values ('a','1'),('b','2'),('c','3'),('d','4')");
  reconcile();
  right_.exec("insert into persons (name, code) values ('z','9')");
  left_.exec(
      "update people set code = case name when 'a' then '3' when 'b' then '9' "
      "when 'c' then '1' else '5' end");
  EXPECT_EQ(reconcile().at("park"), 1);
  EXPECT_THAT(
      right_.query("select name, code from persons order by 1"),
      ElementsAre(Row{"a", "3"}, Row{"b", "2"}, Row{"c", "1"}, Row{"d", "5"}, Row{"z", "9"}));
}

// Unique together with a column that no mapping reads.
TEST_F(RefusedRowsTest, PartsOfAUniqueKeySwap) {
  right_.exec(
      "alter table persons add column tenant int not null default 1;"
      "alter table persons drop constraint one_code;"
      "alter table persons add constraint persons_code_of_tenant unique (tenant, code)");
  left_.exec("insert into people (name, code) values ('a','1'),('b','2'),('c','3')");
  reconcile();
  left_.exec("update people set code = case name when 'a' then '2' when 'b' then '1' else '3' end");
  EXPECT_EQ(reconcile().at("park"), 0);
  EXPECT_THAT(right_.query("select name, code from persons order by 1"),
              ElementsAre(Row{"a", "2"}, Row{"b", "1"}, Row{"c", "3"}));
}

// The server pads them.
TEST_F(RefusedRowsTest, UniqueValuesOfAFixedLengthSwap) {
  left_.exec("alter table people alter column code type char(8)");
  right_.exec("alter table persons alter column code type char(8), alter column code set not null");
  left_.exec("insert into people (name, code) values ('a','C001'),('b','C002')");
  reconcile();
  left_.exec("update people set code = case name when 'a' then 'C002' else 'C001' end");
  EXPECT_EQ(reconcile().at("park"), 0);
  EXPECT_THAT(right_.query("select name, rtrim(code) from persons order by 1"),
              ElementsAre(Row{"a", "C002"}, Row{"b", "C001"}));
}

// Longer than a batch, whichever way its values go: in order, in a circle, and shuffled.
TEST_F(RefusedRowsTest, UniqueValuesOfMoreThanABatchChangePlaces) {
  right_.exec("alter table persons alter column code type text");
  left_.exec(
      "insert into people (name, code) select 'p' || i, lpad(i::text, 6, '0') "
      "from generate_series(1, 2400) as i");
  EXPECT_EQ(reconcile().at("create"), 2400);
  const std::vector<std::string> moves = {
      "i % 2400 + 1",  // a circle
      "i + 1",         // a chain: each waits for the next
      "i * 5 % 2411",  // circles and chains, all over the place
  };
  for (const std::string& to : moves) {
    left_.exec("update people set code = lpad((" + to +
               ")::text, 6, '0') from (select id as n, code::int as i from people) as before "
               "where n = id");
    const auto summary = reconcile();
    EXPECT_EQ(summary.at("park"), 0) << to;
    EXPECT_EQ(summary.at("converged"), true) << to;
    EXPECT_EQ(left_.query("select name, code from people order by 1"),
              right_.query("select name, code from persons order by 1"))
        << to;
    EXPECT_EQ(reconcile().at("update"), 0) << to;
  }
}

TEST_F(RefusedRowsTest, AChainWhoseEndIsTakenParksAndNamesWhoIsInTheWay) {
  left_.exec(
      "insert into people (name, code) select 'p' || i, i::text from generate_series(1, 500) as i");
  EXPECT_EQ(reconcile().at("create"), 500);
  right_.exec("insert into persons (id, name, code) values (9000, 'not ours', '501')");
  left_.exec("update people set code = (code::int + 1)::text");
  EXPECT_EQ(reconcile().at("park"), 500);
  const std::string last = left_.query("select id from people where code = '501'")[0][0].value();
  EXPECT_THAT(parked(),
              Contains(testing::AllOf(HasSubstr("left.people/" + last + ":"), HasSubstr("one_code"),
                                      HasSubstr("right.persons/9000 holds its value"))));
  right_.exec("delete from persons where id = 9000");
  EXPECT_EQ(reconcile().at("park"), 0);
  EXPECT_EQ(left_.query("select name, code from people order by 1"),
            right_.query("select name, code from persons order by 1"));
}

TEST_F(RefusedRowsTest, WritesThatATriggerSwallowsParkWithASentenceThatSaysSo) {
  right_.exec(
      "create function swallow() returns trigger language plpgsql as $$ begin "
      "if new.years = 13 then return null; end if; return new; end $$;"
      "create trigger swallow before insert or update on persons for each row "
      "execute function swallow()");
  add_people(4);
  left_.exec("update people set age = 13 where name = 'p2'");
  auto summary = reconcile();
  EXPECT_EQ(summary.at("create"), 3);
  EXPECT_EQ(summary.at("park"), 1);
  EXPECT_EQ(summary.at("converged"), true);
  EXPECT_THAT(parked(), ElementsAre(testing::AllOf(
                            HasSubstr("left.people/2: "),
                            HasSubstr("the insert into table public.persons for left.people/2"),
                            HasSubstr("a trigger"), HasSubstr("couplet parked retry"))));
  left_.exec("update people set age = 13 where name = 'p3'");
  summary = reconcile();
  EXPECT_EQ(summary.at("park"), 2);
  EXPECT_EQ(summary.at("hold"), 0);
  EXPECT_THAT(parked(),
              Contains(testing::AllOf(HasSubstr("left.people/3: "), HasSubstr("the update of"),
                                      HasSubstr("changed nothing"))));
  right_.exec("drop trigger swallow on persons");
  EXPECT_EQ(couplet({"parked", "retry"}).exit_code, 0);
  EXPECT_THAT(right_.query("select name, years from persons where years = 13 order by 1"),
              ElementsAre(Row{"p2", "13"}, Row{"p3", "13"}));
}

TEST_F(RefusedRowsTest, AValueThatATriggerRewritesIsAgreedOn) {
  right_.exec(
      "create function shout() returns trigger language plpgsql as "
      "$$ begin new.name := upper(new.name); return new; end $$; "
      "create trigger shout before insert or update on persons for each row "
      "execute function shout()");
  write_file(kPeople);
  left_.exec("insert into people (name, age) values ('ada', 1)");
  EXPECT_EQ(reconcile().at("create"), 1);
  EXPECT_THAT(right_.query("select name from persons"), ElementsAre(Row{"ADA"}));
  const auto again = reconcile();
  EXPECT_EQ(again.at("update"), 0);
  EXPECT_EQ(again.at("create"), 0);
  left_.exec("update people set age = 2");
  EXPECT_EQ(reconcile().at("update"), 1);
  EXPECT_THAT(left_.query("select name, age from people"), ElementsAre(Row{"ada", "2"}));
}

TEST_F(RefusedRowsTest, ATriggersOwnErrorParksTheRow) {
  right_.exec(
      "create function refuse() returns trigger language plpgsql as "
      "$$ begin if new.name = 'p3' then raise exception 'not this one'; end if; "
      "return new; end $$; create trigger refuse before insert on persons "
      "for each row execute function refuse()");
  add_people(5);
  EXPECT_EQ(reconcile().at("park"), 1);
  EXPECT_THAT(parked(),
              ElementsAre(HasSubstr("a trigger of the database refuses the row (P0001)")));
  EXPECT_THAT(right_.query("select count(*) from persons"), ElementsAre(Row{"4"}));
}

}  // namespace
}  // namespace couplet::test
