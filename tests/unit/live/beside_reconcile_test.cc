// A reconcile on schedule takes turns with the streams: neither starves, none undoes the other's
// work.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;

constexpr std::int64_t kEveryUs = 3'600'000'000;

class BesideReconcileTest : public testing::Test, public LiveWorld {
 protected:
  BesideReconcileTest() {
    map("direction: both");
    schedule.emplace().every_us = kEveryUs;
  }

  void on_progress(std::size_t /*mapping*/, const char* phase, std::uint64_t /*done*/,
                   std::uint64_t /*total*/) override {
    if (at_progress_ && began_us_ != 0 && ended_us_ == 0) {
      at_progress_(phase);
    }
  }
  void on_operation(const OperationReport& report) override {
    LiveWorld::on_operation(report);
    if (at_operation_) {
      at_operation_();
    }
  }
  void on_notice(const std::string& sentence) override {
    LiveWorld::on_notice(sentence);
    if (sentence.starts_with("reconciling: it is due")) {
      began_us_ = clock.monotonic_us();
    } else if (began_us_ != 0 && sentence.starts_with("reconciled: ")) {
      ended_us_ = clock.monotonic_us();
      rights_then_ = rights();
    }
  }

  // So many people, on both sides and linked.
  void people(int count) {
    for (int i = 0; i < count; ++i) {
      left_has({{"key", std::string(1, static_cast<char>('a' + i))}, {"name", "first"}});
    }
    live();
  }
  // As if no event had told of it.
  void set_untold(const std::string& key, const std::string& name) {
    left->drop_slot("test");
    left_sets(key, {{"name", name}});
    left->make_slot("test");
    StateBatch unaware;
    StreamProgress progress = *progress_of(*store, "left");
    progress.done = left->acknowledged("test");
    put_progress(unaware, "left", progress);
    ASSERT_TRUE(disk.commit(unaware, Durability::kSynced));
  }
  // A process in which one comes due.
  void live_through_one() {
    after_steps(1, [&] { clock.sleep_us(kEveryUs); });
    live();
  }

  std::function<void(const std::string& phase)> at_progress_;
  std::function<void()> at_operation_;
  std::int64_t began_us_ = 0;
  std::int64_t ended_us_ = 0;
  std::vector<std::string> rights_then_;  // when it ended
};

TEST_F(BesideReconcileTest, AChangeMadeMeanwhileIsFollowedBeforeItEndsAndIsNoDrift) {
  people(2);
  at_progress_ = [&](const std::string& phase) {
    if (phase == "scan") {
      at_progress_ = nullptr;
      left_sets("a", {{"name", "meanwhile"}});
    }
  };
  live_through_one();
  EXPECT_THAT(rights_then_, ElementsAre("a meanwhile -", "b first -"));
  EXPECT_TRUE(told("reconciled: 0 operations"));
  expect_in_step();
}

TEST_F(BesideReconcileTest, WhatEventsToldMeanwhileIsNotUndoneByRowsThatWereReadBefore) {
  batch_rows = 1;
  people(4);
  for (const char* key : {"a", "b", "c", "d"}) {
    set_untold(key, "untold");
  }
  at_progress_ = [&](const std::string& phase) {
    if (phase == "sync") {  // Those of the next batch are read already.
      at_progress_ = nullptr;
      left_sets("b", {{"name", "meanwhile"}});
      right_sets("c", {{"mail", "theirs"}});
    }
  };
  live_through_one();
  EXPECT_THAT(rights_then_,
              ElementsAre("a untold -", "b meanwhile -", "c untold theirs", "d untold -"));
  EXPECT_TRUE(told("reconciled: 2 operations")) << "the others were told of";
  expect_in_step();
}

TEST_F(BesideReconcileTest, ChangesThatKeepComingDoNotKeepItFromItsEnd) {
  people(3);
  int changes = 0;
  at_progress_ = [&](const std::string& phase) {
    if (phase == "scan") {
      clock.sleep_us(1'000);
      left_sets("a", {{"name", "change " + std::to_string(++changes)}});
    }
  };
  at_operation_ = [&] {
    clock.sleep_us(1'000);
    if (ended_us_ == 0) {
      ASSERT_LT(changes, 1'000) << "the reconcile starves";
      left_sets("a", {{"name", "change " + std::to_string(++changes)}});
    }
  };
  live_through_one();
  at_operation_ = nullptr;
  ASSERT_NE(ended_us_, 0);
  EXPECT_GT(changes, 10) << "its scan gives way, for nine times as long as it has worked";
  EXPECT_LT(changes, 100);
  live();
  EXPECT_THAT(rights(), Contains("a change " + std::to_string(changes) + " -"));
  expect_in_step();
}

TEST_F(BesideReconcileTest, WhereItNeedNotYieldItHasHalfOfTheTime) {
  schedule->yield_to_live = false;
  people(3);
  int changes = 0;
  at_progress_ = [&](const std::string& phase) { clock.sleep_us(phase == "scan" ? 4'000 : 0); };
  at_operation_ = [&] {
    clock.sleep_us(1'000);
    if (began_us_ != 0 && ended_us_ == 0) {
      left_sets("a", {{"name", "change " + std::to_string(++changes)}});
    }
  };
  after_steps(1, [&] { left_sets("a", {{"name", "change " + std::to_string(++changes)}}); });
  live_through_one();
  EXPECT_GT(changes, 4);
  EXPECT_LT(changes, 30);
}

TEST_F(BesideReconcileTest, ItReadsNoMoreObjectsASecondThanItMayAndChangesDoNotWaitForThat) {
  schedule->max_rate = 2;
  people(10);
  std::int64_t changed_us = 0;
  std::int64_t followed_us = 0;
  at_progress_ = [&](const std::string& /*phase*/) {
    if (changed_us == 0) {
      left_sets("a", {{"name", "meanwhile"}});
      changed_us = clock.monotonic_us();
    }
  };
  at_operation_ = [&] { followed_us = clock.monotonic_us(); };
  live_through_one();
  EXPECT_NEAR(static_cast<double>(ended_us_ - began_us_), 10e6, 0.1e6) << "20 rows, 2 a second";
  EXPECT_LT(followed_us - changed_us, 10'000);
  EXPECT_THAT(rights_then_, Contains("a meanwhile -"));
}

TEST_F(BesideReconcileTest, OneThatIsStoppedIsStillDueAndTheChangesAtHandComeAgain) {
  people(2);
  set_untold("b", "untold");
  bool stop = false;
  stop_requested = [&] { return stop; };
  at_progress_ = [&](const std::string& /*phase*/) {
    left_sets("a", {{"name", "meanwhile"}});
    stop = true;
    at_progress_ = nullptr;
  };
  live_through_one();
  EXPECT_FALSE(told("reconciled: "));
  EXPECT_THAT(rights(), ElementsAre("a first -", "b first -"));
  stop = false;
  live();
  EXPECT_TRUE(told("reconciling: it is due by its schedule"));
  EXPECT_THAT(rights(), ElementsAre("a meanwhile -", "b untold -"));
  expect_in_step();
}

TEST_F(BesideReconcileTest, OneThatIsKilledAtItsEndIsStillDue) {
  people(1);
  after_steps(1, [&] { clock.sleep_us(kEveryUs); });
  ASSERT_TRUE(live_until("reconcile_done", 1));
  live();
  EXPECT_TRUE(told("reconciling: it is due by its schedule"));
  live();
  EXPECT_FALSE(told("reconciling"));
}

TEST_F(BesideReconcileTest, AStreamThatIsLostMeanwhileEndsItAndTheNextLifeBeginsWithTheGap) {
  people(1);
  at_progress_ = [&](const std::string& /*phase*/) {
    at_progress_ = nullptr;
    left->drop_slot("test");
    left_sets("a", {{"name", "untold"}});
    left->make_slot("test");
  };
  live_through_one();
  EXPECT_TRUE(told("it was made again"));
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
  expect_in_step();
}

}  // namespace
}  // namespace couplet::test
