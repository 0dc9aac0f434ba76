// What people and programs read.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class OutputTest : public CliTest {};

TEST_F(OutputTest, JsonIsOperationsThenTheSummaryAndNothingElse) {
  add_people(2);
  right_.exec("insert into persons (name, years) values ('p1', 1), ('p2', null)");
  const Ended ended = couplet({"reconcile", "--json"});
  EXPECT_EQ(ended.err, "");
  const auto lines = lines_of(ended.out);
  ASSERT_EQ(lines.size(), 4U) << ended.out;
  EXPECT_EQ(lines[0], nlohmann::json::parse(
                          R"({"operation":"link","situation":"matched","mapping":"person",
                              "from":"left.people/1","to":"right.persons/1"})"));
  EXPECT_EQ(lines[2], nlohmann::json::parse(
                          R"({"operation":"update","situation":"matched","mapping":"person",
                              "from":"left.people/2","to":"right.persons/2",
                              "attributes":{"years":{"old":null,"new":2}}})"));
  const nlohmann::json& summary = lines.back()["summary"];
  std::vector<std::string> keys;
  for (const auto& [key, value] : summary.items()) {
    keys.push_back(key);
  }
  EXPECT_THAT(keys, testing::UnorderedElementsAre(
                        "create", "link", "update", "delete", "unlink", "defer", "hold", "park",
                        "conflict", "report", "objects", "rounds", "converged", "elapsed_seconds"));
  EXPECT_EQ(summary["link"], 2);
  EXPECT_EQ(summary["update"], 1);
}

TEST_F(OutputTest, TheTextOfAReconcileNamesAttributesWithoutTheirValues) {
  left_.exec("insert into people (name, age) values ('Ada', 36815)");
  right_.exec("insert into persons (name, years) values ('Ada', null)");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(ended.out, HasSubstr("~ person  left.people/1 → right.persons/1  matched: years\n"));
  EXPECT_THAT(ended.out, Not(HasSubstr("36815")));
  EXPECT_THAT(ended.out, Not(HasSubstr("Ada")));
  EXPECT_THAT(ended.out, HasSubstr("2 operations: 1 link, 1 update. "));
  EXPECT_THAT(ended.out, EndsWith(" Converged.\n"));
}

TEST_F(OutputTest, QuietIsTheSummaryAlone) {
  add_people(3);
  const Ended text = couplet({"plan", "-q"});
  EXPECT_THAT(text.out, MatchesRegex("3 operations to do: 3 create\\. [^\n]*\n"));
  const Ended json = couplet({"reconcile", "--json", "-q"});
  ASSERT_EQ(lines_of(json.out).size(), 1U);
  EXPECT_EQ(summary_of(json.out)["create"], 3);
  EXPECT_EQ(json.err, "");
}

TEST_F(OutputTest, AReaderWhoLeavesEarlyDoesNotKeepTheRunFromItsEnd) {
  add_people(3000);
  const Program::Settings words = program({"reconcile"});
  std::string command = "set -o pipefail;";
  for (const std::string& word : words.words) {
    command += " '" + word + "'";
  }
  const Ended ended = run({{"/bin/bash", "-c", command + " | head -n 1"}});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(ended.out, MatchesRegex("[+] person  left.people/[0-9]+ → [^\n]*\n"));
  EXPECT_EQ(right_.query("select count(*) from persons")[0][0], "3000");
}

TEST_F(OutputTest, ATerminalSeesProgressAndColoursWhichLinesPushAside) {
  add_people(2500);
  Program::Settings terminal = program({"reconcile", "-q"});
  terminal.terminal = true;
  terminal.environment["TERM"] = "xterm";
  terminal.environment["NO_COLOR"] = std::nullopt;
  const Ended quiet = run(terminal);
  EXPECT_EQ(quiet.exit_code, 0) << quiet.out;
  EXPECT_THAT(quiet.out, HasSubstr("\r\x1b[Kperson  sync ["));
  EXPECT_THAT(quiet.out, HasSubstr(" objects"));
  EXPECT_THAT(quiet.out, HasSubstr("\r\x1b[K2500 operations: "));

  left_.exec("insert into people (name) values ('one more')");
  terminal.words = program({"reconcile"}).words;
  EXPECT_THAT(run(terminal).out, HasSubstr("\x1b[32m+\x1b[0m person  left.people/2501"));

  left_.exec("insert into people (name) values ('and one more')");
  terminal.environment["NO_COLOR"] = "1";
  const Ended plain = run(terminal);
  EXPECT_THAT(plain.out, HasSubstr("+ person  left.people/2502"));
  EXPECT_THAT(plain.out, Not(HasSubstr("\x1b[32m")));
}

TEST_F(OutputTest, APipeSeesNeitherProgressNorColours) {
  add_people(2500);
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));
}

TEST_F(OutputTest, VersionIsOneObject) {
  const Ended ended = run({{COUPLET_PROGRAM, "version", "--json"}});
  const nlohmann::json json = nlohmann::json::parse(ended.out);
  EXPECT_EQ(json.size(), 3U);
  EXPECT_FALSE(json["version"].get<std::string>().empty());
  EXPECT_FALSE(json["commit"].get<std::string>().empty());
  EXPECT_EQ(json["state_format"], 1);
}

TEST_F(OutputTest, AMisspeltVerbAndAMisspeltOptionExitWith2AndASuggestion) {
  const Ended verb = run({{COUPLET_PROGRAM, "reconcil"}});
  EXPECT_EQ(verb.exit_code, 2);
  EXPECT_EQ(verb.out, "");
  EXPECT_EQ(verb.err, "couplet: there is no verb \"reconcil\"\n  did you mean \"reconcile\"?\n");

  const Ended option = run({{COUPLET_PROGRAM, "plan", "--exit-cod", "--json"}});
  EXPECT_EQ(option.exit_code, 2);
  EXPECT_EQ(error_of(option.out),
            nlohmann::json::parse(R"({"code":"usage","message":"`couplet plan` has no option )"
                                  R"(\"--exit-cod\"","hint":"did you mean \"--exit-code\"?"})"));

  const Ended later = run({{COUPLET_PROGRAM, "replay"}});
  EXPECT_EQ(later.exit_code, 2);
  EXPECT_THAT(later.err, testing::StartsWith("couplet: not supported yet: couplet replay\n"));
}

TEST_F(OutputTest, NoVerbPrintsHelpWhereItIsTalkAndExits2) {
  const Ended none = run({{COUPLET_PROGRAM}});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(none.out, "");
  EXPECT_THAT(none.err, HasSubstr("usage: couplet VERB"));
  const Ended asked = run({{COUPLET_PROGRAM, "--help"}});
  EXPECT_EQ(asked.exit_code, 0);
  EXPECT_EQ(asked.out, none.err);
}

}  // namespace
}  // namespace couplet::test
