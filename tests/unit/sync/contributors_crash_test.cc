// Many to one, killed at a durable step: what lost is on record, and who was left is an orphan.
#include <gmock/gmock.h>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;

// Orders name a city; each city is one row on the right.
class OrdersWorld : public SyncWorld {
 public:
  explicit OrdersWorld(bool marks = true) : SyncWorld(marks) {
    create(*left, DescribedTable("orders").id().text("city").text("note").text("kind"));
    create(*right, DescribedTable("cities").id().text("name").text("note").text("kind"));
    define(
        "mappings:\n  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
        "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
        "    attributes: [ note, kind ], conflict: left_wins }\n");
  }
  // False if the point is passed less often.
  bool is_killed_at(std::string_view point, int nth) {
    struct Died {};
    int passed = 0;
    crash_points.reached = [&](const char* name) {
      if (name == point && ++passed == nth) {
        throw Died();
      }
    };
    bool died = false;
    try {
      (void)try_reconcile();
    } catch (const Died&) {
      died = true;
    }
    crash_points.reached = [](const char*) {};
    return died;
  }
  // What stood in the cities, of the conflicts on record.
  std::vector<std::string> outdone() {
    std::vector<std::string> values;
    const auto looked = by_hand([&](State& state, const auto& /*sources*/) -> Result<void> {
      COUPLET_ASSIGN(const auto found, state.conflicts(0, std::nullopt, 10));
      for (const State::ConflictEntry& entry : found) {
        values.push_back(entry.conflict.values[1]);
      }
      return {};
    });
    EXPECT_TRUE(looked.has_value());
    return values;
  }
};

// Nobody can tell whether our update was made: a user has put back a part of it.
TEST(ContributorsCrash, WhatTheTargetLosesIsOnRecordThoughAUserPutsBackTheOtherPart) {
  for (const bool marks : {true, false}) {
    SCOPED_TRACE(marks);
    OrdersWorld world(marks);
    world.left->insert("orders", {{"city", "Rome"}, {"note", "1"}, {"kind", "1"}});
    world.reconcile();
    world.right->update("cities", {}, {{"note", "user"}});
    world.left->update("orders", {}, {{"note", "2"}, {"kind", "2"}});
    ASSERT_TRUE(world.is_killed_at("after_commit", 1));
    ASSERT_THAT(column(*world.right, "cities", "note"), ElementsAre("2"));
    world.right->update("cities", {}, {{"kind", "1"}});
    EXPECT_TRUE(world.reconcile().summary.converged);
    EXPECT_THAT(column(*world.right, "cities", "note"), ElementsAre("2"));
    EXPECT_THAT(column(*world.right, "cities", "kind"), ElementsAre("2"));
    EXPECT_THAT(world.outdone(), Contains("\"user\""));
    EXPECT_EQ(world.reconcile().summary.operations(), 0U);
  }
}

// Its two contributors go to two others. A row that is refused halves the batch between them, and
// the write on the first arrival is refused, since that row was changed between look and write.
TEST(ContributorsCrash, ATargetThatIsLeftAcrossHalvesOfABatchIsAnOrphanAllTheSame) {
  int killed = 0;
  for (const char* point : {"after_submit", "after_commit", "after_results", "after_record"}) {
    for (int nth = 1; nth < 7; ++nth) {
      SCOPED_TRACE(std::string(point) + " " + std::to_string(nth));
      OrdersWorld world;
      for (const char* city : {"Rome", "Oslo", "Bonn", "Lima", "Bern"}) {
        world.right->insert("cities", {{"name", city}});
        world.left->insert("orders", {{"city", city}, {"note", city}});
      }
      world.left->insert("orders", {{"city", "Rome"}, {"kind", "late"}});
      world.reconcile();
      world.right->add_check("cities", {"no_fault", [](const memory::RowAccess& row) {
                                          return row.get("kind") != "fault";
                                        }});
      world.left->update("orders", {{"note", "Rome"}}, {{"city", "Oslo"}, {"kind", "moved"}});
      world.left->update("orders", {{"kind", "late"}}, {{"city", "Lima"}});
      world.left->update("orders", {{"note", "Bonn"}}, {{"kind", "fault"}});
      world.left->update("orders", {{"note", "Bern"}}, {{"kind", "written"}});
      world.right->faults().before(memory::SourceCall::kSubmit, [&] {
        world.right->update("cities", {{"name", "Oslo"}}, {{"note", "raced"}});
      });
      if (!world.is_killed_at(point, nth)) {
        break;
      }
      ++killed;
      EXPECT_TRUE(world.reconcile().summary.converged);
      const auto orphans = world.store->cursor(Family::kTombstones);
      orphans->seek({});
      EXPECT_TRUE(orphans->valid());
      EXPECT_EQ(world.sync({"right.cities/1"}).summary.operations(), 0U);
    }
  }
  EXPECT_GT(killed, 8);
}

}  // namespace
}  // namespace couplet::test
