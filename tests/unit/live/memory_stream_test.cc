// The stream of a database in memory: what engine/ports/change_stream.h promises.
#include <gmock/gmock.h>

#include "engine/model/packed_cells.h"
#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using Kind = ChangeEvent::Kind;

class MemoryStreamTest : public testing::Test, public PeopleWorld {
 protected:
  MemoryStreamTest() { left->make_slot("test"); }

  Result<std::unique_ptr<ChangeStream>> open(Position from = {}) {
    StreamRequest request;
    request.deployment = "test";
    request.tables = {{{"public", "people"}, {"id"}, {type_of(TypeKind::kInt64)}}};
    request.from = std::move(from);
    return source_.changes(request);
  }
  std::unique_ptr<ChangeStream> opened(Position from = {}) {
    auto stream = open(std::move(from));
    EXPECT_TRUE(stream.has_value());
    return std::move(*stream);
  }
  static ChangeBatch next(ChangeStream& stream) {
    auto batch = stream.next(std::chrono::milliseconds(0));
    EXPECT_TRUE(batch.has_value());
    return std::move(*batch);
  }
  static std::vector<Kind> kinds(const ChangeBatch& batch) {
    std::vector<Kind> found;
    for (const ChangeTransaction& transaction : batch.transactions) {
      for (const ChangeEvent& event : transaction.events) {
        found.push_back(event.kind);
      }
    }
    return found;
  }

  MemorySource source_{left};
};

TEST_F(MemoryStreamTest, TransactionsComeInTheOrderOfTheirCommits) {
  const auto stream = opened();
  left_has({{"key", "a"}});
  left_sets("a", {{"name", "n"}});
  left->erase("people", {{"key", "a"}});
  left_has({{"key", "b"}});
  left->truncate("people");
  const ChangeBatch batch = next(*stream);
  EXPECT_THAT(kinds(batch), ElementsAre(Kind::kInsert, Kind::kUpdate, Kind::kDelete, Kind::kInsert,
                                        Kind::kTruncate));
  ASSERT_THAT(batch.transactions, SizeIs(5));
  EXPECT_LT(std::get<Lsn>(batch.transactions[0].end), std::get<Lsn>(batch.transactions[1].end));
  EXPECT_EQ(batch.idle_at, std::optional<Position>(batch.transactions[4].end));
  EXPECT_TRUE(next(*stream).empty());
}

TEST_F(MemoryStreamTest, AnUpdateLeavesOutWhatIsStoredApartAndWasLeftAlone) {
  left = std::make_shared<MemoryDatabase>(memory::DatabaseSettings{.stored_apart_bytes = 4});
  create(*left, DescribedTable("people").id().text("key").text("name"));
  left->make_slot("test");
  MemorySource source(left);
  const Type text = type_of(TypeKind::kText);
  const auto stream = source.changes({.deployment = "test",
                                      .tables = {{{"public", "people"},
                                                  {"id"},
                                                  {type_of(TypeKind::kInt64)},
                                                  {"key", "name"},
                                                  {text, text}}}});
  ASSERT_TRUE(stream.has_value());
  left_has({{"key", "long"}, {"name", "longer"}});
  left_sets("long", {{"name", "another"}});
  left_sets("long", {{"key", "k"}});
  left_sets("k", {{"name", "last"}});
  std::vector<std::string> rows;
  for (const ChangeTransaction& transaction : next(**stream).transactions) {
    RowBatch batch;
    batch.reset(2);
    batch.begin_row({});
    ASSERT_TRUE(add_cells(transaction.events.at(0).cells, 2, batch));
    std::string row;
    for (std::size_t i = 0; i < 2; ++i) {
      const Value cell = batch.at(0, i);
      row += (cell.is_absent() ? "-" : std::string(cell.bytes())) + " ";
    }
    rows.push_back(row);
  }
  EXPECT_THAT(rows, ElementsAre("long longer ", "- another ", "k - ", "k last "));
}

TEST_F(MemoryStreamTest, ATransactionMayBeginAtTheEndOfTheOneBefore) {
  left = std::make_shared<MemoryDatabase>(memory::DatabaseSettings{.transactions_overlap = true});
  create(*left, DescribedTable("people").id().text("key"));
  left->make_slot("test");
  MemorySource source(left);
  const auto stream =
      source.changes({.deployment = "test",
                      .tables = {{{"public", "people"}, {"id"}, {type_of(TypeKind::kInt64)}}}});
  ASSERT_TRUE(stream.has_value());
  left_has({{"key", "a"}});
  left_has({{"key", "b"}});
  const ChangeBatch batch = next(**stream);
  ASSERT_THAT(batch.transactions, SizeIs(2));
  EXPECT_EQ(batch.transactions[1].begins_at, batch.transactions[0].end);
}

TEST_F(MemoryStreamTest, WhatIsNotAcknowledgedComesAgain) {
  auto stream = opened();
  left_has({{"key", "a"}});
  left_has({{"key", "b"}});
  const ChangeBatch first = next(*stream);
  stream->acknowledge(first.transactions[0].end);
  stream.reset();
  stream = opened(first.transactions[1].end);
  EXPECT_FALSE(stream->gap());
  EXPECT_THAT(next(*stream).transactions, SizeIs(1));
}

TEST_F(MemoryStreamTest, WhatIsAcknowledgedDoesNotComeAgainAndNeverGoesBack) {
  auto stream = opened();
  left_has({{"key", "a"}});
  left_has({{"key", "b"}});
  const ChangeBatch batch = next(*stream);
  stream->acknowledge(batch.transactions[1].end);
  stream->acknowledge(batch.transactions[0].end);
  stream.reset();
  EXPECT_TRUE(next(*opened(batch.transactions[1].end)).transactions.empty());
}

TEST_F(MemoryStreamTest, AnotherIdIsToldWithTheOneBefore) {
  left_has({{"key", "a"}});
  auto stream = opened();
  next(*stream);
  left->update("people", {{"key", "a"}}, {{"id", "50"}});
  const ChangeEvent event = next(*stream).transactions.at(0).events.at(0);
  EXPECT_EQ(event.kind, Kind::kUpdate);
  ASSERT_TRUE(event.before);
  EXPECT_EQ(format_key(std::vector{type_of(TypeKind::kInt64)}, *event.before), "1");
  EXPECT_EQ(format_key(std::vector{type_of(TypeKind::kInt64)}, event.key), "50");
}

TEST_F(MemoryStreamTest, ARolledBackTransactionIsNotTold) {
  const auto stream = opened();
  EXPECT_TRUE(next(*stream).idle_at.has_value()) << "nothing has come since the slot was made";
  EXPECT_FALSE(left->transaction([](memory::MemoryTransaction& work) -> Result<void> {
    COUPLET_TRY(work.insert("people", {{"key", "a"}}));
    return fail(ErrorKind::kInterrupted, "never mind");
  }));
  EXPECT_TRUE(next(*stream).empty());
}

TEST_F(MemoryStreamTest, ALargeTransactionComesInPartsOfWhichTheLastEndsIt) {
  const auto stream = opened();
  ASSERT_TRUE(left->transaction([](memory::MemoryTransaction& work) -> Result<void> {
    for (int i = 0; i < 2100; ++i) {
      COUPLET_TRY(work.insert("people", {{"key", std::to_string(i)}}));
    }
    return {};
  }));
  std::vector<std::size_t> sizes;
  for (bool ended = false; !ended;) {
    const ChangeBatch batch = next(*stream);
    ASSERT_THAT(batch.transactions, SizeIs(1));
    sizes.push_back(batch.transactions[0].events.size());
    ended = batch.transactions[0].ended;
    EXPECT_EQ(ended, batch.idle_at.has_value());
  }
  EXPECT_THAT(sizes, ElementsAre(1000, 1000, 100));
}

TEST_F(MemoryStreamTest, ATableThatNobodyMapsOnlyMovesTheIdlePlace) {
  const auto stream = opened();
  left->write_elsewhere();
  const ChangeBatch batch = next(*stream);
  EXPECT_TRUE(batch.transactions.empty());
  EXPECT_TRUE(batch.idle_at.has_value());
}

TEST_F(MemoryStreamTest, OneStreamHoldsTheSlotAtATime) {
  auto stream = opened();
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kTransient);
  stream.reset();
  EXPECT_TRUE(open().has_value());
}

TEST_F(MemoryStreamTest, WithoutASlotThereIsNoStream) {
  left->drop_slot("test");
  const auto stream = open();
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().kind, ErrorKind::kSchema);
}

TEST_F(MemoryStreamTest, ATransactionIsVisibleOnceReadsSeeIt) {
  left_has({{"key", "a"}});
  auto stream = opened();
  next(*stream);
  ASSERT_TRUE(left->hidden_transaction([](memory::MemoryTransaction& work) -> Result<void> {
    COUPLET_TRY(work.update("people", {{"key", "a"}}, {{"name", "later"}}));
    return {};
  }));
  const std::uint64_t id = next(*stream).transactions.at(0).transaction;
  EXPECT_THAT(lefts(), ElementsAre("a - -"));
  ASSERT_TRUE(source_.ask_visible({&id, 1}));
  EXPECT_FALSE(source_.are_visible().value());
  left->show_hidden();
  EXPECT_TRUE(source_.are_visible().value());
  EXPECT_THAT(lefts(), ElementsAre("a later -"));
}

TEST_F(MemoryStreamTest, NobodyWritesARowThatATransactionHoldsWhichNoReadSees) {
  left_has({{"key", "a"}});
  ASSERT_TRUE(left->hidden_transaction([](memory::MemoryTransaction& work) -> Result<void> {
    COUPLET_TRY(work.update("people", {{"key", "a"}}, {{"name", "later"}}));
    return {};
  }));
  EXPECT_DEATH(left->update("people", {{"key", "a"}}, {{"name", "beside it"}}), "invariant");
  left->show_hidden();
  left->update("people", {{"key", "a"}}, {{"name", "behind it"}});
  EXPECT_THAT(lefts(), ElementsAre("a behind it -"));
}

}  // namespace
}  // namespace couplet::test
