// What a stream is put together from: staged transactions, the queue, a slot's facts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "connectors/postgres/change_queue.h"
#include "connectors/postgres/slot.h"
#include "connectors/postgres/staged_transaction.h"
#include "engine/ports/tuning.h"

namespace couplet::postgres {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

ChangeEvent event(int number) {
  ChangeEvent event;
  event.kind = number % 3 == 0 ? ChangeEvent::Kind::kUpdate : ChangeEvent::Kind::kInsert;
  event.table = static_cast<std::size_t>(number % 7);
  event.key.bytes = std::string(static_cast<std::size_t>(number % 50) + 1, 'k');
  event.key.bytes += std::to_string(number);
  if (number % 3 == 0) {
    event.before = ObjectKey{"before " + std::to_string(number)};
  }
  if (number % 2 == 0) {
    event.cells = "cells " + std::to_string(number);
  }
  return event;
}

void expect_same(const ChangeEvent& one, const ChangeEvent& other) {
  EXPECT_EQ(one.kind, other.kind);
  EXPECT_EQ(one.table, other.table);
  EXPECT_EQ(one.key, other.key);
  EXPECT_EQ(one.before, other.before);
  EXPECT_EQ(one.cells, other.cells);
}

TEST(StagedTransactionTest, WhatIsStagedComesBackInOrderHoweverMuchItIs) {
  for (const int count : {0, 1, 1000, 50'000}) {
    StagedTransaction staged("");
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(staged.add(1, event(i)).has_value());
    }
    std::vector<ChangeEvent> all;
    for (Result<bool> more = true; *more;) {
      std::vector<ChangeEvent> part;
      more = staged.take(777, part);
      ASSERT_TRUE(more.has_value());
      EXPECT_TRUE(!*more || part.size() == 777);
      all.insert(all.end(), part.begin(), part.end());
    }
    ASSERT_THAT(all, SizeIs(static_cast<std::size_t>(count)));
    for (int i = 0; i < count; ++i) {
      expect_same(all[static_cast<std::size_t>(i)], event(i));
    }
  }
}

TEST(StagedTransactionTest, OfRolledBackSubtransactionsNothingComesBack) {
  StagedTransaction staged("");
  for (int i = 0; i < 30'000; ++i) {
    ASSERT_TRUE(staged.add(static_cast<std::uint32_t>(i % 10), event(i)).has_value());
  }
  staged.abort(9);
  staged.abort(3);
  std::vector<ChangeEvent> all;
  ASSERT_TRUE(staged.take(100'000, all).has_value());
  ASSERT_THAT(all, SizeIs(24'000));
  expect_same(all[3], event(4));
}

TEST(StagedTransactionTest, AKeyLargerThanItsMemoryIsKept) {
  StagedTransaction staged("");
  ChangeEvent large = event(1);
  large.key.bytes.assign(300'000, 'x');
  ASSERT_TRUE(staged.add(1, event(0)).has_value());
  ASSERT_TRUE(staged.add(1, large).has_value());
  ASSERT_TRUE(staged.add(1, event(2)).has_value());
  std::vector<ChangeEvent> all;
  ASSERT_TRUE(staged.take(10, all).has_value());
  ASSERT_THAT(all, SizeIs(3));
  expect_same(all[1], large);
  expect_same(all[2], event(2));
}

TEST(StagedTransactionTest, FewLargeOnesAreTakenAtATime) {
  StagedTransaction staged("");
  ChangeEvent large = event(2);
  large.cells.assign(tuning::kBatchBytes / 4, 'x');
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(staged.add(1, large).has_value());
  }
  for (const std::size_t count : {4U, 4U}) {
    std::vector<ChangeEvent> part;
    EXPECT_EQ(staged.take(1000, part).value(), true);
    EXPECT_THAT(part, SizeIs(count));
  }
  std::vector<ChangeEvent> none;
  EXPECT_EQ(staged.take(1000, none).value(), false);
  EXPECT_THAT(none, SizeIs(0));
}

ChangeBatch batch_of(std::size_t events, std::uint64_t end) {
  ChangeBatch batch;
  ChangeTransaction& transaction = batch.transactions.emplace_back();
  transaction.events.resize(events);
  transaction.ended = true;
  transaction.end = Lsn{end};
  return batch;
}

TEST(ChangeQueueTest, ItIsFullByBytesAndHasRoomOnceHalfIsTaken) {
  ChangeQueue queue(8'000'000);
  int put = 0;
  while (queue.has_room()) {
    ChangeBatch batch = batch_of(ChangeQueue::kEventsMost, 1);
    queue.put(batch);
    EXPECT_TRUE(batch.empty());
    ++put;
  }
  EXPECT_GT(put, 3);
  EXPECT_LT(put, 30);
  int taken = 0;
  bool room_made = false;
  while (!room_made && taken < put) {
    ASSERT_THAT(queue.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(1));
    ++taken;
  }
  EXPECT_TRUE(room_made);
  EXPECT_LT(taken, put);
  EXPECT_TRUE(queue.has_room());
  ASSERT_TRUE(queue.take(std::chrono::milliseconds(0), room_made).has_value());
  EXPECT_FALSE(room_made) << "told once";
}

TEST(ChangeQueueTest, AnIdlePlaceIsGivenBehindTheTransactionsBeforeIt) {
  ChangeQueue queue(1'000'000);
  ChangeBatch idle;
  idle.idle_at = Lsn{5};
  queue.put(idle);
  ChangeBatch first = batch_of(ChangeQueue::kEventsMost, 10);
  queue.put(first);
  ChangeBatch second = batch_of(1, 20);
  second.idle_at = Lsn{30};
  queue.put(second);
  bool room_made = false;
  EXPECT_FALSE(queue.take(std::chrono::milliseconds(0), room_made)->idle_at.has_value());
  const auto last = queue.take(std::chrono::milliseconds(0), room_made);
  EXPECT_THAT(last->transactions, SizeIs(1));
  EXPECT_EQ(last->idle_at, Position(Lsn{30}));
  EXPECT_TRUE(queue.take(std::chrono::milliseconds(0), room_made)->empty());
}

TEST(ChangeQueueTest, AnErrorComesBehindWhatCameBeforeItAndStays) {
  ChangeQueue queue(1'000'000);
  ChangeBatch batch = batch_of(1, 10);
  queue.put(batch);
  queue.close(Error{ErrorKind::kTransient, "over", {}, {}, {}, {}});
  bool room_made = false;
  EXPECT_THAT(queue.take(std::chrono::hours(1), room_made)->transactions, SizeIs(1));
  EXPECT_EQ(queue.take(std::chrono::hours(1), room_made).error().message, "over");
  EXPECT_EQ(queue.take(std::chrono::hours(1), room_made).error().message, "over");
}

// What a part holds of a row may be what nobody else ever sees.
TEST(ChangeQueueTest, ATransactionIsGivenWhole) {
  ChangeQueue queue(1'000'000);
  const auto put = [&](std::uint64_t end, bool ended) {
    ChangeBatch batch = batch_of(10, end);
    batch.transactions.front().ended = ended;
    queue.put(batch);
  };
  bool room_made = false;
  put(20, false);
  EXPECT_TRUE(queue.take(std::chrono::milliseconds(0), room_made)->empty());
  put(20, true);
  put(30, false);
  EXPECT_THAT(queue.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(2));
  EXPECT_TRUE(queue.take(std::chrono::milliseconds(0), room_made)->empty());
  put(30, true);
  EXPECT_THAT(queue.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(2));
}

TEST(ChangeQueueTest, ATransactionThatIsTooLargeIsGivenInParts) {
  bool room_made = false;
  ChangeBatch batch = batch_of(ChangeQueue::kEventsMost, 10);
  batch.transactions.front().ended = false;
  ChangeQueue roomy(1'000'000'000);
  roomy.put(batch);
  EXPECT_THAT(roomy.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(1));
  batch = batch_of(10, 10);
  batch.transactions.front().ended = false;
  ChangeQueue narrow(100);
  narrow.put(batch);
  EXPECT_FALSE(narrow.has_room());
  EXPECT_THAT(narrow.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(1));
}

TEST(ChangeQueueTest, WhereMoreComesSoonNothingIsGivenBeforeItIsEnough) {
  ChangeQueue queue(100'000'000);
  bool room_made = false;
  const std::size_t tenth = ChangeQueue::kEventsEnough / 10;
  for (int part = 1; part <= 10; ++part) {
    EXPECT_TRUE(queue.take(std::chrono::milliseconds(0), room_made)->empty()) << part;
    ChangeBatch batch = batch_of(tenth, static_cast<std::uint64_t>(part));
    queue.put(batch, true);
  }
  EXPECT_THAT(queue.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(10));
}

TEST(ChangeQueueTest, WhoWaitsIsWokenWhenNoMoreComes) {
  for (const bool with_more : {false, true}) {
    ChangeQueue queue(1'000'000);
    ChangeBatch batch = batch_of(1, 10);
    queue.put(batch, true);
    std::thread other([&] {
      ChangeBatch last = with_more ? batch_of(1, 20) : ChangeBatch();
      queue.put(last);
    });
    bool room_made = false;
    EXPECT_THAT(queue.take(std::chrono::hours(1), room_made)->transactions,
                SizeIs(with_more ? 2 : 1));
    other.join();
  }
}

TEST(ChangeQueueTest, WhatWaitsNoLongerIsGivenWhateverComesBehindIt) {
  ChangeQueue queue(1'000'000);
  ChangeBatch batch = batch_of(1, 10);
  queue.put(batch, true);
  queue.put(batch, false);
  queue.put(batch, true);
  batch = batch_of(1, 20);
  queue.put(batch, true);
  bool room_made = false;
  EXPECT_THAT(queue.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(2));
  batch = batch_of(1, 30);
  queue.put(batch, true);
  EXPECT_TRUE(queue.take(std::chrono::milliseconds(0), room_made)->empty());
}

TEST(ChangeQueueTest, TheRestOfWhatWaitsNoLongerDoesNotWaitEither) {
  ChangeQueue queue(1'000'000'000);
  for (std::size_t end : {10U, 20U}) {
    ChangeBatch batch = batch_of(ChangeQueue::kEventsMost, end);
    queue.put(batch);
  }
  bool room_made = false;
  ChangeBatch batch = batch_of(1, 30);
  queue.put(batch);
  ASSERT_THAT(queue.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(1));
  ASSERT_THAT(queue.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(1));
  batch = batch_of(1, 40);
  queue.put(batch, true);
  EXPECT_THAT(queue.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(2));
}

TEST(ChangeQueueTest, FewLargeOnesAreEnough) {
  ChangeBatch batch = batch_of(10, 10);
  ChangeQueue queue(15 * sizeof(ChangeEvent));
  queue.put(batch, true);
  bool room_made = false;
  EXPECT_THAT(queue.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(1));
}

TEST(ChangeQueueTest, WhatWaitsForMoreIsGivenAtAnIdlePlaceAndBeforeAnError) {
  bool room_made = false;
  ChangeQueue idle(1'000'000);
  ChangeBatch batch = batch_of(1, 10);
  batch.idle_at = Lsn{30};
  idle.put(batch, true);
  batch = batch_of(1, 40);
  idle.put(batch, true);
  EXPECT_THAT(idle.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(2));
  ChangeQueue closed(1'000'000);
  batch = batch_of(1, 10);
  closed.put(batch, true);
  closed.close(Error{});
  EXPECT_THAT(closed.take(std::chrono::milliseconds(0), room_made)->transactions, SizeIs(1));
  EXPECT_FALSE(closed.take(std::chrono::milliseconds(0), room_made).has_value());
}

TEST(ChangeQueueTest, WhoWaitsIsWokenByWhatComes) {
  ChangeQueue queue(1'000'000);
  std::thread other([&queue] {
    ChangeBatch batch = batch_of(1, 10);
    queue.put(batch);
  });
  bool room_made = false;
  EXPECT_THAT(queue.take(std::chrono::hours(1), room_made)->transactions, SizeIs(1));
  other.join();
}

StreamSlot facts() {
  StreamSlot facts;
  facts.name = "couplet_x_left";
  facts.publication = "couplet_x_left";
  facts.database = facts.slot_database = "db";
  facts.exists = facts.publication_exists = true;
  facts.plugin = "pgoutput";
  facts.confirmed = Lsn{100};
  facts.server = Lsn{1000};
  facts.wal_status = "reserved";
  return facts;
}

TEST(SlotTest, ASlotAsSetupMakesItIsTaken) {
  EXPECT_TRUE(check_slot("left", facts()).has_value());
  for (const char* alive : {"reserved", "extended", "unreserved"}) {
    StreamSlot other = facts();
    other.wal_status = alive;
    EXPECT_TRUE(check_slot("left", other).has_value()) << alive;
  }
}

TEST(SlotTest, ALostSlotIsToldApartFromOneThatIsMissing) {
  StreamSlot lost = facts();
  lost.wal_status = "lost";
  EXPECT_EQ(check_slot("left", lost).error().code, "slot_lost");
  EXPECT_EQ(check_slot("left", lost).error().kind, ErrorKind::kSchema);
  StreamSlot missing = facts();
  missing.exists = false;
  EXPECT_EQ(check_slot("left", missing).error().code, "slot_missing");
}

TEST(SlotTest, AGapIsWhereTheSlotOrTheServerIsNotWhereWeWere) {
  EXPECT_FALSE(gap_of(facts(), Position(), "1/a").has_value());
  EXPECT_FALSE(gap_of(facts(), Lsn{100}, {}).has_value());
  EXPECT_FALSE(gap_of(facts(), Lsn{1000}, {}).has_value());
  EXPECT_THAT(gap_of(facts(), Lsn{99}, {}).value().reason,
              HasSubstr("goes on at 0/64, behind 0/63"));
  EXPECT_THAT(gap_of(facts(), Lsn{1001}, {}).value().reason,
              HasSubstr("ends at 0/3E8, before 0/3E9"));
}

TEST(SlotTest, AGapIsWhereTheServerHasToldUnderOtherTerms) {
  StreamSlot now = facts();
  now.timeline = "00000002";
  now.published = "a";
  EXPECT_FALSE(gap_of(now, Lsn{100}, terms_of(now)).has_value());
  EXPECT_FALSE(gap_of(now, Position(), "00000001/b").has_value()) << "nothing was told yet";
  EXPECT_THAT(gap_of(now, Lsn{100}, "00000001/a").value().reason,
              HasSubstr("on timeline 00000002 and was on 00000001"));
  EXPECT_THAT(gap_of(now, Lsn{100}, "00000002/b").value().reason, HasSubstr("is not as it was"));
}

TEST(SlotTest, PlacesAreWrittenAsTheServerWritesThem) {
  EXPECT_EQ(to_string(Lsn{0x1'8957'5F78}), "1/89575F78");
  EXPECT_EQ(to_string(Lsn{}), "0/0");
}

}  // namespace
}  // namespace couplet::postgres
