// Columns that are dropped and added again under their name: what stands in them is nobody's word.
#include <gmock/gmock.h>

#include <stdexcept>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A column that is dropped and added again, as the next process finds it.
void renew(SyncWorld& world, MemoryDatabase& database, const char* table, const char* column,
           const std::optional<std::string>& literal = std::nullopt) {
  database.renew_column(table, column, literal);
  world.rebind();
}

class RenewedColumnsTest : public testing::Test, public PeopleWorld {
 protected:
  void two_people(const std::string& options) {
    map(options);
    left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "a@x"}});
    left_has({{"key", "b"}, {"name", "Bob"}, {"mail", "b@x"}});
    settle(*this);
  }
  void expect_at_rest() {
    const std::uint64_t transactions = left->transactions() + right->transactions();
    const Summary summary = settle(*this);
    EXPECT_EQ(summary.operations(), 0U);
    EXPECT_EQ(left->transactions() + right->transactions(), transactions);
    EXPECT_THAT(notices(), IsEmpty());
  }
  [[nodiscard]] std::uint64_t conflicts() const {
    std::uint64_t count = 0;
    const auto cursor = store->cursor(Family::kConflicts);
    for (cursor->seek({}); cursor->valid(); cursor->next()) {
      ++count;
    }
    return count;
  }
};

TEST_F(RenewedColumnsTest, NullsOfTheNewColumnGoOverNothingAndAreFilledFromTheOtherSide) {
  two_people("direction: both");
  for (const bool on_the_left : {true, false}) {
    on_the_left ? renew(*this, *left, "people", "mail") : renew(*this, *right, "persons", "mail");
    EXPECT_EQ(plan().summary.count(Operation::kUpdate), 2U);
    EXPECT_EQ(notices().size(), 1U);
    EXPECT_EQ(settle(*this).count(Operation::kUpdate), 2U);
    EXPECT_THAT(notices(), ElementsAre(AllOf(HasSubstr("attribute mail of "),
                                             HasSubstr("column mail of table public.pe"))));
    EXPECT_THAT(lefts(), ElementsAre("a Ada a@x", "b Bob b@x"));
    EXPECT_EQ(lefts(), rights());
    EXPECT_EQ(conflicts(), 0U);
    expect_at_rest();
  }
}

TEST_F(RenewedColumnsTest, ASourceThatIsOnlyReadFromKeepsItsNullsAndTheTargetItsValues) {
  two_people("direction: left_to_right");
  renew(*this, *left, "people", "mail");
  EXPECT_EQ(settle(*this).operations(), 0U);
  EXPECT_THAT(lefts(), ElementsAre("a Ada -", "b Bob -"));
  EXPECT_THAT(rights(), ElementsAre("a Ada a@x", "b Bob b@x"));
  expect_at_rest();
  // From here on the two are as any that differ: what somebody writes is carried.
  left_sets("a", {{"mail", "new"}});
  EXPECT_EQ(settle(*this).count(Operation::kUpdate), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Ada new", "b Bob b@x"));
}

TEST_F(RenewedColumnsTest, ADefaultInARowThatNobodyHasWrittenSinceGoesOverNoValue) {
  two_people("direction: both, conflict: left_wins");
  renew(*this, *left, "people", "mail", "none");
  EXPECT_EQ(settle(*this).count(Operation::kUpdate), 2U);
  EXPECT_THAT(lefts(), ElementsAre("a Ada a@x", "b Bob b@x"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(RenewedColumnsTest, WhatSomebodyWroteIntoTheNewColumnIsDecidedByConflict) {
  two_people("direction: both");
  renew(*this, *left, "people", "mail");
  left_sets("a", {{"mail", "filled"}, {"touched", "2025-02-01 00:00:00+00"}});
  right_sets("a", {{"touched", "2025-01-01 00:00:00+00"}});
  left_sets("b", {{"mail", "filled"}});  // When, nobody knows: the old column's value stands.
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a Ada filled", "b Bob b@x"));
  EXPECT_EQ(lefts(), rights());
  EXPECT_EQ(conflicts(), 2U);
  expect_at_rest();

  renew(*this, *left, "people", "mail");
  map("direction: both, conflict: left_wins");
  left_sets("b", {{"mail", "filled"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a Ada filled", "b Bob filled"));
}

// As after a dump and restore of the table.
TEST_F(RenewedColumnsTest, WithNothingLostNothingIsWrittenAndChangesGoOnAsBefore) {
  two_people("direction: both");
  left->alter("people", [](TableInfo& info) {
    for (ColumnInfo& column : info.columns) {
      column.number += 100;
    }
  });
  rebind();
  right_sets("a", {{"mail", "right"}});
  right_sets("b", {{"mail", std::nullopt}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kUpdate), 2U);
  EXPECT_THAT(lefts(), ElementsAre("a Ada right", "b Bob -"));
  EXPECT_EQ(lefts(), rights());
  EXPECT_EQ(conflicts(), 0U);
  expect_at_rest();
}

TEST_F(RenewedColumnsTest, ANullThatSomebodySetsLaterIsAChangeAsAny) {
  two_people("direction: both");
  renew(*this, *left, "people", "mail");
  settle(*this);
  left_sets("a", {{"mail", std::nullopt}});
  EXPECT_EQ(settle(*this).count(Operation::kUpdate), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob b@x"));
}

// Two changes of the other side meet the new column: that side still says what it wants.
TEST_F(RenewedColumnsTest, TheOtherSidesChangeIsCarriedIntoTheNewColumn) {
  two_people("direction: both");
  renew(*this, *left, "people", "mail");
  right_sets("a", {{"mail", "changed"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a Ada changed", "b Bob b@x"));
  EXPECT_EQ(lefts(), rights());
}

TEST_F(RenewedColumnsTest, BothColumnsAnewWithNothingInThemStayEmpty) {
  two_people("direction: both");
  renew(*this, *left, "people", "mail");
  renew(*this, *right, "persons", "mail");
  EXPECT_EQ(settle(*this).operations(), 0U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob -"));
  expect_at_rest();
}

TEST_F(RenewedColumnsTest, AKillAtAnyStepForgetsNothingOfIt) {
  struct Killed : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  for (const char* point :
       {"before_intent", "after_intent", "after_submit", "after_commit", "after_results"}) {
    PeopleWorld world;
    world.map("direction: both");
    world.left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "a@x"}});
    world.left_has({{"key", "b"}, {"name", "Bob"}, {"mail", "b@x"}});
    settle(world);
    renew(world, *world.left, "people", "mail");
    world.crash_points.reached = [&](const char* name) {
      if (std::string_view(name) == point) {
        throw Killed(name);
      }
    };
    EXPECT_THROW((void)world.try_reconcile(), Killed) << point;
    world.crash_points.reached = [](const char*) {};
    settle(world);
    EXPECT_THAT(world.notices(), ElementsAre(HasSubstr("attribute mail"))) << point;
    EXPECT_THAT(world.rights(), ElementsAre("a Ada a@x", "b Bob b@x")) << point;
    EXPECT_EQ(world.lefts(), world.rights()) << point;
    EXPECT_EQ(settle(world).operations(), 0U) << point;
    EXPECT_THAT(world.notices(), IsEmpty()) << point;
  }
}

// One object by hand, then the rest: each link remembers by itself what it was taken from.
TEST_F(RenewedColumnsTest, AHandRunSyncOfOneObjectLeavesTheOthersProtected) {
  two_people("direction: both");
  renew(*this, *left, "people", "mail");
  EXPECT_TRUE(sync({"left.people/1"}).summary.converged);
  EXPECT_THAT(notices(), Contains(HasSubstr("attribute mail")));
  EXPECT_THAT(lefts(), ElementsAre("a Ada a@x", "b Bob -"));
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a Ada a@x", "b Bob b@x"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

// It did not keep columns: what it meets is taken for what it was, and remembered.
TEST_F(RenewedColumnsTest, AStateOfAnEarlierVersionRemembersTheColumnsThatItMeets) {
  two_people("direction: both");
  StateBatch older;
  const auto cursor = store->cursor(Family::kMeta);
  for (cursor->seek(meta_key::kShape);
       cursor->valid() && cursor->key().starts_with(meta_key::kShape); cursor->next()) {
    std::string text(cursor->value());
    for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@')) {
      text.erase(at, text.find('\n', at) - at);
    }
    older.put(Family::kMeta, std::string(cursor->key()), text);
  }
  ASSERT_TRUE(store->commit(older, Durability::kSynced).has_value());
  left_sets("a", {{"mail", std::nullopt}});
  EXPECT_EQ(settle(*this).count(Operation::kUpdate), 1U);
  EXPECT_THAT(notices(), IsEmpty());
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob b@x"));
  renew(*this, *left, "people", "mail");
  settle(*this);
  EXPECT_THAT(notices(), ElementsAre(HasSubstr("attribute mail")));
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob b@x"));
}

TEST_F(RenewedColumnsTest, ASourceThatCannotTellItsColumnsIsNotSuspected) {
  const auto unnumbered = [&] {
    left->alter("people", [](TableInfo& info) {
      for (ColumnInfo& column : info.columns) {
        column.number = 0;
      }
    });
    rebind();
  };
  two_people("direction: both");
  unnumbered();
  settle(*this);
  renew(*this, *left, "people", "mail");
  unnumbered();
  EXPECT_EQ(settle(*this).count(Operation::kUpdate), 2U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob -"));
}

// A value that is read through a reference: the reference is the column that came anew.
TEST(RenewedPathTest, AReferenceThatCameAnewEmptiesNothingThatIsReadThroughIt) {
  SyncWorld world;
  world.create(*world.left, DescribedTable("teams").id().text("name"));
  world.create(*world.left,
               DescribedTable("people").id().text("key").foreign_key("team_id", "teams", true));
  world.create(*world.right, DescribedTable("persons").id().text("key").text("team"));
  world.define(
      "mappings:\n  person: { left: left.people, right: right.persons, direction: left_to_right,\n"
      "    keys: [ key ], attributes: [ { left: team.name, right: team } ] }\n");
  world.left->insert("teams", {{"name", "red"}});
  world.left->insert("people", {{"key", "a"}, {"team_id", "1"}});
  settle(world);
  renew(world, *world.left, "people", "team_id");
  EXPECT_EQ(settle(world).operations(), 0U);
  EXPECT_THAT(world.notices(), ElementsAre(AllOf(HasSubstr("attribute team.name"),
                                                 HasSubstr("column team_id of table"))));
  EXPECT_THAT(column(*world.right, "persons", "team"), ElementsAre("red"));
  renew(world, *world.left, "teams", "name");
  world.left->update("people", {{"key", "a"}}, {{"team_id", "1"}});
  EXPECT_EQ(settle(world).operations(), 0U);
  EXPECT_THAT(world.notices(), ElementsAre(HasSubstr("column name of table public.teams")));
  EXPECT_THAT(column(*world.right, "persons", "team"), ElementsAre("red"));
}

TEST(RenewedContributionsTest, ContributorsWhoseColumnCameAnewEmptyNoTarget) {
  SyncWorld world;
  world.create(*world.left, DescribedTable("orders").id().text("city").text("note"));
  world.create(*world.right, DescribedTable("cities").id().text("name").text("note"));
  world.define(
      "mappings:\n  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
      "    attributes: [ note ] }\n");
  world.left->insert("orders", {{"city", "Rome"}, {"note", "x"}});
  world.left->insert("orders", {{"city", "Rome"}, {"note", "y"}});
  settle(world);
  renew(world, *world.left, "orders", "note");
  EXPECT_EQ(settle(world).operations(), 0U);
  EXPECT_THAT(column(*world.right, "cities", "note"), ElementsAre("x"));
  EXPECT_EQ(settle(world).operations(), 0U);
  EXPECT_THAT(world.notices(), Not(Contains(HasSubstr("attribute note"))));
  world.left->update("orders", {{"city", "Rome"}}, {{"note", "z"}});
  settle(world);
  EXPECT_THAT(column(*world.right, "cities", "note"), ElementsAre("z"));
}

}  // namespace
}  // namespace couplet::test
