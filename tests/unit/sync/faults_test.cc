// Faults of sources and rows (DESIGN section 10), races with users, oscillation.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using memory::RowAccess;
using memory::RowEvent;
using memory::SourceCall;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class FaultsTest : public testing::Test, public PeopleWorld {
 protected:
  void unique_key(bool nullable = true) {
    right->alter("persons", [&](TableInfo& info) {
      info.unique_keys.push_back({"persons_key", {"key"}, false, false});
      for (ColumnInfo& column : info.columns) {
        if (column.name == "key") {
          column.nullable = nullable;
        }
      }
    });
  }
};

TEST_F(FaultsTest, ARowThatTheTargetRefusesParksAloneAndIsTriedAgain) {
  map("direction: left_to_right");
  right->add_check("persons",
                   {"no_eve", [](const RowAccess& row) { return row.get("name") != "Eve"; }});
  for (int i = 0; i < 40; ++i) {
    left_has({{"key", std::to_string(i)}, {"name", i == 17 ? "Eve" : "x"}});
  }
  Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kCreate), 39U);
  EXPECT_EQ(summary.count(Operation::kPark), 1U);
  EXPECT_EQ(right->count("persons"), 39U);
  EXPECT_THAT(lines(), Contains(HasSubstr("park absent person: left.people/18")));
  // An attempt that fails again is no operation.
  summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kPark), 1U);
  left_sets("17", {{"name", "Eva"}});
  EXPECT_EQ(settle(*this).count(Operation::kPark), 0U);
  EXPECT_EQ(right->count("persons"), 40U);
}

TEST_F(FaultsTest, AnUpdateThatIsRefusedParksAndTheOthersGoOn) {
  map("direction: left_to_right");
  right->add_check("persons",
                   {"no_eve", [](const RowAccess& row) { return row.get("name") != "Eve"; }});
  left_has({{"key", "a"}, {"name", "1"}});
  left_has({{"key", "b"}, {"name", "2"}});
  settle(*this);
  left_sets("a", {{"name", "Eve"}, {"mail", "m"}});
  left_sets("b", {{"name", "3"}});
  EXPECT_EQ(settle(*this).count(Operation::kPark), 1U);
  EXPECT_THAT(rights(), ElementsAre("a 1 -", "b 3 -"));
}

TEST_F(FaultsTest, ARowChangedBetweenReadAndWriteIsSyncedAgainNotOverwritten) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "old"}});
  left_has({{"key", "b"}, {"name", "Bob"}});
  settle(*this);
  left_sets("a", {{"name", "Ada L."}});
  left_sets("b", {{"name", "Rob"}});
  right->faults().before(SourceCall::kSubmit, [&] { right_sets("a", {{"mail", "raced"}}); });
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a Ada L. raced", "b Rob -"));
  EXPECT_EQ(lefts(), rights());
}

// What it makes of a written value is the target's form of it; what it changes besides is a change
// there like any other.
TEST_F(FaultsTest, WhatATriggerChangesBesideWhatWasWrittenIsCarriedBack) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "m"}});
  settle(*this);
  right->before_write(
      "persons", [](RowEvent event, const RowAccess* before, RowAccess* after) -> Result<bool> {
        if (event == RowEvent::kUpdate && before->get("name") != after->get("name")) {
          after->set("name", "(" + *after->get("name") + ")");
          after->set("mail", "by trigger");
        }
        return true;
      });
  left_sets("a", {{"name", "Eve"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a (Eve) by trigger"));
  EXPECT_THAT(lefts(), ElementsAre("a Eve by trigger"));
  EXPECT_EQ(settle(*this).operations(), 0U);
}

TEST_F(FaultsTest, AValueThatIsTooLongOrTooLargeNamesItsAttribute) {
  create(*left,
         DescribedTable("goods").id().text("code").text("label").column("price", numeric(12, 2)));
  create(*right, DescribedTable("wares")
                     .id()
                     .text("code")
                     .column("title", type_of(TypeKind::kVarchar, 5))
                     .column("cost", numeric(5, 2)));
  define(
      "mappings:\n  m: { left: left.goods, right: right.wares, direction: left_to_right, keys: [ "
      "code ], attributes: [ { left: label, right: title }, { left: price, right: cost } ] }\n");
  left->insert("goods", {{"code", "fits"}, {"label", "short"}, {"price", "999.99"}});
  left->insert("goods", {{"code", "long"}, {"label", "longer"}, {"price", "1.00"}});
  left->insert("goods", {{"code", "dear"}, {"label", "short"}, {"price", "1000.00"}});
  EXPECT_EQ(settle(*this).count(Operation::kPark), 2U);
  std::vector<std::string> refused;
  for (const OperationReport& report : operations()) {
    if (report.operation == Operation::kPark) {
      ASSERT_EQ(report.refused.size(), 1U) << report.reason;
      refused.push_back(report.refused[0]);
    }
  }
  EXPECT_THAT(refused, ElementsAre("title", "cost"));
}

// Between look and write the other side becomes the newer one: it wins, and the log says so.
TEST_F(FaultsTest, AConflictWhoseWriteIsRefusedIsNotOnRecordUntilItIsDecidedAgain) {
  map("direction: both, tie: left");
  left_has({{"key", "a"}, {"name", "left"}, {"touched", "2025-01-01 00:00:00+00"}});
  right_has({{"key", "a"}, {"name", "right"}, {"touched", "2025-01-01 00:00:00+00"}});
  right->faults().before(SourceCall::kSubmit, [&] {
    right_sets("a", {{"mail", "raced"}, {"touched", "2025-06-01 00:00:00+00"}});
  });
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a right raced"));
  EXPECT_EQ(lefts(), rights());
  const auto conflicts = store->cursor(Family::kConflicts);
  std::vector<std::string> lost;
  for (conflicts->seek({}); conflicts->valid(); conflicts->next()) {
    const auto conflict = decode_conflict(conflicts->value());
    ASSERT_TRUE(conflict.has_value());
    ASSERT_TRUE(conflict->winner.has_value());
    lost.push_back(conflict->values[index_of(other(*conflict->winner))]);
  }
  EXPECT_THAT(lost, ElementsAre("\"left\""));
}

TEST_F(FaultsTest, ACounterpartThatAppearsBetweenLookAndCreateIsLinked) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right->faults().before(SourceCall::kSubmit, [&] { right_has({{"key", "a"}, {"name", "x"}}); });
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a Ada -"));
}

TEST_F(FaultsTest, TransientFaultsAreRetriedAndNothingParks) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  const Error deadlock{ErrorKind::kTransient, "deadlock detected", {}, {}, "40P01", {}};
  right->faults().fail_next(SourceCall::kCommit, deadlock, 2);
  right->faults().fail_next(SourceCall::kFind, deadlock, 1);
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kPark), 0U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -"));
}

TEST_F(FaultsTest, ACommitWhoseReplyNeverComesIsLookedForBeforeItIsRepeated) {
  for (const bool marks : {true, false}) {
    for (const bool took_effect : {true, false}) {
      PeopleWorld world(marks);
      world.map("direction: both");
      world.left_has({{"key", "a"}, {"name", "Ada"}});
      world.right->faults().lose_commit(took_effect);
      settle(world);
      EXPECT_THAT(world.rights(), ElementsAre("a Ada -"));
      EXPECT_EQ(world.reconcile().summary.operations(), 0U);
      world.left_sets("a", {{"name", "Ada L."}});
      world.right->faults().lose_commit(took_effect);
      settle(world);
      EXPECT_THAT(world.rights(), ElementsAre("a Ada L. -"));
      EXPECT_EQ(world.reconcile().summary.operations(), 0U);
    }
  }
}

// The first mapping has read the rows that the second one writes.
TEST_F(FaultsTest, WhoReadBeforeAWriteWhoseReplyWasLostIsLookedAtInTheSameReconcile) {
  create(*right, DescribedTable("copies").id().text("key").text("name"));
  define(
      "mappings:\n"
      "  copy: { left: left.people, right: right.copies, direction: left_to_right,\n"
      "    keys: [ key ], attributes: [ name ] }\n"
      "  import: { left: left.people, right: right.persons, direction: right_to_left,\n"
      "    keys: [ key ], attributes: [ name ] }\n");
  right_has({{"key", "a"}, {"name", "Ada"}});
  left->faults().lose_commit(true);
  settle(*this);
  ASSERT_EQ(right->rows("copies").size(), 1U);
  EXPECT_EQ(right->rows("copies").front().at("name"), "Ada");
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

// An intent of a batch that never ran must not be there when a later number has committed: the mark
// would vouch for it.
TEST_F(FaultsTest, ABatchThatCouldNotBeSubmittedLeavesNoIntent) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right->faults().fail_next(SourceCall::kSubmit,
                            {ErrorKind::kTransient, "connection lost", {}, {}, {}, {}});
  settle(*this);
  const auto intents = store->cursor(Family::kIntents);
  intents->seek({});
  EXPECT_FALSE(intents->valid());
  EXPECT_THAT(rights(), ElementsAre("a Ada -"));
}

TEST_F(FaultsTest, ASourceThatIsDownEndsTheRunAndTheNextOneGoesOn) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right->faults().fail_next(
      SourceCall::kFind, {ErrorKind::kUnavailable, "server closed the connection", {}, {}, {}, {}});
  const auto report = try_reconcile();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().kind, ErrorKind::kUnavailable);
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a Ada -"));
}

TEST_F(FaultsTest, AMissingPrivilegeStopsThatMappingAlone) {
  map("direction: left_to_right");
  left_has({{"key", "a"}});
  right->faults().fail_next(SourceCall::kScan,
                            {ErrorKind::kPrivilege, "permission denied", {}, {}, "42501", {}});
  const auto report = reconcile();
  ASSERT_EQ(report.stopped.size(), 1U);
  EXPECT_FALSE(report.summary.converged);
  EXPECT_THAT(notices(), Contains(HasSubstr("mapping 'person' is stopped: permission denied")));
}

TEST_F(FaultsTest, AnInterruptedScanConcludesNothingFromWhatItDidNotSee) {
  map("direction: both");
  for (int i = 0; i < 50; ++i) {
    left_has({{"key", std::to_string(i)}});
  }
  settle(*this);
  right->faults().fail_next(SourceCall::kScanNext,
                            {ErrorKind::kUnavailable, "gone", {}, {}, {}, {}});
  EXPECT_FALSE(try_reconcile().has_value());
  EXPECT_EQ(settle(*this).operations(), 0U);
}

TEST_F(FaultsTest, ATriggerThatRewritesAValueDoesNotPingPong) {
  map("direction: both");
  right->before_write("persons", [](RowEvent, const RowAccess*, RowAccess* after) -> Result<bool> {
    if (after != nullptr && after->get("name")) {
      std::string upper = *after->get("name");
      std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
      after->set("name", upper);
    }
    return true;
  });
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a ADA -"));
  EXPECT_THAT(lefts(), ElementsAre("a Ada -"));
  EXPECT_EQ(settle(*this).operations(), 0U);
  left_sets("a", {{"mail", "m"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a Ada m"));
  right_sets("a", {{"name", "Eve"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a EVE m"));
}

// It changes something at every write, so there is always a next change: one is followed.
TEST_F(FaultsTest, ATriggerThatCountsWritesIsFollowedOnceARun) {
  map("direction: both, attributes: [ name, age ]");
  left_has({{"key", "a"}, {"name", "Ada"}, {"age", "0"}});
  settle(*this);
  for (auto* side : {left.get(), right.get()}) {
    side->before_write(
        side == left.get() ? "people" : "persons",
        [](RowEvent event, const RowAccess* before, RowAccess* after) -> Result<bool> {
          if (event == RowEvent::kUpdate) {
            after->set("age", std::to_string(std::stoi(*before->get("age")) + 1));
          }
          return true;
        });
  }
  left_sets("a", {{"name", "Eve"}});
  const std::uint64_t before = left->transactions() + right->transactions();
  reconcile();
  EXPECT_LE(left->transactions() + right->transactions(), before + 3);
  EXPECT_EQ(right->rows("persons")[0].at("name"), "Eve");
}

// Somebody undoes what we write, inside our own transaction: RETURNING does not show it.
TEST_F(FaultsTest, AnObjectThatIsUndoneAgainAndAgainIsHeldAsOscillating) {
  map("direction: left_to_right");
  right->after_write("persons",
                     [](memory::MemoryTransaction& transaction, RowEvent event, const RowAccess*,
                        const RowAccess* after) -> Result<void> {
                       if (event == RowEvent::kUpdate && after->get("name") != "mine") {
                         const auto done = transaction.update(
                             "persons", {{"key", after->get("key")}}, {{"name", "mine"}});
                         return done ? Result<void>{} : fail(done.error());
                       }
                       return {};
                     });
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left_sets("a", {{"name", "Ada L."}});
  std::uint64_t held = 0;
  for (int run = 0; run < 8 && held == 0; ++run) {
    held = reconcile().summary.count(Operation::kHold);
  }
  EXPECT_EQ(held, 1U);
  EXPECT_THAT(lines(), Contains(HasSubstr("oscillating")));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
  // Once the minute is over it is tried again, and held again.
  clock.sleep_us(120'000'000);
  EXPECT_EQ(reconcile().summary.operations(), 1U);
  held = 0;
  for (int run = 0; run < 8 && held == 0; ++run) {
    held = reconcile().summary.count(Operation::kHold);
  }
  EXPECT_EQ(held, 1U);
  // The same if the clock was set back: the minute does not last until it has caught up.
  clock.jump_us(-86'400'000'000);
  EXPECT_EQ(reconcile().summary.operations(), 1U);
}

TEST_F(FaultsTest, UniqueValuesThatSwapAreWritten) {
  for (const bool nullable : {true, false}) {
    PeopleWorld world;
    world.right->alter("persons", [&](TableInfo& info) {
      info.unique_keys.push_back({"persons_key", {"key"}, false, false});
      for (ColumnInfo& column : info.columns) {
        column.nullable = column.nullable && (nullable || column.name != "key");
      }
    });
    world.map("direction: left_to_right");
    for (const char* key : {"a", "b", "c"}) {
      world.left_has({{"key", key}, {"name", key}});
    }
    settle(world);
    // a and b change places; c takes what nobody has.
    world.left_sets("a", {{"key", "tmp"}});
    world.left_sets("b", {{"key", "a"}});
    world.left_sets("tmp", {{"key", "b"}});
    world.left_sets("c", {{"key", "d"}});
    const Summary summary = settle(world);
    EXPECT_EQ(summary.count(Operation::kPark), 0U);
    EXPECT_THAT(world.rights(), ElementsAre("a b -", "b a -", "d c -"));
  }
}

// Each row is written with the columns that changed in it.
TEST_F(FaultsTest, UniqueValuesSwapThoughOtherColumnsChangeInOneRowOnly) {
  unique_key();
  map("direction: left_to_right");
  for (const char* key : {"a", "b", "c", "d"}) {
    left_has({{"key", key}, {"name", key}});
  }
  settle(*this);
  left_sets("a", {{"key", "tmp"}});
  left_sets("b", {{"key", "a"}, {"name", "new"}});
  left_sets("tmp", {{"key", "b"}});
  left_sets("c", {{"key", "e"}});  // frees its value for d
  left_sets("d", {{"key", "c"}, {"name", "next"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kPark), 0U);
  EXPECT_THAT(rights(), ElementsAre("a new -", "b a -", "c next -", "e c -"));
}

// A row of the batch that is refused parts it: those that exchange stay on one side of the cut.
TEST_F(FaultsTest, RowsThatExchangeStayTogetherThoughAnotherIsRefused) {
  unique_key();
  map("direction: left_to_right");
  for (const char* key : {"a", "b", "c", "d"}) {
    left_has({{"key", key}, {"name", key}});
  }
  settle(*this);
  right_has({{"key", "z"}, {"name", "not ours"}});
  left_sets("a", {{"key", "tmp"}});
  left_sets("c", {{"key", "a"}});
  left_sets("tmp", {{"key", "c"}});
  left_sets("b", {{"key", "z"}});
  left_sets("d", {{"name", "new"}});
  EXPECT_EQ(reconcile().summary.count(Operation::kPark), 1U);
  EXPECT_THAT(rights(), ElementsAre("a c -", "b b -", "c a -", "d new -", "z not ours -"));
}

// Unique together with a column that no mapping reads.
TEST_F(FaultsTest, PartsOfAUniqueKeySwap) {
  right->set_default("persons", "age", memory::ConstantDefault{"1"});
  right->alter("persons", [](TableInfo& info) {
    info.unique_keys.push_back({"persons_key", {"age", "key"}, false, false});
  });
  map("direction: left_to_right");
  for (const char* key : {"a", "b", "c"}) {
    left_has({{"key", key}, {"name", key}});
  }
  settle(*this);
  left_sets("a", {{"key", "tmp"}});
  left_sets("b", {{"key", "a"}, {"name", "new"}});
  left_sets("tmp", {{"key", "b"}});
  EXPECT_EQ(settle(*this).count(Operation::kPark), 0U);
  EXPECT_THAT(rights(), ElementsAre("a new -", "b a -", "c c -"));
}

TEST_F(FaultsTest, UniqueValuesThatChainAcrossBatchesAreWritten) {
  unique_key();
  map("direction: left_to_right");
  constexpr int kRows = 2500;
  for (int i = 0; i < kRows; ++i) {
    left_has({{"key", std::to_string(100'000 + i)}, {"name", std::to_string(i)}});
  }
  settle(*this);
  // Everyone takes the key of the next.
  left->update("people", {{"name", std::to_string(kRows - 1)}}, {{"key", "last"}});
  for (int i = kRows - 2; i >= 0; --i) {
    left->update("people", {{"name", std::to_string(i)}},
                 {{"key", std::to_string(100'000 + i + 1)}});
  }
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kPark), 0U);
  EXPECT_EQ(lefts(), rights());
}

TEST_F(FaultsTest, IdsThatWeChangeTakeTheirLinksAlong) {
  SyncWorld world;
  DescribedTable coded("coded");
  coded.required("code").text("key").text("name");
  coded.info().primary_key = {"code"};
  world.create(*world.right, coded);
  world.create(*world.left, DescribedTable("items").id().text("key").text("code").text("name"));
  world.create(*world.left, DescribedTable("notes").id().text("key").text("name"));
  world.define(
      "mappings:\n"
      "  note: { left: left.notes, right: right.coded, direction: right_to_left,\n"
      "    keys: [ key ], attributes: [ name ] }\n"
      "  item: { left: left.items, right: right.coded, direction: both,\n"
      "    keys: [ key ], attributes: [ code, name ] }\n");
  world.left->insert("items", {{"key", "k"}, {"code", "c1"}, {"name", "x"}});
  EXPECT_TRUE(world.reconcile().summary.converged);
  EXPECT_EQ(world.left->count("notes"), 1U);
  world.left->update("items", {{"key", "k"}}, {{"code", "c2"}});
  EXPECT_EQ(world.reconcile().summary.operations(), 1U);
  EXPECT_EQ(world.right->count("coded"), 1U);
  EXPECT_EQ(world.right->rows("coded")[0].at("code"), "c2");
  EXPECT_EQ(world.reconcile().summary.operations(), 0U);
  world.right->update("coded", {{"code", "c2"}}, {{"name", "y"}});
  EXPECT_EQ(world.reconcile().summary.operations(), 2U);
  EXPECT_EQ(world.left->rows("items")[0].at("name"), "y");
  EXPECT_EQ(world.left->rows("notes")[0].at("name"), "y");
  EXPECT_EQ(world.left->count("notes"), 1U);
}

TEST_F(FaultsTest, ReconcilingTenThousandTakesAFewStatementsAPage) {
  map("direction: both");
  for (int i = 0; i < 10'000; ++i) {
    left_has({{"key", std::to_string(i)}, {"name", "x"}});
  }
  settle(*this);
  // One a page and kind: scan, fetch, find, apply with BEGIN and COMMIT; 40 beside.
  EXPECT_LE(statements[0], 10U * 6U + 40U);
  EXPECT_LE(statements[1], 10U * 6U + 40U);
  settle(*this);
  EXPECT_LE(statements[0], 10U + 40U);
  EXPECT_LE(statements[1], 10U + 40U);
}

// A run decides once before its first write where a rail may trip, and scans: both pass what
// passes.
TEST_F(FaultsTest, WhatAPlanOrARailOnlyReadsIsRetriedAsWell) {
  map("direction: both, limits: { create: { count: 1, percent: 100 } }");
  left_has({{"key", "a"}, {"name", "Ada"}});
  left_has({{"key", "b"}, {"name", "Bob"}});
  const Error deadlock{ErrorKind::kTransient, "deadlock detected", {}, {}, "40P01", {}};
  for (const bool dry_run : {true, false}) {
    left->faults().fail_next(SourceCall::kScan, deadlock);
    left->faults().fail_next(SourceCall::kScanNext, deadlock);
    left->faults().fail_next(SourceCall::kFetch, deadlock, 2);
    right->faults().fail_next(SourceCall::kFind, deadlock);
    Reconciler::Settings settings;
    settings.dry_run = dry_run;
    const auto report = try_reconcile(settings);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_EQ(report->summary.count(Operation::kCreate), 2U);
    EXPECT_THAT(report->stopped, testing::IsEmpty());
    left->faults().heal();
    right->faults().heal();
  }
  EXPECT_EQ(lefts(), rights());
}

TEST_F(FaultsTest, ATransientFaultThatDoesNotPassEndsThePlan) {
  map("direction: both");
  left_has({{"key", "a"}});
  left->faults().fail_next(SourceCall::kFetch,
                           {ErrorKind::kTransient, "connection lost", {}, {}, {}, {}}, 100);
  Reconciler::Settings settings;
  settings.dry_run = true;
  const auto report = try_reconcile(settings);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().kind, ErrorKind::kTransient);
}

// More than one batch of them: the scan nominates each, and so does the worklist.
TEST_F(FaultsTest, AReconcileTriesAParkedObjectOnceHoweverManyThereAre) {
  map("direction: left_to_right");
  right->add_check("persons", {"nobody", [](const RowAccess&) { return false; }});
  constexpr int kRows = 2'500;
  for (int i = 0; i < kRows; ++i) {
    left_has({{"key", std::to_string(i)}});
  }
  for (std::uint32_t run = 1; run <= 3; ++run) {
    EXPECT_EQ(settle(*this).count(Operation::kPark), static_cast<std::uint64_t>(kRows));
    std::map<std::uint32_t, int> attempts;
    const auto cursor = store->cursor(Family::kParked);
    for (cursor->seek({}); cursor->valid(); cursor->next()) {
      ++attempts[decode_parked(cursor->value())->attempts];
    }
    EXPECT_THAT(attempts, ElementsAre(testing::Pair(run, kRows)));
  }
}

}  // namespace
}  // namespace couplet::test
