// Parked, held, conflicts: what people see and do.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class WorklistsTest : public CliTest {
 protected:
  // `old` and `older` are parked: the right takes nobody of more than 99 years.
  void park_two() {
    right_.exec("alter table persons add check (years < 100)");
    left_.exec("insert into people (name, age) values ('ok', 5), ('old', 12345), ('older', 23456)");
    ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  }
  std::string first_parked() const {
    return lines_of(couplet({"parked", "list", "--json"}).out)[0]["id"].get<std::string>();
  }
};

TEST_F(WorklistsTest, ParkedObjectsAreListedWithAnIdThatStays) {
  park_two();
  const Ended text = couplet({"parked", "list"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out,
              MatchesRegex("[0-9a-z]{8}  person  left.people/2  absent, row_refused: [^\n]*\n"
                           "[0-9a-z]{8}  person  left.people/3  absent, row_refused: [^\n]*\n"
                           "2 parked\\.\n"));
  EXPECT_THAT(text.out, Not(HasSubstr("12345")));
  const auto lines = lines_of(couplet({"parked", "list", "--json"}).out);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["object"], "left.people/2");
  EXPECT_EQ(lines[0]["mapping"], "person");
  EXPECT_EQ(lines[0]["attempts"], 1);
  EXPECT_FALSE(lines[0].contains("detail"));
  EXPECT_THAT(text.out, StartsWith(lines[0]["id"].get<std::string>() + "  "));

  const std::string id = first_parked();
  const auto shown = lines_of(couplet({"parked", "show", id, "--json"}).out);
  EXPECT_THAT(shown[0]["detail"].get<std::string>(), HasSubstr("12345"));
  EXPECT_THAT(couplet({"parked", "show", id}).out, HasSubstr("\n  object: left.people/2\n"));
  const Ended unknown = couplet({"parked", "show", "nonesuch"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_EQ(unknown.err,
            "couplet: nothing parked has the id \"nonesuch\"\n"
            "  `couplet parked list` tells the ids\n");
}

TEST_F(WorklistsTest, ARetryThatFailsAgainIsNoOperationAndOneThatFitsIsDone) {
  park_two();
  const std::string id = first_parked();
  const Ended failed = couplet({"parked", "retry", id, "--json"});
  EXPECT_EQ(failed.exit_code, 0) << failed.err;
  EXPECT_EQ(summary_of(failed.out)["create"], 0);
  EXPECT_EQ(summary_of(failed.out)["park"], 1);
  EXPECT_EQ(summary_of(failed.out)["objects"], 1);
  EXPECT_EQ(first_parked(), id);
  EXPECT_EQ(lines_of(couplet({"parked", "list", "--json"}).out)[0]["attempts"], 2);
  EXPECT_EQ(lines_of(couplet({"parked", "list", "--json"}).out)[1]["attempts"], 1);

  right_.exec("alter table persons drop constraint persons_years_check");
  const Ended one = couplet({"parked", "retry", id});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("+ person  left.people/2 → right.persons/"));
  EXPECT_THAT(one.out, HasSubstr("1 operation: 1 create."));
  EXPECT_THAT(couplet({"parked", "list"}).out, HasSubstr("left.people/3"));
  EXPECT_EQ(couplet({"parked", "retry", id}).exit_code, 1) << "it is parked no more";

  const Ended rest = couplet({"parked", "retry", "--mapping", "person", "--json"});
  EXPECT_EQ(summary_of(rest.out)["create"], 1);
  EXPECT_EQ(couplet({"parked", "list"}).out, "0 parked.\n");
  EXPECT_EQ(left_.query("select name, age from people order by name"),
            right_.query("select name, years from persons order by name"));
  EXPECT_EQ(summary_of(couplet({"parked", "retry", "--json"}).out)["converged"], true);
}

TEST_F(WorklistsTest, WhatIsDiscardedIsTriedAgainByTheNextReconcile) {
  park_two();
  const Ended discarded = couplet({"parked", "discard", first_parked()});
  EXPECT_EQ(discarded.exit_code, 0) << discarded.err;
  EXPECT_THAT(discarded.out, EndsWith("\n1 discarded, 1 still parked.\n"));
  EXPECT_EQ(summary_of(couplet({"parked", "discard", "--json"}).out)["park"], 0);
  EXPECT_EQ(couplet({"parked", "list"}).out, "0 parked.\n");
  EXPECT_EQ(couplet({"status", "--check"}).exit_code, 0);
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  EXPECT_THAT(couplet({"parked", "list"}).out, EndsWith("\n2 parked.\n"));
}

TEST_F(WorklistsTest, AParkedUpdateNamesSituationCounterpartAndWhatWasRefused) {
  right_.exec("alter table persons add constraint years_once unique (years)");
  left_.exec("insert into people (name, age) values ('a', 1), ('b', 2)");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  left_.exec("update people set age = 2 where name = 'a'");
  const Ended run = couplet({"reconcile"});
  EXPECT_THAT(run.out, HasSubstr("! person  left.people/1 → right.persons/1  source_changed, "
                                 "parked: years: source right: unique constraint "));
  const auto operations = lines_of(couplet({"reconcile", "--json"}).out);
  EXPECT_EQ(operations[0]["operation"], "park");
  EXPECT_EQ(operations[0]["situation"], "source_changed");
  EXPECT_EQ(operations[0]["to"], "right.persons/1");
  EXPECT_EQ(operations[0]["refused"], nlohmann::json({"years"}));

  const auto listed = lines_of(couplet({"parked", "list", "--json"}).out)[0];
  EXPECT_EQ(listed["situation"], "source_changed");
  EXPECT_EQ(listed["counterpart"], "right.persons/1");
  EXPECT_EQ(listed["refused"], nlohmann::json({"years"}));
  EXPECT_THAT(couplet({"parked", "list", "--situation", "source_changed"}).out,
              MatchesRegex("[0-9a-z]{8}  person  left.people/1 → right.persons/1  source_changed, "
                           "row_refused: years: [^\n]*\n1 parked\\.\n"));
  EXPECT_EQ(couplet({"parked", "list", "--situation", "absent"}).out, "0 parked.\n");
  EXPECT_THAT(couplet({"parked", "show", first_parked()}).out,
              HasSubstr("\n  counterpart: right.persons/1\n  situation: source_changed\n"));

  const Ended explained = couplet({"explain", "left.people/1", "--json"});
  const auto part = nlohmann::json::parse(explained.out)["mappings"][0];
  EXPECT_EQ(part["counterpart"], "right.persons/1");
  EXPECT_EQ(part["parked"]["situation"], "source_changed");
  EXPECT_EQ(part["parked"]["refused"], nlohmann::json({"years"}));
}

TEST_F(WorklistsTest, StatusTellsOfARunThatFailedBeforeItBegan) {
  add_people(1);
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  right_.exec("alter table persons rename to others");
  EXPECT_EQ(couplet({"reconcile", "-q"}).exit_code, 2);
  const Ended status = couplet({"status", "--check"});
  EXPECT_EQ(status.exit_code, 4);
  EXPECT_THAT(status.out, HasSubstr("  run_failed: the last `couplet reconcile` failed: "));
  EXPECT_THAT(status.out, HasSubstr("`couplet doctor` tells what else is missing"));
  // A misspelt name is no failure of a run, and a plan is none.
  right_.exec("alter table others rename to persons");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  EXPECT_EQ(couplet({"status", "--check"}).exit_code, 0);
  EXPECT_EQ(couplet({"reconcile", "persn"}).exit_code, 2);
  EXPECT_EQ(couplet({"status", "--check"}).exit_code, 0);
}

TEST_F(WorklistsTest, HeldObjectsAreListedBySituation) {
  left_.exec("insert into people (name) values ('twin'), ('twin'), ('one')");
  right_.exec("insert into persons (name) values ('one'), ('one')");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  const auto lines = lines_of(couplet({"held", "list", "--json"}).out);
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0]["object"], "left.people/1");
  EXPECT_EQ(lines[0]["situation"], "duplicate");
  EXPECT_THAT(couplet({"held", "list", "--situation", "ambiguous"}).out,
              MatchesRegex("[0-9a-z]{8}  person  left.people/3  ambiguous: [^\n]*\n1 held\\.\n"));
  const Ended wrong = couplet({"held", "list", "--situation", "ambigous"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("one of in_sync, source_changed, "));
  EXPECT_THAT(wrong.err, HasSubstr("ambiguous, duplicate, already_linked, moved"));
  for (const char* later : {"approve", "reject"}) {
    EXPECT_THAT(couplet({"held", later, "x"}).err, StartsWith("couplet: not supported yet: "));
  }
}

TEST_F(WorklistsTest, ConflictsShowBothValues) {
  write_file(R"(
  person: { left: left.people, right: right.persons, direction: both, keys: [name], conflict: hold,
            attributes: [ { left: age, right: years } ] }
)");
  add_people(2);
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  left_.exec("update people set age = 70 where name = 'p1'");
  right_.exec("update persons set years = 80 where name = 'p1'");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  const auto lines = lines_of(couplet({"conflicts", "list", "--json"}).out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["left"]["object"], "left.people/1");
  EXPECT_EQ(lines[0]["left"]["value"], 70);
  EXPECT_EQ(lines[0]["right"]["value"], 80);
  EXPECT_EQ(lines[0]["rule"], "hold");
  EXPECT_EQ(lines[0]["held"], true);
  const Ended text = couplet({"conflicts", "list", "--mapping", "person"});
  EXPECT_THAT(text.out, HasSubstr("left.people/1 70 / right.persons/1 80  "));
  EXPECT_THAT(text.out, EndsWith("\n1 conflict.\n"));
  const Ended shown = couplet({"conflicts", "show", lines[0]["id"].get<std::string>()});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("\n  right: right.persons/1 80, changed unknown\n"));
  EXPECT_THAT(shown.out, HasSubstr("\n  situation: conflict\n"));
  EXPECT_THAT(couplet({"conflicts", "list", "--situation", "conflict"}).out,
              EndsWith("\n1 conflict.\n"));
  EXPECT_EQ(couplet({"conflicts", "list", "--situation", "matched"}).out, "0 conflicts.\n");
  EXPECT_EQ(couplet({"conflicts", "show", "nonesuch"}).exit_code, 1);
  EXPECT_THAT(couplet({"conflicts", "resolve", "x"}).err,
              StartsWith("couplet: not supported yet: couplet conflicts resolve\n"));
}

// The log keeps it; nobody has to decide it any more.
TEST_F(WorklistsTest, AHeldConflictThatWasSettledIsNotExplainedAsUndecided) {
  write_file(R"(
  person: { left: left.people, right: right.persons, direction: both, keys: [name], conflict: hold,
            attributes: [ { left: age, right: years, values: { 1: 10, 2: 20, 3: 30 } } ] }
)");
  left_.exec("insert into people (name, age) values ('a', 1)");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  left_.exec("update people set age = 2");
  right_.exec("update persons set years = 30");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  const auto held = [&] {
    const auto json = nlohmann::json::parse(couplet({"explain", "left.people/1", "--json"}).out);
    return json["mappings"][0]["conflicts"][0]["held"];
  };
  EXPECT_EQ(held(), true);
  EXPECT_THAT(couplet({"explain", "left.people/1"}).out, HasSubstr("age=years, hold, undecided"));
  EXPECT_THAT(couplet({"conflicts", "list"}).out, HasSubstr("  age=years: hold: held\n"))
      << "named as the file names it";
  left_.exec("update people set age = 3");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  EXPECT_EQ(held(), false);
  EXPECT_THAT(couplet({"explain", "left.people/1"}).out,
              ContainsRegex("age=years, hold, settled 2[^ ]*: both sides were made equal\n"));
  EXPECT_THAT(couplet({"conflicts", "list"}).out,
              ContainsRegex("  age=years: hold: settled 2[^ ]*: both sides were made equal\n"));
  EXPECT_EQ(couplet({"held", "list"}).out, "0 held.\n");
}

TEST_F(WorklistsTest, AConflictThatAnotherRuleDecidedTellsWhoWon) {
  const std::string file = R"(
  person: {{ left: left.people, right: right.persons, direction: both, keys: [name], conflict: {},
            attributes: [ {{ left: age, right: years }} ] }}
)";
  write_file(fmt::format(fmt::runtime(file), "hold"));
  left_.exec("insert into people (name, age) values ('a', 1)");
  right_.exec("insert into persons (name, years) values ('a', 2)");
  const Ended run = couplet({"reconcile"});
  const std::string reason =
      "left.people.age = right.persons.years differs on the two sides: make both sides equal, or "
      "let a rule decide (`conflict: left_wins`, `right_wins` or `last_write_wins`)";
  EXPECT_THAT(run.out, HasSubstr("! person  left.people/1  conflict: " + reason + "\n"));
  EXPECT_THAT(couplet({"held", "list"}).out, HasSubstr("conflict: " + reason + "\n"));
  EXPECT_THAT(couplet({"explain", "left.people/1"}).out, HasSubstr("conflict, " + reason + "\n"));
  write_file(fmt::format(fmt::runtime(file), "right_wins"));
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  const auto lines = lines_of(couplet({"conflicts", "list", "--json"}).out);
  ASSERT_EQ(lines.size(), 2U) << "the entry, and how many";
  EXPECT_EQ(lines[0]["rule"], "hold");
  EXPECT_EQ(lines[0]["winner"], "right");
  EXPECT_EQ(lines[0]["held"], false);
  EXPECT_EQ(lines[0]["settled"]["by"], "right_wins");
  EXPECT_TRUE(lines[0]["settled"]["at"].is_string());
}

TEST_F(WorklistsTest, ASituationThatConflictsNeverHaveIsRefusedWithThoseThatTheyHave) {
  add_people(1);
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  const Ended never = couplet({"conflicts", "list", "--situation", "duplicate"});
  EXPECT_EQ(never.exit_code, 2);
  EXPECT_THAT(never.err,
              HasSubstr("--situation \"duplicate\": nothing in this list is ever in it\n"));
  const std::string all =
      "one of in_sync, source_changed, target_changed, conflict, matched, moved, succeeded\n";
  EXPECT_THAT(never.err, HasSubstr(all));
  const Ended misspelt = couplet({"conflicts", "list", "--situation", "conflit"});
  EXPECT_EQ(misspelt.exit_code, 2);
  EXPECT_THAT(misspelt.err, HasSubstr("did you mean \"conflict\"? It takes " + all));
}

TEST_F(WorklistsTest, AValueThatIsNotListedIsShownWhereValuesAreShown) {
  write_file(R"(
  person: { left: left.people, right: right.persons, direction: left_to_right, keys: [name],
            attributes: [ { left: age, right: years, values: { 1: 10 } } ] }
)");
  left_.exec("insert into people (name, age) values ('a', 4711)");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  EXPECT_THAT(couplet({"parked", "list"}).out, Not(HasSubstr("4711")));
  EXPECT_THAT(couplet({"parked", "show", first_parked()}).out,
              HasSubstr("\n  detail: the value is 4711\n"));
  EXPECT_THAT(couplet({"explain", "left.people/1"}).out, HasSubstr("age = 4711"));
}

TEST_F(WorklistsTest, ATooLongValueNamesItsAttribute) {
  left_.exec("alter table people add title text");
  right_.exec("alter table persons add label varchar(5), add cost numeric(5,2)");
  left_.exec("alter table people add price numeric(12,2)");
  write_file(R"(
  person: { left: left.people, right: right.persons, direction: left_to_right, keys: [name],
            attributes: [ { left: title, right: label }, { left: price, right: cost } ] }
)");
  left_.exec(
      "insert into people (name, title, price) values ('a', 'short', 999.99), "
      "('b', 'longer', 1), ('c', 'short', 1000)");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  const auto lines = lines_of(couplet({"parked", "list", "--json"}).out);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["refused"], nlohmann::json::array({"label"}));
  EXPECT_EQ(lines[1]["refused"], nlohmann::json::array({"cost"}));
  EXPECT_THAT(couplet({"parked", "list"}).out, HasSubstr("row_refused: label: "));
}

TEST_F(WorklistsTest, NamesAreShownInOneLineWhateverIsInThem) {
  left_.exec("create table things (id text primary key, name text)");
  right_.exec("create table objects (id text primary key, name text check (name <> 'bad'))");
  left_.exec("insert into things values (E'a\\n\\x1b[2J/,% ', 'bad'), ('', 'bad')");
  write_file(R"(
  thing: { left: left.things, right: right.objects, direction: left_to_right, keys: [id],
           attributes: [name] }
)");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  const Ended text = couplet({"parked", "list"});
  EXPECT_THAT(text.out, HasSubstr("  left.things/%  absent, row_refused: "));
  EXPECT_THAT(text.out, HasSubstr("  left.things/a%0A%1B%5B2J%2F%2C%25%20  absent, row_refused: "));
  EXPECT_EQ(std::count(text.out.begin(), text.out.end(), '\n'), 3);
  right_.exec("insert into objects values ('there', 'x')");
  EXPECT_EQ(couplet({"links", "add", "left.things/a%0A%1B%5B2J%2F%2C%25%20", "right.objects/there"})
                .exit_code,
            0);
  EXPECT_EQ(couplet({"links", "add", "left.things/%", "right.objects/there"}).exit_code, 2);
}

TEST_F(WorklistsTest, ATerminalOfTwentyColumnsIsEnough) {
  park_two();
  left_.exec("insert into people (name) values ('twin'), ('twin')");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"reconcile"},
                                                {"plan"},
                                                {"status"},
                                                {"links", "list"},
                                                {"links", "show", "left.people/1"},
                                                {"parked", "list"},
                                                {"parked", "show", first_parked()},
                                                {"parked", "retry"},
                                                {"held", "list"},
                                                {"conflicts", "list"},
                                                {"parked", "discard"}}) {
    Program::Settings terminal = program(words);
    terminal.terminal = true;
    terminal.columns = 20;
    terminal.environment["TERM"] = "xterm";
    const Ended ended = run(terminal);
    EXPECT_EQ(ended.exit_code, 0) << words[0] << ": " << ended.out;
    EXPECT_EQ(ended.signal, 0);
  }
}

TEST_F(WorklistsTest, AListThatIsPipedHasNoColours) {
  park_two();
  for (const char* list : {"parked", "held", "conflicts", "links"}) {
    EXPECT_THAT(couplet({list, "list"}).out, Not(HasSubstr("\x1b")));
  }
}

}  // namespace
}  // namespace couplet::test
