// Links by hand where many objects contribute to one.
#include <gmock/gmock.h>

#include "tests/unit/admin/by_hand.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Orders name a city; each city is one row on the right, with the note of its newest order.
class ManyToOneByHandTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    create(*left, DescribedTable("orders").id().text("city").text("note").column(
                      "touched", type_of(TypeKind::kTimestampTz)));
    create(*right, DescribedTable("cities").id().text("name").text("note"));
    define(
        "entities:\n  left.orders: { updated_at: touched }\n"
        "mappings:\n  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
        "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
        "    attributes: [ note ] }\n");
  }
  // Orders and visits write one note.
  void map_visits_too() {
    create(*left, DescribedTable("visits").id().text("city").text("note").column(
                      "touched", type_of(TypeKind::kTimestampTz)));
    const auto mapping = [](const std::string& table) {
      return "  by_" + table + ": { left: left." + table +
             ", right: right.cities, direction: left_to_right,\n    cardinality: many_to_one, "
             "keys: "
             "[ { left: city, right: name } ], attributes: [ note ] }\n";
    };
    define(
        "entities:\n  left.orders: { updated_at: touched }\n"
        "  left.visits: { updated_at: touched }\nmappings:\n" +
        mapping("orders") + mapping("visits"));
  }
  void order(const std::string& city, const std::string& note, int month) {
    left->insert("orders", {{"city", city},
                            {"note", note},
                            {"touched", "2025-0" + std::to_string(month) + "-01 00:00:00+00"}});
  }
  std::vector<std::string> cities() const {
    std::vector<std::string> found;
    for (const auto& row : right->rows("cities")) {
      found.push_back(row.at("name").value_or("-") + " " + row.at("note").value_or("-"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  Summary settle() {
    const Summary summary = reconcile().summary;
    EXPECT_TRUE(summary.converged);
    return summary;
  }
  void expect_at_rest() {
    const std::uint64_t transactions = right->transactions();
    EXPECT_EQ(reconcile().summary.operations(), 0U);
    EXPECT_EQ(right->transactions(), transactions);
  }
};

TEST_F(ManyToOneByHandTest, AContributorThatIsRemovedStaysOutAndItsValueNoLongerCounts) {
  order("Rome", "first", 1);
  order("Rome", "second", 2);
  order("Oslo", "o", 1);
  settle();
  ASSERT_THAT(cities(), ElementsAre("Oslo o", "Rome second"));
  EXPECT_THAT(remove_link(*this, "left.orders/2"), HasSubstr("left.orders/2 = right.cities/"));
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kCreate), 0U);
  EXPECT_EQ(summary.count(Operation::kLink), 0U);
  EXPECT_THAT(cities(), ElementsAre("Oslo o", "Rome first"));
  EXPECT_THAT(lines(), Contains(HasSubstr("report matched city: left.orders/2 (its link was")));
  expect_at_rest();
}

TEST_F(ManyToOneByHandTest, TheLastOneThatIsRemovedMakesNoSecondTarget) {
  order("Rome", "r", 1);
  order("Oslo", "o", 1);
  settle();
  remove_link(*this, "left.orders/1");
  EXPECT_EQ(settle().operations(), 0U);
  EXPECT_THAT(cities(), ElementsAre("Oslo o", "Rome r"));
  EXPECT_THAT(links(*this), ElementsAre("left.orders/2 = right.cities/2 created"));
  // A new order is linked to it, the one that was removed is not.
  order("Rome", "new", 3);
  EXPECT_EQ(settle().count(Operation::kLink), 1U);
  EXPECT_THAT(cities(), ElementsAre("Oslo o", "Rome new"));
  EXPECT_THAT(links(*this), ElementsAre("left.orders/2 = right.cities/2 created",
                                        "left.orders/3 = right.cities/1 matched"));
  expect_at_rest();
}

TEST_F(ManyToOneByHandTest, WithAnotherKeyItGoesWhereThatSaysAndMayComeBack) {
  order("Rome", "r", 1);
  order("Rome", "s", 2);
  order("Oslo", "o", 1);
  settle();
  remove_link(*this, "left.orders/2");
  settle();
  left->update("orders", {{"id", "2"}}, {{"city", "Oslo"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo s", "Rome r"));
  EXPECT_FALSE(any_kept_apart(*this));
  left->update("orders", {{"id", "2"}}, {{"city", "Rome"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo o", "Rome s"));
  expect_at_rest();
}

TEST_F(ManyToOneByHandTest, AllContributorsOfATargetAreRemovedAtOnce) {
  for (int i = 0; i < 2500; ++i) {
    order("Rome", "r" + std::to_string(i), 1);
  }
  order("Oslo", "o", 1);
  settle();
  ASSERT_EQ(links(*this).size(), 2501U);
  EXPECT_THAT(remove_link(*this, "right.cities/1"), HasSubstr("left.orders/2500 = "));
  EXPECT_LE(statements[0] + statements[1], 10U);
  EXPECT_THAT(links(*this), ElementsAre("left.orders/2501 = right.cities/2 created"));
  EXPECT_EQ(settle().operations(), 0U);
}

TEST_F(ManyToOneByHandTest, OneLinkedByHandContributesWithoutSayingWhatTheTargetIsFoundBy) {
  order("Rome", "r", 1);
  order("Roma", "newest", 5);
  left->update("orders", {{"id", "2"}}, {{"city", std::nullopt}});
  settle();
  ASSERT_THAT(cities(), ElementsAre("Rome r"));
  EXPECT_EQ(add_link(*this, "left.orders/2", "right.cities/1"), "");
  left->update("orders", {{"id", "2"}}, {{"city", "Roma"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome newest"));
  EXPECT_THAT(links(*this), ElementsAre("left.orders/1 = right.cities/1 created",
                                        "left.orders/2 = right.cities/1 manual"));
  expect_at_rest();
  order("Rome", "third", 6);
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome third"));
  expect_at_rest();
}

TEST_F(ManyToOneByHandTest, AloneItGivesTheTargetItsKey) {
  order("Roma", "r", 1);
  right->insert("cities", {{"name", "Rome"}});
  EXPECT_EQ(add_link(*this, "left.orders/1", "right.cities/1"), "");
  EXPECT_EQ(settle().count(Operation::kCreate), 0U);
  EXPECT_THAT(cities(), ElementsAre("Roma r"));
  expect_at_rest();
}

TEST_F(ManyToOneByHandTest, WhenItsKeyChangesAfterwardsItMovesAsAnyOther) {
  order("Rome", "r", 1);
  order("Oslo", "o", 1);
  settle();
  order("Roma", "x", 4);
  EXPECT_EQ(add_link(*this, "left.orders/3", "right.cities/1"), "");
  settle();
  ASSERT_THAT(cities(), ElementsAre("Oslo o", "Rome x"));
  left->update("orders", {{"id", "3"}}, {{"city", "Oslo"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo x", "Rome r"));
  EXPECT_THAT(links(*this), Contains("left.orders/3 = right.cities/2 matched"));
  expect_at_rest();
}

// What the visit has counts once the order is out.
TEST_F(ManyToOneByHandTest, WhenTheLastOfOneMappingIsRemovedAnotherMappingsValueCounts) {
  map_visits_too();
  order("Rome", "order", 5);
  order("Oslo", "o", 1);
  left->insert("visits",
               {{"city", "Rome"}, {"note", "visit"}, {"touched", "2025-01-01 00:00:00+00"}});
  left->insert("visits", {{"city", "Oslo"}, {"note", "v"}, {"touched", "2024-01-01 00:00:00+00"}});
  settle();
  ASSERT_THAT(cities(), ElementsAre("Oslo o", "Rome order"));
  EXPECT_THAT(remove_link(*this, "left.orders/1"), HasSubstr("kept apart"));
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo o", "Rome visit"));
  expect_at_rest();
}

// The visit had left while the order came before it: what is there since is not what it had said.
TEST_F(ManyToOneByHandTest, WhoComesBackIsHeardWhereWhoCameFirstIsRemoved) {
  map_visits_too();
  order("Rome", "order", 5);
  order("Oslo", "o", 1);
  left->insert("visits",
               {{"city", "Rome"}, {"note", "visit"}, {"touched", "2025-01-01 00:00:00+00"}});
  settle();
  left->update("visits", {{"id", "1"}}, {{"city", "Oslo"}, {"note", std::nullopt}});
  settle();
  EXPECT_THAT(remove_link(*this, "left.orders/1"), HasSubstr("kept apart"));
  left->update("visits", {{"id", "1"}}, {{"city", "Rome"}, {"note", "visit"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo o", "Rome visit"));
  expect_at_rest();
}

// The name of a renamed target comes to its contributors one after the other, by way of their
// visas. Whoever has it keeps the others from naming it back, however it was linked.
TEST_F(ManyToOneByHandTest, ARenamedTargetIsNotNamedBackThoughWhoHasTheNameWasLinkedByHand) {
  create(*right, DescribedTable("visas").id().text("note").foreign_key("city_id", "cities"));
  define(
      "entities:\n  left.orders: { updated_at: touched }\n"
      "mappings:\n  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ] }\n"
      "  import: { left: left.orders, right: right.visas, direction: right_to_left,\n"
      "    keys: [ note, { left: city, right: city.name } ] }\n"
      "  export: { left: left.orders, right: right.visas, direction: left_to_right,\n"
      "    keys: [ note, { left: self, right: city, link: city } ] }\n");
  order("Rome", "first", 1);
  settle();
  order("Rome", "by hand", 2);
  ASSERT_EQ(add_link(*this, "left.orders/2", "right.cities/1"), "");
  settle();
  right->update("cities", {{"id", "1"}}, {{"name", "Roma"}});
  sync({"right.visas/2"});
  const auto names = [&] { return column(*left, "orders", "city"); };
  ASSERT_THAT(names(), ElementsAre("Roma", "Rome"));
  left->update("orders", {{"id", "1"}}, {{"touched", "2025-04-01 00:00:00+00"}});
  sync({"left.orders/1"});
  settle();
  EXPECT_THAT(names(), ElementsAre("Roma", "Roma"));
  EXPECT_THAT(column(*right, "cities", "name"), ElementsAre("Roma"));
  expect_at_rest();
}

TEST_F(ManyToOneByHandTest, AContributorThatIsLinkedElsewhereIsRefusedATargetNever) {
  order("Rome", "r", 1);
  order("Oslo", "o", 1);
  settle();
  EXPECT_EQ(add_link(*this, "left.orders/1", "right.cities/2"),
            "left.orders/1 is linked to right.cities/1 already");
  EXPECT_EQ(add_link(*this, "left.orders/1", "right.cities/1"), "");
  EXPECT_THAT(links(*this), Not(Contains(HasSubstr("manual"))));
}

}  // namespace
}  // namespace couplet::test
