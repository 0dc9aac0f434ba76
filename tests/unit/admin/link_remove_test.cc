// A link that was removed by hand is not made again by itself.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"
#include "tests/unit/admin/by_hand.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kReason = " (its link was removed by hand: `couplet links add` makes it again)";

class LinkRemoveTest : public testing::Test, public PeopleWorld {
 protected:
  // "a" on both sides, linked, and one more so that no table is ever empty.
  void link_a(const std::string& options) {
    map(options);
    left_has({{"key", "a"}, {"name", "Ada"}});
    right_has({{"key", "a"}, {"name", "Ada"}});
    left_has({{"key", "z"}, {"name", "Zoe"}});
    right_has({{"key", "z"}, {"name", "Zoe"}});
    settle(*this);
  }
  void expect_at_rest() {
    const auto transactions = left->transactions() + right->transactions();
    EXPECT_EQ(settle(*this).operations(), 0U);
    EXPECT_EQ(left->transactions() + right->transactions(), transactions);
  }
};

TEST_F(LinkRemoveTest, ItIsNotMadeAgainAndNothingIsMadeInItsPlace) {
  link_a("direction: both");
  EXPECT_EQ(remove_link(*this, "left.people/1", "right.persons/1"),
            "left.people/1 = right.persons/1 kept apart");
  for (int run = 0; run < 2; ++run) {
    expect_at_rest();
    EXPECT_THAT(lines(),
                testing::UnorderedElementsAre("report matched person: left.people/1" + kReason,
                                              "report matched person: right.persons/1" + kReason));
  }
  EXPECT_THAT(links(*this), ElementsAre("left.people/2 = right.persons/2 matched"));
  EXPECT_THAT(lefts(), ElementsAre("a Ada -", "z Zoe -"));
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "z Zoe -"));
}

TEST_F(LinkRemoveTest, APlanSaysTheSame) {
  link_a("direction: both");
  remove_link(*this, "left.people/1", "right.persons/1");
  EXPECT_EQ(plan().summary.operations(), 0U);
  EXPECT_TRUE(any_kept_apart(*this));
}

TEST_F(LinkRemoveTest, InAOneWayMappingTheSourceIsReportedAndNotCopiedAgain) {
  link_a("direction: left_to_right");
  remove_link(*this, "left.people/1");
  expect_at_rest();
  EXPECT_THAT(lines(), ElementsAre("report matched person: left.people/1" + kReason));
}

TEST_F(LinkRemoveTest, WhatChangesOnOneSideStaysThere) {
  link_a("direction: both");
  remove_link(*this, "left.people/1", "right.persons/1");
  left_sets("a", {{"name", "Adele"}});
  expect_at_rest();
  EXPECT_THAT(rights(), Contains("a Ada -"));
}

TEST_F(LinkRemoveTest, OneThatGetsAnotherIdentityKeyIsFreeAgainOnEitherSide) {
  for (const bool left_changes : {true, false}) {
    SCOPED_TRACE(left_changes);
    left->erase("people", {});
    right->erase("persons", {});
    store = std::make_unique<MemoryStateStore>();
    map("direction: both");
    left_has({{"key", "a"}, {"name", "Ada"}});
    right_has({{"key", "a"}, {"name", "Ada"}});
    Reconciler::Settings settings;
    settings.rebuild_state = true;
    reconcile(settings);
    ASSERT_THAT(remove_link(*this, "left.people/" + *left->rows("people")[0].at("id")),
                HasSubstr("kept apart"));
    settle(*this);
    ASSERT_TRUE(any_kept_apart(*this));
    if (left_changes) {
      left_sets("a", {{"key", "b"}});
    } else {
      right_sets("a", {{"key", "b"}});
    }
    EXPECT_EQ(settle(*this).count(Operation::kCreate), 2U);
    EXPECT_FALSE(any_kept_apart(*this));
    EXPECT_THAT(lefts(), ElementsAre("a Ada -", "b Ada -"));
    EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Ada -"));
    expect_at_rest();
  }
}

TEST_F(LinkRemoveTest, TwoThatGetTheSameNewIdentityKeyAreMatchedByIt) {
  link_a("direction: both");
  remove_link(*this, "left.people/1", "right.persons/1");
  left_sets("a", {{"key", "b"}});
  right_sets("a", {{"key", "b"}});
  EXPECT_EQ(settle(*this).count(Operation::kLink), 1U);
  EXPECT_THAT(links(*this), Contains("left.people/1 = right.persons/1 matched"));
  EXPECT_FALSE(any_kept_apart(*this));
  expect_at_rest();
}

TEST_F(LinkRemoveTest, AddingTheLinkByHandEndsIt) {
  link_a("direction: both");
  remove_link(*this, "left.people/1", "right.persons/1");
  left_sets("a", {{"mail", "ada@left"}});
  settle(*this);
  EXPECT_EQ(add_link(*this, "left.people/1", "right.persons/1"), "");
  EXPECT_FALSE(any_kept_apart(*this));
  settle(*this);
  EXPECT_THAT(links(*this), Contains("left.people/1 = right.persons/1 manual"));
  EXPECT_THAT(rights(), Contains("a Ada ada@left"));
  expect_at_rest();
}

TEST_F(LinkRemoveTest, AnotherObjectWithTheKeyTakesThePlace) {
  link_a("direction: both");
  remove_link(*this, "left.people/1", "right.persons/1");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  EXPECT_THAT(links(*this), Contains("left.people/3 = right.persons/1 matched"));
  EXPECT_THAT(lines(), Contains("report matched person: left.people/1" + kReason));
  EXPECT_EQ(rights().size(), 2U);
  expect_at_rest();
}

TEST_F(LinkRemoveTest, WhenTheOtherGoesTheObjectIsLikeAnyOther) {
  link_a("direction: both");
  remove_link(*this, "left.people/1", "right.persons/1");
  settle(*this);
  right->erase("persons", {{"key", "a"}});
  EXPECT_EQ(settle(*this).count(Operation::kCreate), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "z Zoe -"));
  EXPECT_FALSE(any_kept_apart(*this));
  expect_at_rest();
}

// An empty table is no evidence of a delete: the other may come back.
TEST_F(LinkRemoveTest, WhenTheOtherCannotBeSeenNothingIsMadeThatCouldDoubleIt) {
  link_a("direction: left_to_right");
  remove_link(*this, "left.people/1", "right.persons/1");
  settle(*this);
  right->erase("persons", {});
  reconcile();
  EXPECT_THAT(lines(), Contains("report matched person: left.people/1" + kReason));
  EXPECT_TRUE(any_kept_apart(*this));
}

TEST_F(LinkRemoveTest, TheOtherIsNoSuccessor) {
  link_a("direction: both");
  remove_link(*this, "left.people/1", "right.persons/1");
  right_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  ASSERT_THAT(links(*this), Contains("left.people/1 = right.persons/3 matched"));
  right->erase("persons", {{"id", "3"}});
  settle(*this);
  EXPECT_THAT(links(*this), ElementsAre("left.people/2 = right.persons/2 matched"));
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "z Zoe -"));
  expect_at_rest();
}

TEST_F(LinkRemoveTest, ATargetThatIsGoneIsNotMadeAgainBesideTheOther) {
  link_a("direction: left_to_right");
  remove_link(*this, "left.people/1", "right.persons/1");
  right_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  ASSERT_THAT(links(*this), Contains("left.people/1 = right.persons/3 matched"));
  right->erase("persons", {{"id", "3"}});
  settle(*this);
  EXPECT_THAT(lines(), Contains(HasSubstr("report target_missing person: left.people/1")));
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "z Zoe -"));
}

TEST_F(LinkRemoveTest, ALostStateHasForgottenItWithEverythingElse) {
  link_a("direction: both");
  remove_link(*this, "left.people/1", "right.persons/1");
  settle(*this);
  store = std::make_unique<MemoryStateStore>();
  EXPECT_EQ(settle(*this).count(Operation::kLink), 2U);
}

TEST_F(LinkRemoveTest, TwoThatAreNotLinkedYetCanBeKeptApartBeforehand) {
  map("direction: both");
  left_has({{"key", "a"}});
  right_has({{"key", "a"}});
  EXPECT_EQ(remove_link(*this, "left.people/1", "right.persons/1"),
            "left.people/1 = right.persons/1 not linked kept apart");
  EXPECT_EQ(settle(*this).operations(), 0U);
  EXPECT_EQ(remove_link(*this, "left.people/1", "right.persons/1"),
            "left.people/1 = right.persons/1 not linked kept apart");
}

TEST_F(LinkRemoveTest, WhatIsNotThereIsToldAndNothingChanges) {
  link_a("direction: both");
  EXPECT_EQ(remove_link(*this, "left.people/1", "right.persons/2"),
            "left.people/1 is linked to right.persons/1 already");
  EXPECT_EQ(remove_link(*this, "left.people/9"), "left.people/9 has no link");
  EXPECT_EQ(remove_link(*this, "left.people/9", "right.persons/9"),
            "there is no object left.people/9");
  EXPECT_EQ(remove_link(*this, "left.peeple/1"),
            "\"left.peeple/1\": the definition has no entity left.peeple");
  EXPECT_THAT(remove_link(*this, "left.people/x"), HasSubstr("\"left.people/x\": "));
  EXPECT_EQ(remove_link(*this, "left.people"), "\"left.people\": not the name of an object");
  EXPECT_EQ(links(*this).size(), 2U);
  EXPECT_FALSE(any_kept_apart(*this));
}

TEST_F(LinkRemoveTest, ALinkWithOneEndGoneIsRemovedWithoutKeepingAnythingApart) {
  link_a("direction: both");
  right->erase("persons", {{"key", "a"}});
  EXPECT_EQ(remove_link(*this, "right.persons/1"), "left.people/1 = right.persons/1");
  EXPECT_FALSE(any_kept_apart(*this));
  // It was deleted there: that its link is gone too does not bring it back.
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("z Zoe -"));
  expect_at_rest();
}

TEST_F(LinkRemoveTest, ItMovesAlongWhenAnObjectGetsAnotherId) {
  link_a("direction: both");
  remove_link(*this, "left.people/1", "right.persons/1");
  with_state(*this, [&](State& state) {
    const BoundEntity& people = definition().entities[definition().pairs[0].entities[0]];
    const ObjectKey before = *parse_key(people.id_types, "1");
    const ObjectKey after = *parse_key(people.id_types, "70");
    StateBatch batch;
    const Rekeyed rekeyed{before, after};
    ASSERT_TRUE(state.rekey(batch, definition().pairs[0].entities[0], {&rekeyed, 1}, 0));
    ASSERT_TRUE(state.store().commit(batch, Durability::kSynced));
    const auto apart = state.separations(0, Side::kLeft, std::array{before, after});
    ASSERT_TRUE(apart);
    EXPECT_THAT((*apart)[0], IsEmpty());
    ASSERT_EQ((*apart)[1].size(), 1U);
    const auto mirrored = state.separations(0, Side::kRight, {&(*apart)[1][0].other, 1});
    ASSERT_TRUE(mirrored);
    EXPECT_EQ((*mirrored)[0][0].other, after);
  });
}

TEST_F(LinkRemoveTest, ItsRecordIsReadAsItWasWritten) {
  Separation separation;
  separation.since = {5};
  separation.identities = {{7, {Digest{1}, Digest{2}}}, {300, {Digest{}, Digest{3}}}};
  const auto read = decode_separation(encode(separation));
  ASSERT_TRUE(read);
  EXPECT_EQ(encode(*read), encode(separation));
  EXPECT_EQ(read->identities[1].mapping, 300);
  EXPECT_EQ(decode_separation(encode(separation) + "x").error().kind, ErrorKind::kStateCorrupt);
  EXPECT_EQ(decode_separation("").error().kind, ErrorKind::kStateCorrupt);
}

}  // namespace
}  // namespace couplet::test
