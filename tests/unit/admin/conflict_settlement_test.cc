// Conflicts that are held: open until something settles them, and what did is on record.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"
#include "tests/unit/admin/by_hand.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;

class ConflictSettlementTest : public testing::Test, public PeopleWorld {
 protected:
  // A linked pair whose name was changed on both sides, held.
  void hold_a_conflict(const std::string& options = "direction: both") {
    map(options + ", conflict: hold");
    left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "m"}});
    settle(*this);
    left_sets("a", {{"name", "left"}});
    right_sets("a", {{"name", "right"}});
    settle(*this);
  }
  // "values: how it stands" of each entry of the log; one that is held must be on `held list`.
  std::vector<std::string> log() {
    std::vector<std::string> found;
    std::uint64_t held = 0;
    with_state(*this, [&](State& state) {
      ids.clear();
      EXPECT_TRUE(list_conflicts(definition(), state, {}, {}, [&](const ConflictItem& item) {
        const Conflict& conflict = item.conflict;
        ids.push_back(item.id);
        held += item.held ? 1 : 0;
        std::string how = item.held ? "held" : conflict.settled ? conflict.settled->by : "no more";
        if (conflict.settled) {
          EXPECT_EQ(conflict.settled->at, clock.now());
        }
        found.push_back(conflict.values[0] + " " + conflict.values[1] + ": " + how +
                        (conflict.winner ? std::string(" ") + name_of(*conflict.winner) : ""));
        return true;
      }));
      EXPECT_TRUE(list_held(definition(), state, {}, {}, [&](const HeldItem& /*item*/) {
        held -= 1;
        return true;
      }));
    });
    EXPECT_EQ(held, 0U) << "what is held in the log is what `held list` has";
    return found;
  }
  void later() { clock.set(clock.now().value + 60'000'000); }

  std::vector<std::string> ids;  // of the last log
};

TEST_F(ConflictSettlementTest, OneThatNobodyHasSettledIsHeld) {
  hold_a_conflict();
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": held"));
  later();
  settle(*this);
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": held"));
}

TEST_F(ConflictSettlementTest, AnotherRuleThatDecidesItIsOnRecordWithWhoWon) {
  hold_a_conflict();
  log();
  const auto before = ids;
  later();
  map("direction: both, conflict: right_wins");
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a right m"));
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": right_wins right"));
  EXPECT_EQ(ids, before) << "it is the same entry";
}

TEST_F(ConflictSettlementTest, ARuleThatWritesNothingIsOnRecordToo) {
  hold_a_conflict("direction: left_to_right");
  later();
  map("direction: left_to_right, conflict: right_wins");
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a right m"));
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": right_wins right"));
}

TEST_F(ConflictSettlementTest, BothSidesMadeEqualSettleIt) {
  hold_a_conflict();
  later();
  left_sets("a", {{"name", "right"}});
  settle(*this);
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": equal"));
}

TEST_F(ConflictSettlementTest, ASideSetBackSettlesItForTheOther) {
  hold_a_conflict();
  later();
  right_sets("a", {{"name", "Ada"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a left m"));
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": changed left"));
}

TEST_F(ConflictSettlementTest, OneOverNewValuesTakesItsPlace) {
  hold_a_conflict();
  later();
  left_sets("a", {{"name", "again"}});
  settle(*this);
  EXPECT_THAT(log(), testing::UnorderedElementsAre("\"left\" \"right\": superseded",
                                                   "\"again\" \"right\": held"));
}

TEST_F(ConflictSettlementTest, AnObjectThatIsGoneTakesItAlong) {
  hold_a_conflict();
  left_has({{"key", "b"}});
  settle(*this);
  later();
  right->erase("persons", {{"key", "a"}});
  settle(*this);
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": gone"));
}

TEST_F(ConflictSettlementTest, AnAttributeThatIsMappedNoMoreTakesItAlong) {
  hold_a_conflict();
  later();
  map("direction: both, conflict: hold, attributes: [ mail ]");
  settle(*this);
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": gone"));
}

TEST_F(ConflictSettlementTest, TheSameConflictOnceMoreIsHeldAgain) {
  hold_a_conflict();
  left_sets("a", {{"name", "right"}});
  settle(*this);
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": equal"));
  left_sets("a", {{"name", "x"}});
  settle(*this);
  left_sets("a", {{"name", "left"}});
  right_sets("a", {{"name", "right"}});
  settle(*this);
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": held"));
}

TEST_F(ConflictSettlementTest, ALinkRemovedByHandLeavesNothingHeld) {
  hold_a_conflict();
  remove_link(*this, "left.people/1");
  settle(*this);
  std::vector<std::string> found = log();
  EXPECT_THAT(found, ElementsAre("\"left\" \"right\": no more"));
}

TEST_F(ConflictSettlementTest, OneThatARuleDecidedAtOnceWasNeverHeld) {
  map("direction: both, conflict: left_wins");
  left_has({{"key", "a"}, {"name", "left"}});
  right_has({{"key", "a"}, {"name", "right"}});
  settle(*this);
  with_state(*this, [&](State& state) {
    EXPECT_TRUE(list_conflicts(definition(), state, {}, {}, [](const ConflictItem& item) {
      EXPECT_FALSE(item.held);
      EXPECT_FALSE(item.conflict.settled);
      EXPECT_EQ(item.conflict.winner, Side::kLeft);
      return true;
    }));
  });
}

TEST_F(ConflictSettlementTest, ManyToOneItIsSettledForTheContributorWhoseValueItWas) {
  const std::string many = "direction: left_to_right, cardinality: many_to_one";
  map(many + ", conflict: hold");
  for (int i = 0; i < 3; ++i) {
    left_has({{"key", "a"}, {"name", "left"}});
  }
  right_has({{"key", "a"}, {"name", "right"}});
  settle(*this);
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": held"));
  later();
  map(many + ", conflict: left_wins");
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a left -"));
  EXPECT_THAT(log(), ElementsAre("\"left\" \"right\": left_wins left"));
}

}  // namespace
}  // namespace couplet::test
