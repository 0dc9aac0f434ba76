// Writes that the database takes and that come to nothing: triggers that skip the row.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using memory::RowAccess;
using memory::RowEvent;
using memory::SourceCall;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class SwallowedWritesTest : public testing::Test, public PeopleWorld {
 protected:
  // On the right, rows that are called so are skipped.
  void skips(RowEvent event, const std::string& name) {
    right->before_write("persons",
                        [this, event, name](RowEvent now, const RowAccess*,
                                            const RowAccess* after) -> Result<bool> {
                          return !skipping_ || now != event || after->get("name") != name;
                        });
  }
  void mend() { skipping_ = false; }
  [[nodiscard]] Summary run() { return settle(*this); }

 private:
  bool skipping_ = true;
};

TEST_F(SwallowedWritesTest, AnInsertThatMakesNoRowParksItsObjectAndTheOthersGoOn) {
  map("direction: left_to_right");
  skips(RowEvent::kInsert, "Eve");
  left_has({{"key", "a"}, {"name", "Ada"}});
  left_has({{"key", "e"}, {"name", "Eve"}});
  Summary summary = run();
  EXPECT_EQ(summary.count(Operation::kCreate), 1U);
  EXPECT_EQ(summary.count(Operation::kPark), 1U);
  EXPECT_THAT(lines(), Contains(AllOf(HasSubstr("park absent person: left.people/2"),
                                      HasSubstr("insert into table public.persons"),
                                      HasSubstr("left.people/2"), HasSubstr("a trigger"),
                                      HasSubstr("couplet parked retry"))));
  // Tried again at the next reconcile, once.
  const std::uint64_t transactions = right->transactions();
  summary = run();
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kPark), 1U);
  EXPECT_EQ(right->transactions(), transactions);
  mend();
  EXPECT_EQ(run().count(Operation::kPark), 0U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "e Eve -"));
}

TEST_F(SwallowedWritesTest, AnUpdateThatChangesNothingParksItsObjectInsteadOfOscillating) {
  map("direction: left_to_right");
  skips(RowEvent::kUpdate, "Eve");
  left_has({{"key", "a"}, {"name", "Ada"}});
  left_has({{"key", "b"}, {"name", "Bob"}});
  settle(*this);
  left_sets("a", {{"name", "Eve"}});
  left_sets("b", {{"name", "Rob"}});
  for (int again = 0; again < 6; ++again) {
    const Summary summary = run();
    EXPECT_EQ(summary.count(Operation::kPark), 1U);
    EXPECT_EQ(summary.count(Operation::kHold), 0U);
  }
  EXPECT_THAT(lines(),
              Contains(AllOf(HasSubstr("park source_changed person: left.people/1"),
                             HasSubstr("update of right.persons/1 (table public.persons)"),
                             HasSubstr("changed nothing"), HasSubstr("couplet parked retry"))));
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Rob -"));
  mend();
  EXPECT_EQ(run().count(Operation::kUpdate), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Eve -", "b Rob -"));
}

// What cannot be written here is written there all the same.
TEST_F(SwallowedWritesTest, InATwoWayMappingTheOtherSideIsWrittenAllTheSame) {
  map("direction: both");
  skips(RowEvent::kUpdate, "Eve");
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "m"}});
  settle(*this);
  left_sets("a", {{"name", "Eve"}});
  right_sets("a", {{"mail", "n"}});
  EXPECT_EQ(run().count(Operation::kPark), 1U);
  EXPECT_THAT(lefts(), ElementsAre("a Eve n"));
  EXPECT_THAT(rights(), ElementsAre("a Ada n"));
}

// Somebody who was faster is no trigger, however often.
TEST_F(SwallowedWritesTest, ARowThatIsChangedAgainAndAgainUnderUsIsNotTakenForIt) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left_sets("a", {{"name", "Ada L."}});
  for (int i = 0; i < 5; ++i) {
    right->faults().before(
        SourceCall::kSubmit,
        [this, i] {
          right_sets("a", {{"age", std::to_string(i)}});
        },
        0);
  }
  const Summary summary = run();
  EXPECT_EQ(summary.count(Operation::kPark), 0U);
  EXPECT_THAT(rights(), ElementsAre("a Ada L. -"));
}

TEST_F(SwallowedWritesTest, ARowThatIsDeletedUnderUsIsNotTakenForIt) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left_sets("a", {{"name", "Ada L."}});
  right->faults().before(SourceCall::kSubmit, [this] { right->erase("persons", {{"key", "a"}}); });
  EXPECT_EQ(run().count(Operation::kPark), 0U);
}

TEST_F(SwallowedWritesTest, AManyToOneTargetThatIsNotMadeParksItsContributors) {
  SyncWorld world;
  world.create(*world.left, DescribedTable("orders").id().text("city"));
  world.create(*world.right, DescribedTable("cities").id().text("name"));
  world.define(
      "mappings:\n  city: { left: left.orders, right: right.cities, direction: left_to_right,\n"
      "    cardinality: many_to_one, keys: [ { left: city, right: name } ] }\n");
  world.right->before_write("cities",
                            [](RowEvent, const RowAccess*, const RowAccess* after) -> Result<bool> {
                              return after == nullptr || after->get("name") != "Rome";
                            });
  for (const char* city : {"Rome", "Oslo", "Rome"}) {
    world.left->insert("orders", {{"city", city}});
  }
  const Summary summary = settle(world);
  EXPECT_EQ(summary.count(Operation::kPark), 2U);
  EXPECT_EQ(summary.count(Operation::kCreate), 1U);
  EXPECT_EQ(settle(world).operations(), 0U);
}

}  // namespace
}  // namespace couplet::test
