// Links as people and programs see and change them.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "storage/rocksdb/rocksdb_state_store.h"
#include "tests/integration/cli/cli_scene.h"

namespace couplet::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

class LinksTest : public CliTest {
 protected:
  void linked_people(int count) {
    add_people(count);
    ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  }
  // `couplet WORDS` within a line of bash.
  Ended shell(const std::string& before, const std::vector<std::string>& words,
              const std::string& after) const {
    std::string command = "set -o pipefail; " + before;
    for (const std::string& word : program(words).words) {
      command += " '" + word + "'";
    }
    return run({{"/bin/bash", "-c", command + after}});
  }
  std::string file(const std::string& name, const std::string& text) const {
    const std::string path = (folder_.path() / name).string();
    std::ofstream(path) << text;
    return path;
  }
};

TEST_F(LinksTest, TheListHasALinkALineThenHowMany) {
  linked_people(3);
  const Ended text = couplet({"links", "list"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, StartsWith("left.people/1 = right.persons/"));
  EXPECT_THAT(text.out, EndsWith("\n3 links.\n"));
  const auto lines = lines_of(couplet({"links", "list", "--json"}).out);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1]["left"], "left.people/2");
  EXPECT_EQ(lines[1]["by"], "created");
  EXPECT_EQ(lines[1]["incarnation"], 1);
  EXPECT_THAT(lines[1]["linked_at"].get<std::string>(), MatchesRegex("20..-..-..T.*Z"));
  EXPECT_EQ(lines[3], nlohmann::json::parse(R"({"summary":{"items":3,"next":null}})"));
  EXPECT_EQ(couplet({"links", "list", "-q"}).out, "3 links.\n");
}

TEST_F(LinksTest, PagesAndFilters) {
  linked_people(5);
  std::vector<std::string> seen;
  std::vector<std::string> words = {"links", "list", "--json", "--limit", "2"};
  for (int page = 0; page < 3; ++page) {
    const auto lines = lines_of(couplet(words).out);
    for (const auto& line : lines) {
      if (line.contains("left")) {
        seen.push_back(line["left"]);
      }
    }
    const auto next = lines.back()["summary"]["next"];
    EXPECT_EQ(next.is_null(), page == 2);
    words = {"links",
             "list",
             "--json",
             "--limit",
             "2",
             "--after",
             next.is_null() ? "" : next.get<std::string>()};
  }
  EXPECT_THAT(seen, testing::ElementsAre("left.people/1", "left.people/2", "left.people/3",
                                         "left.people/4", "left.people/5"));
  EXPECT_EQ(couplet({"links", "list", "--by", "manual"}).out, "0 links.\n");
  EXPECT_EQ(couplet({"links", "list", "--older-than", "1h"}).out, "0 links.\n");
  EXPECT_THAT(couplet({"links", "list", "--newer-than", "1h"}).out, EndsWith("5 links.\n"));
  EXPECT_THAT(couplet({"links", "list", "--mapping", "person"}).out, EndsWith("5 links.\n"));

  for (const auto& [words_of, said] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--mapping", "persn"}, "there is no mapping \"persn\""},
           {{"--limit", "0"}, "--limit \"0\" is not what it takes"},
           {{"--older-than", "3"}, "--older-than \"3\" is not what it takes"},
           {{"--by", "magic"}, "--by \"magic\" is not what it takes"},
           {{"--after", "left.people/2"}, "\"left.people/2\" is no place in this list"}}) {
    std::vector<std::string> all = {"links", "list"};
    all.insert(all.end(), words_of.begin(), words_of.end());
    const Ended ended = couplet(all);
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err, StartsWith("couplet: " + said)) << ended.err;
  }
}

TEST_F(LinksTest, ALinkByHandIsObeyedAndOneThatIsRemovedIsNotMadeAgain) {
  left_.exec("insert into people (name, age) values ('Smith', 40)");
  right_.exec("insert into persons (name, years) values ('Smyth', null)");
  const Ended added = couplet({"links", "add", "left.people/1", "right.persons/1", "--json"});
  EXPECT_EQ(added.exit_code, 0) << added.err;
  EXPECT_EQ(lines_of(added.out)[0]["by"], "manual");
  EXPECT_EQ(right_.query("select name from persons")[0][0], "Smyth") << "no row is written";
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  EXPECT_EQ(right_.query("select name, years from persons"),
            left_.query("select name, age from people"));
  EXPECT_EQ(right_.query("select count(*) from persons")[0][0], "1");

  const Ended again = couplet({"links", "add", "left.people/1", "right.persons/1"});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(again.err, "couplet: the two are linked already\n");

  const Ended removed = couplet({"links", "remove", "left.people/1", "right.persons/1"});
  EXPECT_EQ(removed.exit_code, 0) << removed.err;
  EXPECT_EQ(removed.out, "/ left.people/1 = right.persons/1  kept apart\n");
  for (int run = 0; run < 2; ++run) {
    const Ended reconciled = couplet({"reconcile"});
    EXPECT_EQ(reconciled.exit_code, 0) << reconciled.err;
    EXPECT_THAT(reconciled.out,
                HasSubstr("? person  left.people/1  matched: its link was removed by hand: "));
    EXPECT_THAT(reconciled.out, HasSubstr("\n0 operations. 2 reported. "));
  }
  EXPECT_EQ(right_.query("select count(*) from persons")[0][0], "1");
  const Ended shown = couplet({"links", "show", "left.people/1"});
  EXPECT_THAT(shown.out,
              StartsWith("left.people/1: exists\nkept apart from right.persons/1\n\n"
                         "left.people/1\n  person  both  matched → report: its link was removed by "
                         "hand: "));

  left_.exec("update people set name = 'Smithe'");
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  EXPECT_EQ(right_.query("select count(*) from persons")[0][0], "2");
  EXPECT_EQ(couplet({"reconcile", "-q", "--json"}).exit_code, 0);
}

TEST_F(LinksTest, AContributorThatIsRemovedStaysOutAndItsValueNoLongerCounts) {
  left_.exec(
      "create table orders (id bigint primary key, city text, note text, touched timestamptz);"
      "insert into orders values (1, 'Rome', 'first', '2025-01-01Z'),"
      " (2, 'Rome', 'second', '2025-02-01Z')");
  right_.exec(
      "create table cities (id bigint generated by default as identity primary key, name text,"
      " note text)");
  write_file(R"(
  city: { left: left.orders, right: right.cities, direction: left_to_right,
          cardinality: many_to_one, keys: [ { left: city, right: name } ], attributes: [note] }
entities:
  left.orders: { updated_at: touched }
)");
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  ASSERT_EQ(right_.query("select note from cities")[0][0], "second");
  const auto removed = lines_of(couplet({"links", "remove", "left.orders/2", "--json"}).out);
  ASSERT_EQ(removed.size(), 1U);
  EXPECT_EQ(removed[0], nlohmann::json::parse(
                            R"({"left":"left.orders/2","right":"right.cities/1","linked":true,
                                "kept_apart":true})"));
  for (int run = 0; run < 2; ++run) {
    const Ended reconciled = couplet({"reconcile", "--json"});
    EXPECT_EQ(summary_of(reconciled.out)["create"], 0);
    EXPECT_EQ(summary_of(reconciled.out)["link"], 0);
    EXPECT_EQ(summary_of(reconciled.out)["report"], 1);
    EXPECT_EQ(summary_of(reconciled.out)["update"], run == 0 ? 1 : 0);
  }
  EXPECT_EQ(right_.query("select name, note from cities"),
            left_.query("select city, note from orders where id = 1"));
  ASSERT_EQ(couplet({"links", "add", "left.orders/2", "right.cities/1"}).exit_code, 0);
  ASSERT_EQ(couplet({"reconcile", "-q"}).exit_code, 0);
  EXPECT_EQ(right_.query("select note from cities")[0][0], "second");
}

TEST_F(LinksTest, WhatCannotBeDoneIsToldAndExits) {
  linked_people(2);
  const Ended missing = couplet({"links", "add", "left.people/1", "right.persons/99", "--json"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(error_of(missing.out)["code"], "no_such_object");
  const Ended linked = couplet({"links", "add", "left.people/1", "right.persons/2"});
  EXPECT_EQ(linked.exit_code, 2);
  EXPECT_EQ(linked.err,
            "couplet: left.people/1 is linked to right.persons/1 already\n"
            "  `couplet links remove left.people/1` removes that link\n");
  const Ended unlinked = couplet({"links", "remove", "left.people/99"});
  EXPECT_EQ(unlinked.exit_code, 1);
  EXPECT_THAT(unlinked.err, StartsWith("couplet: left.people/99 has no link\n"));
  const Ended nameless = couplet({"links", "show", "left.people"});
  EXPECT_EQ(nameless.exit_code, 2);
  EXPECT_EQ(couplet({"links", "show", "left.people/99"}).exit_code, 1);
  EXPECT_EQ(couplet({"links"}).err,
            "couplet: `couplet links` wants one more word\n"
            "  one of: list, show, add, remove, export, import\n");
}

TEST_F(LinksTest, ShowTellsWhatChangedSinceBothWereInStep) {
  linked_people(1);
  left_.exec("update people set age = 99");
  const auto json =
      nlohmann::json::parse(couplet({"links", "show", "right.persons/1", "--json"}).out);
  EXPECT_EQ(json["object"], "right.persons/1");
  EXPECT_EQ(json["exists"], true);
  const auto& attributes = json["links"][0]["attributes"];
  ASSERT_EQ(attributes.size(), 2U);
  EXPECT_EQ(attributes[1]["left"], "age");
  EXPECT_EQ(attributes[1]["left_changed"], true);
  EXPECT_EQ(attributes[1]["right_changed"], false);
  EXPECT_EQ(attributes[0]["left_changed"], false);
}

TEST_F(LinksTest, WhatIsExportedGivesTheSameLinksElsewhere) {
  linked_people(2500);
  const Ended exported = couplet({"links", "export"});
  EXPECT_EQ(lines_of(exported.out).size(), 2500U);
  std::filesystem::remove_all(state());
  const std::string path = file("links.jsonl", exported.out);
  const Ended imported = couplet({"links", "import", path});
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_EQ(imported.out, "2500 imported, 0 there already, 0 refused.\n");
  EXPECT_EQ(couplet({"links", "export"}).out, exported.out);
  EXPECT_EQ(couplet({"links", "import", path}).out, "0 imported, 2500 there already, 0 refused.\n");
  const Ended piped = shell("cat '" + path + "' |", {"links", "import", "-", "--json"}, "");
  EXPECT_EQ(nlohmann::json::parse(piped.out)["unchanged"], 2500) << piped.err;
  EXPECT_TRUE(std::filesystem::is_empty(state()) == false);
  for (const auto& entry : std::filesystem::directory_iterator(state())) {
    EXPECT_THAT(entry.path().filename().string(), Not(StartsWith("import-")));
  }
  const Ended reconciled = couplet({"reconcile", "--rebuild-state", "--json"});
  EXPECT_EQ(reconciled.exit_code, 0) << reconciled.err;
  for (const char* operation : {"create", "link", "update", "unlink"}) {
    EXPECT_EQ(summary_of(reconciled.out)[operation], 0) << operation;
  }
}

TEST_F(LinksTest, RefusedLinesAreToldWithTheirPlaceAndNothingIsImported) {
  add_people(2);
  right_.exec("insert into persons (name) values ('x'), ('y')");
  const std::string path = file("links.jsonl",
                                "{\"left\":\"left.people/1\",\"right\":\"right.persons/1\"}\n"
                                "{\"left\":\"left.people/7\",\"right\":\"right.persons/2\"}\n"
                                "left.people/2,right.persons/2\n");
  const Ended refused = couplet({"links", "import", path});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(refused.out, "0 imported, 0 there already, 2 refused.\n");
  EXPECT_THAT(refused.err, HasSubstr(path + ":2: there is no object left.people/7\n"));
  EXPECT_THAT(refused.err, HasSubstr(path + ":3: the line is no JSON object; "));
  EXPECT_THAT(refused.err, EndsWith("couplet: 2 lines were refused: nothing was imported\n"
                                    "  mend them, or leave them out with --skip-refused\n"));
  EXPECT_EQ(couplet({"links", "list", "-q"}).out, "0 links.\n");
  const Ended json = couplet({"links", "import", path, "--json"});
  EXPECT_EQ(lines_of(json.out)[0]["errors"][0]["line"], 2);
  EXPECT_EQ(error_of(json.out)["code"], "links_refused");
  const Ended skipped = couplet({"links", "import", path, "--skip-refused"});
  EXPECT_EQ(skipped.exit_code, 0);
  EXPECT_EQ(skipped.out, "1 imported, 0 there already, 2 refused.\n");

  EXPECT_EQ(couplet({"links", "import", path + ".gone"}).exit_code, 2);
  EXPECT_EQ(couplet({"links", "import", folder_.path().string()}).exit_code, 2);
}

TEST_F(LinksTest, ReadersMayRunBesideAWriterAndASecondWriterMayNot) {
  linked_people(2);
  RocksdbStateStore::Settings settings;
  const auto held = RocksdbStateStore::open(state(), settings);
  ASSERT_TRUE(held);
  EXPECT_EQ(couplet({"links", "list", "-q"}).out, "2 links.\n");
  EXPECT_EQ(couplet({"links", "show", "left.people/1"}).exit_code, 0);
  EXPECT_EQ(couplet({"parked", "list"}).exit_code, 0);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"links", "add", "left.people/1", "right.persons/1"},
        {"links", "remove", "left.people/1"},
        {"links", "import", "/dev/null"},
        {"parked", "retry"},
        {"parked", "discard"}}) {
    const Ended ended = couplet(words);
    EXPECT_EQ(ended.exit_code, 3) << words[1];
    EXPECT_THAT(ended.err, HasSubstr("in use")) << ended.err;
  }
}

TEST_F(LinksTest, WithoutAStateThereIsNothingToListOrRemoveAndNoneIsMade) {
  add_people(1);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"links", "list"},
                                                {"links", "export"},
                                                {"links", "show", "left.people/1"},
                                                {"links", "remove", "left.people/1"},
                                                {"conflicts", "list"},
                                                {"held", "list"},
                                                {"parked", "list"},
                                                {"parked", "retry"},
                                                {"parked", "discard"}}) {
    const Ended ended = couplet(words);
    EXPECT_EQ(ended.exit_code, 1) << words[1];
    EXPECT_THAT(ended.err, StartsWith("couplet: there is no state in ")) << ended.err;
    EXPECT_THAT(ended.err, EndsWith("\n  `couplet reconcile` makes one\n"));
    EXPECT_FALSE(std::filesystem::exists(state()));
  }
}

TEST_F(LinksTest, AReaderWhoLeavesEarlyEndsTheListQuietly) {
  linked_people(5000);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"links", "list"},
                                                {"links", "list", "--json"},
                                                {"links", "export"}}) {
    const Ended ended = shell("", words, " | head -n 1");
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.err, "");
    EXPECT_THAT(ended.out, HasSubstr("left.people/1"));
    EXPECT_EQ(std::count(ended.out.begin(), ended.out.end(), '\n'), 1);
  }
}

TEST_F(LinksTest, ACrashIsFinishedBeforeLinksAreChanged) {
  add_people(2);
  environment_["COUPLET_CRASH_AT"] = "after_commit";
  ASSERT_NE(couplet({"reconcile"}).exit_code, 0);
  environment_.clear();
  const Ended added = couplet({"links", "add", "left.people/1", "right.persons/2"});
  EXPECT_EQ(added.exit_code, 2);
  EXPECT_THAT(added.err, HasSubstr("left.people/1 is linked to right.persons/1 already"));
  EXPECT_EQ(summary_of(couplet({"reconcile", "--json"}).out)["create"], 0);
}

}  // namespace
}  // namespace couplet::test
