// Many to one from several tables into one attribute: one order over all of them.
#include <gmock/gmock.h>
#include <rapidcheck.h>
// After rapidcheck.h.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;

// Orders and visits both name a city; each city is one row on the right, with one note.
class CitiesWorld : public SyncWorld {
 public:
  CitiesWorld() {
    for (const char* table : {"orders", "visits"}) {
      create(*left, DescribedTable(table).id().text("city").text("note").column("touched", kTime));
    }
    create(*right,
           DescribedTable("cities").id().text("name").text("note").column("touched", kTime));
  }
  bool cities_have_times = false;
  void map(const std::string& first = "orders", const std::string& second = "visits",
           const std::string& attribute = "note") {
    const auto mapping = [&](const std::string& table) {
      return "  by_" + table + ": { left: left." + table +
             ", right: right.cities, direction: left_to_right,\n"
             "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
             "    attributes: [ " +
             attribute + " ] }\n";
    };
    define(
        "entities:\n  left.orders: { updated_at: touched }\n"
        "  left.visits: { updated_at: touched }\n" +
        std::string(cities_have_times ? "  right.cities: { updated_at: touched }\n" : "") +
        "mappings:\n" + mapping(first) + mapping(second));
  }
  [[nodiscard]] std::vector<std::string> cities() const {
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
    EXPECT_EQ(summary.count(Operation::kHold), 0U);
    return summary;
  }

 private:
  inline static const Type kTime = type_of(TypeKind::kTimestampTz);
};

class CompetingMappingsTest : public testing::Test, public CitiesWorld {
 protected:
  void expect_at_rest() {
    const std::uint64_t transactions = right->transactions();
    EXPECT_EQ(reconcile().summary.operations(), 0U);
    EXPECT_EQ(right->transactions(), transactions);
  }
  void order(const Cells& cells) { left->insert("orders", cells); }
  void visit(const Cells& cells) { left->insert("visits", cells); }
};

TEST_F(CompetingMappingsTest, TheNewestCountsWhicheverTableItIsIn) {
  for (const bool turned : {false, true}) {
    SCOPED_TRACE(turned);
    CitiesWorld world;
    world.left->insert("orders", {{"city", "Rome"}, {"note", "older"}, {"touched", "2025-01-01"}});
    world.left->insert("visits", {{"city", "Rome"}, {"note", "newer"}, {"touched", "2025-02-01"}});
    turned ? world.map("visits", "orders") : world.map();
    world.settle();
    EXPECT_THAT(world.cities(), ElementsAre("Rome newer"));
    EXPECT_EQ(world.reconcile().summary.operations(), 0U);
  }
}

TEST_F(CompetingMappingsTest, WhereTimesDoNotTellTheMappingListedFirstCounts) {
  map();
  order({{"city", "Rome"}, {"note", "order"}});
  visit({{"city", "Rome"}, {"note", "visit"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome order"));
  expect_at_rest();
}

TEST_F(CompetingMappingsTest, AValueComesBeforeANullOfAnotherTable) {
  map();
  order({{"city", "Rome"}, {"touched", "2025-02-01"}});
  visit({{"city", "Rome"}, {"note", "visit"}, {"touched", "2025-01-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome visit"));
  expect_at_rest();
}

TEST_F(CompetingMappingsTest, WhenTheFirstOneGoesTheNextCountsFromWhateverTable) {
  map();
  order({{"city", "Rome"}, {"note", "order"}, {"touched", "2025-02-01"}});
  visit({{"city", "Rome"}, {"note", "visit"}, {"touched", "2025-01-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome order"));
  order({{"city", "Oslo"}});  // So that the table is not empty, which is no evidence.
  left->erase("orders", {{"city", "Rome"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo -", "Rome visit"));
  expect_at_rest();
}

TEST_F(CompetingMappingsTest, ANewerValueTakesTheLeadAndLosesItAgain) {
  map();
  order({{"city", "Rome"}, {"note", "order"}, {"touched", "2025-03-01"}});
  visit({{"city", "Rome"}, {"note", "visit"}, {"touched", "2025-02-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome order"));
  left->update("visits", {{"city", "Rome"}}, {{"note", "again"}, {"touched", "2025-04-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome again"));
  expect_at_rest();
  left->update("visits", {{"city", "Rome"}}, {{"touched", "2025-01-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome order"));
  expect_at_rest();
}

TEST_F(CompetingMappingsTest, WhatSomebodyWritesIntoTheTargetIsWrittenBackOnce) {
  map();
  order({{"city", "Rome"}, {"note", "order"}, {"touched", "2025-01-01"}});
  visit({{"city", "Rome"}, {"note", "visit"}, {"touched", "2025-02-01"}});
  settle();
  right->update("cities", {{"name", "Rome"}}, {{"note", "mine"}});
  EXPECT_EQ(settle().count(Operation::kUpdate), 1U);
  EXPECT_THAT(cities(), ElementsAre("Rome visit"));
  expect_at_rest();
}

// One city that both name: those who rename it do not take it from the others.
TEST_F(CompetingMappingsTest, ATargetThatOthersStillNameIsNotRenamed) {
  map();
  order({{"city", "Rome"}, {"note", "order"}});
  visit({{"city", "Rome"}, {"note", "visit"}});
  settle();
  left->update("orders", {{"city", "Rome"}}, {{"city", "Roma"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Roma order", "Rome visit"));
  expect_at_rest();
}

TEST_F(CompetingMappingsTest, TwoMappingsOverOneTableAreInOneOrderToo) {
  define(
      "mappings:\n"
      "  note: { left: left.orders, right: right.cities, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
      "    attributes: [ note ] }\n"
      "  id: { left: left.orders, right: right.cities, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
      "    attributes: [ { left: city, right: note } ] }\n");
  order({{"city", "Rome"}, {"note", "order"}});
  order({{"city", "Oslo"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo Oslo", "Rome order"));
  expect_at_rest();
}

// No scan tells that of it: it has not changed, nor has the city.
TEST_F(CompetingMappingsTest, WhoComesFirstAtLastCountsThoughTheRunIsKilledBeforeItLooked) {
  map();
  order({{"city", "Rome"}, {"note", "order"}});
  order({{"city", "Oslo"}, {"note", "order"}});
  visit({{"city", "Rome"}, {"note", "visit"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo order", "Rome order"));
  left->erase("orders", {{"city", "Rome"}});
  struct Killed {};
  crash_points.reached = [](const char* name) {
    if (name == std::string_view("after_record")) {
      throw Killed();
    }
  };
  EXPECT_THROW((void)try_reconcile(), Killed);
  crash_points.reached = [](const char*) {};
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo order", "Rome visit"));
  expect_at_rest();
}

TEST_F(CompetingMappingsTest, WhoIsOutvotedStaysSoWhenTheTargetIsMadeAgain) {
  map();
  order({{"city", "Rome"}, {"note", "order"}});
  order({{"city", "Oslo"}, {"note", "order"}});
  visit({{"city", "Rome"}, {"note", "visit"}});
  settle();
  right->erase("cities", {{"name", "Rome"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo order", "Rome order"));
  left->update("orders", {{"city", "Rome"}}, {{"city", "Bern"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern order", "Oslo order", "Rome visit"));
  expect_at_rest();
}

// The city is looked at before the visit that goes elsewhere: for that moment it is nobody's.
TEST_F(CompetingMappingsTest, WhoWasOutvotedCountsAloneThoughNobodyHadASayInBetween) {
  map();
  order({{"city", "Rome"}, {"note", "order"}});
  visit({{"city", "Rome"}, {"note", "visit"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome order"));
  left->update("orders", {{"city", "Rome"}}, {{"city", "Oslo"}});
  left->update("visits", {{"city", "Rome"}}, {{"city", "Bern"}});
  batch_rows = 1;
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern visit", "Oslo order"));
  expect_at_rest();
}

TEST_F(CompetingMappingsTest, ATargetThatAllOfThemLeftKeepsWhatTheFirstOneGaveIt) {
  map();
  order({{"city", "Rome"}, {"note", "order"}});
  visit({{"city", "Rome"}, {"note", "visit"}});
  visit({{"city", "Oslo"}});
  settle();
  left->update("orders", {{"city", "Rome"}}, {{"city", "Oslo"}});
  left->update("visits", {{"city", "Rome"}}, {{"city", "Oslo"}});
  EXPECT_EQ(settle().count(Operation::kUnlink), 2U);
  EXPECT_THAT(cities(), ElementsAre("Oslo order", "Rome order"));
  expect_at_rest();
}

// Which of them comes first makes no difference: they all say nothing.
TEST_F(CompetingMappingsTest, ANullThatComesBeforeANullDoesNotEraseWhatTheOrphanHeld) {
  map();
  order({{"city", "Rome"}, {"note", "order"}});
  order({{"city", "Oslo"}});
  visit({{"city", "Oslo"}});
  settle();
  const auto expect_kept = [&] {
    settle();
    EXPECT_THAT(cities(), ElementsAre("Oslo order", "Rome order"));
    expect_at_rest();
  };
  left->update("orders", {{"city", "Rome"}}, {{"city", "Oslo"}});
  expect_kept();
  visit({{"city", "Rome"}, {"touched", "2025-02-01"}});
  expect_kept();
  order({{"city", "Rome"}, {"touched", "2025-03-01"}});  // comes first
  expect_kept();
  left->update("orders", {{"city", "Rome"}}, {{"touched", "2025-01-01"}});  // no more
  expect_kept();
  left->erase("visits", {{"city", "Rome"}});
  expect_kept();
}

// Who says nothing either is looked at first, when the other one still is on record.
TEST_F(CompetingMappingsTest, WhatSomebodyWritesIsWrittenBackThoughTheNullThatCameFirstIsGone) {
  map();
  order({{"city", "Rome"}, {"touched", "2025-01-01"}});
  visit({{"city", "Rome"}, {"touched", "2025-02-01"}});
  visit({{"city", "Oslo"}});
  settle();
  right->update("cities", {{"name", "Rome"}}, {{"note", "mine"}});
  left->erase("visits", {{"city", "Rome"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo -", "Rome -"));
  expect_at_rest();
}

TEST_F(CompetingMappingsTest, ANullThatComesBeforeANullEndsTheValueThatWasTakenBack) {
  map();
  order({{"city", "Rome"}, {"note", "order"}, {"touched", "2025-03-01"}});
  visit({{"city", "Rome"}, {"touched", "2025-02-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome order"));
  left->update("orders", {{"city", "Rome"}}, {{"note", std::nullopt}, {"touched", "2025-01-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome -"));
  expect_at_rest();
}

// Its mapping was outvoted there when it left, by one that is gone when it comes back.
TEST_F(CompetingMappingsTest, WhoComesBackToATargetThatNobodyElseSaysAnythingOfAnyMoreIsHeard) {
  map();
  order({{"city", "Bern"}});
  visit({{"city", "Oslo"}, {"note", "visit"}, {"touched", "2025-02-01"}});
  settle();
  order({{"city", "Oslo"}, {"note", "order"}, {"touched", "2025-03-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo order"));
  left->update("visits", {{"id", "1"}}, {{"city", "Bern"}, {"note", std::nullopt}});
  settle();
  left->update("visits", {{"id", "1"}}, {{"city", "Oslo"}, {"note", "visit"}});
  left->erase("orders", {{"id", "2"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo visit"));
  expect_at_rest();
}

// What it says is no change where nobody of another mapping had said otherwise: `follow` has left
// the target as it was found.
TEST_F(CompetingMappingsTest, WhoComesBackAndSaysWhatItSaidDoesNotUndoWhatThePolicyLeft) {
  map("orders", "visits", "{ left: note, right: note, policy: follow }");
  order({{"city", "Bern"}});
  visit({{"city", "Bern"}});
  right->insert("cities", {{"name", "Oslo"}, {"note", "hand"}});
  order({{"city", "Oslo"}, {"note", "order"}, {"touched", "2025-01-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo hand"));
  left->update("orders", {{"id", "2"}}, {{"city", "Bern"}, {"note", std::nullopt}});
  settle();
  left->update("orders", {{"id", "2"}}, {{"city", "Oslo"}, {"note", "order"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo hand"));
  expect_at_rest();
}

// The one that is gone had said something else meanwhile.
TEST_F(CompetingMappingsTest, WhoComesBackIsHeardThoughTheOtherOneHadChangedWhatItSaid) {
  cities_have_times = true;
  map();
  order({{"city", "Bern"}});
  visit({{"city", "Oslo"}, {"note", "visit"}, {"touched", "2025-02-01"}});
  settle();
  order({{"city", "Oslo"}, {"note", "order"}, {"touched", "2025-03-01"}});
  settle();
  left->update("visits", {{"id", "1"}}, {{"city", "Bern"}, {"note", std::nullopt}});
  settle();
  left->update("orders", {{"id", "2"}}, {{"note", "anew"}, {"touched", "2025-03-05"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo anew"));
  left->update("visits", {{"id", "1"}}, {{"city", "Oslo"}, {"note", "visit"}});
  left->erase("orders", {{"id", "2"}});
  EXPECT_EQ(settle().count(Operation::kConflict), 0U);
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo visit"));
  expect_at_rest();
}

// Nor had it been there when the one that comes back left.
TEST_F(CompetingMappingsTest, WhoComesBackIsHeardAfterOneThatCameAndWent) {
  cities_have_times = true;
  map();
  order({{"city", "Bern"}});
  visit({{"city", "Oslo"}, {"note", "visit"}, {"touched", "2025-02-01"}});
  settle();
  left->update("visits", {{"id", "1"}}, {{"city", "Bern"}, {"note", std::nullopt}});
  settle();
  order({{"city", "Oslo"}, {"note", "order"}, {"touched", "2025-03-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo order"));
  left->update("visits", {{"id", "1"}}, {{"city", "Oslo"}, {"note", "visit"}});
  left->erase("orders", {{"id", "2"}});
  EXPECT_EQ(settle().count(Operation::kReport), 0U);
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo visit"));
  expect_at_rest();
}

// What this mapping had said when it left was not what was there: it is a change, and so is what
// somebody wrote since.
TEST_F(CompetingMappingsTest, WhoComesBackMeetsWhatSomebodyWroteMeanwhileAsAConflict) {
  map();
  order({{"city", "Bern"}});
  visit({{"city", "Oslo"}, {"note", "visit"}, {"touched", "2025-02-01"}});
  order({{"city", "Oslo"}, {"note", "order"}, {"touched", "2025-03-01"}});
  settle();
  left->update("visits", {{"id", "1"}}, {{"city", "Bern"}, {"note", std::nullopt}});
  settle();
  left->erase("orders", {{"id", "2"}});
  settle();
  right->update("cities", {{"name", "Oslo"}}, {{"note", "hand"}});
  left->update("visits", {{"id", "1"}}, {{"city", "Oslo"}, {"note", "visit"}});
  EXPECT_EQ(settle().count(Operation::kConflict), 1U);
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo visit"));
  expect_at_rest();
}

// Not so where both had said the same: it was its own word as well.
TEST_F(CompetingMappingsTest, WhoComesBackAndSaidTheSameDoesNotUndoWhatSomebodyWrote) {
  map("orders", "visits", "{ left: note, right: note, policy: follow }");
  order({{"city", "Bern"}});
  order({{"city", "Oslo"}, {"note", "same"}, {"touched", "2025-01-01"}});
  visit({{"city", "Bern"}});
  visit({{"city", "Oslo"}, {"note", "same"}, {"touched", "2025-03-01"}});
  settle();
  left->update("orders", {{"id", "2"}}, {{"city", "Bern"}, {"note", std::nullopt}});
  settle();
  left->erase("visits", {{"id", "2"}});
  settle();
  right->update("cities", {{"name", "Oslo"}}, {{"note", "hand"}});
  left->update("orders", {{"id", "2"}}, {{"city", "Oslo"}, {"note", "same"}});
  EXPECT_EQ(settle().count(Operation::kConflict), 0U);
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo hand"));
}

// But one who has written it since is not forgotten, even if what he wrote is what the last of
// another mapping had left there.
TEST_F(CompetingMappingsTest, WhatSomebodyWroteIsNotTakenForWhatAnotherMappingLeft) {
  cities_have_times = true;
  map();
  order({{"city", "Bern"}});
  order({{"city", "Oslo"}, {"note", "a"}, {"touched", "2025-01-01"}});
  visit({{"city", "Bern"}});
  settle();
  left->erase("orders", {{"id", "2"}});
  settle();
  visit({{"city", "Oslo"}, {"note", "b"}, {"touched", "2025-02-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo b"));
  left->update("visits", {{"id", "2"}}, {{"city", "Bern"}, {"note", std::nullopt}});
  settle();
  right->update("cities", {{"name", "Oslo"}}, {{"note", "a"}, {"touched", "2025-05-01"}});
  left->update("visits", {{"id", "2"}}, {{"city", "Oslo"}, {"note", "b"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo a"));
}

// Who contributes to a city, and what the first of them says: from the rows alone, by the order of
// the design, written anew.
struct Say {
  std::set<std::pair<std::string, std::string>> who;  // table, id
  std::optional<std::string> note;
};

Say say_of(const MemoryDatabase& database, const std::string& city) {
  Say say;
  std::tuple<bool, std::string> best;
  for (const char* table : {"orders", "visits"}) {
    for (const auto& row : database.rows(table)) {
      if (row.at("city") != city) {
        continue;
      }
      const std::tuple rank(row.at("note").has_value(), row.at("touched").value_or(""));
      if (say.who.empty() || rank > best) {  // Else the one listed first, with the smaller id.
        say.note = row.at("note");
        best = rank;
      }
      say.who.emplace(table, row.at("id").value());
    }
  }
  return say;
}

// What cities are to hold: what their first contributor says. A null goes over no value that
// nobody contributes any more: of an orphan, and of those who came to one with nothing to say.
class ExpectedNotes {
 public:
  void check(const CitiesWorld& world) {
    std::map<std::string, Seen> now;
    for (const auto& row : world.right->rows("cities")) {
      const std::string city = row.at("name").value();
      const Seen seen{say_of(*world.left, city), row.at("note")};
      const std::optional<std::string> due = expected(seen, before_[row.at("id").value()]);
      RC_ASSERT(seen.note.value_or("-") == due.value_or("-"));
      now[row.at("id").value()] = seen;
    }
    before_ = std::move(now);
  }

 private:
  struct Seen {
    Say say;
    std::optional<std::string> note;
  };

  static std::optional<std::string> expected(const Seen& now, const Seen& before) {
    if (now.say.note || now.say.who.empty()) {
      return now.say.who.empty() ? before.note : now.say.note;
    }
    std::vector<std::pair<std::string, std::string>> stayed;
    std::set_intersection(now.say.who.begin(), now.say.who.end(), before.say.who.begin(),
                          before.say.who.end(), std::back_inserter(stayed));
    if (stayed.empty() && !now.note) {  // Whether the last one left before they came is open.
      return std::nullopt;
    }
    return before.say.note && !stayed.empty() ? std::nullopt : before.note;
  }

  std::map<std::string, Seen> before_;  // by id, when they were last at rest
};

RC_GTEST_PROP(CompetingMappingsLaws, TheOrderOfEventsMakesNoDifference, ()) {
  CitiesWorld world;
  world.map();
  ExpectedNotes notes;
  const auto any_row = [] {
    SyncWorld::Cells cells = {{"city", *rc::gen::element<std::string>("Rome", "Oslo", "Bern")},
                              {"note", std::nullopt},
                              {"touched", std::nullopt}};
    if (*rc::gen::inRange(0, 2) != 0) {
      cells["note"] = *rc::gen::element<std::string>("a", "b", "c");
    }
    if (*rc::gen::inRange(0, 4) != 0) {
      cells["touched"] = "2025-0" + std::to_string(*rc::gen::inRange(1, 5)) + "-01";
    }
    return cells;
  };
  world.batch_rows = *rc::gen::element<std::size_t>(1, 1000);
  for (const char* table : {"orders", "visits"}) {  // An empty table tells nothing.
    world.left->insert(table, {{"city", "Bern"}});
  }
  const int steps = *rc::gen::inRange(1, 16);
  for (int step = 0; step < steps; ++step) {
    const std::string table = *rc::gen::element<std::string>("orders", "visits");
    const auto rows = world.left->rows(table);
    const auto chosen = rows[*rc::gen::inRange<std::size_t>(0, rows.size())].at("id");
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        world.left->insert(table, any_row());
        break;
      case 1:
        world.left->update(table, {{"id", chosen}}, any_row());
        break;
      default:
        if (chosen != "1") {
          world.left->erase(table, {{"id", chosen}});
        }
    }
    if (*rc::gen::inRange(0, 2) == 0) {
      RC_ASSERT(world.reconcile().summary.converged);
      notes.check(world);
    }
    world.clock.sleep_us(120'000'000);
  }
  RC_ASSERT(world.reconcile().summary.converged);
  notes.check(world);
  RC_ASSERT(world.reconcile().summary.operations() == 0U);
}

}  // namespace
}  // namespace couplet::test
