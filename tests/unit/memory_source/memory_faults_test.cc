#include "connectors/memory/memory_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/memory_source/people.h"

namespace couplet::memory {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Error down() { return Error{ErrorKind::kTransient, "down", {}, {}, "08006", {}}; }

ErrorKind kind_of(const Result<WriteOutcome>& outcome) {
  EXPECT_FALSE(outcome.has_value()) << "it went well";
  return outcome ? ErrorKind::kInternal : outcome.error().kind;
}

class MemoryFaultsTest : public testing::Test {
 protected:
  MemoryFaults& faults() { return database_->faults(); }
  Source& source() { return *source_; }
  void restart() {
    source_.reset();
    source_ = std::make_unique<MemorySource>(database_);
  }
  BatchNumber marked() {
    restart();
    return source_->attach_mark("mark").value().value();
  }

  std::shared_ptr<MemoryDatabase> database_ = database_of_people();
  std::unique_ptr<MemorySource> source_ = std::make_unique<MemorySource>(database_);
};

TEST_F(MemoryFaultsTest, ACallFailsWhenItsTurnComesAndThenNoMore) {
  faults().fail_next(SourceCall::kTables, down(), 2, 1);
  EXPECT_TRUE(source().tables().has_value());
  EXPECT_TRUE(source().identity().has_value()) << "another call";
  EXPECT_FALSE(source().tables().has_value());
  EXPECT_FALSE(source().tables().has_value());
  EXPECT_TRUE(source().tables().has_value());
  EXPECT_EQ(faults().happened(), 2U);
}

TEST_F(MemoryFaultsTest, EveryCallMayFail) {
  const Projection asked = projection_of({"name"});
  const std::vector<ObjectKey> keys{parse_key(asked.id_types, "1").value()};
  const TableName name{{}, "people"};
  RowBatch rows;
  ValueTable wanted;
  wanted.types = {type_of(TypeKind::kText)};
  wanted.rows.reset(1);
  const std::vector<std::size_t> by{0};
  auto running = source().scan(asked);
  ASSERT_TRUE(running.has_value());
  for (const SourceCall call :
       {SourceCall::kIdentity, SourceCall::kDescribe, SourceCall::kTables, SourceCall::kScan,
        SourceCall::kScanNext, SourceCall::kFetch, SourceCall::kFind, SourceCall::kReserveIds,
        SourceCall::kAttachMark, SourceCall::kMarkExists, SourceCall::kSubmit}) {
    faults().fail_next(call, down());
  }
  EXPECT_FALSE(source().identity().has_value());
  EXPECT_FALSE(source().describe({&name, 1}).has_value());
  EXPECT_FALSE(source().tables().has_value());
  EXPECT_FALSE(source().scan(asked).has_value());
  EXPECT_FALSE((*running)->next(rows).has_value());
  EXPECT_FALSE(source().fetch(asked, keys, rows).has_value());
  EXPECT_FALSE(source().find(asked, by, wanted, rows).has_value());
  EXPECT_FALSE(source().reserve_ids(people(), asked.id, asked.id_types, 1).has_value());
  EXPECT_FALSE(source().attach_mark("mark").has_value());
  EXPECT_FALSE(source().mark_exists("mark").has_value());
  EXPECT_FALSE(source().submit(creation(1, "1")).has_value());
  EXPECT_EQ(faults().happened(), 11U);
  EXPECT_TRUE(write(source(), creation(1, "1")).has_value())
      << "what submit refused is not in flight";
}

TEST_F(MemoryFaultsTest, ATransactionThatCannotCommitLeavesNothing) {
  ASSERT_TRUE(source().attach_mark("mark").has_value());
  faults().fail_next(SourceCall::kCommit, down());
  EXPECT_EQ(kind_of(write(source(), creation(1, "1"))), ErrorKind::kTransient);
  EXPECT_THAT(database_->rows("people"), IsEmpty());
  EXPECT_EQ(marked(), BatchNumber{0});
  EXPECT_TRUE(write(source(), creation(1, "1")).has_value());
  EXPECT_EQ(marked(), BatchNumber{1});
}

TEST_F(MemoryFaultsTest, ALostReplyDoesNotTellWhetherItCommitted) {
  ASSERT_TRUE(source().attach_mark("mark").has_value());
  faults().lose_commit(false);
  EXPECT_EQ(kind_of(write(source(), creation(1, "1"))), ErrorKind::kCommitUnknown);
  EXPECT_THAT(database_->rows("people"), IsEmpty());
  faults().lose_commit(true);
  EXPECT_EQ(kind_of(write(source(), creation(2, "2"))), ErrorKind::kCommitUnknown);
  EXPECT_THAT(database_->rows("people"), SizeIs(1));
  EXPECT_EQ(marked(), BatchNumber{2}) << "the mark does";
}

TEST_F(MemoryFaultsTest, WhatIsInFlightBehindALostReplyIsLostToo) {
  for (const bool late : {false, true}) {
    faults().execute_at_collect(late);
    faults().lose_commit(true);
    const std::string id = late ? "11" : "1";
    const std::string behind = late ? "12" : "2";
    ASSERT_TRUE(source().submit(creation(1, id)).has_value());
    ASSERT_TRUE(source().submit(creation(2, behind)).has_value());
    EXPECT_EQ(kind_of(source().collect()), ErrorKind::kCommitUnknown);
    EXPECT_EQ(kind_of(source().collect()), ErrorKind::kCommitUnknown);
    EXPECT_EQ(database_->update("people", {{"id", id}}, {}), 1U);
    EXPECT_EQ(database_->update("people", {{"id", behind}}, {}), 0U);
    EXPECT_TRUE(write(source(), creation(3, behind)).has_value()) << "connected anew";
  }
}

TEST_F(MemoryFaultsTest, AUserMayEditBetweenReadAndWrite) {
  database_->insert("people", {{"id", "1"}, {"name", "Ada"}});
  WriteGroup group = group_of(WriteGroup::Operation::kUpdate);
  add(group, "1", "ours", version_of(source(), "1"));
  faults().before(SourceCall::kSubmit, [&] {
    database_->update("people", {{"id", "1"}}, {{"name", "theirs"}});
  });
  const auto outcome = write(source(), batch_of(1, group));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->groups[0].written.rows(), 0U);
  EXPECT_THAT(database_->rows("people"), Contains(Contains(testing::Pair("name", "theirs"))));
}

TEST_F(MemoryFaultsTest, ABatchMayRunAsLateAsItIsCollected) {
  faults().execute_at_collect(true);
  ASSERT_TRUE(source().submit(creation(1, "1")).has_value());
  EXPECT_THAT(database_->rows("people"), IsEmpty());
  faults().execute_at_collect(false);
  ASSERT_TRUE(source().submit(creation(2, "2")).has_value());
  EXPECT_THAT(database_->rows("people"), IsEmpty()) << "not before the one submitted earlier";
  EXPECT_TRUE(source().collect().has_value());
  EXPECT_THAT(database_->rows("people"), SizeIs(1));
  restart();
  EXPECT_THAT(database_->rows("people"), SizeIs(1)) << "what had not run never will";
}

// What a simulation replays from its seed must be the same history.
TEST_F(MemoryFaultsTest, ChanceIsTheSameForTheSameSeed) {
  const auto history = [](std::uint64_t seed) {
    const auto database = database_of_people();
    MemoryFaults::Rates rates;
    rates.transient = 0.1;
    rates.commit_lost_before = 0.1;
    rates.commit_lost_after = 0.1;
    rates.execute_at_collect = 0.5;
    database->faults().randomise(seed, rates);
    MemorySource source(database);
    std::string told;
    for (std::uint64_t number = 1; number <= 200; ++number) {
      const auto outcome = write(source, creation(number, std::to_string(number)));
      told += outcome ? "w" : std::to_string(static_cast<int>(outcome.error().kind));
    }
    return std::make_tuple(told, database->rows("people"), database->faults().happened());
  };
  const auto first = history(42);
  EXPECT_EQ(first, history(42));
  EXPECT_NE(std::get<0>(first), std::get<0>(history(43)));
  EXPECT_GT(std::get<2>(first), 20U);
  EXPECT_THAT(std::get<1>(first), Not(IsEmpty()));
}

TEST_F(MemoryFaultsTest, NothingFailsAfterTheLastFaultHealed) {
  MemoryFaults::Rates rates;
  rates.transient = 1;
  faults().randomise(1, rates);
  faults().fail_next(SourceCall::kTables, down(), 100);
  faults().lose_commit(true);
  EXPECT_FALSE(source().identity().has_value());
  faults().heal();
  EXPECT_TRUE(source().tables().has_value());
  EXPECT_TRUE(write(source(), creation(1, "1")).has_value());
}

}  // namespace
}  // namespace couplet::memory
