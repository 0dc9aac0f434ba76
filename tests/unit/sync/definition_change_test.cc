// A definition that changes under a state that lives on.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;

class DefinitionChangeTest : public testing::Test, public PeopleWorld {};

TEST_F(DefinitionChangeTest,
       AnAttributeThatIsAddedIsMergedAsAtFirstContactAndTheOthersKeepTheirBase) {
  map("direction: both, conflict: hold, attributes: [ name ]");
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "l"}});
  settle(*this);
  map("direction: both, tie: right, attributes: [ mail, name ]");
  right_sets("a", {{"mail", "r"}, {"name", "Ada L."}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a Ada L. r"));
  EXPECT_EQ(lefts(), rights());
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

// The row on the right has been written by nobody but us since, with what is newer than the left's.
TEST_F(DefinitionChangeTest, AtFirstContactARowHasTheTimeThatWeCarriedThere) {
  map("direction: both, attributes: [ name ]");
  left_has({{"key", "a"}, {"name", "Ada"}, {"touched", "2025-01-01 00:00:00+00"}});
  right_has({{"key", "a"}, {"name", "Ada"}, {"mail", "r"}, {"touched", "2025-01-01 00:00:00+00"}});
  settle(*this);
  left_sets("a", {{"name", "Ada L."}, {"touched", "2025-03-01 00:00:00+00"}});
  settle(*this);
  left_sets("a", {{"mail", "l"}, {"touched", "2025-02-01 00:00:00+00"}});
  map("direction: both, attributes: [ name, mail ]");
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a Ada L. r"));
  EXPECT_EQ(lefts(), rights());
}

TEST_F(DefinitionChangeTest, AbsenceUnderANewDefinitionIsNoEvidenceOfADelete) {
  map("direction: both");
  left_has({{"key", "a"}});
  left_has({{"key", "b"}});
  settle(*this);
  left->erase("people", {{"key", "a"}});
  map("direction: both, tie: right");
  Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kReport), 1U);
  // Seen under the same definition again, it is.
  summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kUnlink), 1U);
}

TEST_F(DefinitionChangeTest, WhatWasHeldIsDecidedAgain) {
  map("direction: both, conflict: hold");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left_sets("a", {{"name", "L"}});
  right_sets("a", {{"name", "R"}});
  EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
  map("direction: both, conflict: right_wins");
  EXPECT_EQ(settle(*this).count(Operation::kHold), 0U);
  EXPECT_THAT(lefts(), ElementsAre("a R -"));
}

TEST_F(DefinitionChangeTest, AStateOfANewerFormatIsRefused) {
  map("direction: both");
  settle(*this);
  StateBatch newer;
  newer.put(Family::kMeta, meta_key::kFormat, std::string("\x00\x02", 2));
  ASSERT_TRUE(store->commit(newer, Durability::kSynced).has_value());
  const auto report = try_reconcile();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().kind, ErrorKind::kStateForeign);
}

TEST_F(DefinitionChangeTest, AStateOfADefinitionWithAnotherNameIsRefused) {
  map("direction: both");
  settle(*this);
  StateBatch other;
  other.put(Family::kMeta, meta_key::kName, "somebody-elses");
  ASSERT_TRUE(store->commit(other, Durability::kSynced).has_value());
  const auto report = try_reconcile();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().kind, ErrorKind::kStateForeign);
  EXPECT_THAT(report.error().message, testing::HasSubstr("'somebody-elses'"));
}

// Two mappings write one attribute, which a user has changed where he may.
TEST(DefinitionChange, WhatFollowHasLeftAloneStaysWhenAnAttributeIsAdded) {
  SyncWorld world;
  for (const char* table : {"orders", "visits"}) {
    world.create(*world.left, DescribedTable(table).id().text("city").text("note").text("kind"));
  }
  world.create(*world.right, DescribedTable("cities").id().text("name").text("note").text("kind"));
  const auto map = [&](const std::string& attributes) {
    const auto mapping = [&](const std::string& table) {
      std::string text = "  by_" + table + ": { left: left." + table;
      text += ", right: right.cities, direction: left_to_right,\n";
      text += "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n";
      text +=
          "    attributes: [ { left: note, right: note, policy: follow }" + attributes + " ] }\n";
      return text;
    };
    const std::string mappings = mapping("orders") + mapping("visits");
    world.define("mappings:\n" + mappings);
  };
  map("");
  world.left->insert("orders", {{"city", "Rome"}, {"note", "order"}, {"kind", "k"}});
  world.left->insert("visits", {{"city", "Oslo"}, {"note", "visit"}, {"kind", "k"}});
  settle(world);
  world.right->update("cities", {{"name", "Rome"}}, {{"note", "user"}});
  EXPECT_EQ(world.reconcile().summary.operations(), 0U);
  map(", kind");
  EXPECT_TRUE(world.reconcile().summary.converged);
  EXPECT_THAT(column(*world.right, "cities", "note"), ElementsAre("user", "visit"));
  EXPECT_THAT(column(*world.right, "cities", "kind"), ElementsAre("k", "k"));
  EXPECT_EQ(world.reconcile().summary.operations(), 0U);
  EXPECT_THAT(column(*world.right, "cities", "note"), ElementsAre("user", "visit"));
}

}  // namespace
}  // namespace couplet::test
