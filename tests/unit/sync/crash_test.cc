// Killed at every durable step, with marks and without, in both directions: nothing is doubled,
// lost, undone, or left held (DESIGN section 6, "Intents").
#include <gmock/gmock.h>

#include <stdexcept>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using memory::RowAccess;
using memory::RowEvent;
using testing::ElementsAre;

constexpr std::array<const char*, 6> kCrashPoints = {"before_intent", "after_intent",
                                                     "after_submit",  "after_commit",
                                                     "after_results", "after_record"};

// Thrown where a real process would be killed: sessions end, the state keeps what was committed.
struct Killed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class CrashTest : public testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
  // Fails the `nth` passage of the point under test. False if it is never passed.
  static bool crash(PeopleWorld& world, const std::string& point, int nth) {
    int passed = 0;
    world.crash_points.reached = [&](const char* name) {
      if (name == point && ++passed == nth) {
        throw Killed(name);
      }
    };
    bool killed = false;
    try {
      (void)world.try_reconcile();
    } catch (const Killed&) {
      killed = true;
    }
    world.crash_points.reached = [](const char*) {};
    return killed;
  }
  static std::string point() { return std::get<0>(GetParam()); }
  static bool marks() { return std::get<1>(GetParam()); }
};

// As a trigger's or SQLite's rowid: an id is known only once its row is there.
void let_the_left_choose_ids(PeopleWorld& world) {
  MemorySource source(world.left);
  const TableName people{.schema = "public", .table = "people"};
  TableInfo info = (*source.describe({&people, 1})).front();
  world.left->drop_table("people");
  world.left->create_table(std::move(info));
  world.left->alter("people", [](TableInfo& table) { table.columns.front().has_default = true; });
  world.left->before_write(
      "people",
      [last = 100](RowEvent event, const RowAccess*, RowAccess* after) mutable -> Result<bool> {
        if (event == RowEvent::kInsert) {
          after->set("id", std::to_string(++last));
        }
        return true;
      });
}

// What stood on the right in the conflicts on record.
std::vector<std::string> losers_at_right(PeopleWorld& world) {
  std::vector<std::string> lost;
  const auto looked = world.by_hand([&](State& state, const auto& /*sources*/) -> Result<void> {
    COUPLET_ASSIGN(const auto found, state.conflicts(0, std::nullopt, 10));
    for (const State::ConflictEntry& entry : found) {
      lost.push_back(entry.conflict.values[1]);
    }
    return {};
  });
  EXPECT_TRUE(looked.has_value());
  return lost;
}

void expect_at_rest(PeopleWorld& world) {
  const Summary again = world.reconcile().summary;
  EXPECT_EQ(again.operations(), 0U);
  EXPECT_EQ(again.count(Operation::kHold) + again.count(Operation::kPark), 0U);
  EXPECT_EQ(again.count(Operation::kConflict), 0U);
}

TEST_P(CrashTest, CreatesInBothDirectionsAreNeverDoubled) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both");
    world.left_has({{"key", "a"}, {"name", "Ada"}});
    world.left_has({{"key", "b"}, {"name", "Bob"}});
    world.right_has({{"key", "c"}, {"name", "Cid"}});
    if (!crash(world, point(), nth)) {
      return;
    }
    // The state may be new beside marks that are there: this one is not lost.
    Reconciler::Settings settings;
    settings.rebuild_state = true;
    EXPECT_TRUE(world.reconcile(settings).summary.converged);
    EXPECT_THAT(world.lefts(), ElementsAre("a Ada -", "b Bob -", "c Cid -"));
    EXPECT_EQ(world.lefts(), world.rights());
    expect_at_rest(world);
  }
}

// What we had half written must not look like a user's edit afterwards: a later change of the
// source goes through without a conflict.
TEST_P(CrashTest, AnUpdateThatWasHalfRecordedIsOursAfterwards) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both, conflict: hold");
    world.left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "1"}});
    settle(world);
    world.left_sets("a", {{"name", "Ada L."}});
    world.right_sets("a", {{"mail", "2"}});
    if (!crash(world, point(), nth)) {
      return;
    }
    world.left_sets("a", {{"name", "Ada King"}});
    settle(world);
    EXPECT_THAT(world.lefts(), ElementsAre("a Ada King 2"));
    EXPECT_EQ(world.lefts(), world.rights());
    expect_at_rest(world);
  }
}

// One of two updates of a batch is refused, since its row was changed between look and write. It
// was not made, whatever becomes of the other.
TEST_P(CrashTest, AnUpdateThatWasRefusedIsNotTakenForDone) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both, conflict: left_wins");
    world.left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "1"}});
    world.left_has({{"key", "b"}, {"name", "Bob"}, {"mail", "1"}});
    settle(world);
    world.left_sets("a", {{"name", "Eve"}});
    world.left_sets("b", {{"name", "Bea"}});
    world.right->faults().before(memory::SourceCall::kSubmit, [&] {
      world.right_sets("a", {{"mail", "raced"}});
    });
    if (!crash(world, point(), nth)) {
      return;
    }
    settle(world);
    settle(world);
    EXPECT_THAT(world.lefts(), ElementsAre("a Eve raced", "b Bea 1"));
    EXPECT_EQ(world.lefts(), world.rights());
    expect_at_rest(world);
  }
}

// Whether it was refused, or made and put back by a user since, nobody can tell afterwards: a
// conflict, which the rule decides.
TEST_P(CrashTest, WhatAUserPutsBackAfterTheCrashIsDecidedByTheRule) {
  for (const std::string rule : {"right_wins", "hold"}) {
    for (int nth = 1; nth < 6; ++nth) {
      SCOPED_TRACE("passage " + std::to_string(nth) + ", " + rule);
      PeopleWorld world(marks());
      world.map("direction: both, conflict: " + rule);
      world.left_has({{"key", "a"}, {"name", "Ada"}});
      settle(world);
      world.left_sets("a", {{"name", "Ada L."}});
      if (!crash(world, point(), nth)) {
        break;
      }
      if (world.rights() != std::vector<std::string>{"a Ada L. -"}) {
        continue;  // It was not done.
      }
      world.right_sets("a", {{"name", "Ada"}});
      const Summary summary = world.reconcile().summary;
      if (!marks()) {
        continue;  // It looks as if it had not been done.
      }
      EXPECT_THAT(world.rights(), ElementsAre("a Ada -"));
      if (summary.count(Operation::kHold) == 0) {
        EXPECT_EQ(world.lefts(), world.rights());
        expect_at_rest(world);
      }
    }
  }
}

// A create against an attribute's direction leaves it to the column's default. Nobody has seen what
// that is, and it is nobody's word.
TEST_P(CrashTest, TheDefaultsOfARowThatWeMadeGoOverNoValue) {
  for (const bool chosen : {true, false}) {
    for (int nth = 1; nth < 6; ++nth) {
      SCOPED_TRACE("passage " + std::to_string(nth) + (chosen ? "" : ", the source chooses ids"));
      PeopleWorld world(marks());
      if (!chosen) {
        let_the_left_choose_ids(world);
      }
      world.left->set_default("people", "age", memory::ConstantDefault{"0"});
      world.map(
          "direction: both, attributes: [ name, { left: age, right: age, direction: "
          "left_to_right } ]");
      world.right_has({{"key", "a"}, {"name", "Ada"}, {"age", "36"}});
      if (!crash(world, point(), nth)) {
        break;
      }
      Reconciler::Settings settings;
      settings.rebuild_state = true;
      EXPECT_TRUE(world.reconcile(settings).summary.converged);
      EXPECT_THAT(column(*world.left, "people", "age"), ElementsAre("0"));
      EXPECT_THAT(column(*world.right, "persons", "age"), ElementsAre("36"));
      expect_at_rest(world);
      EXPECT_THAT(column(*world.right, "persons", "age"), ElementsAre("36"));
      world.left_sets("a", {{"age", "37"}});
      settle(world);
      EXPECT_THAT(column(*world.right, "persons", "age"), ElementsAre("37"));
    }
  }
}

// A user's row in the place of the one that we made was written by somebody, all of it.
TEST_P(CrashTest, WhoTakesThePlaceOfARowThatWeMadeSaysAllItself) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.left->set_default("people", "age", memory::ConstantDefault{"0"});
    world.map(
        "direction: both, attributes: [ name, { left: age, right: age, direction: "
        "left_to_right } ]");
    world.right_has({{"key", "a"}, {"name", "Ada"}, {"age", "36"}});
    if (!crash(world, point(), nth)) {
      return;
    }
    world.left->erase("people", {});
    world.left_has({{"key", "a"}, {"name", "Ada"}, {"age", "5"}});
    Reconciler::Settings settings;
    settings.rebuild_state = true;
    EXPECT_TRUE(world.reconcile(settings).summary.converged);
    EXPECT_THAT(column(*world.left, "people", "age"), ElementsAre("5"));
    EXPECT_THAT(column(*world.right, "persons", "age"), ElementsAre("5"));
    expect_at_rest(world);
  }
}

// The user edits the row that we have just written, before we come back.
TEST_P(CrashTest, AUsersEditAfterTheCrashIsNotOverwritten) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both, conflict: right_wins");
    world.left_has({{"key", "a"}, {"name", "Ada"}});
    settle(world);
    world.left_sets("a", {{"name", "Ada L."}});
    if (!crash(world, point(), nth)) {
      return;
    }
    world.right_sets("a", {{"name", "user"}});
    settle(world);
    EXPECT_THAT(world.lefts(), ElementsAre("a user -"));
    EXPECT_EQ(world.lefts(), world.rights());
    expect_at_rest(world);
  }
}

// Under the id that was reserved for it, it is ours, whatever it is called by now.
TEST_P(CrashTest, ARowThatAUserRenamesAfterTheCrashIsNotMadeAgain) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both");
    world.left_has({{"key", "a"}, {"name", "Ada"}});
    if (!crash(world, point(), nth)) {
      return;
    }
    world.right->update("persons", {}, {{"key", "b"}});
    Reconciler::Settings settings;
    settings.rebuild_state = true;
    EXPECT_TRUE(world.reconcile(settings).summary.converged);
    EXPECT_EQ(world.lefts().size(), 1U);
    EXPECT_EQ(world.lefts(), world.rights());
    expect_at_rest(world);
  }
}

// A write changes all of its columns or none: what the user left alone shows that it was done.
TEST_P(CrashTest, AnEditOfOnePartOfWhatWasHalfRecordedIsNoConflict) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both, conflict: hold");
    world.left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "1"}});
    settle(world);
    world.left_sets("a", {{"name", "Ada L."}, {"mail", "2"}});
    if (!crash(world, point(), nth)) {
      return;
    }
    if (world.rights() != std::vector<std::string>{"a Ada L. 2"}) {
      continue;  // It was not done.
    }
    world.right_sets("a", {{"mail", "3"}});
    settle(world);
    EXPECT_THAT(world.lefts(), ElementsAre("a Ada L. 3"));
    EXPECT_EQ(world.lefts(), world.rights());
    expect_at_rest(world);
  }
}

// Our update was refused, or never sent, and a user has written one of its values himself.
TEST_P(CrashTest, AUserWhoWritesOneOfOurValuesDoesNotVouchForTheOthers) {
  for (const bool raced : {true, false}) {
    for (int nth = 1; nth < 6; ++nth) {
      SCOPED_TRACE("passage " + std::to_string(nth) + (raced ? ", raced" : ""));
      PeopleWorld world(marks());
      world.map("direction: both, conflict: left_wins");
      world.left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "1"}});
      world.left_has({{"key", "b"}, {"name", "Bob"}, {"mail", "1"}});
      settle(world);
      world.left_sets("a", {{"name", "Ada L."}, {"mail", "2"}});
      world.left_sets("b", {{"name", "Bea"}});
      const auto write_the_same = [&] { world.right_sets("a", {{"name", "Ada L."}}); };
      if (raced) {
        world.right->faults().before(memory::SourceCall::kSubmit, write_the_same);
      }
      if (!crash(world, point(), nth)) {
        break;
      }
      if (!raced && world.rights().front() == "a Ada 1") {
        write_the_same();
      }
      settle(world);
      EXPECT_THAT(world.lefts(), ElementsAre("a Ada L. 2", "b Bea 1"));
      EXPECT_EQ(world.lefts(), world.rights());
      expect_at_rest(world);
    }
  }
}

// The value that lost is nowhere else any more.
TEST_P(CrashTest, WhoLosesAConflictIsOnRecord) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both, conflict: left_wins");
    world.left_has({{"key", "a"}, {"name", "Ada"}});
    settle(world);
    world.left_sets("a", {{"name", "left"}});
    world.right_sets("a", {{"name", "right"}});
    if (!crash(world, point(), nth)) {
      return;
    }
    settle(world);
    EXPECT_THAT(world.rights(), ElementsAre("a left -"));
    EXPECT_THAT(losers_at_right(world), ElementsAre("\"right\""));
  }
}

// The same where it was held until another rule decided.
TEST_P(CrashTest, WhoWinsAConflictThatWasHeldIsOnRecord) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both, conflict: hold");
    world.left_has({{"key", "a"}, {"name", "left"}});
    world.right_has({{"key", "a"}, {"name", "right"}});
    settle(world);
    world.map("direction: both, conflict: left_wins");
    if (!crash(world, point(), nth)) {
      return;
    }
    settle(world);
    EXPECT_THAT(world.rights(), ElementsAre("a left -"));
    std::vector<std::string> told;
    const auto looked = world.by_hand([&](State& state, const auto& /*sources*/) -> Result<void> {
      COUPLET_ASSIGN(const auto found, state.conflicts(0, std::nullopt, 10));
      for (const State::ConflictEntry& entry : found) {
        told.push_back(entry.conflict.settled ? entry.conflict.settled->by : "held");
        EXPECT_EQ(entry.conflict.winner, Side::kLeft);
      }
      return {};
    });
    EXPECT_TRUE(looked.has_value());
    EXPECT_THAT(told, ElementsAre("left_wins"));
  }
}

// Also where nobody can tell any more whether it lost: a user has written over what beat it.
TEST_P(CrashTest, WhoMayHaveLostAConflictIsOnRecord) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both, conflict: left_wins");
    world.left_has({{"key", "a"}, {"name", "Ada"}});
    settle(world);
    world.left_sets("a", {{"name", "left"}});
    world.right_sets("a", {{"name", "right"}});
    if (!crash(world, point(), nth)) {
      return;
    }
    if (world.rights() != std::vector<std::string>{"a left -"}) {
      continue;  // It was not done.
    }
    world.right_sets("a", {{"name", "again"}});
    settle(world);
    EXPECT_EQ(world.lefts(), world.rights());
    EXPECT_THAT(losers_at_right(world), testing::Contains("\"right\""));
    expect_at_rest(world);
  }
}

// That the two were one was decided before a user deleted one of them.
TEST_P(CrashTest, WhoWasDeletedAfterItWasMatchedDoesNotComeBack) {
  for (int nth = 1; nth < 6; ++nth) {
    SCOPED_TRACE("passage " + std::to_string(nth));
    PeopleWorld world(marks());
    world.map("direction: both, conflict: left_wins");
    world.left_has({{"key", "a"}, {"name", "left"}});
    world.right_has({{"key", "a"}, {"name", "right"}});
    world.right_has({{"key", "b"}});
    if (!crash(world, point(), nth)) {
      return;
    }
    const auto before = world.rights();
    if (std::find(before.begin(), before.end(), "a left -") == before.end()) {
      continue;  // It was not done.
    }
    world.right->erase("persons", {{"key", "a"}});
    Reconciler::Settings settings;
    settings.rebuild_state = true;
    EXPECT_TRUE(world.reconcile(settings).summary.converged);
    settle(world);  // Before a complete reconcile nothing that is gone is evidence.
    EXPECT_THAT(world.rights(), ElementsAre("b - -"));
    expect_at_rest(world);
  }
}

// It was recorded with a write that came to nothing, and the next one came out otherwise.
TEST(ConflictLog, WhoWonAtLastIsTheOneOnRecord) {
  PeopleWorld world;
  world.map("direction: both");
  std::vector<std::optional<Side>> winners;
  const auto done = world.by_hand([&](State& state, const auto& /*sources*/) -> Result<void> {
    const ObjectKey key{std::string(8, 'k')};
    for (const Side winner : {Side::kLeft, Side::kRight}) {
      Conflict conflict;
      conflict.attribute = "name";
      conflict.values = {"1", "2"};
      conflict.winner = winner;
      StateBatch changes;
      COUPLET_TRY(state.put_conflict(changes, 0, key, key, {Digest{1}, Digest{2}}, conflict));
      COUPLET_TRY(state.store().commit(changes, Durability::kSynced));
    }
    COUPLET_ASSIGN(const auto found, state.conflicts(0, std::nullopt, 10));
    for (const State::ConflictEntry& entry : found) {
      winners.push_back(entry.conflict.winner);
    }
    return {};
  });
  EXPECT_TRUE(done.has_value());
  EXPECT_THAT(winners, ElementsAre(Side::kRight));
}

INSTANTIATE_TEST_SUITE_P(AtEveryDurableStep, CrashTest,
                         testing::Combine(testing::ValuesIn(kCrashPoints), testing::Bool()),
                         [](const auto& instance) {
                           return std::string(std::get<0>(instance.param)) +
                                  (std::get<1>(instance.param) ? "_with_marks" : "_without_marks");
                         });

}  // namespace
}  // namespace couplet::test
