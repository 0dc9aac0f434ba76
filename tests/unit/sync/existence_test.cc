// Existence, one to one: lost states, successors, tombstones, ids that change places.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ExistenceTest : public testing::Test, public PeopleWorld {
 protected:
  void expect_at_rest() {
    const std::uint64_t transactions = left->transactions() + right->transactions();
    EXPECT_EQ(reconcile().summary.operations(), 0U);
    EXPECT_EQ(left->transactions() + right->transactions(), transactions);
  }
  std::size_t entries(Family family) const {
    std::size_t count = 0;
    const auto cursor = store->cursor(family);
    for (cursor->seek({}); cursor->valid(); cursor->next()) {
      ++count;
    }
    return count;
  }
};

TEST_F(ExistenceTest, ALostStateHoldsCreatesInEveryRunUntilItIsRebuilt) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  store = std::make_unique<MemoryStateStore>();
  right->erase("persons", {});
  for (int run = 0; run < 3; ++run) {
    EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
    EXPECT_THAT(rights(), IsEmpty());
    EXPECT_THAT(notices(), Contains(HasSubstr("--rebuild-state")));
  }
  Reconciler::Settings settings;
  settings.rebuild_state = true;
  EXPECT_EQ(reconcile(settings).summary.count(Operation::kCreate), 1U);
  left_has({{"key", "b"}});
  EXPECT_EQ(settle(*this).count(Operation::kCreate), 1U);
}

// Its link was found again, but whether that is all there was of it nobody knows yet.
TEST_F(ExistenceTest, ALostStateMakesNothingAgainUntilItIsRebuilt) {
  map("direction: left_to_right");
  left_has({{"key", "a"}});
  left_has({{"key", "b"}});
  settle(*this);
  store = std::make_unique<MemoryStateStore>();
  EXPECT_EQ(settle(*this).count(Operation::kLink), 2U);
  right->erase("persons", {{"key", "b"}});
  for (int run = 0; run < 3; ++run) {
    EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
    EXPECT_THAT(rights(), ElementsAre("a - -"));
  }
  Reconciler::Settings settings;
  settings.rebuild_state = true;
  EXPECT_EQ(reconcile(settings).summary.count(Operation::kCreate), 1U);
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(ExistenceTest, WhereARowMayBeHiddenFromUsThatItIsNotSeenIsNoEvidenceOfADelete) {
  left->alter("people", [](TableInfo& table) { table.row_security = true; });
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  left_has({{"key", "b"}});
  settle(*this);
  left->erase("people", {{"key", "a"}});
  EXPECT_EQ(settle(*this).operations(), 0U);
  EXPECT_THAT(lines(), Contains(HasSubstr("row level security may hide it")));
  left_has({{"id", "1"}, {"key", "a"}, {"name", "Ada"}});
  right_sets("a", {{"name", "found again"}});
  EXPECT_EQ(settle(*this).operations(), 1U) << "it is the one that it was";
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(ExistenceTest, WhereACounterpartMayBeHiddenFromUsNoSecondOneIsMade) {
  right->alter("persons", [](TableInfo& table) { table.row_security = true; });
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right_has({{"key", "b"}});
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
    EXPECT_THAT(lines(), Contains(HasSubstr("row level security of table public.persons may hide "
                                            "its counterpart")));
    EXPECT_THAT(lefts(), ElementsAre("a Ada -", "b - -")) << "nothing is hidden there";
    EXPECT_THAT(rights(), ElementsAre("b - -"));
  }
  right_has({{"key", "a"}, {"mail", "shown"}});
  EXPECT_EQ(settle(*this).count(Operation::kLink), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Ada shown", "b - -"));
  left_has({{"key", "c"}});
  EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
  right->alter("persons", [](TableInfo& table) { table.row_security = false; });
  rebind();
  EXPECT_EQ(settle(*this).count(Operation::kCreate), 1U);
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(ExistenceTest, WhatIsNotSeenAnyMoreWhereARowMayBeHiddenIsNotMadeAgain) {
  map("direction: left_to_right");
  left_has({{"key", "a"}});
  left_has({{"key", "b"}});
  settle(*this);
  right->alter("persons", [](TableInfo& table) { table.row_security = true; });
  rebind();
  right->erase("persons", {{"key", "a"}});
  EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
  EXPECT_THAT(rights(), ElementsAre("b - -"));
  right->alter("persons", [](TableInfo& table) { table.row_security = false; });
  rebind();
  EXPECT_EQ(settle(*this).count(Operation::kCreate), 1U);
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(ExistenceTest, WhereTheDatabaseWouldRefuseASecondOneWhatIsHiddenIsNoReasonToWait) {
  for (const bool within : {true, false}) {
    const std::string name = within ? "members" : "guests";
    DescribedTable table = DescribedTable(name).id().text("key").text("name").text("mail");
    const auto columns =
        within ? std::vector<std::string>{"key"} : std::vector<std::string>{"key", "mail"};
    table.info().unique_keys.push_back({name + "_key", columns, false, false});
    create(*right, table);
    right->alter(name, [](TableInfo& info) { info.row_security = true; });
    define("mappings:\n  member: { left: left.people, right: right." + name +
           ", direction: left_to_right,\n    keys: [ key, name ], attributes: [ mail ] }\n");
    left->erase("people", {});
    left_has({{"key", "a"}, {"name", "Ada"}});
    EXPECT_EQ(settle(*this).count(within ? Operation::kCreate : Operation::kHold), 1U);
    EXPECT_EQ(right->count(name), within ? 1U : 0U);
  }
}

// Whichever of them is asked: the new one could be either's.
TEST_F(ExistenceTest, OfTwoThatWereLeftAloneNeitherTakesWhoComesForThemBoth) {
  map("direction: both");
  left_has({{"key", "other"}});
  for (const char* name : {"first", "second"}) {
    right_has({{"key", "a"}, {"name", name}});
    settle(*this);
    left->erase("people", {{"key", "a"}});
    settle(*this);
  }
  left_has({{"key", "a"}, {"name", "third"}});
  EXPECT_EQ(settle(*this).operations(), 0U);
  EXPECT_THAT(lines(), Contains(HasSubstr("ambiguous")));
  EXPECT_THAT(rights(), ElementsAre("a first -", "a second -", "other - -"));
  right->erase("persons", {{"name", "first"}});
  EXPECT_EQ(settle(*this).count(Operation::kLink), 1U);
  EXPECT_THAT(rights(), ElementsAre("a third -", "other - -"));
  expect_at_rest();
}

TEST_F(ExistenceTest, TwoThatAreLeftAloneAtOnceAndAreOneThingByNowAreLinkedInTheSameRun) {
  map("direction: both, conflict: left_wins");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right_has({{"key", "b"}, {"name", "Bob"}});
  left_has({{"key", "c"}});
  settle(*this);
  right->erase("persons", {{"key", "a"}});
  left->erase("people", {{"key", "b"}});
  left_sets("a", {{"key", "d"}});
  right_sets("b", {{"key", "d"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kUnlink), 2U);
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_THAT(lefts(), ElementsAre("c - -", "d Ada -"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(ExistenceTest, OfOpposingMappingsTheOtherOneLinksWhatIsLeftAlone) {
  define(
      "mappings:\n"
      "  export: { left: left.people, right: right.persons, direction: left_to_right,\n"
      "    keys: [ key ], attributes: [ name ] }\n"
      "  import: { left: left.people, right: right.persons, direction: right_to_left,\n"
      "    keys: [ key ], attributes: [ name ] }\n");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right_has({{"key", "b"}, {"name", "Bob"}});
  left_has({{"key", "c"}});
  settle(*this);
  right->erase("persons", {{"key", "a"}});
  left->erase("people", {{"key", "b"}});
  left_sets("a", {{"key", "d"}});
  right_sets("b", {{"key", "d"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kUnlink), 2U);
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(ExistenceTest, AColumnLeftOutWhenAnObjectComesBackIsFilledFromTheSurvivor) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "m"}});
  left_has({{"key", "b"}});
  settle(*this);
  left->erase("people", {{"key", "a"}});
  EXPECT_EQ(settle(*this).count(Operation::kUnlink), 1U);
  left_has({{"key", "a"}, {"name", "Ada L."}});  // mail was left out
  EXPECT_EQ(settle(*this).count(Operation::kLink), 1U);
  EXPECT_THAT(lefts(), ElementsAre("a Ada L. m", "b - -"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(ExistenceTest, ALinkThatIsGoneIsFoundFromNeitherEnd) {
  map("direction: both");
  left_has({{"key", "a"}});
  left_has({{"key", "b"}});
  left_has({{"key", "c"}});
  settle(*this);
  left->erase("people", {{"key", "a"}});
  right->erase("persons", {{"key", "a"}});
  right->erase("persons", {{"key", "b"}});
  settle(*this);
  EXPECT_EQ(entries(Family::kLinks), 1U);
  EXPECT_EQ(entries(Family::kLinksRight), 1U);
}

TEST_F(ExistenceTest, ASurvivorThatGoesTakesItsTombstoneAlong) {
  map("direction: both");
  left_has({{"id", "1"}, {"key", "a"}});
  left_has({{"id", "2"}, {"key", "b"}});
  settle(*this);
  const std::string id = *right->rows("persons")[0].at("id");
  const std::string key = *right->rows("persons")[0].at("key");
  left->erase("people", {{"key", key}});
  EXPECT_EQ(settle(*this).count(Operation::kUnlink), 1U);
  EXPECT_EQ(entries(Family::kTombstones), 1U);
  right->erase("persons", {{"id", id}});
  settle(*this);
  EXPECT_EQ(entries(Family::kTombstones), 0U);
  // Another object, under the id of the one that has gone.
  right_has({{"id", id}, {"key", "new"}});
  settle(*this);
  EXPECT_THAT(lefts(), Contains("new - -"));
}

TEST_F(ExistenceTest, WhoWaitsForAKeyThatIsGivenUpGetsItInTheSameRun) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "one"}});
  settle(*this);
  left_sets("a", {{"key", "z"}});
  left_has({{"key", "a"}, {"name", "two"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kHold), 0U);
  EXPECT_THAT(rights(), ElementsAre("a two -", "z one -"));
  expect_at_rest();
}

TEST_F(ExistenceTest, ATargetWithoutIdentityIsNotMadeAgain) {
  map("direction: left_to_right, limits: { recreate: { count: 1000 } }");
  for (int i = 0; i < 3; ++i) {
    left_has({{"key", std::to_string(i)}});
  }
  settle(*this);
  left->update("people", {}, {{"key", std::nullopt}});
  settle(*this);
  right->erase("persons", {});
  right_has({{"key", "other"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kReport), 3U);
  EXPECT_THAT(lines(), Contains(HasSubstr("report no_identity")));
}

TEST_F(ExistenceTest, ATwoWayMappingDoesNotSpeakOfTheRailForRecreates) {
  map("direction: both");
  for (int i = 0; i < 30; ++i) {
    left_has({{"key", std::to_string(i)}});
  }
  left_has({{"key", "stays"}});
  settle(*this);
  for (int i = 0; i < 30; ++i) {
    right->erase("persons", {{"key", std::to_string(i)}});
  }
  EXPECT_EQ(settle(*this).count(Operation::kUnlink), 30U);
  EXPECT_THAT(notices(), IsEmpty());
}

// The code is an attribute on the left and the id on the right.
class NaturalIdTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    create(*left, DescribedTable("goods").id().text("code").text("label"));
    DescribedTable items("items");
    items.required("code").text("label");
    items.info().primary_key = {"code"};
    items.info().unique_keys.push_back({"pkey", {"code"}, false, true});
    create(*right, items);
    define(
        "mappings:\n  good: { left: left.goods, right: right.items, direction: both,\n"
        "    keys: [ code ], attributes: [ label ] }\n");
    for (const char* code : {"1", "2", "3"}) {
      left->insert("goods", {{"code", code}, {"label", std::string("of ") + code}});
    }
    reconcile();
  }
  void renames(const std::string& label, const std::string& code) {
    left->update("goods", {{"label", label}}, {{"code", code}});
  }
  std::vector<std::string> items() const {
    std::vector<std::string> found;
    for (const auto& row : right->rows("items")) {
      found.push_back(*row.at("code") + " " + row.at("label").value_or("-"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  // Every link is found from both ends, and each carries a change.
  void expect_linked() {
    EXPECT_EQ(reconcile().summary.operations(), 0U);
    EXPECT_THAT(lines(), IsEmpty());
    for (const auto& row : right->rows("items")) {
      right->update("items", {{"code", row.at("code")}},
                    {{"label", row.at("label").value_or("") + "!"}});
    }
    EXPECT_EQ(reconcile().summary.count(Operation::kUpdate), 3U);
    for (const auto& row : left->rows("goods")) {
      EXPECT_THAT(items(), Contains(*row.at("code") + " " + *row.at("label")));
    }
  }
};

TEST_F(NaturalIdTest, IdsThatMoveUpOneByOneKeepTheirLinks) {
  renames("of 3", "4");
  renames("of 2", "3");
  renames("of 1", "2");
  reconcile();
  EXPECT_THAT(items(), ElementsAre("2 of 1", "3 of 2", "4 of 3"));
  expect_linked();
}

TEST_F(NaturalIdTest, IdsThatChangePlacesKeepTheirLinks) {
  renames("of 1", "x");
  renames("of 2", "1");
  renames("of 1", "2");
  reconcile();
  EXPECT_THAT(items(), ElementsAre("1 of 2", "2 of 1", "3 of 3"));
  expect_linked();
}

// The newcomer is claimed by a rival of the survivor in the same batch; the survivor asks again.
TEST_F(ExistenceTest, ASurvivorWhoseSuccessorIsClaimedByAnotherComesToItsTurn) {
  map("direction: both, conflict: right_wins");
  right_has({{"key", "a"}, {"name", "first"}});
  settle(*this);
  right_has({{"key", "a"}, {"name", "second"}});
  left->erase("people", {});
  left_has({{"key", "a"}, {"mail", "new"}});
  settle(*this);
  expect_at_rest();
  right->update("persons", {{"name", "first"}}, {{"mail", "of the first"}});
  right->update("persons", {{"name", "second"}}, {{"mail", "of the second"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kHold), 1U) << "the other of the two waits, for all to see";
  EXPECT_EQ(lefts().size(), 1U);
  EXPECT_THAT(lefts().front(), HasSubstr("of the "));
  expect_at_rest();
}

// A second object with its identity key must not be made, nor tried again and again.
TEST_F(ExistenceTest, OneWhoseTargetIsGoneIsHeldWhereAnothersStandsUnderItsName) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "one"}});
  left_has({{"key", "b"}, {"name", "two"}});
  settle(*this);
  left->update("people", {{"name", "one"}}, {{"key", "b"}});
  right->erase("persons", {{"name", "one"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kHold), 1U);
  EXPECT_THAT(rights(), ElementsAre("b two -"));
  expect_at_rest();
  left->update("people", {{"name", "one"}}, {{"key", "c"}});
  EXPECT_EQ(settle(*this).count(Operation::kHold), 0U);
  EXPECT_THAT(rights(), ElementsAre("b two -", "c one -"));
  expect_at_rest();
}

}  // namespace
}  // namespace couplet::test
