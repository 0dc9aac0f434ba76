// Links by the thousand: export, import.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"
#include "tests/unit/admin/by_hand.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LinkImportTest : public testing::Test, public PeopleWorld {
 protected:
  void people(int count) {
    for (int i = 1; i <= count; ++i) {
      const std::string key = "k" + std::to_string(i);
      left_has({{"key", key}, {"name", "n"}});
      right_has({{"key", key}, {"name", "n"}});
    }
  }
  static std::vector<std::string> told(const LinkImport::Report& report) {
    std::vector<std::string> lines;
    for (const auto& refusal : report.refusals) {
      lines.push_back(std::to_string(refusal.line) + ": " + refusal.error.message);
    }
    return lines;
  }
};

TEST_F(LinkImportTest, WhatWasExportedGivesTheSameLinksInAnEmptyState) {
  map("direction: both");
  people(2500);
  settle(*this);
  clock.set(clock.now().value + 5'000'000);
  const std::string lines = exported(*this);
  store = std::make_unique<MemoryStateStore>();
  const auto report = import_links(*this, lines);
  EXPECT_EQ(report.imported, 2500U);
  EXPECT_THAT(told(report), IsEmpty());
  EXPECT_EQ(exported(*this), lines);
  Reconciler::Settings settings;
  settings.rebuild_state = true;
  const Summary summary = reconcile(settings).summary;
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(exported(*this).size(), lines.size());
}

TEST_F(LinkImportTest, DoneTwiceItChangesNothing) {
  map("direction: both");
  people(3);
  settle(*this);
  const std::string lines = exported(*this);
  const auto report = import_links(*this, lines);
  EXPECT_EQ(report.imported, 0U);
  EXPECT_EQ(report.unchanged, 3U);
  EXPECT_EQ(exported(*this), lines);
}

TEST_F(LinkImportTest, LeftAndRightAreEnough) {
  map("direction: both");
  people(1);
  EXPECT_EQ(
      import_links(*this, "\n{\"left\":\"left.people/1\",\"right\":\"right.persons/1\"}\r\n  \n")
          .imported,
      1U);
  EXPECT_THAT(links(*this), ElementsAre("left.people/1 = right.persons/1 manual"));
}

TEST_F(LinkImportTest, EveryRefusedLineIsToldAndNothingIsImported) {
  map("direction: both");
  people(5);
  EXPECT_EQ(add_link(*this, "left.people/5", "right.persons/5"), "");
  const std::string lines =
      R"({"left":"left.people/1","right":"right.persons/1"}
{"left":"left.people/2"
"left.people/2"
{"right":"right.persons/2"}
{"left":2,"right":"right.persons/2"}
{"left":"left.people/2","right":"right.persons/2","by":"magic"}
{"left":"left.people/2","right":"right.persons/2","linked_at":"yesterday"}
{"left":"left.people/2","right":"right.persons/2","incarnation":0}
{"left":"left.people/2","right":"right.persons/2","colour":"blue"}
{"left":"left.people/2","left":"left.people/3","right":"right.persons/2"}
{"left":"left.people/x","right":"right.persons/2"}
{"left":"left.folk/2","right":"right.persons/2"}
{"left":"left.people/2","right":"left.people/3"}
{"left":"left.people/99","right":"right.persons/2"}
{"left":"left.people/1","right":"right.persons/1"}
{"left":"left.people/3","right":"right.persons/1"}
{"left":"left.people/4","right":"right.persons/5"}
)";
  const auto report = import_links(*this, lines);
  EXPECT_EQ(report.imported, 0U);
  EXPECT_EQ(report.refused, 16U);
  EXPECT_THAT(
      told(report),
      ElementsAre(
          R"(2: the line is no JSON object; {"left": "a.B/1", "right": "c.D/2"} is)",
          R"(3: the line is no JSON object; {"left": "a.B/1", "right": "c.D/2"} is)",
          R"(4: "left" is missing)", R"(5: "left" has to be text)",
          R"(6: "by" has to be one of matched, created, manual, succeeded)",
          R"(7: "linked_at" has to be a time, as 2026-01-31T08:15:30Z)",
          R"(8: "incarnation" has to be a whole number from 1)",
          R"(9: there is no field "colour"; a link has left, right, by, linked_at, synced_at, )"
          R"(incarnation)",
          "10: the line names a field twice", testing::StartsWith(R"(11: "left.people/x": )"),
          R"(12: "left.folk/2": the definition has no entity left.folk)",
          "13: no mapping relates left.people and left.people",
          "14: there is no object left.people/99", "15: line 1 has the same link",
          "16: line 1 links one of its objects to another",
          "17: right.persons/5 is linked to left.people/5 already"));
  EXPECT_THAT(links(*this), ElementsAre("left.people/5 = right.persons/5 manual"));
}

TEST_F(LinkImportTest, RefusedLinesCanBeLeftOut) {
  map("direction: both");
  people(3);
  const auto report = import_links(*this,
                                   "{\"left\":\"left.people/1\",\"right\":\"right.persons/1\"}\n"
                                   "{\"left\":\"left.people/9\",\"right\":\"right.persons/2\"}\n"
                                   "{\"left\":\"left.people/3\",\"right\":\"right.persons/3\"}",
                                   true);
  EXPECT_EQ(report.imported, 2U);
  EXPECT_EQ(report.refused, 1U);
  EXPECT_THAT(links(*this), ElementsAre("left.people/1 = right.persons/1 manual",
                                        "left.people/3 = right.persons/3 manual"));
}

TEST_F(LinkImportTest, ObjectsAreLookedForAThousandAtATime) {
  map("direction: both");
  people(3000);
  std::string lines;
  for (int i = 1; i <= 3000; ++i) {
    const std::string id = std::to_string(i);
    lines += R"({"left":"left.people/)" + id + R"(","right":"right.persons/)" + id + "\"}\n";
  }
  EXPECT_EQ(import_links(*this, lines).imported, 3000U);
  EXPECT_LE(statements[0], 4U);
  EXPECT_LE(statements[1], 4U);
  EXPECT_EQ(settle(*this).operations(), 0U);
}

TEST_F(LinkImportTest, AFileOfTooManyLinesIsRefusedBeforeAnythingIsImported) {
  map("direction: both");
  std::string lines;
  for (int i = 1; i <= 3; ++i) {
    left_has({{"key", std::to_string(i)}});
    right_has({{"key", std::to_string(i)}});
    const std::string id = std::to_string(i);
    lines += R"({"left":"left.people/)" + id + R"(","right":"right.persons/)" + id + "\"}\n";
  }
  for (const std::uint64_t most : {2, 3}) {
    const auto done =
        by_hand([&](State& state, const std::vector<Source*>& sources) -> Result<void> {
          std::istringstream in(lines);
          LinkImport import(definition(), state, sources);
          LinkImport::Settings settings;
          settings.now = clock.now();
          settings.lines_most = most;
          COUPLET_ASSIGN(const LinkImport::Report report, import.run(in, settings));
          EXPECT_EQ(report.imported, 3U);
          return {};
        });
    if (most == 2) {
      ASSERT_FALSE(done);
      EXPECT_EQ(done.error().message, "there are more than 2 lines; nothing was imported");
      EXPECT_EQ(done.error().code, "too_many_lines");
      EXPECT_TRUE(links(*this).empty());
    } else {
      EXPECT_TRUE(done.has_value());
      EXPECT_EQ(links(*this).size(), 3U);
    }
  }
}

TEST_F(LinkImportTest, ContributorsOfOneTargetInSeveralBatches) {
  create(*left, DescribedTable("orders").id().text("city"));
  create(*right, DescribedTable("cities").id().text("name"));
  define(
      "mappings:\n  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ] }\n");
  for (int i = 0; i < 2500; ++i) {
    left->insert("orders", {{"city", i % 2 == 0 ? "Rome" : "Oslo"}});
  }
  settle(*this);
  const std::string lines = exported(*this);
  store = std::make_unique<MemoryStateStore>();
  EXPECT_EQ(import_links(*this, lines).imported, 2500U);
  EXPECT_EQ(exported(*this), lines);
  Reconciler::Settings settings;
  settings.rebuild_state = true;
  EXPECT_EQ(reconcile(settings).summary.operations(), 0U);
  EXPECT_EQ(right->rows("cities").size(), 2U);
}

}  // namespace
}  // namespace couplet::test
