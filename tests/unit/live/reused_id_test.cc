// Where users choose ids, one may be another object's by the time that anybody looks: a link leads
// to who is there, and is found from both its ends.
#include <gmock/gmock.h>

#include "engine/admin/link_index.h"
#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The code is an attribute on the left and the id on the right.
class Catalog : public LiveWorld {
 public:
  explicit Catalog(bool reads_all) : reads_all_(reads_all) {
    DescribedTable goods = DescribedTable("goods").id().text("code").text("label");
    goods.info().unique_keys.push_back({"goods_code", {"code"}, false, false});
    create(*left, goods);
    DescribedTable items("items");
    items.required("code").text("label");
    items.info().primary_key = {"code"};
    items.info().unique_keys.push_back({"items_pkey", {"code"}, false, true});
    create(*right, items);
    define(
        "mappings:\n  good: { left: left.goods, right: right.items, direction: both,\n"
        "    keys: [ code ], attributes: [ label ] }\n");
    left->insert("goods", {{"code", "1"}, {"label", "first"}});
    live();
  }
  [[nodiscard]] bool wants_values() const override { return reads_all_; }

  [[nodiscard]] std::vector<std::string> goods() const { return of(*left, "goods"); }
  [[nodiscard]] std::vector<std::string> items() const { return of(*right, "items"); }
  [[nodiscard]] static std::vector<std::string> of(const MemoryDatabase& database,
                                                   const char* table) {
    std::vector<std::string> found;
    for (const auto& row : database.rows(table)) {
      found.push_back(*row.at("code") + " " + row.at("label").value_or("-"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  [[nodiscard]] std::vector<std::string> faults() const {
    const auto found = verify_link_index(*store);
    COUPLET_CHECK(found.has_value());
    return *found;
  }

 private:
  const bool reads_all_;
};

class ReusedIdTest : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Lanes, ReusedIdTest, testing::Bool(), [](const auto& lane) {
  return lane.param ? std::string("full") : std::string("fast");
});

TEST_P(ReusedIdTest, WhoeverTakesAnIdThatWasDeletedIsFoundThereAndTheSurvivorIsNotCopiedBack) {
  for (int nth = 0; nth < 12; ++nth) {
    SCOPED_TRACE(nth == 0 ? "not killed" : "killed at passage " + std::to_string(nth));
    Catalog world(GetParam());
    world.right->erase("items", {{"code", "1"}});
    world.left->update("goods", {{"label", "first"}}, {{"code", "2"}});
    world.left->insert("goods", {{"code", "1"}, {"label", "second"}});
    int passed = 0;
    world.crash_points.reached = [&](const char* name) {
      if (std::string_view(name).starts_with("after_") && ++passed == nth) {
        throw Killed(name);
      }
    };
    try {
      world.live();
    } catch (const Killed&) {
      EXPECT_THAT(world.faults(), IsEmpty()) << "when it was killed";
    }
    world.crash_points.reached = [](const char*) {};
    world.live();
    EXPECT_THAT(world.items(), ElementsAre("1 second"));
    EXPECT_THAT(world.faults(), IsEmpty());
    world.right->update("items", {}, {{"label", "changed"}});
    world.live();
    EXPECT_THAT(world.goods(), ElementsAre("1 changed", "2 first"));
    EXPECT_EQ(world.reconcile().summary.operations(), 0U);
  }
}

// The delete is told only behind the row that takes the id.
TEST_P(ReusedIdTest, AnIdIsTakenThoughNobodyHasToldYetThatItIsFree) {
  Catalog world(GetParam());
  world.left->update("goods", {{"label", "first"}}, {{"code", "2"}});
  world.left->insert("goods", {{"code", "1"}, {"label", "second"}});
  bool deleted = false;
  world.crash_points.reached = [&](const char* name) {
    if (!deleted && std::string_view(name) == "live_received") {
      deleted = true;
      world.right->erase("items", {{"code", "1"}});
    }
  };
  world.live();
  EXPECT_THAT(world.items(), ElementsAre("1 second"));
  EXPECT_THAT(world.faults(), IsEmpty());
  EXPECT_EQ(world.reconcile().summary.operations(), 0U);
  EXPECT_THAT(world.faults(), IsEmpty());
}

// Its own row was to move out of the way, and is gone.
TEST_P(ReusedIdTest, WhoWasToLeaveAnIdIsLookedAtAgainWhereItIsGoneFromThere) {
  Catalog world(GetParam());
  world.right->insert("items", {{"code", "2"}, {"label", "in the way"}});
  world.left->update("goods", {{"label", "first"}}, {{"code", "2"}});
  world.left->insert("goods", {{"code", "1"}, {"label", "second"}});
  bool deleted = false;
  world.crash_points.reached = [&](const char* name) {
    if (!deleted && std::string_view(name) == "before_intent") {
      deleted = true;
      world.right->erase("items", {{"code", "1"}});
    }
  };
  world.live();
  EXPECT_THAT(world.faults(), IsEmpty());
  EXPECT_THAT(world.items(), ElementsAre("1 second", "2 in the way"));
  world.reconcile();
  EXPECT_THAT(world.faults(), IsEmpty());
}

}  // namespace
}  // namespace couplet::test
