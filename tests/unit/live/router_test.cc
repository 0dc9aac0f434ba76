// From events to objects, without any I/O.
#include <gmock/gmock.h>

#include "engine/live/router.h"
#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = ChangeEvent::Kind;

class RouterTest : public testing::Test, public PeopleWorld {
 protected:
  static ChangeTransaction transaction(std::uint64_t end, std::vector<ChangeEvent> events) {
    ChangeTransaction made;
    made.events = std::move(events);
    made.transaction = end;
    made.ended = true;
    made.end = Lsn{end};
    return made;
  }
  static ChangeEvent event(Kind kind, const std::string& key) { return {kind, 0, {key}, {}}; }
  Routed route(const ChangeTransaction& one, const Horizon& horizon = {}, bool whole = true) const {
    Routed routed;
    Router(definition()).route(0, one, whole, horizon, routed);
    return routed;
  }
};

TEST_F(RouterTest, BothSidesAreFollowedWhereBothAreRead) {
  map("direction: both");
  ASSERT_THAT(Router(definition()).tables(0), SizeIs(1));
  EXPECT_EQ(Router(definition()).tables(0)[0].table.table, "people");
  EXPECT_EQ(Router(definition()).tables(1)[0].table.table, "persons");
}

TEST_F(RouterTest, ASideThatIsOnlyWrittenIsNotFollowed) {
  map("direction: left_to_right");
  EXPECT_THAT(Router(definition()).tables(0), SizeIs(1));
  EXPECT_THAT(Router(definition()).tables(1), IsEmpty());
}

TEST_F(RouterTest, ATableThatAPathLeadsThroughIsFollowedThoughNoEntityIsOverIt) {
  create(*left, DescribedTable("firms").id().text("name"));
  create(*left, DescribedTable("staff").id().text("key").foreign_key("firm_id", "firms"));
  define(
      "mappings:\n  person: { left: left.staff, right: right.persons, direction: left_to_right, "
      "keys: [ key ], attributes: [ { left: firm.name, right: name } ] }\n");
  std::vector<std::string> names;
  for (const StreamedTable& table : Router(definition()).tables(0)) {
    names.push_back(table.table.table);
    EXPECT_THAT(table.id, ElementsAre("id"));
  }
  EXPECT_THAT(names, ElementsAre("firms", "staff"));
}

TEST_F(RouterTest, AnObjectOfManyEventsIsLookedAtOnce) {
  map("direction: both");
  const Routed routed = route(transaction(
      5, {event(Kind::kInsert, "1"), event(Kind::kUpdate, "1"), event(Kind::kUpdate, "2")}));
  EXPECT_THAT(routed.told.changed, SizeIs(2));
  EXPECT_THAT(routed.transactions, ElementsAre(5));
}

// It may change them again: they are read.
TEST_F(RouterTest, RowsOfATransactionWhoseEndHasNotComeAreNotTaken) {
  map("direction: left_to_right");
  ChangeTransaction one = transaction(9, {event(Kind::kInsert, "1")});
  one.events.front().cells = "as it was";
  one.begins_at = Lsn{8};
  EXPECT_THAT(route(one).images, SizeIs(1));
  one.ended = false;
  EXPECT_THAT(route(one).images, SizeIs(1)) << "its end came with it";
  const Routed routed = route(one, {}, false);
  EXPECT_THAT(routed.images, IsEmpty());
  EXPECT_THAT(routed.told.changed, SizeIs(1));
}

TEST_F(RouterTest, ADeleteIsEvidenceUntilTheRowIsWrittenAgain) {
  map("direction: both");
  EXPECT_THAT(route(transaction(5, {event(Kind::kDelete, "1")})).told.deleted, SizeIs(1));
  EXPECT_THAT(
      route(transaction(5, {event(Kind::kDelete, "1"), event(Kind::kInsert, "1")})).told.deleted,
      IsEmpty());
}

TEST_F(RouterTest, ATruncateIsEvidenceOfNothing) {
  map("direction: both");
  const Routed routed = route(transaction(5, {event(Kind::kTruncate, "")}));
  EXPECT_THAT(routed.told.deleted, IsEmpty());
  EXPECT_THAT(routed.told.changed, IsEmpty());
  EXPECT_THAT(routed.truncated, SizeIs(1));
}

TEST_F(RouterTest, AChangeOfNobodyKnowsWhichObjectIsToldOfItsTable) {
  map("direction: both");
  EXPECT_THAT(route(transaction(5, {event(Kind::kUnnamed, "")})).unnamed, SizeIs(1));
}

TEST_F(RouterTest, WhatWeWroteWhileWeLookedOnIsSkipped) {
  map("direction: both");
  ChangeTransaction ours = transaction(9, {event(Kind::kUpdate, "1")});
  ours.ours = true;
  EXPECT_THAT(route(ours, {{}, Lsn{8}}).told.changed, IsEmpty());
  EXPECT_THAT(route(ours, {{}, Lsn{9}}).told.changed, SizeIs(1)) << "an earlier process wrote it";
  EXPECT_THAT(route(ours, {{}, {}}).told.changed, SizeIs(1)) << "nobody knows who wrote it";
  ours.ended = false;
  EXPECT_THAT(route(ours, {{}, Lsn{8}}).told.changed, SizeIs(1)) << "nobody knows its place";
}

TEST_F(RouterTest, ThatATableIsAnotherIsHeardInATransactionOfOursToo) {
  map("direction: both");
  ChangeTransaction ours = transaction(9, {event(Kind::kTable, ""), event(Kind::kUpdate, "1")});
  ours.ours = true;
  const Routed routed = route(ours, {{}, Lsn{8}});
  EXPECT_THAT(routed.told.changed, IsEmpty());
  EXPECT_THAT(routed.altered, SizeIs(1));
}

TEST_F(RouterTest, WhatWeWroteIsLookedAtWhereTriggersOfUsersMayHaveChangedMore) {
  left->before_write("people", [](auto, auto, auto) -> Result<bool> { return true; });
  map("direction: both");
  ChangeTransaction ours = transaction(9, {event(Kind::kUpdate, "1")});
  ours.ours = true;
  Routed routed = route(ours, {{}, Lsn{8}});
  EXPECT_THAT(routed.told.changed, SizeIs(1));
  EXPECT_THAT(routed.told.ours, SizeIs(1));
  EXPECT_THAT(route(transaction(9, {event(Kind::kUpdate, "1")})).told.ours, IsEmpty());
}

TEST_F(RouterTest, AnotherIdIsOneRenamingAtItsFirstTellingAndTwoObjectsAtItsSecond) {
  map("direction: both");
  ChangeEvent moved = event(Kind::kUpdate, "2");
  moved.before = ObjectKey{"1"};
  const Routed first = route(transaction(9, {moved}), {Lsn{8}, {}});
  EXPECT_THAT(first.renamed, SizeIs(1));
  EXPECT_THAT(first.told.changed, SizeIs(2));
  EXPECT_THAT(first.told.again, IsEmpty());
  const Routed second = route(transaction(9, {moved}), {Lsn{9}, {}});
  EXPECT_THAT(second.renamed, IsEmpty());
  EXPECT_THAT(second.told.changed, SizeIs(2));
  EXPECT_THAT(second.told.again, SizeIs(2));
  EXPECT_THAT(second.told.deleted, IsEmpty());
}

}  // namespace
}  // namespace couplet::test
