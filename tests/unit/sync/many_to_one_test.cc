// The situations of DESIGN sections 5.2 and 5.5, many to one.
#include <gmock/gmock.h>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Orders name a city; each city is one row on the right, with the note of the first order by the
// one total order.
class ManyToOneTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    create(*left, DescribedTable("orders").id().text("city").text("note").column(
                      "touched", type_of(TypeKind::kTimestampTz)));
    create(*right, DescribedTable("cities").id().text("name").text("note"));
    map();
  }
  void map(const std::string& options = {}) {
    define(
        "entities:\n  left.orders: { updated_at: touched }\n"
        "mappings:\n  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
        "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
        "    attributes: [ note ] " +
        options + " }\n");
  }
  void order(const Cells& cells) { left->insert("orders", cells); }
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

TEST_F(ManyToOneTest, SeveralThatWantOneTargetMakeItOnce) {
  order({{"city", "Rome"}, {"note", "x"}});
  order({{"city", "Rome"}});
  order({{"city", "Oslo"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kCreate), 2U);
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_THAT(cities(), ElementsAre("Oslo -", "Rome x"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, ATargetThatMayBeHiddenFromUsIsNotMadeASecondTime) {
  order({{"city", "Rome"}});
  order({{"city", "Rome"}});
  right->insert("cities", {{"name", "Oslo"}});
  order({{"city", "Oslo"}});
  settle();
  right->alter("cities", [](TableInfo& table) { table.row_security = true; });
  rebind();
  right->erase("cities", {{"name", "Rome"}});
  order({{"city", "Bern"}});
  order({{"city", "Oslo"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kCreate), 0U);
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  for (const char* situation : {"target_missing", "absent"}) {
    EXPECT_THAT(lines(), Contains(testing::AllOf(
                             HasSubstr(situation),
                             HasSubstr("row level security of table public.cities may hide"))));
  }
  EXPECT_THAT(cities(), ElementsAre("Oslo -"));
  right->alter("cities", [](TableInfo& table) { table.row_security = false; });
  rebind();
  settle();
  EXPECT_THAT(cities(), ElementsAre("Bern -", "Oslo -", "Rome -"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, OneThatIsThereIsLinkedByAll) {
  right->insert("cities", {{"name", "Rome"}});
  order({{"city", "Rome"}});
  order({{"city", "Rome"}, {"note", "n"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kLink), 2U);
  EXPECT_EQ(summary.count(Operation::kUpdate), 1U);
  EXPECT_THAT(cities(), ElementsAre("Rome n"));
  expect_at_rest();
}

// Values before nulls, known times before unknown, newest first, then the smallest id; in whatever
// order the contributors arrive.
TEST_F(ManyToOneTest, TheFirstInTheTotalOrderCountsWhateverTheOrderOfArrival) {
  const std::vector<Cells> rows = {
      {{"id", "11"}, {"city", "Rome"}, {"note", "unknown time"}},
      {{"id", "12"}, {"city", "Rome"}, {"note", "old"}, {"touched", "2025-01-01 00:00:00+00"}},
      {{"id", "13"}, {"city", "Rome"}, {"touched", "2025-09-01 00:00:00+00"}},
      {{"id", "14"}, {"city", "Rome"}, {"note", "new"}, {"touched", "2025-02-01 00:00:00+00"}},
      {{"id", "15"}, {"city", "Rome"}, {"note", "as new"}, {"touched", "2025-02-01 00:00:00+00"}},
  };
  std::vector<std::size_t> order_of_arrival = {0, 1, 2, 3, 4};
  do {
    left->erase("orders", {});
    right->erase("cities", {});
    store = std::make_unique<MemoryStateStore>();
    for (const std::size_t row : order_of_arrival) {
      order(rows[row]);
      Reconciler::Settings settings;
      settings.rebuild_state = true;
      reconcile(settings);
    }
    ASSERT_THAT(cities(), ElementsAre("Rome new"));
    expect_at_rest();
  } while (std::next_permutation(order_of_arrival.begin(), order_of_arrival.end()));
}

// DESIGN section 5.4: the time is that of the object that holds the value, and times along a path
// are never compared.
TEST_F(ManyToOneTest, AValueThatIsReadThroughAPathHasTheTimeOfWhoHoldsIt) {
  const Type time = type_of(TypeKind::kTimestampTz);
  create(*left, DescribedTable("memos").id().text("note").column("touched", time));
  create(*left, DescribedTable("visits")
                    .id()
                    .text("city")
                    .foreign_key("memo_id", "memos")
                    .column("touched", time));
  define(
      "entities:\n  left.visits: { updated_at: touched }\n  left.memos: { updated_at: touched }\n"
      "mappings:\n  city: { left: left.visits, right: right.cities, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ],\n"
      "    attributes: [ { left: memo.note, right: note } ] }\n");
  left->insert("memos", {{"note", "older"}, {"touched", "2025-01-01 00:00:00+00"}});
  left->insert("memos", {{"note", "newer"}, {"touched", "2025-02-01 00:00:00+00"}});
  left->insert("visits",
               {{"city", "Rome"}, {"memo_id", "1"}, {"touched", "2025-09-01 00:00:00+00"}});
  left->insert("visits",
               {{"city", "Rome"}, {"memo_id", "2"}, {"touched", "2025-01-01 00:00:00+00"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome newer"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, WhenTheWinnerChangesOrGoesTheNextOneCounts) {
  order({{"city", "Rome"}, {"note", "first"}, {"touched", "2025-02-01 00:00:00+00"}});
  order({{"city", "Rome"}, {"note", "second"}, {"touched", "2025-01-01 00:00:00+00"}});
  order({{"city", "Rome"}, {"note", "third"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome first"));
  left->update("orders", {{"note", "first"}}, {{"note", std::nullopt}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome second"));
  left->erase("orders", {{"note", "second"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome third"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, OneThatMovesIsRelinkedAndTheOrphanIsKept) {
  order({{"city", "Rome"}, {"note", "r"}});
  order({{"city", "Oslo"}, {"note", "o"}});
  order({{"city", "Oslo"}});
  settle();
  left->update("orders", {{"note", "r"}}, {{"city", "Oslo"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_EQ(summary.count(Operation::kUnlink), 1U);
  EXPECT_THAT(lines(), Contains(HasSubstr("unlink moved city: left.orders/1 -> right.cities/")));
  EXPECT_THAT(lines(), Contains(HasSubstr("link moved city: left.orders/1 -> right.cities/")));
  EXPECT_THAT(cities(), testing::Contains("Rome r"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, WhenAllMoveToANameThatNobodyHasTheTargetIsRenamed) {
  order({{"city", "Rome"}, {"note", "n"}});
  order({{"city", "Rome"}});
  order({{"city", "Oslo"}});
  settle();
  left->update("orders", {{"city", "Rome"}}, {{"city", "Roma"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kUpdate), 1U);
  EXPECT_EQ(summary.operations(), 1U);
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("update moved city")));
  EXPECT_THAT(cities(), ElementsAre("Oslo -", "Roma n"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, WhenOnlySomeMoveToANewNameANewTargetIsMade) {
  order({{"city", "Rome"}, {"note", "n"}});
  order({{"city", "Rome"}});
  settle();
  left->update("orders", {{"note", "n"}}, {{"city", "Roma"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Roma n", "Rome -"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, ATargetThatIsGoneIsMadeAgainAndAllAreLinked) {
  order({{"city", "Rome"}, {"note", "n"}});
  order({{"city", "Rome"}});
  settle();
  right->erase("cities", {});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome n"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, ATargetDeletedAndInsertedAgainIsSucceeded) {
  order({{"city", "Rome"}, {"note", "n"}});
  order({{"city", "Rome"}});
  settle();
  right->erase("cities", {});
  right->insert("cities", {{"name", "Rome"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kCreate), 0U);
  EXPECT_EQ(summary.count(Operation::kLink), 2U);
  EXPECT_THAT(cities(), ElementsAre("Rome n"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, ATargetWithoutContributorsIsKeptAndFoundAgain) {
  order({{"city", "Rome"}, {"note", "n"}});
  order({{"city", "Oslo"}});
  settle();
  left->erase("orders", {{"city", "Rome"}});
  EXPECT_EQ(settle().count(Operation::kUnlink), 1U);
  EXPECT_THAT(cities(), ElementsAre("Oslo -", "Rome n"));
  order({{"city", "Rome"}, {"note", "again"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kCreate), 0U);
  EXPECT_THAT(cities(), ElementsAre("Oslo -", "Rome again"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, AKeyThatBecomesNullKeepsContributingAndIsReported) {
  order({{"city", "Rome"}, {"note", "n"}});
  order({{"city", "Rome"}});
  settle();
  left->update("orders", {{"note", "n"}}, {{"city", std::nullopt}, {"note", "still"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kReport), 1U);
  EXPECT_THAT(cities(), ElementsAre("Rome still"));
}

TEST_F(ManyToOneTest, DriftOfTheTargetIsWrittenBack) {
  order({{"city", "Rome"}, {"note", "n"}});
  order({{"city", "Rome"}});
  settle();
  right->update("cities", {{"name", "Rome"}}, {{"note", "drift"}});
  settle();
  EXPECT_THAT(cities(), ElementsAre("Rome n"));
  expect_at_rest();
}

TEST_F(ManyToOneTest, APlanMakesATargetOnceHoweverManyBatchesWantIt) {
  for (int i = 0; i < 2500; ++i) {
    order({{"city", std::to_string(i % 7)}});
  }
  const Summary planned = plan().summary;
  EXPECT_EQ(planned.count(Operation::kCreate), 7U);
  const Summary done = settle();
  EXPECT_EQ(done.count(Operation::kCreate), 7U);
  EXPECT_EQ(done.count(Operation::kLink), planned.count(Operation::kLink));
}

TEST_F(ManyToOneTest, AManyFoldReconcileStaysWithinBatches) {
  for (int i = 0; i < 3000; ++i) {
    order({{"city", std::to_string(i % 7)}, {"note", std::to_string(i)}});
  }
  settle();
  EXPECT_EQ(right->count("cities"), 7U);
  EXPECT_LE(statements[0], 3U * 4U + 20U);
  EXPECT_LE(statements[1], 3U * 6U + 20U);
  expect_at_rest();
}

// The first to be looked at sees that they stay, for all of them. Who counts comes last.
TEST_F(ManyToOneTest, ThoseRenamedAlongWithTheirTargetAreNotReadAnewByEachBatch) {
  for (int i = 0; i < 60; ++i) {
    order({{"city", "Rome"}, {"note", "n"}, {"touched", "2025-01-01 00:00:00+00"}});
  }
  order({{"city", "Rome"}, {"note", "wins"}, {"touched", "2025-02-01 00:00:00+00"}});
  settle();
  batch_rows = 2;
  left->update("orders", {{"note", "n"}}, {{"note", "changed"}});
  EXPECT_EQ(settle().operations(), 0U);
  const auto without_a_new_name = statements;
  left->update("orders", {}, {{"city", "Roma"}});
  right->update("cities", {}, {{"name", "Roma"}});
  EXPECT_EQ(settle().operations(), 0U);
  EXPECT_LE(statements[0], without_a_new_name[0] + 8);
  EXPECT_LE(statements[1], without_a_new_name[1] + 8);
  EXPECT_THAT(cities(), ElementsAre("Roma wins"));
  expect_at_rest();
}

}  // namespace
}  // namespace couplet::test
