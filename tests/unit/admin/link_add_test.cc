// A link that was made by hand is obeyed.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"
#include "tests/unit/admin/by_hand.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class LinkAddTest : public testing::Test, public PeopleWorld {
 protected:
  void expect_at_rest() { EXPECT_EQ(settle(*this).operations(), 0U); }
};

TEST_F(LinkAddTest, ItIsObeyedWhateverTheIdentityKeysAreAndValuesAreMergedAsAtFirstContact) {
  map("direction: both");
  left_has({{"key", "Smith"}, {"name", "Ann"}, {"touched", "2025-01-01 00:00:00+00"}});
  right_has(
      {{"key", "Smyth"}, {"name", "Anne"}, {"mail", "a@r"}, {"touched", "2025-06-01 00:00:00+00"}});
  EXPECT_EQ(add_link(*this, "left.people/1", "right.persons/1"), "");
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kCreate), 0U);
  EXPECT_THAT(lefts(), ElementsAre("Smyth Anne a@r"));
  EXPECT_THAT(rights(), ElementsAre("Smyth Anne a@r"));
  EXPECT_THAT(links(*this), ElementsAre("left.people/1 = right.persons/1 manual"));
  expect_at_rest();
}

TEST_F(LinkAddTest, OneWayTheTargetTakesTheKeyOfTheSource) {
  map("direction: left_to_right");
  left_has({{"key", "Smith"}, {"name", "Ann"}});
  right_has({{"key", "Smyth"}, {"name", "Anne"}});
  EXPECT_EQ(add_link(*this, "right.persons/1", "left.people/1"), "") << "in either order";
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("Smith Ann -"));
  expect_at_rest();
}

TEST_F(LinkAddTest, ItDecidesBetweenDuplicates) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "one"}});
  left_has({{"key", "a"}, {"name", "two"}});
  right_has({{"key", "a"}});
  settle(*this);
  ASSERT_THAT(lines(), Contains(HasSubstr("hold duplicate person: left.people/1")));
  EXPECT_EQ(add_link(*this, "left.people/2", "right.persons/1"), "");
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a two -"));
  EXPECT_THAT(lines(), Contains(HasSubstr("update source_changed person: left.people/2 -> ")));
  EXPECT_THAT(lines(), Contains(HasSubstr("hold already_linked person: left.people/1")));
  EXPECT_THAT(lines(), Not(Contains(HasSubstr("hold duplicate"))));
}

TEST_F(LinkAddTest, WhatCannotBeLinkedIsToldWithWhatIsInTheWay) {
  map("direction: both");
  left_has({{"key", "a"}});
  left_has({{"key", "b"}});
  right_has({{"key", "a"}});
  right_has({{"key", "b"}});
  settle(*this);
  EXPECT_EQ(add_link(*this, "left.people/1", "right.persons/9"),
            "there is no object right.persons/9");
  EXPECT_EQ(add_link(*this, "left.people/1", "right.persons/2"),
            "left.people/1 is linked to right.persons/1 already");
  EXPECT_EQ(add_link(*this, "left.people/1", "left.people/2"),
            "no mapping relates left.people and left.people");
  EXPECT_EQ(add_link(*this, "left.people/1", "right.persons/1"), "") << "is there already";
  EXPECT_THAT(links(*this), ElementsAre("left.people/1 = right.persons/1 matched",
                                        "left.people/2 = right.persons/2 matched"));
}

TEST_F(LinkAddTest, ASurvivorThatIsLinkedAnewIsAnotherIncarnation) {
  map("direction: both");
  for (const char* key : {"a", "z"}) {
    left_has({{"key", key}});
    right_has({{"key", key}});
  }
  settle(*this);
  right->erase("persons", {{"key", "a"}});
  settle(*this);
  right_has({{"key", "other"}});
  EXPECT_EQ(add_link(*this, "left.people/1", "right.persons/3"), "");
  with_state(*this, [&](State& state) {
    const auto listed = list_links(definition(), state, {}, {}, [&](const LinkItem& item) {
      EXPECT_EQ(item.incarnation, item.left == "left.people/1" ? 2U : 1U);
      return true;
    });
    EXPECT_EQ(listed->items, 2U);
  });
  settle(*this);
  expect_at_rest();
  EXPECT_EQ(lefts(), rights());
}

}  // namespace
}  // namespace couplet::test
