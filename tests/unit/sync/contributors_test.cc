// Many to one: who counts, who waits, and what is remembered of both.
#include <gmock/gmock.h>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Orders name a city of a country; each city is one row on the right.
class ContributorsTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    for (MemoryDatabase* database : {left.get(), right.get()}) {
      create(*database, DescribedTable("countries").id().text("name"));
    }
    create(*left, DescribedTable("orders")
                      .id()
                      .text("city")
                      .text("note")
                      .text("kind")
                      .foreign_key("country_id", "countries", true)
                      .column("touched", type_of(TypeKind::kTimestampTz)));
    create(*right, DescribedTable("cities").id().text("name").text("note").foreign_key(
                       "country_id", "countries", true));
    create(*right, DescribedTable("places").id().text("name").text("note").foreign_key(
                       "country_id", "countries"));
  }
  // `keys` beside the city's name; `attributes` beside the note.
  void map(const std::string& keys = {}, const std::string& attributes = {},
           const std::string& options = {}) {
    define(
        "entities:\n  left.orders: { updated_at: touched }\n"
        "mappings:\n"
        "  country: { left: left.countries, right: right.countries, direction: left_to_right,\n"
        "    keys: [ name ] }\n"
        "  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
        "    cardinality: many_to_one, keys: [ { left: city, right: name }" +
        keys + " ],\n    attributes: [ note" + attributes + " ] " + options + " }\n");
  }
  void order(const Cells& cells) { left->insert("orders", cells); }
  std::vector<std::string> cities(const char* table = "cities") const {
    std::vector<std::string> found;
    for (const auto& row : right->rows(table)) {
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

constexpr const char* kCountryKey = ", { left: country, right: country, link: country }";

TEST_F(ContributorsTest, WhenTheWinnerGoesOutOfScopeTheNextOneCounts) {
  map({}, {}, ", where: { left: { kind: city } }");
  order({{"city", "Rome"}, {"note", "first"}, {"kind", "city"}, {"touched", "2025-02-01"}});
  order({{"city", "Rome"}, {"note", "second"}, {"kind", "city"}, {"touched", "2025-01-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome first"));
  left->update("orders", {{"note", "first"}}, {{"kind", "other"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome second"));
  expect_at_rest();
}

TEST_F(ContributorsTest, ANewOneOfTheOldNameDoesNotComeAlongWhenItsTargetIsRenamed) {
  map();
  for (int i = 0; i < 8; ++i) {
    order({{"city", "old " + std::to_string(i)}, {"note", std::to_string(i)}});
  }
  settle();
  for (int i = 0; i < 8; ++i) {
    left->update("orders", {{"note", std::to_string(i)}}, {{"city", "new " + std::to_string(i)}});
    order({{"city", "old " + std::to_string(i)}, {"note", "late " + std::to_string(i)}});
  }
  settle();
  for (int i = 0; i < 8; ++i) {
    EXPECT_THAT(cities(), Contains("new " + std::to_string(i) + " " + std::to_string(i)));
    EXPECT_THAT(cities(), Contains("old " + std::to_string(i) + " late " + std::to_string(i)));
  }
  EXPECT_EQ(cities().size(), 16U);
  expect_at_rest();
}

// What it arrives at is changed between look and write: it has left all the same.
TEST_F(ContributorsTest, ATargetThatWasLeftIsAnOrphanThoughTheWriteOnArrivalIsRefused) {
  map();
  order({{"city", "Rome"}, {"note", "mover"}, {"touched", "2025-02-01"}});
  order({{"city", "Oslo"}, {"note", "stays"}, {"touched", "2025-01-01"}});
  settle();
  left->update("orders", {{"note", "mover"}}, {{"city", "Oslo"}});
  right->faults().before(memory::SourceCall::kSubmit, [&] {
    right->update("cities", {{"name", "Oslo"}}, {{"note", "raced"}});
  });
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kUnlink), 1U);
  EXPECT_THAT(cities(), ElementsAre("Oslo mover", "Rome mover"));
  expect_at_rest();
}

// The same of what it leaves, in a sync by hand, which has no evidence that anybody is gone: who
// contributes elsewhere by now is not one that nobody has seen go.
TEST_F(ContributorsTest, WhoHasLeftHasNoSayWhereTheWriteOnDepartureIsRefused) {
  map();
  order({{"city", "Rome"}, {"note", "mover"}, {"touched", "2025-02-01"}});
  order({{"city", "Rome"}, {"note", "stays"}, {"touched", "2025-01-01"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome mover"));
  left->update("orders", {{"note", "mover"}}, {{"city", "Oslo"}});
  right->faults().before(memory::SourceCall::kSubmit, [&] {
    right->update("cities", {{"name", "Rome"}}, {{"note", "raced"}});
  });
  EXPECT_TRUE(sync({"left.orders/1"}).summary.converged);
  EXPECT_THAT(cities(), ElementsAre("Oslo mover", "Rome stays"));
  expect_at_rest();
}

TEST_F(ContributorsTest, OneWhoseParentIsNotLinkedStaysDeferredRunAfterRun) {
  map(kCountryKey);
  left->insert("countries", {{"id", "1"}, {"name", "Italy"}});
  left->insert("countries", {{"id", "2"}});  // no name: no identity, never linked
  order({{"city", "Rome"}, {"note", "n"}, {"country_id", "1"}});
  order({{"city", "Rome"}, {"note", "m"}, {"country_id", "1"}});
  settle();
  left->update("orders", {{"note", "n"}}, {{"country_id", "2"}});
  for (int run = 0; run < 4; ++run) {
    EXPECT_EQ(settle().count(Operation::kDefer), 1U) << "run " << run;
  }
  left->update("countries", {{"id", "2"}}, {{"name", "Oz"}});
  EXPECT_EQ(settle().count(Operation::kDefer), 0U);
  EXPECT_EQ(right->count("cities"), 2U);
  expect_at_rest();
}

// The newcomer makes the target again, and those who have lost theirs are to find it.
TEST_F(ContributorsTest, ANewcomerAndTheOthersComeTogetherWhenTheirTargetIsGone) {
  map();
  order({{"city", "Rome"}, {"note", "first"}, {"touched", "2025-01-01"}});
  settle();
  order({{"city", "Rome"}, {"note", "second"}, {"touched", "2025-02-01"}});
  right->erase("cities", {});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome second"));
  expect_at_rest();
  left->update("orders", {{"note", "second"}}, {{"city", "Bonn"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bonn second", "Rome first"));
  expect_at_rest();
}

// Only one is looked at; the others have the new name as well, so that their target is renamed.
TEST_F(ContributorsTest, OneSyncedByHandTakesTheOthersOfItsNewNameAlong) {
  map();
  for (int i = 0; i < 20; ++i) {
    order({{"city", "Rome"}, {"note", "n"}});
  }
  settle();
  left->update("orders", {}, {{"city", "Bonn"}});
  sync({"left.orders/1"});
  EXPECT_THAT(cities(), ElementsAre("Bonn n"));
  expect_at_rest();
}

TEST_F(ContributorsTest, WhereSeveralCouldTakeThePlaceOfTheirTargetTheyAreHeld) {
  map();
  order({{"city", "Rome"}, {"note", "n"}});
  settle();
  right->erase("cities", {});
  right->insert("cities", {{"name", "Rome"}});
  right->insert("cities", {{"name", "Rome"}});
  EXPECT_GT(settle().count(Operation::kHold), 0U);
  EXPECT_EQ(right->count("cities"), 2U);
  expect_at_rest();
}

// Their target, which is gone, comes in a batch behind them.
TEST_F(ContributorsTest, ThoseThatWaitGoOnWaitingWhenTheirTargetIsLookedAt) {
  map(kCountryKey);
  left->insert("countries", {{"id", "1"}, {"name", "Italy"}});
  left->insert("countries", {{"id", "2"}});  // no name: no identity, not linked
  order({{"city", "Rome"}, {"note", "n"}, {"country_id", "1"}});
  order({{"city", "Rome"}, {"note", "m"}, {"country_id", "1"}});
  settle();
  left->update("orders", {{"city", "Rome"}}, {{"country_id", "2"}});
  right->erase("cities", {{"name", "Rome"}});
  batch_rows = 2;
  EXPECT_EQ(settle().count(Operation::kDefer), 2U);
  left->update("countries", {{"id", "2"}}, {{"name", "Italia"}});
  sync({"left.countries/2"});
  EXPECT_THAT(cities(), ElementsAre("Rome n"));
}

// Its note was written to the target it still contributes to; that it waits was to be recorded
// next.
TEST_F(ContributorsTest, OneThatWaitsIsFoundAgainWhenTheProcessDiesBeforeThatIsRecorded) {
  map(kCountryKey);
  left->insert("countries", {{"id", "1"}, {"name", "Italy"}});
  left->insert("countries", {{"id", "2"}});  // no name: no identity, never linked
  order({{"city", "Rome"}, {"note", "n"}, {"country_id", "1"}});
  settle();
  left->update("orders", {{"note", "n"}}, {{"country_id", "2"}, {"note", "m"}});
  struct Died {};
  crash_points.reached = [](const char* point) {
    if (std::string_view(point) == "after_results") {
      throw Died();
    }
  };
  EXPECT_THROW((void)try_reconcile(), Died);
  crash_points.reached = [](const char*) {};
  EXPECT_THAT(cities(), ElementsAre("Rome m"));
  EXPECT_EQ(settle().count(Operation::kDefer), 1U);
  left->update("countries", {{"id", "2"}}, {{"name", "Oz"}});
  EXPECT_EQ(settle().count(Operation::kDefer), 0U);
  EXPECT_THAT(column(*right, "cities", "country_id"), Contains("2"));
  expect_at_rest();
}

TEST_F(ContributorsTest, OneThatWaitsForALinkOfATargetThatIsThereIsWokenByIt) {
  define(
      "mappings:\n"
      "  city: { left: left.orders, right: right.places, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
      "    attributes: [ note, { left: country, right: country, link: country } ] }\n"
      "  country: { left: left.countries, right: right.countries, direction: left_to_right,\n"
      "    keys: [ name ] }\n");
  left->insert("countries", {{"id", "1"}});
  right->insert("countries", {{"id", "90"}, {"name", "Elsewhere"}});
  right->insert("places", {{"name", "Rome"}, {"country_id", "90"}});
  order({{"city", "Rome"}, {"note", "n"}, {"country_id", "1"}});
  for (int run = 0; run < 4; ++run) {
    EXPECT_EQ(settle().count(Operation::kDefer), 1U) << "run " << run;
    EXPECT_THAT(lines(), Contains(HasSubstr("waits for left.countries/1")));
  }
  left->update("countries", {{"id", "1"}}, {{"name", "Italy"}});
  EXPECT_EQ(settle().count(Operation::kDefer), 0U);
  EXPECT_THAT(cities("places"), ElementsAre("Rome n"));
  expect_at_rest();
}

// c2 is newer and counts, but its country is not linked yet.
TEST_F(ContributorsTest, AnElectionThatWaitsIsNotForgotten) {
  define(
      "entities:\n  left.orders: { updated_at: touched }\n"
      "mappings:\n"
      "  city: { left: left.orders, right: right.places, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
      "    attributes: [ note, { left: country, right: country, link: country } ] }\n"
      "  country: { left: left.countries, right: right.countries, direction: left_to_right,\n"
      "    keys: [ name ] }\n");
  left->insert("countries", {{"id", "1"}, {"name", "Italy"}});
  left->insert("countries", {{"id", "2"}});
  order({{"city", "Rome"}, {"note", "c1"}, {"country_id", "1"}, {"touched", "2025-01-01"}});
  settle();
  order({{"city", "Rome"}, {"note", "c2"}, {"country_id", "2"}, {"touched", "2025-02-01"}});
  for (int run = 0; run < 4; ++run) {
    EXPECT_GE(settle().count(Operation::kDefer), 1U) << "run " << run;
    EXPECT_THAT(cities("places"), ElementsAre("Rome c1"));
  }
  left->update("countries", {{"id", "2"}}, {{"name", "Oz"}});
  EXPECT_EQ(settle().count(Operation::kDefer), 0U);
  EXPECT_THAT(cities("places"), ElementsAre("Rome c2"));
  expect_at_rest();
}

TEST_F(ContributorsTest, ANullOfOneThatComesBackDoesNotEraseWhatTheOrphanHeld) {
  map();
  order({{"city", "Rome"}, {"note", "n"}});
  order({{"city", "Oslo"}});
  settle();
  left->erase("orders", {{"city", "Rome"}});
  EXPECT_EQ(settle().count(Operation::kUnlink), 1U);
  order({{"city", "Rome"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo -", "Rome n"));
  expect_at_rest();
}

TEST_F(ContributorsTest, OneWithoutAKeyHasNoSayInTheKeyOfItsTarget) {
  map();
  order({{"city", "Rome"}, {"note", "n"}});
  order({{"city", "Oslo"}});
  settle();
  left->update("orders", {{"note", "n"}}, {{"city", std::nullopt}, {"note", "m"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo -", "Rome m"));
  expect_at_rest();
  right->erase("cities", {{"name", "Rome"}});
  EXPECT_EQ(settle().operations(), 0U);
  EXPECT_THAT(lines(), Contains(HasSubstr("report no_identity")));
}

// The one that counts moves away, and another batch than its own comes to its old target first.
TEST_F(ContributorsTest, AWinnerThatMovesInALaterBatchDoesNotTakeTheNameOfItsTargetAlong) {
  map();
  for (int i = 0; i < 1500; ++i) {
    order({{"city", "Rome"}, {"note", std::to_string(i)}});
  }
  order({{"city", "Rome"}, {"note", "wins"}, {"touched", "2025-01-01"}});
  order({{"city", "Oslo"}, {"note", "o"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo o", "Rome wins"));
  left->update("orders", {{"note", "wins"}}, {{"city", "Oslo"}});
  for (int i = 0; i < 1500; ++i) {
    left->update("orders", {{"note", std::to_string(i)}}, {{"note", "x" + std::to_string(i)}});
  }
  const Summary summary = settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo wins", "Rome x0"));
  EXPECT_EQ(summary.count(Operation::kUpdate), 2U);
  expect_at_rest();
}

// The target and all who contribute to it get another name at once.
TEST_F(ContributorsTest, AWinnerThatIsRenamedAlongWithItsTargetHasASayBeforeItsOwnBatchComes) {
  map();
  order({{"city", "Rome"}, {"note", "second"}, {"touched", "2025-01-01"}});
  order({{"city", "Rome"}, {"note", "first"}, {"touched", "2025-02-01"}});
  settle();
  left->update("orders", {{"city", "Rome"}}, {{"city", "Roma"}});
  right->update("cities", {{"name", "Rome"}}, {{"name", "Roma"}});
  batch_rows = 1;
  EXPECT_EQ(settle().operations(), 0U);
  EXPECT_THAT(cities(), ElementsAre("Roma first"));
  expect_at_rest();
}

// Only one of them does, and a user gives the target the same name.
TEST_F(ContributorsTest, WhoIsOnItsWayToANameThatItsTargetHasByHandGoesThere) {
  map();
  order({{"city", "Rome"}, {"note", "first"}, {"touched", "2025-02-01"}});
  order({{"city", "Rome"}, {"note", "second"}, {"touched", "2025-01-01"}});
  settle();
  left->update("orders", {{"note", "first"}}, {{"city", "Oslo"}});
  right->update("cities", {{"name", "Rome"}}, {{"name", "Oslo"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo first", "Rome second"));
  expect_at_rest();
}

TEST_F(ContributorsTest, ANameThatChangesAlongWithTheTargetIsOnRecordThoughTheTargetIsReported) {
  define(
      "mappings:\n"
      "  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
      "    attributes: [ { left: note, right: note, policy: follow } ] }\n");
  order({{"city", "Rome"}, {"note", "n"}});
  settle();
  left->update("orders", {{"city", "Rome"}}, {{"city", "Roma"}});
  right->update("cities", {{"name", "Rome"}}, {{"name", "Roma"}, {"note", "by hand"}});
  EXPECT_EQ(settle().operations(), 0U);
  right->update("cities", {{"name", "Roma"}}, {{"name", "Oslo"}});
  sync({"right.cities/1"});
  EXPECT_THAT(cities(), ElementsAre("Roma by hand"));
  EXPECT_EQ(settle().count(Operation::kReport), 1U);
}

// The same the other way round: the many are on the right.
TEST_F(ContributorsTest, TheManyMayBeOnTheRight) {
  create(*left, DescribedTable("towns").id().text("name").text("note"));
  create(*right, DescribedTable("bills").id().text("town").text("note"));
  define(
      "mappings:\n  town: { left: left.towns, right: right.bills, direction: right_to_left,\n"
      "    cardinality: many_to_one, keys: [ { left: name, right: town } ],\n"
      "    attributes: [ note ] }\n");
  right->insert("bills", {{"town", "Rome"}, {"note", "x"}});
  right->insert("bills", {{"town", "Rome"}});
  right->insert("bills", {{"town", "Oslo"}});
  Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kCreate), 2U);
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_THAT(column(*left, "towns", "name"), ElementsAre("Oslo", "Rome"));
  EXPECT_EQ(settle().operations(), 0U);
  left->update("towns", {{"name", "Rome"}}, {{"note", "drift"}});
  settle();
  EXPECT_THAT(column(*left, "towns", "note"), ElementsAre("null", "x"));
  left->erase("towns", {{"name", "Rome"}});
  settle();
  EXPECT_THAT(column(*left, "towns", "note"), ElementsAre("null", "x"));
  right->update("bills", {{"town", "Rome"}}, {{"town", "Roma"}});
  settle();
  EXPECT_THAT(column(*left, "towns", "name"), ElementsAre("Oslo", "Roma"));
  right->erase("bills", {{"town", "Roma"}});
  EXPECT_EQ(settle().count(Operation::kUnlink), 1U);
  EXPECT_EQ(settle().operations(), 0U);
}

// The target goes while one of its contributors moves to another: who has left does not come along
// to the one that is made again.
TEST_F(ContributorsTest, WhoLeftATargetThatIsGoneHasNoPartInTheNewOne) {
  map();
  order({{"city", "Rome"}, {"note", "1"}});
  order({{"city", "Rome"}, {"note", "2"}});
  order({{"city", "Oslo"}, {"note", "3"}});
  settle();
  right->erase("cities", {{"name", "Rome"}});
  left->update("orders", {{"note", "1"}}, {{"city", "Oslo"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo 1", "Rome 2"));
  left->update("orders", {{"note", "2"}}, {{"note", "new"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Oslo 1", "Rome new"));
  expect_at_rest();
  left->erase("orders", {{"note", "new"}});
  EXPECT_EQ(settle().count(Operation::kUnlink), 1U) << "its last contributor has gone";
}

TEST_F(ContributorsTest, WhoIsGoneWithItsTargetIsForgotten) {
  map();
  order({{"city", "Rome"}, {"note", "1"}});
  order({{"city", "Rome"}, {"note", "2"}});
  settle();
  right->erase("cities", {});
  left->erase("orders", {{"note", "1"}});
  right->insert("cities", {{"name", "Paris"}});  // An empty table is no evidence.
  settle();
  left->update("orders", {{"note", "2"}}, {{"city", "Roma"}});
  EXPECT_EQ(settle().count(Operation::kCreate), 0U) << "all of them moved: it is renamed";
  EXPECT_THAT(cities(), ElementsAre("Paris -", "Roma 2"));
  expect_at_rest();
}

// What refers to a contributor by its link follows where that link moves, also to a new target.
TEST_F(ContributorsTest, WhoRefersToOneThatMovesToANewTargetFollows) {
  create(*left, DescribedTable("parcels").id().text("name").foreign_key("order_id", "orders"));
  create(*right, DescribedTable("parcels").id().text("name").foreign_key("city_id", "cities"));
  define(
      "mappings:\n"
      "  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ] }\n"
      "  parcel: { left: left.parcels, right: right.parcels, direction: left_to_right,\n"
      "    keys: [ name ], attributes: [ { left: order, right: city, link: city } ] }\n");
  order({{"city", "Rome"}});
  order({{"city", "Rome"}});
  left->insert("parcels", {{"name", "p"}, {"order_id", "2"}});
  settle();
  EXPECT_THAT(column(*right, "parcels", "city_id"), ElementsAre("1"));
  left->update("orders", {{"id", "2"}}, {{"city", "Oslo"}});
  EXPECT_TRUE(sync({"left.orders/2"}).summary.converged);
  EXPECT_THAT(column(*right, "parcels", "city_id"), ElementsAre("2"));
  expect_at_rest();
}

// A table that shows no row, or one look, is no evidence: what counted counts on.
TEST_F(ContributorsTest, AWinnerThatNobodySawGoKeepsItsValueInTheTarget) {
  map();
  order({{"city", "Rome"}, {"note", "first"}, {"touched", "2025-02-01"}});
  order({{"city", "Rome"}, {"note", "second"}, {"touched", "2025-01-01"}});
  settle();
  left->erase("orders", {{"note", "first"}});
  EXPECT_EQ(sync({"right.cities/1"}).summary.operations(), 0U);
  EXPECT_THAT(cities(), ElementsAre("Rome first"));
  settle();  // A scan has seen it.
  EXPECT_THAT(cities(), ElementsAre("Rome second"));
  expect_at_rest();
}

TEST_F(ContributorsTest, ANewerValueComesBeforeThatOfAWinnerThatNobodySawGo) {
  map();
  order({{"city", "Rome"}, {"note", "first"}, {"touched", "2025-02-01"}});
  settle();
  left->erase("orders", {{"note", "first"}});
  order({{"city", "Rome"}, {"note", "older"}, {"touched", "2025-01-01"}});
  order({{"city", "Rome"}, {"note", "newer"}, {"touched", "2025-03-01"}});
  sync({"left.orders/2"});
  EXPECT_THAT(cities(), ElementsAre("Rome first"));
  sync({"left.orders/3"});
  EXPECT_THAT(cities(), ElementsAre("Rome newer"));
  settle();
  expect_at_rest();
}

// Its new name is that of two cities: it stays linked, but says nothing for the old one.
TEST_F(ContributorsTest, OneThatIsHeldOnItsWayElsewhereHasNoSayWhereItWas) {
  map();
  order({{"city", "Rome"}, {"note", "first"}, {"touched", "2025-02-01"}});
  order({{"city", "Rome"}, {"note", "second"}, {"touched", "2025-01-01"}});
  settle();
  right->insert("cities", {{"name", "Oslo"}, {"note", "1"}});
  right->insert("cities", {{"name", "Oslo"}, {"note", "2"}});
  left->update("orders", {{"note", "first"}}, {{"city", "Oslo"}});
  EXPECT_EQ(settle().count(Operation::kHold), 1U);
  EXPECT_THAT(cities(), ElementsAre("Oslo 1", "Oslo 2", "Rome second"));
  expect_at_rest();
  EXPECT_EQ(sync({"right.cities/1"}).summary.operations(), 0U);
  left->update("orders", {{"note", "first"}}, {{"city", "Rome"}});
  EXPECT_EQ(settle().count(Operation::kHold), 0U);
  EXPECT_THAT(cities(), ElementsAre("Oslo 1", "Oslo 2", "Rome first"));
  expect_at_rest();
}

// The target is synced by itself while its winner is on its way, which then comes back.
TEST_F(ContributorsTest, AWinnerThatOnlyLookedElsewhereCountsAgain) {
  map();
  order({{"city", "Rome"}, {"note", "first"}, {"touched", "2025-02-01"}});
  order({{"city", "Rome"}, {"note", "second"}, {"touched", "2025-01-01"}});
  settle();
  left->update("orders", {{"note", "first"}}, {{"city", "Oslo"}});
  sync({"right.cities/1"});
  EXPECT_THAT(cities(), ElementsAre("Rome second"));
  left->update("orders", {{"note", "first"}}, {{"city", "Rome"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome first"));
  expect_at_rest();
}

// Somebody renames a city to a name that an order of another city takes at the same time.
TEST_F(ContributorsTest, WhoWantsANameThatATargetHasOnlyByHandMakesATargetOfItsOwn) {
  map();
  order({{"city", "Rome"}, {"note", "r"}});
  settle();
  right->update("cities", {{"name", "Rome"}}, {{"name", "Oslo"}});
  order({{"city", "Oslo"}, {"note", "o"}});
  EXPECT_EQ(settle().count(Operation::kHold), 0U);
  EXPECT_THAT(cities(), ElementsAre("Oslo o", "Rome r"));
  expect_at_rest();
}

// Killed between a contributor's arrival and what is recorded after; also where that is refused.
TEST_F(ContributorsTest, ATargetThatWasLeftWhenTheProcessDiedIsAnOrphanAllTheSame) {
  struct Killed {};
  for (const char* point : {"after_submit", "after_commit", "after_results", "after_record"}) {
    for (const auto& [nth, raced] : {std::pair(1, false), {2, false}, {1, true}, {2, true}}) {
      SCOPED_TRACE(std::string(point) + " " + std::to_string(nth) + (raced ? " raced" : ""));
      SyncWorld world;
      world.create(*world.left, DescribedTable("orders").id().text("city").text("note"));
      world.create(*world.right, DescribedTable("cities").id().text("name").text("note"));
      world.define(
          "mappings:\n  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
          "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
          "    attributes: [ note ] }\n");
      world.left->insert("orders", {{"city", "Rome"}, {"note", "r"}});
      world.left->insert("orders", {{"city", "Oslo"}, {"note", "o"}});
      world.reconcile();
      world.left->update("orders", {{"note", "r"}}, {{"city", "Oslo"}});
      if (raced) {
        world.right->faults().before(memory::SourceCall::kSubmit, [&] {
          world.right->update("cities", {{"name", "Oslo"}}, {{"note", "raced"}});
        });
      }
      int passed = 0;
      world.crash_points.reached = [&, nth = nth](const char* name) {
        if (std::string(name) == point && ++passed == nth) {
          throw Killed();
        }
      };
      try {
        (void)world.try_reconcile();
      } catch (const Killed&) {
        EXPECT_EQ(passed, nth);
      }
      world.crash_points.reached = [](const char*) {};
      EXPECT_TRUE(world.reconcile().summary.converged);
      const auto orphans = world.store->cursor(Family::kTombstones);
      orphans->seek({});
      EXPECT_TRUE(orphans->valid());
      EXPECT_EQ(world.sync({"right.cities/1"}).summary.operations(), 0U);
      EXPECT_THAT(column(*world.right, "cities", "note"), ElementsAre("r", "r"));
    }
  }
}

// What refuses it where it goes does not make an orphan of what it could not leave.
TEST_F(ContributorsTest, ATargetIsNoOrphanWhileItsLastContributorCannotGo) {
  map();
  order({{"city", "Rome"}, {"note", "r"}});
  order({{"city", "Oslo"}, {"note", "o"}, {"touched", "2025-01-01"}});
  settle();
  bool refused = true;
  right->add_check("cities", {"no_r_in_oslo", [&refused](const memory::RowAccess& row) {
                                return !refused || row.get("name") != "Oslo" ||
                                       row.get("note") != "r";
                              }});
  left->update("orders", {{"note", "r"}}, {{"city", "Oslo"}, {"touched", "2025-02-01"}});
  for (int run = 0; run < 2; ++run) {
    const Summary summary = settle();
    EXPECT_GE(summary.count(Operation::kPark), 1U);
    EXPECT_EQ(summary.operations(), 0U);
  }
  refused = false;
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kUnlink), 1U);
  EXPECT_THAT(cities(), ElementsAre("Oslo r", "Rome r"));
  expect_at_rest();
}

}  // namespace
}  // namespace couplet::test
