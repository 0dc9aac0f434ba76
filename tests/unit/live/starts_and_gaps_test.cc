// When a reconcile comes first, what is waited for, and what only a person can mend.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Error unavailable() {
  return {ErrorKind::kUnavailable, "source 'left' cannot be reached", {}, {}, {}, {}};
}

class StartsAndGapsTest : public testing::Test, public LiveWorld {
 protected:
  void in_step() {
    map("direction: both");
    left_has({{"key", "a"}, {"name", "Ada"}});
    live();
  }
  [[nodiscard]] std::string due(const std::string& source) const {
    return progress_of(*store, source)->due;
  }
  static ReconcileOptions every(std::int64_t us) {
    ReconcileOptions options;
    options.every_us = us;
    return options;
  }
  // A process that starts so much later: whether its schedule has it reconcile.
  bool reconciles_after(std::int64_t us) {
    clock.sleep_us(us);
    live();
    return told("reconciling: it is due by its schedule");
  }
  bool refuse_ = false;
};

TEST_F(StartsAndGapsTest, TheFirstStartReconcilesWhatIsThereThenFollows) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right_has({{"key", "b"}, {"name", "Bob"}});
  live();
  EXPECT_TRUE(told("reconciling: source 'left': it was never reconciled beside a stream"));
  EXPECT_TRUE(told("following the changes of left, right"));
  EXPECT_THAT(lefts(), ElementsAre("a Ada -", "b Bob -"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, ALaterStartGoesOnWhereTheLastOneEndedWithoutAReconcile) {
  in_step();
  left_sets("a", {{"name", "while away"}});
  live();
  EXPECT_FALSE(told("reconciling"));
  EXPECT_THAT(rights(), ElementsAre("a while away -"));
}

TEST_F(StartsAndGapsTest, ASlotThatWasMadeAgainIsAGapThatAReconcileCloses) {
  in_step();
  left->drop_slot("test");
  left_sets("a", {{"name", "untold"}});
  left->make_slot("test");
  live();
  EXPECT_TRUE(told("source 'left': the slot begins behind where we were: it was made again"));
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
  left_sets("a", {{"name", "told"}});
  live();
  EXPECT_FALSE(told("reconciling"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, ATableThatWasLeftOutForAWhileIsAGapThatAReconcileCloses) {
  in_step();
  left->tell("people", false);
  left_sets("a", {{"name", "untold"}});
  left->tell("people", true);
  ASSERT_TRUE(live_until("before_intent", 1));
  EXPECT_TRUE(told("source 'left': not every table was told of"));
  live();
  EXPECT_TRUE(told("reconciling: source 'left': not every table was told of")) << "on record";
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
  live();
  EXPECT_FALSE(told("reconciling"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, ATableThatIsLeftOutWhileItRunsIsFoundOutWithinAMinute) {
  in_step();
  after_steps(1, [&] {
    left->tell("people", false);
    left_sets("a", {{"name", "untold"}});
    left->tell("people", true);
    clock.sleep_us(61'000'000);
  });
  live();
  EXPECT_TRUE(told("reconciling: source 'left': not every table was told of"));
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, AStreamThatLacksSomethingAgainAtOnceEndsItWithAdvice) {
  in_step();
  const Error missing{ErrorKind::kSchema, "the publication is gone", {}, {}, "42704", {}};
  for (int life = 0; life < 5; ++life) {  // Each time behind a step in which nothing came.
    left->faults().fail_next(memory::SourceCall::kNextChanges, missing, 1, 1);
  }
  left_sets("a", {{"name", "new"}});
  const auto done = try_live();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "stream_missing");
}

TEST_F(StartsAndGapsTest, AGapIsOnRecordUntilTheReconcileIsDone) {
  in_step();
  left->drop_slot("test");
  left_sets("a", {{"name", "untold"}});
  left->make_slot("test");
  ASSERT_TRUE(live_until("before_intent", 1));
  EXPECT_THAT(due("left"), HasSubstr("made again"));
  live();
  EXPECT_EQ(due("left"), "");
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
}

TEST_F(StartsAndGapsTest, WhereAMappingStopsInTheReconcileOfAGapTheNextLifeReconcilesAgain) {
  in_step();
  left->drop_slot("test");
  left_sets("a", {{"name", "untold"}});
  left->make_slot("test");
  right->faults().fail_next(memory::SourceCall::kScan,
                            {ErrorKind::kPrivilege, "permission denied", {}, {}, "42501", {}});
  live();
  EXPECT_THAT(rights(), ElementsAre("a Ada -"));
  live();
  EXPECT_TRUE(told("reconciling: changes went by while mapping"));
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
  live();
  EXPECT_FALSE(told("reconciling"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, AReconcileThatIsStoppedIsStillDue) {
  in_step();
  left->drop_slot("test");
  left_sets("a", {{"name", "untold"}});
  left->make_slot("test");
  stop_requested = [&] { return told("reconciling"); };
  live();
  EXPECT_THAT(rights(), ElementsAre("a Ada -"));
  EXPECT_THAT(due("left"), HasSubstr("made again"));
  stop_requested = [] { return false; };
  live();
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, ADatabaseThatEndsBeforeWhereWeWereIsAGap) {
  in_step();
  StateBatch ahead;
  StreamProgress progress = *progress_of(*store, "left");
  progress.done = progress.received = Lsn{1'000'000};
  put_progress(ahead, "left", progress);
  ASSERT_TRUE(disk.commit(ahead, Durability::kSynced));
  live();
  EXPECT_TRUE(told("source 'left': the database ends before where we were: it was restored"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, WhatNobodyHearsOfIsToldUnlessAReconcileIsScheduled) {
  const std::string unheard =
      "source 'right' is not followed, and no reconcile is scheduled (`reconcile:`)";
  right_options = "stream: false";
  in_step();
  EXPECT_TRUE(told(unheard));
  EXPECT_TRUE(told("following the changes of left"));
  schedule = every(60'000'000);
  live();
  EXPECT_FALSE(told(unheard));
  schedule.reset();
  map("direction: left_to_right");
  live();
  EXPECT_FALSE(told(unheard)) << "nothing is read there";
}

TEST_F(StartsAndGapsTest, WithoutASlotItSaysWhatMakesOne) {
  map("direction: both");
  left->drop_slot("test");
  const auto done = try_live();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "stream_missing");
  EXPECT_THAT(done.error().message, HasSubstr("source 'left' has no stream for us"));
  EXPECT_THAT(done.error().hint, HasSubstr("`couplet setup`"));
}

TEST_F(StartsAndGapsTest, ASlotThatIsLostWhileItRunsEndsItWithAdvice) {
  in_step();
  after_steps(1, [&] { left->drop_slot("test"); });
  const auto done = try_live();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "stream_missing");
}

TEST_F(StartsAndGapsTest, WhereOurRoleMayASlotIsMadeBeforeTheFirstReconcileLooks) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  left->drop_slot("test");
  set_up = [&] {
    left->make_slot("test");
    return Result<void>{};
  };
  after_steps(1, [&] { left_sets("a", {{"name", "told"}}); });
  live();
  EXPECT_THAT(rights(), ElementsAre("a told -"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, ASlotThatIsLostWhileItRunsIsMadeAgainAndAReconcileClosesTheGap) {
  in_step();
  bool lost = false;
  set_up = [&] {
    if (std::exchange(lost, false)) {
      left_sets("a", {{"name", "untold"}});
      left->make_slot("test");
    }
    return Result<void>{};
  };
  after_steps(1, [&] {
    left->drop_slot("test");
    lost = true;
  });
  live();
  EXPECT_TRUE(told("reconciling: source 'left': the slot begins behind where we were"));
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, AStreamThatBreaksIsTakenUpAgainAndThatIsSaidOnce) {
  in_step();
  left_sets("a", {{"name", "new"}});
  after_steps(1, [&] {
    left->faults().fail_next(memory::SourceCall::kNextChanges, unavailable());
    left->faults().fail_next(memory::SourceCall::kChanges, unavailable(), 8);
    left_sets("a", {{"name", "newer"}});
  });
  live();
  EXPECT_EQ(std::count_if(notices().begin(), notices().end(),
                          [](const std::string& sentence) {
                            return sentence.find("cannot be reached") != std::string::npos;
                          }),
            1);
  EXPECT_THAT(rights(), ElementsAre("a newer -"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, ATargetThatIsAwayIsWaitedForAndNothingIsLostOrDoubled) {
  in_step();
  left_sets("a", {{"name", "new"}});
  left_has({{"key", "b"}, {"name", "Bob"}});
  right->faults().fail_next(memory::SourceCall::kFetch, unavailable(), 5);
  live();
  EXPECT_THAT(rights(), ElementsAre("a new -", "b Bob -"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, ACommitWhoseReplyWasLostIsLookedUpNotRepeated) {
  in_step();
  for (const bool took_effect : {false, true}) {
    left_has({{"key", took_effect ? "x" : "y"}, {"name", "n"}});
    right->faults().lose_commit(took_effect);
    live();
  }
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "x n -", "y n -"));
  expect_in_step();
}

TEST_F(StartsAndGapsTest, AWrongPasswordEndsIt) {
  in_step();
  left->faults().fail_next(memory::SourceCall::kIdentity,
                           {ErrorKind::kAuthentication, "wrong password", {}, {}, {}, {}});
  const auto done = try_live();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::kAuthentication);
}

TEST_F(StartsAndGapsTest, AScheduledReconcileFindsWhatNoEventTold) {
  schedule = every(60'000'000);
  in_step();
  left->drop_slot("test");  // Nobody keeps what is written now.
  left_sets("a", {{"name", "untold"}});
  left->make_slot("test");
  StateBatch unaware;  // As if the slot had been there all the time.
  StreamProgress progress = *progress_of(*store, "left");
  progress.done = left->acknowledged("test");
  put_progress(unaware, "left", progress);
  ASSERT_TRUE(disk.commit(unaware, Durability::kSynced));
  live();
  EXPECT_THAT(rights(), ElementsAre("a Ada -")) << "nobody told";
  after_steps(1, [&] { clock.sleep_us(61'000'000); });
  live();
  EXPECT_TRUE(told("reconciling: it is due by its schedule"));
  EXPECT_THAT(rights(), ElementsAre("a untold -"));
  clock.sleep_us(61'000'000);
  live();
  EXPECT_TRUE(told("reconciling: it is due by its schedule")) << "overdue at its start";
}

// The times of the schedule are in the state: a process that is not there at one makes up for it,
// once, however many it has missed.
TEST_F(StartsAndGapsTest, ATimeOfTheClockThatWentByUnattendedIsMadeUpForOnce) {
  constexpr std::int64_t kHourUs = 3'600'000'000;
  schedule.emplace();
  schedule->cron = *parse_cron("0 */6 * * *");
  schedule->cron->timezone = "Europe/Berlin";
  in_step();
  EXPECT_TRUE(reconciles_after(20 * kHourUs));
  EXPECT_FALSE(reconciles_after(1));
  EXPECT_TRUE(reconciles_after(6 * kHourUs)) << "one of any six hours is one of them";
}

TEST_F(StartsAndGapsTest, ADenserScheduleDoesNotWaitForWhatTheOldOneSaid) {
  schedule = every(86'400'000'000);
  in_step();
  EXPECT_FALSE(reconciles_after(3'600'000'000));
  schedule = every(60'000'000);
  EXPECT_FALSE(reconciles_after(1));
  EXPECT_TRUE(reconciles_after(61'000'000));
}

// What waits for a link when the process dies is not forgotten by the next one.
TEST_F(StartsAndGapsTest, WhoWaitedWhenTheLastProcessDiedIsWokenByTheNext) {
  create(*left, DescribedTable("firms").id().text("name"));
  create(*left, DescribedTable("staff").id().text("name").foreign_key("firm_id", "firms"));
  create(*right, DescribedTable("companies").id().text("name"));
  create(*right,
         DescribedTable("workers").id().text("name").foreign_key("company_id", "companies"));
  define(
      "mappings:\n"
      "  firm: { left: left.firms, right: right.companies, direction: left_to_right, "
      "keys: [ name ] }\n"
      "  worker: { left: left.staff, right: right.workers, direction: left_to_right, "
      "keys: [ name, { left: firm, right: company, link: firm } ] }\n");
  live();
  for (int nth = 1; nth < 12; ++nth) {
    SCOPED_TRACE(nth);
    const std::string name = "n" + std::to_string(nth);
    right->add_check("companies", {"no_" + name, [name, this](const memory::RowAccess& row) {
                                     return !refuse_ || row.get("name") != name;
                                   }});
    refuse_ = true;
    ASSERT_TRUE(left->transaction([&](memory::MemoryTransaction& work) -> Result<void> {
      COUPLET_TRY(work.insert("firms", {{"id", std::to_string(100 + nth)}, {"name", name}}));
      return work.insert("staff", {{"name", "w" + name}, {"firm_id", std::to_string(100 + nth)}});
    }));
    live();  // The firm parks, its worker waits.
    refuse_ = false;
    left->update("firms", {{"name", name}}, {{"name", name + "!"}});
    live_until("after_record", nth);
    live();
    EXPECT_EQ(right->count("workers"), static_cast<std::size_t>(nth));
  }
}

}  // namespace
}  // namespace couplet::test
