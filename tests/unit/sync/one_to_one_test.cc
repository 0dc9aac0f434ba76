// The situations of DESIGN section 5.2, one to one.
#include <gmock/gmock.h>

#include "engine/model/literal.h"
#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OneToOneTest : public testing::Test, public PeopleWorld {
 protected:
  // Nothing is left to do: no operation, and no transaction on either side.
  void expect_at_rest() {
    const std::uint64_t transactions = left->transactions() + right->transactions();
    EXPECT_EQ(reconcile().summary.operations(), 0U);
    EXPECT_EQ(left->transactions() + right->transactions(), transactions);
  }
};

TEST_F(OneToOneTest, AbsentIsCreatedAndLinkedInBothDirections) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right_has({{"key", "b"}, {"name", "Bob"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kCreate), 2U);
  EXPECT_EQ(summary.operations(), 2U);
  EXPECT_THAT(lefts(), ElementsAre("a Ada -", "b Bob -"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(OneToOneTest, AbsentIsOnlyReportedWhereCreatingIsSwitchedOff) {
  map("direction: left_to_right, create: false");
  left_has({{"key", "a"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kReport), 1U);
  EXPECT_THAT(rights(), IsEmpty());
}

TEST_F(OneToOneTest, MatchedIsLinkedAndMergedWithoutOverwritingByNull) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right_has({{"key", "a"}, {"mail", "ada@x"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_EQ(summary.count(Operation::kUpdate), 2U);
  EXPECT_THAT(lefts(), ElementsAre("a Ada ada@x"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

// Statements on both sides of a first contact of so many rows.
std::array<std::uint64_t, 2> statements_of_first_contact(const std::string& direction, int rows) {
  PeopleWorld world;
  for (auto& [database, table] :
       {std::pair(world.left.get(), "people"), {world.right.get(), "persons"}}) {
    const auto filled = database->transaction(
        [&, table = table](memory::MemoryTransaction& transaction) -> Result<void> {
          for (int i = 0; i < rows; ++i) {
            COUPLET_TRY(transaction.insert(table, {{"key", std::to_string(i)}, {"name", "n"}}));
          }
          return {};
        });
    COUPLET_CHECK(filled.has_value());
  }
  world.map("direction: " + direction);
  EXPECT_EQ(world.reconcile().summary.count(Operation::kLink), static_cast<std::uint64_t>(rows));
  return world.statements;
}

// Each row of both sides is nominated before the first is linked, and the second of two need not be
// read again: as with a one-way mapping, which nominates its own side alone.
TEST(FirstContact, OfBothSidesReadsEachRowOnce) {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    const auto beyond_one_way = [&](int rows) {
      return statements_of_first_contact("both", rows)[index_of(side)] -
             statements_of_first_contact("left_to_right", rows)[index_of(side)];
    };
    EXPECT_LE(beyond_one_way(5000), beyond_one_way(1)) << name_of(side);
  }
}

TEST_F(OneToOneTest, ATieAtFirstContactGoesToTheConfiguredSide) {
  map("direction: both, tie: right");
  left_has({{"key", "a"}, {"name", "L"}});
  right_has({{"key", "a"}, {"name", "R"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a R -"));
  EXPECT_EQ(lefts(), rights());
}

TEST_F(OneToOneTest, TheNewerSideWinsAtFirstContactIfItIsNewerThanTheSkew) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "old"}, {"touched", "2025-01-01 00:00:00+00"}});
  right_has({{"key", "a"}, {"name", "new"}, {"touched", "2025-01-01 00:00:03+00"}});
  left_has({{"key", "b"}, {"name", "tie"}, {"touched", "2025-01-01 00:00:00+00"}});
  right_has({{"key", "b"}, {"name", "within skew"}, {"touched", "2025-01-01 00:00:02+00"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a new -", "b tie -"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(OneToOneTest, AChangeOnOneSideGoesToTheOtherAndCarriesItsTime) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}, {"touched", "2025-01-01 00:00:00+00"}});
  settle(*this);
  right_sets("a", {{"name", "Ada L."}, {"touched", "2025-02-02 00:00:00+00"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kUpdate), 1U);
  EXPECT_THAT(lefts(), ElementsAre("a Ada L. -"));
  EXPECT_EQ(left->rows("people")[0].at("touched"), "2025-02-02 00:00:00+00");
  expect_at_rest();
}

TEST_F(OneToOneTest, ChangesOfDifferentAttributesOnBothSidesAreBothKept) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "old"}});
  settle(*this);
  left_sets("a", {{"name", "Ada L."}});
  right_sets("a", {{"mail", "new"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a Ada L. new"));
  EXPECT_EQ(lefts(), rights());
}

TEST_F(OneToOneTest, TheSameChangeOnBothSidesIsNoConflict) {
  map("direction: both, conflict: hold");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left_sets("a", {{"name", "Eve"}});
  right_sets("a", {{"name", "Eve"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kHold), 0U);
}

TEST_F(OneToOneTest, AConflictIsWonByTheNewerSideAndTheLoserIsRecorded) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left_sets("a", {{"name", "from left"}, {"touched", "2025-03-01 00:00:00+00"}});
  right_sets("a", {{"name", "from right"}, {"touched", "2025-03-02 00:00:00+00"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kConflict), 1U);
  EXPECT_THAT(lefts(), ElementsAre("a from right -"));
  EXPECT_EQ(lefts(), rights());
  const auto conflicts = store->cursor(Family::kConflicts);
  conflicts->seek({});
  ASSERT_TRUE(conflicts->valid());
  const auto conflict = decode_conflict(conflicts->value());
  ASSERT_TRUE(conflict.has_value());
  EXPECT_EQ(conflict->rule, "last_write_wins");
  EXPECT_EQ(conflict->winner, Side::kRight);
  EXPECT_EQ(conflict->values[0], "\"from left\"");
  EXPECT_EQ(conflict->values[1], "\"from right\"");
  expect_at_rest();
}

// The clock of these tests stands late in 2025.
TEST_F(OneToOneTest, AChangeTimeFarInTheFutureWinsNothingAndIsTold) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  left_has({{"key", "b"}, {"name", "Bob"}});
  settle(*this);
  for (const char* key : {"a", "b"}) {
    left_sets(key, {{"name", "from left"}, {"touched", "2025-03-01 00:00:00+00"}});
    right_sets(key, {{"name", "from right"}, {"touched", "2099-01-01 00:00:00+00"}});
  }
  EXPECT_EQ(settle(*this).count(Operation::kConflict), 2U);
  EXPECT_THAT(lefts(), ElementsAre("a from left -", "b from left -"));
  EXPECT_EQ(lefts(), rights());
  EXPECT_THAT(notices(), ElementsAre(HasSubstr("ahead of this machine's clock")));
  const auto conflicts = store->cursor(Family::kConflicts);
  conflicts->seek({});
  ASSERT_TRUE(conflicts->valid());
  const auto conflict = decode_conflict(conflicts->value());
  ASSERT_TRUE(conflict.has_value());
  EXPECT_EQ(conflict->rule, "future_time");
  EXPECT_EQ(conflict->winner, Side::kLeft);
  EXPECT_GT(conflict->times[1], conflict->times[0]) << "as it stands in the row";
  expect_at_rest();
  // It loses nothing either: what is changed there alone is carried.
  right_sets("a", {{"name", "Ada L."}, {"touched", "2100-01-01 00:00:00+00"}});
  EXPECT_EQ(settle(*this).count(Operation::kUpdate), 1U);
  EXPECT_THAT(lefts(), ElementsAre("a Ada L. -", "b from left -"));
  expect_at_rest();
}

// What is newer is not written over unseen because its clock is off.
TEST_F(OneToOneTest, AnEnforcedTargetWithATimeFarInTheFutureIsLeftAndReported) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "Ada"}, {"touched", "2025-01-01 00:00:00+00"}});
  settle(*this);
  right_sets("a", {{"name", "by hand"}, {"touched", "2099-01-01 00:00:00+00"}});
  EXPECT_EQ(settle(*this).count(Operation::kReport), 1U);
  EXPECT_THAT(rights(), ElementsAre("a by hand -"));
  expect_at_rest();
}

TEST_F(OneToOneTest, AnHourAheadIsTheNewerSideAllTheSame) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left_sets("a", {{"name", "from left"}, {"touched", "2025-03-01 00:00:00+00"}});
  const Timestamp soon{clock.now().value + 3'600'000'000};
  right_sets("a", {{"name", "from right"}, {"touched", format_timestamp(soon)}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a from right -"));
  EXPECT_THAT(notices(), IsEmpty());
}

TEST_F(OneToOneTest, AHeldConflictHoldsThatAttributeAloneUntilItIsGone) {
  map("direction: both, conflict: hold");
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "m"}});
  settle(*this);
  left_sets("a", {{"name", "L"}, {"mail", "new"}});
  right_sets("a", {{"name", "R"}});
  EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
  EXPECT_THAT(lefts(), ElementsAre("a L new"));
  EXPECT_THAT(rights(), ElementsAre("a R new"));
  EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
  expect_at_rest();
  right_sets("a", {{"name", "L"}});
  EXPECT_EQ(settle(*this).count(Operation::kHold), 0U);
  expect_at_rest();
}

TEST_F(OneToOneTest, ATargetThatWasChangedIsWrittenBackByEnforce) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  right_sets("a", {{"name", "drift"}});
  EXPECT_EQ(settle(*this).count(Operation::kUpdate), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -"));
  expect_at_rest();
}

TEST_F(OneToOneTest, ATargetThatIsNewerIsLeftAndReportedUnderLastWriteWins) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "Ada"}, {"touched", "2025-01-01 00:00:00+00"}});
  settle(*this);
  right_sets("a", {{"name", "newer"}, {"touched", "2025-06-01 00:00:00+00"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kReport), 1U);
  EXPECT_THAT(rights(), ElementsAre("a newer -"));
}

// It holds what somebody wrote there later than what we brought: that is still its change time.
TEST_F(OneToOneTest, AnOlderValueThatIsWrittenDoesNotMakeTheTargetOlder) {
  map("direction: left_to_right, attributes: [ name, { left: mail, right: mail, "
      "conflict: left_wins } ]");
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "1"}, {"touched", "2025-01-01 00:00:00+00"}});
  settle(*this);
  right_sets("a", {{"name", "newer"}, {"mail", "x"}, {"touched", "2025-06-01 00:00:00+00"}});
  for (int run = 0; run < 2; ++run) {
    SCOPED_TRACE(run);
    EXPECT_EQ(settle(*this).count(Operation::kUpdate), run == 0 ? 1U : 0U);
    EXPECT_THAT(rights(), ElementsAre("a newer 1"));
  }
  expect_at_rest();
}

TEST_F(OneToOneTest, FollowWritesOnlyWhatChangedAndReportsDrift) {
  map("direction: left_to_right, "
      "attributes: [ { left: name, right: name, policy: follow }, mail ]");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  right_sets("a", {{"name", "drift"}});
  Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kReport), 1U);
  left_sets("a", {{"name", "Ada L."}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a Ada L. -"));
}

TEST_F(OneToOneTest, InitWritesOnCreateAndFillsANullAndNothingElse) {
  map("direction: left_to_right, attributes: [ { left: name, right: name, policy: init } ]");
  left_has({{"key", "a"}, {"name", "Ada"}});
  left_has({{"key", "b"}, {"name", "Bob"}});
  right_has({{"key", "b"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Bob -"));
  left_sets("a", {{"name", "Ada L."}});
  right_sets("b", {{"name", "Robert"}});
  EXPECT_EQ(settle(*this).operations(), 0U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -", "b Robert -"));
}

TEST_F(OneToOneTest, ARenameIsAnUpdateAndKeepsTheLink) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left_sets("a", {{"key", "z"}});
  settle(*this);
  EXPECT_THAT(lines(), Contains(HasSubstr("update moved person: left.people/1 -> ")));
  EXPECT_THAT(rights(), ElementsAre("z Ada -"));
  EXPECT_EQ(right->count("persons"), 1U);
  expect_at_rest();
}

TEST_F(OneToOneTest, AKeyThatBecomesNullKeepsTheLinkAndIsWritten) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left->update("people", {{"key", "a"}}, {{"key", std::nullopt}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("- Ada -"));
  expect_at_rest();
}

TEST_F(OneToOneTest, ANullIdentityKeyIsReportedAndNeverCreated) {
  map("direction: both");
  left_has({{"name", "nobody"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kReport), 1U);
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("report no_identity")));
}

TEST_F(OneToOneTest, SeveralUnlinkedObjectsWithOneKeyAreHeldUntilTheRivalGoes) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "one"}});
  left_has({{"key", "a"}, {"name", "two"}});
  Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kHold), 2U);
  EXPECT_THAT(rights(), IsEmpty());
  left->erase("people", {{"name", "two"}});
  summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kHold), 0U);
  EXPECT_THAT(rights(), ElementsAre("a one -"));
}

TEST_F(OneToOneTest, SeveralCounterpartsAreAmbiguousAndHeld) {
  map("direction: left_to_right");
  left_has({{"key", "a"}});
  right_has({{"key", "a"}, {"name", "one"}});
  right_has({{"key", "a"}, {"name", "two"}});
  EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("hold ambiguous")));
  right->erase("persons", {{"name", "two"}});
  EXPECT_EQ(settle(*this).count(Operation::kLink), 1U);
  expect_at_rest();
}

TEST_F(OneToOneTest, ACounterpartThatIsLinkedToAnotherHoldsTheNewcomer) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "one"}});
  settle(*this);
  left_has({{"key", "a"}, {"name", "two"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kHold), 1U);
  EXPECT_THAT(rights(), ElementsAre("a one -"));
  expect_at_rest();
}

TEST_F(OneToOneTest, AnObjectDeletedAndInsertedAgainSucceedsItself) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}, {"mail", "m"}});
  settle(*this);
  left->erase("people", {{"key", "a"}});
  left_has({{"key", "a"}, {"name", "Ada L."}});  // mail was left out
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_EQ(summary.count(Operation::kCreate), 0U);
  EXPECT_THAT(lefts(), ElementsAre("a Ada L. m"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(OneToOneTest, ATargetThatIsGoneIsMadeAgainOneWay) {
  map("direction: left_to_right");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  right->erase("persons", {{"key", "a"}});
  EXPECT_EQ(settle(*this).count(Operation::kCreate), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -"));
  expect_at_rest();
}

TEST_F(OneToOneTest, ASourceThatIsGoneLeavesATombstoneAndIsNeverCopiedBack) {
  map("direction: both");
  for (const char* key : {"a", "b"}) {
    left_has({{"key", key}, {"name", "x"}});
  }
  settle(*this);
  left->erase("people", {{"key", "a"}});
  EXPECT_EQ(settle(*this).count(Operation::kUnlink), 1U);
  EXPECT_THAT(lefts(), ElementsAre("b x -"));
  EXPECT_THAT(rights(), ElementsAre("a x -", "b x -"));
  expect_at_rest();
  // It comes back: the survivor is its counterpart again.
  left_has({{"key", "a"}, {"name", "y"}});
  EXPECT_EQ(settle(*this).count(Operation::kLink), 1U);
  EXPECT_THAT(rights(), ElementsAre("a y -", "b x -"));
  expect_at_rest();
}

TEST_F(OneToOneTest, AnEmptyTableIsNoEvidenceOfADelete) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  left->erase("people", {{"key", "a"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kReport), 1U);
  EXPECT_THAT(lefts(), IsEmpty());
  left_has({{"key", "a"}, {"name", "Ada"}});
  EXPECT_EQ(settle(*this).count(Operation::kLink), 1U);
}

TEST_F(OneToOneTest, WhenBothAreGoneTheLinkIsDropped) {
  map("direction: both");
  left_has({{"key", "a"}});
  settle(*this);
  left->erase("people", {{"key", "a"}});
  right->erase("persons", {{"key", "a"}});
  EXPECT_EQ(settle(*this).operations(), 0U);
  const auto links = store->cursor(Family::kLinks);
  links->seek({});
  EXPECT_FALSE(links->valid());
}

TEST_F(OneToOneTest, AWipedSideIsHeldNotRefilled) {
  map("direction: left_to_right");
  for (int i = 0; i < 30; ++i) {
    left_has({{"key", std::to_string(i)}, {"name", "x"}});
  }
  settle(*this);
  right->erase("persons", {});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kHold), 30U);
  EXPECT_THAT(rights(), IsEmpty());
  EXPECT_THAT(notices(), Contains(HasSubstr("'recreate'")));
}

TEST_F(OneToOneTest, ARailOnCreatesHoldsThatClassAloneBeforeTheFirstWrite) {
  map("direction: left_to_right, limits: { create: { count: 2, percent: 10 } }");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right_has({{"key", "a"}, {"name", "old"}});
  settle(*this);
  for (int i = 0; i < 3; ++i) {
    left_has({{"key", std::to_string(i)}});
  }
  left_sets("a", {{"name", "Ada L."}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kHold), 3U);
  EXPECT_EQ(summary.count(Operation::kUpdate), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Ada L. -"));
}

TEST_F(OneToOneTest, AnObjectOutOfScopeIsNeitherCreatedNorASecondTimeMade) {
  map("direction: left_to_right, where: { left: { name: in } }");
  left_has({{"key", "a"}, {"name", "in"}, {"mail", "1"}});
  left_has({{"key", "b"}, {"name", "out"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a in 1"));
  left_sets("a", {{"name", "out"}, {"mail", "2"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kReport), 1U);
  EXPECT_THAT(rights(), ElementsAre("a in 1"));
  left_sets("a", {{"name", "in"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a in 2"));
}

TEST_F(OneToOneTest, ACreateWritesTheEqualitiesOfTheOtherSidesWhere) {
  map("direction: left_to_right, where: { right: { age: 7 } }");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  EXPECT_EQ(right->rows("persons")[0].at("age"), "7");
  expect_at_rest();
}

TEST_F(OneToOneTest, ActionsTurnASituationIntoAReportOrAHold) {
  map("direction: left_to_right, actions: { absent: hold, source_changed: report }");
  left_has({{"key", "a"}, {"name", "Ada"}});
  EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
  right_has({{"key", "a"}, {"name", "Ada"}});
  EXPECT_EQ(settle(*this).count(Operation::kLink), 1U);
  left_sets("a", {{"name", "Ada L."}});
  EXPECT_EQ(settle(*this).count(Operation::kReport), 1U);
  EXPECT_THAT(rights(), ElementsAre("a Ada -"));
}

TEST_F(OneToOneTest, ValuesTranslateBothWaysAndAnUnlistedOneParksWithoutTellingIt) {
  map("direction: both, attributes: [ { left: name, right: name, values: { on: '1', off: '0' } } "
      "]");
  left_has({{"key", "a"}, {"name", "on"}});
  right_has({{"key", "b"}, {"name", "0"}});
  left_has({{"key", "c"}, {"name", "secret"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kPark), 1U);
  EXPECT_THAT(lefts(), ElementsAre("a on -", "b off -", "c secret -"));
  EXPECT_THAT(rights(), ElementsAre("a 1 -", "b 0 -"));
  for (const std::string& line : lines()) {
    EXPECT_THAT(line.substr(0, line.find("person:")), testing::Not(HasSubstr("secret")));
    EXPECT_THAT(operations().back().reason, testing::Not(HasSubstr("secret")));
  }
  left_sets("c", {{"name", "off"}});
  EXPECT_EQ(settle(*this).count(Operation::kPark), 0U);
  EXPECT_THAT(rights(), Contains("c 0 -"));
}

TEST_F(OneToOneTest, AConstantIsWrittenAndEnforced) {
  map("direction: left_to_right, attributes: [ name, { right: mail, const: fixed } ]");
  left_has({{"key", "a"}, {"name", "Ada"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a Ada fixed"));
  right_sets("a", {{"mail", "drift"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a Ada fixed"));
  expect_at_rest();
}

TEST_F(OneToOneTest, LostStateFindsEverythingAgainByIdentityKey) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "Ada"}});
  right_has({{"key", "b"}, {"name", "Bob"}});
  settle(*this);
  store = std::make_unique<MemoryStateStore>();
  left_has({{"key", "new"}});
  Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kLink), 2U);
  EXPECT_EQ(summary.count(Operation::kCreate), 0U);
  EXPECT_EQ(summary.count(Operation::kHold), 1U);
  EXPECT_THAT(notices(), Contains(HasSubstr("the state is lost")));
  Reconciler::Settings settings;
  settings.rebuild_state = true;
  store = std::make_unique<MemoryStateStore>();
  summary = reconcile(settings).summary;
  EXPECT_EQ(summary.count(Operation::kCreate), 1U);
  EXPECT_EQ(lefts(), rights());
}

TEST_F(OneToOneTest, AStateOfOtherDatabasesIsRefused) {
  map("direction: both");
  settle(*this);
  right->set_identity("memory:restored elsewhere");
  const auto report = try_reconcile();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().kind, ErrorKind::kStateForeign);
  EXPECT_THAT(report.error().message, HasSubstr("source 'right'"));
}

// Opposing mappings over one pair find each other's objects by different keys: one plans a left row
// for the right one that the other finds.
TEST_F(OneToOneTest, APlanIsNotBrokenByWhatItHasPlannedItself) {
  define(
      "mappings:\n"
      "  import: { left: left.people, right: right.persons, direction: right_to_left,\n"
      "    keys: [ key ], attributes: [ name ] }\n"
      "  export: { left: left.people, right: right.persons, direction: left_to_right,\n"
      "    keys: [ mail ], attributes: [ name ] }\n");
  left_has({{"key", "a"}, {"mail", "m"}});
  right_has({{"key", "b"}, {"mail", "m"}});
  const auto report = plan();
  EXPECT_EQ(report.summary.count(Operation::kCreate), 1U);
  EXPECT_THAT(report.stopped, testing::IsEmpty());
  EXPECT_THAT(lines(), Contains(HasSubstr("create absent import: right.persons/1")));
  EXPECT_THAT(lines(), Contains(HasSubstr("hold already_linked export: left.people/1")));
  EXPECT_TRUE(reconcile().summary.converged);
  EXPECT_THAT(lines(), Contains(HasSubstr("hold already_linked export: left.people/1")));
}

}  // namespace
}  // namespace couplet::test
