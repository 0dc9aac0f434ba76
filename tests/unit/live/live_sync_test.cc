// Changes as they come, both ways, over databases in memory.
#include <gmock/gmock.h>

#include "tests/unit/live/live_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class LiveSyncTest : public testing::Test, public LiveWorld {
 protected:
  // Two people in step, followed.
  void in_step(const std::string& options = "direction: both") {
    map(options);
    left_has({{"key", "a"}, {"name", "Ada"}});
    left_has({{"key", "b"}, {"name", "Bob"}});
    live();
  }
};

TEST_F(LiveSyncTest, ARowThatIsWrittenOnOneSideAppearsOnTheOtherBothWays) {
  in_step();
  left_has({{"key", "c"}, {"name", "Cyd"}});
  right_has({{"key", "d"}, {"name", "Dot"}});
  left_sets("a", {{"name", "Ada L."}});
  right_sets("b", {{"name", "Bob R."}});
  live();
  EXPECT_THAT(lefts(), ElementsAre("a Ada L. -", "b Bob R. -", "c Cyd -", "d Dot -"));
  EXPECT_EQ(count_lines("create"), 2U);
  EXPECT_EQ(count_lines("update"), 2U);
  expect_in_step();
}

TEST_F(LiveSyncTest, WhatIsWrittenWhileItRunsIsFollowedInTheSameLife) {
  in_step();
  after_steps(1, [&] { left_sets("a", {{"name", "1"}}); });
  after_steps(3, [&] { right_sets("a", {{"name", "2"}}); });
  live();
  EXPECT_THAT(lefts(), ElementsAre("a 2 -", "b Bob -"));
  expect_in_step();
}

TEST_F(LiveSyncTest, WhatIsOnlyWrittenIsFollowedWhereItsSourceSaysSo) {
  const auto after_a_stray_edit = [](const std::string& options) {
    LiveWorld world;
    world.right_options = options;
    world.map("direction: left_to_right");
    world.left_has({{"key", "a"}, {"name", "Ada"}});
    world.live();
    world.right_sets("a", {{"name", "stray"}});
    world.live();
    EXPECT_EQ(world.told("following the changes of left, right"), !options.empty());
    return world.rights();
  };
  EXPECT_THAT(after_a_stray_edit(""), ElementsAre("a stray -"));
  EXPECT_THAT(after_a_stray_edit("stream: true"), ElementsAre("a Ada -"));
}

TEST_F(LiveSyncTest, ChangeTimesFarInTheFutureAreToldOnceInALife) {
  in_step();
  for (const int step : {1, 4, 7}) {
    after_steps(step, [this, step] {
      const std::string name = std::to_string(step);
      left_sets("a", {{"name", "left " + name}});
      right_sets("a", {{"name", "right " + name}, {"touched", "2099-01-01 00:00:00+00"}});
    });
  }
  live();
  EXPECT_THAT(lefts(), ElementsAre("a left 7 -", "b Bob -"));
  EXPECT_EQ(std::count_if(notices().begin(), notices().end(),
                          [](const std::string& sentence) {
                            return sentence.find("ahead of this machine's clock") !=
                                   std::string::npos;
                          }),
            1);
  expect_in_step();
}

// The row that refers to it is as it was: that says nothing of who changed what it reads there.
TEST_F(LiveSyncTest, WhatChangesOftenBehindAPathIsCarriedAndNotTakenForAnAnswerToOurs) {
  create(*left, DescribedTable("staff").id().text("name").text("city"));
  create(*right, DescribedTable("cities").id().text("name"));
  create(*right, DescribedTable("workers").id().text("name").foreign_key("city_id", "cities"));
  define(
      "mappings:\n  staff: { left: left.staff, right: right.workers, direction: right_to_left,\n"
      "    keys: [ name ], attributes: [ { left: city, right: city.name } ] }\n");
  right->insert("cities", {{"id", "7"}, {"name", "0"}});
  right->insert("workers", {{"name", "Ada"}, {"city_id", "7"}});
  live();
  for (const int step : {1, 3, 5, 7, 9, 11}) {  // All within a minute.
    after_steps(step, [this, step] {
      right->update("cities", {{"id", "7"}}, {{"name", std::to_string(step)}});
    });
  }
  live();
  EXPECT_EQ(count_lines("update"), 6U);
  EXPECT_EQ(count_lines("hold"), 0U);
  EXPECT_THAT(column(*left, "staff", "city"), ElementsAre("11"));
}

// A task that we write counts up its project by a trigger; what a task has of its project goes to
// its item, which counts up what goes back to the task.
TEST_F(LiveSyncTest, WhatOurOwnWritesChangeBehindAPathIsHeldAsOscillating) {
  const Type number = type_of(TypeKind::kInt32);
  create(*left, DescribedTable("projects").id().column("n", number));
  create(*left, DescribedTable("tasks")
                    .id()
                    .text("name")
                    .column("rev", number)
                    .foreign_key("project_id", "projects"));
  create(*right,
         DescribedTable("items").id().text("name").column("n", number).column("rev", number));
  const auto next = [](const std::string& of) { return std::to_string(std::stoi(of) + 1); };
  left->after_write("tasks",
                    [&](memory::MemoryTransaction& work, memory::RowEvent event,
                        const memory::RowAccess*, const memory::RowAccess* after) -> Result<void> {
                      const std::string rev = after->get("rev").value_or("0");
                      if (event != memory::RowEvent::kUpdate || std::stoi(rev) > 40) {
                        return {};  // Even if nobody holds it, it ends at last.
                      }
                      const auto done = work.update("projects", {{"id", "7"}}, {{"n", "1" + rev}});
                      return done ? Result<void>{} : fail(done.error());
                    });
  right->before_write("items",
                      [&](memory::RowEvent event, const memory::RowAccess* before,
                          memory::RowAccess* after) -> Result<bool> {
                        if (event == memory::RowEvent::kUpdate) {
                          after->set("rev", next(before->get("rev").value_or("0")));
                        }
                        return true;
                      });
  define(
      "mappings:\n"
      "  task: { left: left.tasks, right: right.items, direction: both, create: false,\n"
      "    keys: [ name ], attributes: [\n"
      "    { left: project.n, right: n, direction: left_to_right },\n"
      "    { left: rev, right: rev, direction: right_to_left } ] }\n");
  left->insert("projects", {{"id", "7"}, {"n", "0"}});
  left->insert("tasks", {{"name", "Ada"}, {"project_id", "7"}, {"rev", "0"}});
  right->insert("items", {{"name", "Ada"}, {"n", "0"}, {"rev", "0"}});
  live();
  left->update("projects", {{"id", "7"}}, {{"n", "1"}});
  live();
  EXPECT_GE(count_lines("oscillating"), 1U);
  EXPECT_LE(std::stoi(right->rows("items")[0].at("rev").value()), 6);
}

TEST_F(LiveSyncTest, OurOwnWriteIsNotAnswered) {
  in_step();
  left_sets("a", {{"name", "new"}});
  const std::uint64_t before = left->transactions() + right->transactions();
  live();
  EXPECT_EQ(left->transactions() + right->transactions(), before + 1);
}

TEST_F(LiveSyncTest, WithoutMarksAnEchoIsKnownByItsValue) {
  LiveWorld world(false);
  world.map("direction: both");
  world.left_has({{"key", "a"}, {"name", "Ada"}});
  world.live();
  world.left_sets("a", {{"name", "new"}});
  const std::uint64_t before = world.left->transactions() + world.right->transactions();
  world.live();
  EXPECT_EQ(world.left->transactions() + world.right->transactions(), before + 1);
  world.expect_in_step();
}

// The row that the trigger makes is told in the transaction that carries our mark, nowhere else.
TEST_F(LiveSyncTest, WhatATriggerMakesOfOurWriteIsFollowed) {
  right->after_write("persons",
                     [](memory::MemoryTransaction& work, memory::RowEvent event,
                        const memory::RowAccess*, const memory::RowAccess* after) -> Result<void> {
                       if (event == memory::RowEvent::kInsert && after->get("key") == "c") {
                         return work.insert("persons", {{"key", "shadow"}, {"name", "of c"}});
                       }
                       return {};
                     });
  in_step();
  left_has({{"key", "c"}, {"name", "Cyd"}});
  live();
  EXPECT_THAT(lefts(), Contains("shadow of c -"));
  expect_in_step();
}

// What it makes of our writes stands in our own transactions, which are skipped where nobody but us
// can have written there.
TEST_F(LiveSyncTest, ATriggerThatIsMadeWhileItRunsIsNoticedWithinAMinute) {
  in_step();
  after_steps(1, [&] {
    right->after_write(
        "persons",
        [](memory::MemoryTransaction& work, memory::RowEvent event, const memory::RowAccess*,
           const memory::RowAccess* after) -> Result<void> {
          if (event == memory::RowEvent::kInsert && after->get("key") == "c") {
            return work.insert("persons", {{"key", "shadow"}, {"name", "of c"}});
          }
          return {};
        });
    clock.sleep_us(61'000'000);
  });
  after_steps(3, [&] { left_has({{"key", "c"}, {"name", "Cyd"}}); });
  live();
  EXPECT_TRUE(told("table public.persons of right was altered: bound anew"));
  EXPECT_FALSE(told("reconciling")) << "nothing went by";
  EXPECT_THAT(lefts(), Contains("shadow of c -"));
  rebind();
  expect_in_step();
}

TEST_F(LiveSyncTest, ADeleteIsEvidenceAndTheSurvivorIsUnlinkedNotCopiedBack) {
  in_step();
  left->erase("people", {{"key", "a"}});
  live();
  EXPECT_EQ(count_lines("unlink source_missing person: left.people/1"), 1U);
  EXPECT_THAT(lefts(), ElementsAre("b Bob -"));
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob -"));
  const std::uint64_t before = left->transactions() + right->transactions();
  live();
  EXPECT_EQ(reconcile().summary.operations(), 0U);
  EXPECT_EQ(left->transactions() + right->transactions(), before);
}

// Its insert or update told that it is there; that it is not says nothing.
TEST_F(LiveSyncTest, AnUpdateWhoseRowIsGoneWithoutADeleteBeingToldIsNoEvidence) {
  in_step();
  left_sets("a", {{"name", "new"}});
  ASSERT_TRUE(left->hidden_transaction([](memory::MemoryTransaction& work) -> Result<void> {
    COUPLET_TRY(work.erase("people", {{"key", "b"}}));
    return {};
  }));
  left->show_hidden();
  left->truncate("people");
  right_sets("a", {{"name", "r"}});
  live();
  EXPECT_EQ(count_lines("unlink"), 1U) << "of b, whose delete was told";
  EXPECT_EQ(count_lines("report source_missing person: left.people/1"), 1U);
  EXPECT_TRUE(told("table public.people of left was truncated"));
  EXPECT_THAT(rights(), ElementsAre("a r -", "b Bob -"));
}

TEST_F(LiveSyncTest, DeletedOnBothSidesTheLinkGoes) {
  in_step();
  left->erase("people", {{"key", "a"}});
  right->erase("persons", {{"key", "a"}});
  live();
  EXPECT_EQ(count_lines("report"), 0U);
  expect_in_step();
}

TEST_F(LiveSyncTest, DeletedAndWrittenAgainIsTheSameObject) {
  in_step();
  left->erase("people", {{"key", "a"}});
  left_has({{"id", "9"}, {"key", "a"}, {"name", "again"}});
  live();
  EXPECT_EQ(count_lines("unlink"), 0U);
  EXPECT_THAT(rights(), ElementsAre("a again -", "b Bob -"));
  expect_in_step();
}

TEST_F(LiveSyncTest, AnIdThatChangesTakesTheLinkAlong) {
  in_step();
  left->update("people", {{"key", "a"}}, {{"id", "77"}, {"key", "z"}, {"name", "Zoe"}});
  live();
  EXPECT_EQ(count_lines("create"), 0U);
  EXPECT_EQ(count_lines("unlink"), 0U);
  EXPECT_THAT(rights(), ElementsAre("b Bob -", "z Zoe -"));
  expect_in_step();
}

TEST_F(LiveSyncTest, AnIdThatIsTakenOverByANewObjectIsNotTakenForTheOldOne) {
  in_step();
  left->update("people", {{"key", "a"}}, {{"id", "77"}});
  left_has({{"id", "1"}, {"key", "new"}, {"name", "New"}});
  live();
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob -", "new New -"));
  expect_in_step();
}

// The change of id is told when we have made a row of the id that it has left.
TEST_F(LiveSyncTest, AnOlderChangeOfAnIdLeavesTheLinkOfWhoStandsThereSince) {
  define(
      "mappings:\n  person: { left: left.people, right: right.persons, direction: both,\n"
      "    create: right, keys: [ id ], attributes: [ name ] }\n");
  right->set_stream_batch_events(1);
  right_has({{"id", "2"}, {"name", "theirs"}});
  right->update("persons", {{"id", "2"}}, {{"id", "1"}});
  after_steps(1, [&] { left_has({{"id", "2"}, {"name", "ours"}}); });
  live();
  const auto names = [](const MemoryDatabase& database, const char* table) {
    std::vector<std::string> found;
    for (const Cells& row : database.rows(table)) {
      found.push_back(row.at("id").value_or("-") + " " + row.at("name").value_or("-"));
    }
    return found;
  };
  EXPECT_THAT(names(*left, "people"), ElementsAre("2 ours"));
  EXPECT_THAT(names(*right, "persons"), UnorderedElementsAre("1 theirs", "2 ours"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

TEST_F(LiveSyncTest, AChangeBehindAPathIsFollowedThoughNoEntityIsOverItsTable) {
  create(*left, DescribedTable("firms").id().text("name"));
  create(*left, DescribedTable("staff").id().text("key").foreign_key("firm_id", "firms"));
  define(
      "mappings:\n  person: { left: left.staff, right: right.persons, direction: left_to_right, "
      "keys: [ key ], attributes: [ { left: firm.name, right: name } ] }\n");
  left->insert("firms", {{"name", "Acme"}});
  left->insert("staff", {{"key", "a"}, {"firm_id", "1"}});
  left->insert("staff", {{"key", "b"}, {"firm_id", "1"}});
  live();
  EXPECT_THAT(rights(), ElementsAre("a Acme -", "b Acme -"));
  left->update("firms", {{"id", "1"}}, {{"name", "Ajax"}});
  live();
  EXPECT_THAT(rights(), ElementsAre("a Ajax -", "b Ajax -"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

TEST_F(LiveSyncTest, ManyContributeToOneAndTheLastToGoLeavesItUnlinked) {
  define(
      "entities:\n  left.people: { updated_at: touched }\n"
      "mappings:\n  person: { left: left.people, right: right.persons, cardinality: many_to_one, "
      "direction: left_to_right, keys: [ key ], attributes: [ name ] }\n");
  left_has({{"key", "k"}, {"name", "old"}, {"touched", "2026-01-01 00:00:00+00"}});
  live();
  left_has({{"key", "k"}, {"name", "new"}, {"touched", "2026-01-02 00:00:00+00"}});
  live();
  EXPECT_THAT(rights(), ElementsAre("k new -"));
  left->erase("people", {{"name", "new"}});
  live();
  EXPECT_THAT(rights(), ElementsAre("k old -"));
  left->erase("people", {{"name", "old"}});
  live();
  EXPECT_EQ(count_lines("unlink"), 1U);
  EXPECT_THAT(rights(), ElementsAre("k old -"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

// What was first among all may be behind those that nobody looks at, once it has changed.
TEST_F(LiveSyncTest, AFirstContributorThatFallsBackWhileAnotherIsLookedAtIsFollowedByTheNextOne) {
  define(
      "entities:\n  left.people: { updated_at: touched }\n"
      "mappings:\n  person: { left: left.people, right: right.persons, cardinality: many_to_one, "
      "direction: left_to_right, keys: [ key ], attributes: [ name ] }\n");
  left_has({{"key", "k"}, {"name", "first"}, {"touched", "2026-01-03 00:00:00+00"}});
  left_has({{"key", "k"}, {"name", "second"}, {"touched", "2026-01-02 00:00:00+00"}});
  live();
  EXPECT_THAT(rights(), ElementsAre("k first -"));
  left_has({{"key", "k"}, {"name", "third"}, {"touched", "2026-01-01 00:00:00+00"}});
  left->faults().before(memory::SourceCall::kAreVisible, [&] {
    left->update("people", {{"name", "first"}}, {{"name", "untimed"}, {"touched", std::nullopt}});
  });
  live();
  EXPECT_THAT(rights(), ElementsAre("k second -"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

// Whoever rests on what we write is looked at when it is recorded, and the write itself is no news.
TEST_F(LiveSyncTest, WhatRestsOnAWriteWhoseReplyWasLostIsFollowed) {
  create(*right, DescribedTable("copies").id().text("key").text("name"));
  define(
      "mappings:\n"
      "  import: { left: left.people, right: right.persons, direction: right_to_left,\n"
      "    keys: [ key ], attributes: [ name ] }\n"
      "  copy: { left: left.people, right: right.copies, direction: left_to_right,\n"
      "    keys: [ key ], attributes: [ name ] }\n");
  for (const bool took_effect : {true, false}) {
    SCOPED_TRACE(took_effect ? "it was done" : "it was not done");
    const std::string key = took_effect ? "a" : "b";
    right_has({{"key", key}, {"name", "first"}});
    live();
    left->faults().lose_commit(took_effect);
    right_sets(key, {{"name", "second"}});
    live();
    const auto copy = right->rows("copies").back();
    EXPECT_EQ(copy.at("key"), key);
    EXPECT_EQ(copy.at("name"), "second");
    EXPECT_EQ(reconcile().summary.operations(), 0U);
  }
}

// A commit that waits for a standby is told before anyone can read it.
TEST_F(LiveSyncTest, AnEventThatIsAheadOfWhatCanBeReadIsWaitedFor) {
  in_step();
  ASSERT_TRUE(left->hidden_transaction([](memory::MemoryTransaction& work) -> Result<void> {
    COUPLET_TRY(work.update("people", {{"key", "a"}}, {{"name", "seen late"}}));
    return {};
  }));
  const auto not_yet = [&] { EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob -")); };
  left->faults().before(
      memory::SourceCall::kAreVisible,
      [&] {
        not_yet();
        left->show_hidden();
      },
      3);
  live();
  EXPECT_FALSE(told("synchronous_standby_names"));
  EXPECT_THAT(rights(), ElementsAre("a seen late -", "b Bob -"));
  expect_in_step();
}

TEST_F(LiveSyncTest, AnEventThatIsAheadForLongIsToldOf) {
  in_step();
  ASSERT_TRUE(left->hidden_transaction([](memory::MemoryTransaction& work) -> Result<void> {
    COUPLET_TRY(work.update("people", {{"key", "a"}}, {{"name", "seen late"}}));
    return {};
  }));
  left->faults().before(
      memory::SourceCall::kAreVisible, [&] { left->show_hidden(); }, 150);
  live();
  EXPECT_TRUE(told("source 'left': transactions that its log tells of are not visible to reads"));
  EXPECT_THAT(rights(), ElementsAre("a seen late -", "b Bob -"));
}

TEST_F(LiveSyncTest, ATransactionLargerThanABatchComesInPartsAndLosesNothing) {
  in_step();
  ASSERT_TRUE(left->transaction([](memory::MemoryTransaction& work) -> Result<void> {
    for (int i = 0; i < 2500; ++i) {
      COUPLET_TRY(work.insert("people", {{"key", "k" + std::to_string(i)}, {"name", "n"}}));
    }
    return {};
  }));
  live();
  EXPECT_EQ(right->count("persons"), 2502U);
  EXPECT_EQ(disk.durable("left"), left->acknowledged("test"));
  expect_in_step();
}

TEST_F(LiveSyncTest, ManyChangesOfOneObjectAreOneSync) {
  in_step();
  for (int i = 0; i < 50; ++i) {
    left_sets("a", {{"name", "n" + std::to_string(i)}});
  }
  live();
  EXPECT_EQ(count_lines("update"), 1U);
  EXPECT_THAT(rights(), Contains("a n49 -"));
}

TEST_F(LiveSyncTest, ARowThatCannotBeWrittenParksAndTheOthersGoOn) {
  in_step();
  right->add_check("persons", {"persons_name_check", [](const memory::RowAccess& row) {
                                 return row.get("name") != "poison";
                               }});
  left_sets("a", {{"name", "poison"}});
  left_sets("b", {{"name", "fine"}});
  live();
  EXPECT_EQ(count_lines("park"), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b fine -"));
  left_sets("a", {{"name", "mended"}});
  live();
  EXPECT_THAT(rights(), ElementsAre("a mended -", "b fine -"));
  expect_in_step();
}

TEST_F(LiveSyncTest, AnIdleSourceIsAcknowledgedThoughNothingOfOursIsWrittenThere) {
  in_step();
  Lsn before;
  int syncs = 0;
  after_steps(2, [&] {
    before = left->acknowledged("test");
    syncs = disk.syncs();
    left->write_elsewhere();
  });
  after_steps(3, [&] {
    EXPECT_EQ(disk.syncs(), syncs) << "idleness costs no disk";
    EXPECT_EQ(left->acknowledged("test"), before);
    clock.sleep_us(11'000'000);
  });
  after_steps(4, [&] {
    EXPECT_EQ(disk.syncs(), syncs + 1);
    EXPECT_GT(left->acknowledged("test"), before);
    EXPECT_EQ(left->acknowledged("test"), disk.durable("left"));
  });
  live();
}

TEST_F(LiveSyncTest, AMappingWhoseColumnIsAnotherStopsAndTheRestIsSaid) {
  in_step();
  after_steps(1, [&] {
    left->renew_column("people", "mail");
    left_sets("a", {{"name", "unseen"}});
  });
  live();
  EXPECT_TRUE(told("mapping 'person' is stopped: column mail of table public.people was dropped"));
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob -"));
  rebind();
  live();  // The change went by: a reconcile finds it.
  EXPECT_TRUE(told("reconciling"));
  EXPECT_THAT(rights(), ElementsAre("a unseen -", "b Bob -"));
}

TEST_F(LiveSyncTest, AMappingWhoseTableIsGoneStopsAndTakesNothingAlong) {
  in_step();
  left->drop_table("people");
  live();
  EXPECT_TRUE(told("mapping 'person' is stopped: table public.people is gone"));
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob -"));
}

TEST_F(LiveSyncTest, ATableThatChangesElsewhereStopsNothing) {
  in_step();
  after_steps(1, [&] {
    left->alter("people", [](TableInfo& table) { table.may_delete = false; });
    left_sets("a", {{"name", "new"}});
  });
  live();
  EXPECT_FALSE(told("is stopped"));
  EXPECT_THAT(rights(), Contains("a new -"));
}

}  // namespace
}  // namespace couplet::test
