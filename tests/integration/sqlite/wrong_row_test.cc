// SQLite takes any value in any column. One that is no value of its column's type is carried
// nowhere: its object parks, with the reason; the others go on, and nothing is made of it.
#include <gmock/gmock.h>

#include "tests/integration/sqlite/sqlite_scene.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SqliteRowTest : public SqliteTest {
 protected:
  SqliteRowTest() { make_people(); }

  // A reconcile that goes through; what it tells a person.
  std::string told() const {
    const Ended ended = couplet({"reconcile"});
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    const Ended json = couplet({"reconcile", "--json"});
    EXPECT_EQ(json.exit_code, 0) << json.out << json.err;
    EXPECT_EQ(summary_of(json.out)["update"], 0) << "a second run does nothing";
    return ended.out;
  }
};

TEST_F(SqliteRowTest, TextInAnIntegerColumnParksItsObject) {
  left_.exec("insert into people (name, age) values ('Ada', 36), ('Bob', 'about forty')");
  const std::string out = told();
  EXPECT_THAT(out,
              HasSubstr("left.people/2  absent, parked: attribute 'age' holds what is no value "
                        "of its type (INTEGER)"));
  EXPECT_THAT(out, Not(HasSubstr("forty"))) << "a row's value in the output";
  EXPECT_THAT(right_.query("select name, years from persons"), ElementsAre(Row{"Ada", "36"}));

  left_.exec("update people set age = 40 where name = 'Bob'");
  EXPECT_EQ(reconciled()["create"], 1) << "mended, it is tried again";
}

TEST_F(SqliteRowTest, AWriteThatATriggerIgnoresParksItsObjectAndSaysSo) {
  right_.exec(
      "create trigger no_13 before insert on persons when new.years = 13 "
      "begin select raise(ignore); end;"
      "create trigger still_no_13 before update on persons when new.years = 13 "
      "begin select raise(ignore); end;");
  left_.exec("insert into people (name, age) values ('Ada', 36), ('Bob', 13)");
  EXPECT_THAT(told(), HasSubstr("left.people/2  absent, parked: the database took the insert into "
                                "table persons for left.people/2 and made no row"));
  left_.exec("update people set age = 13 where name = 'Ada'");
  EXPECT_THAT(told(), HasSubstr("parked: the database took the update of right.persons/1"));
  EXPECT_THAT(right_.query("select name, years from persons"), ElementsAre(Row{"Ada", "36"}));
  right_.exec("drop trigger no_13; drop trigger still_no_13");
  EXPECT_EQ(reconciled()["park"], 0);
  EXPECT_THAT(right_.query("select name, years from persons order by name"),
              ElementsAre(Row{"Ada", "13"}, Row{"Bob", "13"}));
}

// SQLite has nothing that would tell the new column from the old one.
TEST_F(SqliteRowTest, AColumnThatIsDroppedAndAddedAgainIsToldWhereItEmptiesAll) {
  left_.exec("insert into people (name, age) values ('Ada', 36), ('Bob', 40)");
  EXPECT_EQ(reconciled()["create"], 2);
  left_.exec("alter table people drop column age; alter table people add column age integer");
  EXPECT_THAT(couplet({"plan"}).err,
              HasSubstr("would be set to null in all 2 linked objects: was the column on the other "
                        "side dropped and added anew, or emptied?"));
}

TEST_F(SqliteRowTest, ALinkedValueThatBecomesNoneIsNotCarried) {
  left_.exec("insert into people (name, age) values ('Ada', 36)");
  EXPECT_EQ(reconciled()["create"], 1);
  left_.exec("update people set age = 'unknown'");
  EXPECT_THAT(told(), HasSubstr("parked: attribute 'age' holds what is no value of its type"));
  EXPECT_THAT(right_.query("select years from persons"), ElementsAre(Row{"36"}));
  EXPECT_THAT(left_.query("select age from people"), ElementsAre(Row{"unknown"}));
}

TEST_F(SqliteRowTest, InvalidUtf8ParksItsObject) {
  left_.exec("insert into people (name, age) values ('Ada', 36), (cast(x'42ff62' as text), 40)");
  const std::string out = told();
  EXPECT_THAT(out, HasSubstr("left.people/2"));
  EXPECT_THAT(out, HasSubstr("it is no text in UTF-8, or holds a zero byte"));
  EXPECT_THAT(right_.query("select name, years from persons"), ElementsAre(Row{"Ada", "36"}));
}

TEST_F(SqliteRowTest, AZeroByteInATextParksItsObject) {
  left_.exec("insert into people (name, age) values ('Ada', 36), (cast(x'420062' as text), 40)");
  EXPECT_THAT(told(), HasSubstr("it is no text in UTF-8, or holds a zero byte"));
  EXPECT_THAT(right_.query("select name, years from persons"), ElementsAre(Row{"Ada", "36"}));
}

TEST_F(SqliteRowTest, ABlobInATextColumnParksItsObject) {
  left_.exec("insert into people (name, age) values ('Ada', 36), (x'426f62', 40)");
  EXPECT_THAT(told(), HasSubstr("left.people/2"));
  EXPECT_THAT(right_.query("select name, years from persons"), ElementsAre(Row{"Ada", "36"}));
}

TEST_F(SqliteRowTest, WhatIsNoneOfItsTypeIsExplainedAsWhatItIs) {
  left_.exec("insert into people (name, age) values (x'0001fe', 1), ('Bob', 'about forty')");
  told();
  EXPECT_THAT(couplet({"explain", "left.people/1"}).out,
              HasSubstr(R"(name = {"blob in a TEXT column":"AAH+"}  |)"));
  EXPECT_THAT(couplet({"explain", "left.people/1", "--json"}).out,
              HasSubstr(R"("left_value":{"blob in a TEXT column":"AAH+"})"));
  EXPECT_THAT(couplet({"explain", "left.people/2"}).out,
              HasSubstr(R"(age = {"text in an INTEGER column":"about forty"}  |)"));
}

// To SQLite 'abc' is not x'616263': a search that forgets it makes a second row.
TEST_F(SqliteRowTest, TextInABlobThatTellsObjectsApartIsFound) {
  for (const SqliteFile* file : {&left_, &right_}) {
    file->exec("create table tokens (id integer primary key, token blob unique, note text)");
  }
  left_.exec("insert into tokens (token, note) values ('abc', 'text'), (x'01ff', 'blob')");
  right_.exec("insert into tokens (token, note) values (x'616263', null), (x'01ff', null)");
  write_file(
      "\n  token: { left: left.tokens, right: right.tokens, direction: both,\n"
      "    keys: [ token ], attributes: [ note ] }\n");
  const Ended planned = couplet({"plan"});
  EXPECT_EQ(planned.exit_code, 0) << planned.err;
  EXPECT_TRUE(reconciled().at("converged"));
  EXPECT_THAT(right_.query("select count(*) from tokens"), ElementsAre(Row{"2"}));
  EXPECT_THAT(left_.query("select count(*) from tokens"), ElementsAre(Row{"2"}));
  EXPECT_THAT(right_.query("select note from tokens order by id"),
              ElementsAre(Row{"text"}, Row{"blob"}));
  EXPECT_THAT(couplet({"reconcile"}).out, testing::StartsWith("0 operations."));
}

TEST_F(SqliteRowTest, TextInABlobThatIsAnIdStopsTheMapping) {
  for (const SqliteFile* file : {&left_, &right_}) {
    file->exec("create table tokens (id blob primary key not null, note text)");
  }
  left_.exec("insert into tokens values ('zz', 'text'), (x'01ff', 'blob')");
  write_file(
      "\n  token: { left: left.tokens, right: right.tokens, direction: both,\n"
      "    keys: [ id ], attributes: [ note ] }\n");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 1) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("a value that is none of its type in its id"));
}

// A JSON column is numeric to SQLite, so a document that is an integer is stored as one.
TEST_F(SqliteRowTest, AJsonDocumentThatIsAnIntegerIsReadAsItWasWritten) {
  for (const char* type : {"json", "jsonb"}) {
    SCOPED_TRACE(type);
    std::filesystem::remove_all(folder_.path() / "state");
    for (const SqliteFile* file : {&left_, &right_}) {
      file->exec(
          "drop table if exists documents; create table documents (id integer primary key, "
          "name text not null unique, body " +
          std::string(type) + ")");
    }
    left_.exec("insert into documents (name, body) values ('a', '7'), ('b', '{\"x\":1}')");
    write_file(
        "\n  document: { left: left.documents, right: right.documents, direction: both,\n"
        "    keys: [ name ], attributes: [ body ] }\n");
    EXPECT_TRUE(reconciled().at("converged"));
    EXPECT_THAT(right_.query("select body from documents order by name"),
                ElementsAre(Row{"7"}, Row{"{\"x\":1}"}));
    EXPECT_THAT(couplet({"reconcile"}).out, testing::StartsWith("0 operations."));
    right_.exec("update documents set body = '9' where name = 'a'");
    EXPECT_TRUE(reconciled().at("converged"));
    EXPECT_THAT(left_.query("select body from documents where name = 'a'"), ElementsAre(Row{"9"}));
  }
}

TEST_F(SqliteRowTest, TextInAReferenceParksItsObject) {
  for (const SqliteFile* file : {&left_, &right_}) {
    file->exec(
        "create table teams (id integer primary key, name text not null);"
        "create table players (id integer primary key, name text not null, team_id integer);"
        "insert into teams (name) values ('red')");
  }
  left_.exec("insert into players (name, team_id) values ('Ada', 1), ('Bob', 'red')");
  write_text("version: 1\nname: sqlite\nstate: state\nsources:\n  left: { type: sqlite, path: \"" +
             left_.path().string() + "\" }\n  right: { type: sqlite, path: \"" +
             right_.path().string() + "\" }\n" + R"(entities:
  left.players: { references: { team: { columns: [team_id], entity: left.teams } } }
  right.players: { references: { team: { columns: [team_id], entity: right.teams } } }
mappings:
  team: { left: left.teams, right: right.teams, direction: both, keys: [name] }
  player: { left: left.players, right: right.players, direction: both, keys: [name],
            attributes: [ { left: team, right: team, link: team } ] }
)");
  EXPECT_THAT(told(), HasSubstr("left.players/2  absent, parked: attribute 'team' holds what is no "
                                "value of its type (INTEGER)"));
  EXPECT_THAT(right_.query("select name, team_id from players"), ElementsAre(Row{"Ada", "1"}));
}

// SQLite would take it; the application that declared the column does not reckon with it.
TEST_F(SqliteRowTest, ATextThatIsTooLongForItsColumnParksItsObject) {
  right_.exec("create table tags (id integer primary key, label varchar(5))");
  left_.exec("create table tags (id integer primary key, label varchar(50))");
  left_.exec("insert into tags (label) values ('short'), ('rather long')");
  write_file("\n  tag: { left: left.tags, right: right.tags, direction: both, keys: [label] }\n");
  EXPECT_THAT(told(), HasSubstr("left.tags/2  absent, parked: source right: column label of type "
                                "varchar(5): the text is too long (22001)"));
  EXPECT_THAT(right_.query("select label from tags"), ElementsAre(Row{"short"}));
}

TEST_F(SqliteRowTest, ANullInAPrimaryKeyStopsItsMappingAndIsToldOf) {
  for (const SqliteFile* file : {&left_, &right_}) {
    file->exec("create table codes (code text primary key, meaning text)");
  }
  left_.exec(
      "insert into codes values ('a', 'first'), (null, 'lost'); "
      "insert into people (name, age) values ('Ada', 36)");
  write_file(std::string(kPeople) +
             "  code: { left: left.codes, right: right.codes, direction: both, keys: [code], "
             "attributes: [meaning] }\n");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 1) << ended.out << ended.err;
  EXPECT_THAT(ended.out + ended.err,
              HasSubstr("source left: a row of table codes has a null in its "
                        "id, declared TEXT"));
  left_.exec("delete from codes where code is null");
  EXPECT_EQ(couplet({"reconcile"}).exit_code, 0);
  EXPECT_THAT(right_.query("select code, meaning from codes"), ElementsAre(Row{"a", "first"}));
}

TEST_F(SqliteRowTest, ATriggerThatRefusesARowParksItsObject) {
  right_.exec(
      "create trigger no_minors before insert on persons when new.years < 18 begin "
      "select raise(abort, 'too young'); end");
  left_.exec("insert into people (name, age) values ('Ada', 36), ('Tim', 9)");
  const std::string out = told();
  EXPECT_THAT(out, HasSubstr("a trigger of the database refuses the row (P0001)"));
  EXPECT_THAT(out, Not(HasSubstr("too young")));
  EXPECT_THAT(right_.query("select name, years from persons"), ElementsAre(Row{"Ada", "36"}));
}

// What a trigger makes of a row after it was written is what the target holds: no ping-pong.
TEST_F(SqliteRowTest, WhatATriggerMakesOfARowIsInStep) {
  right_.exec(
      "create trigger capitals after insert on persons begin "
      "update persons set years = new.years + 1 where id = new.id; end");
  left_.exec("insert into people (name, age) values ('Ada', 36)");
  EXPECT_EQ(reconciled()["create"], 1);
  EXPECT_EQ(reconciled()["update"], 0);
  EXPECT_THAT(right_.query("select years from persons"), ElementsAre(Row{"37"}));
}

TEST_F(SqliteRowTest, UniqueValuesThatChangePlacesAreCarried) {
  right_.exec("create unique index persons_years on persons (years)");
  left_.exec("insert into people (name, age) values ('Ada', 1), ('Bob', 2), ('Eve', 3)");
  EXPECT_EQ(reconciled()["create"], 3);
  left_.exec("update people set age = age % 3 + 1");
  EXPECT_EQ(reconciled()["update"], 3);
  EXPECT_THAT(right_.query("select name, years from persons order by name"),
              ElementsAre(Row{"Ada", "2"}, Row{"Bob", "3"}, Row{"Eve", "1"}));
}

}  // namespace
}  // namespace couplet::test
