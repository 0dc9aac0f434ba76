#include "engine/sync/read_horizon.h"

#include <gtest/gtest.h>

#include "connectors/memory/memory_source.h"
#include "storage/memory/memory_state_store.h"
#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

constexpr std::size_t kPair = 3;
const ObjectKey kRead{"read"};
const ObjectKey kOther{"other"};

// A database that is as far as the test says.
class Clockwork : public SyncWorld {
 public:
  // Somebody writes there.
  void write() { left->insert("things", {{"name", std::to_string(++written_)}}); }
  Position now() {
    memory::MemorySource source(left);
    return *source.position();
  }

 private:
  int written_ = 0;
};

class ReadHorizonTest : public testing::Test {
 protected:
  ReadHorizonTest() {
    world_.create(*world_.left, DescribedTable("things").id().text("name"));
    world_.left->log().make_slot("test");
  }
  ReadHorizon open() { return std::move(*ReadHorizon::open(store_, {"left"})); }
  void save(ReadHorizon& horizon) {
    StateBatch changes;
    horizon.put(changes);
    ASSERT_TRUE(store_.commit(changes, Durability::kSynced).has_value());
  }
  Position later() {
    world_.write();
    return world_.now();
  }

  Clockwork world_;
  memory::MemorySource source_{world_.left};
  MemoryStateStore store_;
};

TEST_F(ReadHorizonTest, OfAStateThatDoesNotTellEverythingUpToNowMayHaveBeenRead) {
  ReadHorizon horizon = open();
  const Position before = later();
  EXPECT_TRUE(horizon.covers(0, kPair, Side::kLeft, kRead, before));
  ASSERT_TRUE(horizon.place(0, source_).has_value());
  EXPECT_TRUE(horizon.covers(0, kPair, Side::kLeft, kRead, before));
  EXPECT_FALSE(horizon.covers(0, kPair, Side::kLeft, kRead, later()));
}

TEST_F(ReadHorizonTest, ALinkThatWasReadIsCoveredUpToWhereItsSourceWasThen) {
  ReadHorizon horizon = open();
  ASSERT_TRUE(horizon.place(0, source_).has_value());
  const Position event = later();
  horizon.note(kPair, Side::kLeft, kRead);
  ASSERT_TRUE(horizon.place(0, source_).has_value());
  EXPECT_TRUE(horizon.covers(0, kPair, Side::kLeft, kRead, event));
  EXPECT_FALSE(horizon.covers(0, kPair, Side::kLeft, kOther, event)) << "nobody has read it";
  EXPECT_FALSE(horizon.covers(0, kPair, Side::kLeft, kRead, later()));
}

TEST_F(ReadHorizonTest, WhatIsPassedIsForgottenAndStaysPassed) {
  ReadHorizon horizon = open();
  ASSERT_TRUE(horizon.place(0, source_).has_value());
  horizon.note(kPair, Side::kLeft, kRead);
  ASSERT_TRUE(horizon.place(0, source_).has_value());
  const Position event = later();
  horizon.pass(0, event);
  EXPECT_FALSE(horizon.covers(0, kPair, Side::kLeft, kRead, event));
}

TEST_F(ReadHorizonTest, TheNextProcessKnowsWhatWasSaved) {
  Position event;
  {
    ReadHorizon horizon = open();
    ASSERT_TRUE(horizon.begin_reading().has_value());
    ASSERT_TRUE(horizon.place(0, source_).has_value());
    EXPECT_TRUE(horizon.is_unsaved(0));
    save(horizon);
    EXPECT_FALSE(horizon.is_unsaved(0));
    event = later();
  }
  ReadHorizon next = open();
  EXPECT_FALSE(next.covers(0, kPair, Side::kLeft, kRead, event));
}

TEST_F(ReadHorizonTest, AProcessThatDiesWhileItReadsLeavesNothingToRelyOn) {
  {
    ReadHorizon horizon = open();
    ASSERT_TRUE(horizon.place(0, source_).has_value());
    save(horizon);
    ASSERT_TRUE(horizon.begin_reading().has_value());
    horizon.note(kPair, Side::kLeft, kRead);
  }
  const Position event = later();
  ReadHorizon next = open();
  EXPECT_TRUE(next.covers(0, kPair, Side::kLeft, kOther, event));
}

TEST_F(ReadHorizonTest, MoreLinksThanAreRememberedAreTakenForAll) {
  ReadHorizon horizon = open();
  ASSERT_TRUE(horizon.place(0, source_).has_value());
  const Position event = later();
  for (int i = 0; i < 100'001; ++i) {
    horizon.note(kPair, Side::kLeft, {std::to_string(i)});
  }
  ASSERT_TRUE(horizon.place(0, source_).has_value());
  EXPECT_TRUE(horizon.covers(0, kPair, Side::kLeft, kOther, event));
  EXPECT_FALSE(horizon.covers(0, kPair, Side::kLeft, kOther, later()));
}

}  // namespace
}  // namespace couplet::test
