// Definitions with corners: opposing mappings, constants, narrow directions, filters, deep paths,
// composite ids, one database, one entity on both sides.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;

class CornersTest : public testing::Test, public PeopleWorld {
 protected:
  void expect_at_rest() {
    const std::uint64_t transactions = left->transactions() + right->transactions();
    EXPECT_EQ(reconcile().summary.operations(), 0U);
    EXPECT_EQ(left->transactions() + right->transactions(), transactions);
  }
  // `import` carries right to left, `export` left to right.
  void map_opposing(const std::string& options = {}) {
    define(
        "entities:\n  left.people: { updated_at: touched }\n"
        "  right.persons: { updated_at: touched }\n"
        "mappings:\n"
        "  import: { left: left.people, right: right.persons, direction: right_to_left,\n"
        "    keys: [ key ], attributes: [ name, mail ] " +
        options +
        " }\n"
        "  export: { left: left.people, right: right.persons, direction: left_to_right,\n"
        "    keys: [ key ], attributes: [ name, mail ] }\n");
  }
};

TEST_F(CornersTest, OpposingMappingsDecideAFirstContactLikeATwoWayOne) {
  map_opposing();
  left_has({{"key", "a"}, {"name", "new"}, {"touched", "2025-02-01 00:00:00+00"}});
  right_has({{"key", "a"}, {"name", "old"}, {"touched", "2025-01-01 00:00:00+00"}});
  left_has({{"key", "b"}, {"name", "old"}, {"touched", "2025-01-01 00:00:00+00"}});
  right_has({{"key", "b"}, {"name", "new"}, {"touched", "2025-02-01 00:00:00+00"}});
  left_has({{"key", "c"}, {"name", "L"}, {"mail", "of left"}});
  right_has({{"key", "c"}, {"name", "R"}});
  left_has({{"key", "d"}});
  right_has({{"key", "d"}, {"mail", "of right"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a new -", "b new -", "c R of left", "d - of right"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(CornersTest, OpposingMappingsCarryChangesBothWaysAndNeverCopyBackWhatIsGone) {
  map_opposing();
  for (const char* key : {"a", "b", "c"}) {
    left_has({{"key", key}, {"name", "x"}});
  }
  settle(*this);
  left_sets("a", {{"name", "L"}});
  right_sets("b", {{"name", "R"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a L -", "b R -", "c x -"));
  EXPECT_EQ(lefts(), rights());
  left->erase("people", {{"key", "a"}});
  right->erase("persons", {{"key", "b"}});
  EXPECT_EQ(settle(*this).count(Operation::kUnlink), 2U);
  EXPECT_THAT(lefts(), ElementsAre("b R -", "c x -"));
  EXPECT_THAT(rights(), ElementsAre("a L -", "c x -"));
  expect_at_rest();
}

// Each sees the other's changes before the one that carries them, and records what it saw.
TEST_F(CornersTest, OpposingMappingsDoNotTakeChangesThatComeOftenForAnswersToTheirOwn) {
  map_opposing();
  left_has({{"key", "a"}, {"name", "x"}});
  right_has({{"key", "b"}, {"name", "x"}});
  settle(*this);
  for (const char* name : {"1", "2", "3", "4", "5", "6"}) {  // All within a minute.
    left_sets("a", {{"name", name}});
    right_sets("b", {{"name", name}});
    EXPECT_EQ(settle(*this).count(Operation::kHold), 0U);
    EXPECT_THAT(lefts(), ElementsAre(fmt::format("a {} -", name), fmt::format("b {} -", name)));
    EXPECT_EQ(lefts(), rights());
  }
}

TEST_F(CornersTest, AnAttributeOfOneDirectionIsWrittenThatWayAlone) {
  map("direction: both, attributes: [ name, { left: mail, right: mail, direction: left_to_right } "
      "]");
  left_has({{"key", "a"}, {"mail", "l"}});
  right_has({{"key", "b"}, {"mail", "r"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a - l", "b - -"));
  EXPECT_THAT(rights(), ElementsAre("a - l", "b - r"));
  expect_at_rest();
  right_sets("a", {{"mail", "drift"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a - l", "b - r"));
  left_sets("b", {{"mail", "now"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a - l", "b - now"));
  expect_at_rest();
}

TEST_F(CornersTest, ACreateAgainstAnAttributesDirectionDoesNotSendTheDefaultBack) {
  left->set_default("people", "age", memory::ConstantDefault{"0"});
  map("direction: both, attributes: [ name, { left: age, right: age, direction: left_to_right } ]");
  right_has({{"key", "a"}, {"age", "1"}});
  settle(*this);
  EXPECT_THAT(column(*left, "people", "age"), ElementsAre("0"));
  EXPECT_THAT(column(*right, "persons", "age"), ElementsAre("1"));
  expect_at_rest();
  EXPECT_THAT(column(*right, "persons", "age"), ElementsAre("1"));
  left_sets("a", {{"age", "5"}});
  settle(*this);
  EXPECT_THAT(column(*right, "persons", "age"), ElementsAre("5"));
  expect_at_rest();
}

TEST_F(CornersTest, WhatTheDatabaseGivesANewRowFillsANullOnTheOtherSide) {
  left->set_default("people", "age", memory::ConstantDefault{"7"});
  map("direction: both, attributes: [ name, { left: age, right: age, direction: left_to_right } ]");
  right_has({{"key", "a"}});
  settle(*this);
  EXPECT_THAT(column(*left, "people", "age"), ElementsAre("7"));
  EXPECT_THAT(column(*right, "persons", "age"), ElementsAre("7"));
  expect_at_rest();
}

// It is no default: it goes over a value by the rules of a first contact.
TEST_F(CornersTest, TheIdOfANewRowIsCarriedBack) {
  map("direction: both, attributes: [ name, { left: age, right: id, direction: right_to_left } ]");
  left_has({{"key", "a"}, {"age", "99"}});
  left_has({{"key", "b"}});
  settle(*this);
  EXPECT_EQ(column(*left, "people", "age"), column(*right, "persons", "id"));
  expect_at_rest();
}

// What one mapping makes, the other has not seen: its own attributes are at their defaults there.
TEST_F(CornersTest, ACreateByOneMappingLeavesTheAttributesOfTheOthersToTheirDefaults) {
  const auto opposing = [&](const std::string& attribute) {
    define(
        "entities:\n  left.people: { updated_at: touched }\n"
        "  right.persons: { updated_at: touched }\n"
        "mappings:\n"
        "  import: { left: left.people, right: right.persons, direction: right_to_left,\n"
        "    keys: [ key ], attributes: [ name, mail ] }\n"
        "  export: { left: left.people, right: right.persons, direction: left_to_right,\n"
        "    keys: [ key ], attributes: [ " +
        attribute + " ] }\n");
  };
  right->set_default("persons", "mail", memory::ConstantDefault{"unset"});
  opposing("name");
  left_has({{"key", "a"}, {"name", "A"}, {"mail", "of a user"}});
  left_has({{"key", "b"}, {"name", "B"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a A of a user", "b B unset"));
  EXPECT_THAT(rights(), ElementsAre("a A unset", "b B unset"));
  expect_at_rest();
  right_sets("a", {{"mail", "of another"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a A of another", "b B unset"));
  expect_at_rest();
}

// And what a second mapping of the same direction says goes over the default, whoever wins else.
TEST_F(CornersTest, ADefaultDoesNotWinOverWhatAnotherMappingSays) {
  right->set_default("persons", "mail", memory::ConstantDefault{"unset"});
  define(
      "mappings:\n"
      "  names: { left: left.people, right: right.persons, direction: left_to_right,\n"
      "    keys: [ key ], attributes: [ name ] }\n"
      "  mails: { left: left.people, right: right.persons, direction: left_to_right,\n"
      "    keys: [ key ], attributes: [ mail ], conflict: right_wins }\n");
  left_has({{"key", "a"}, {"name", "A"}, {"mail", "of a user"}});
  right_has({{"key", "b"}, {"mail", "stays"}});
  left_has({{"key", "b"}, {"mail", "loses"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a A of a user", "b - stays"));
  expect_at_rest();
}

TEST_F(CornersTest, ATieThatIsGivenHoldsForAttributesOfOneDirectionToo) {
  map("direction: both, tie: left, attributes: [ name, { left: mail, right: mail, direction: "
      "right_to_left } ]");
  left_has({{"key", "a"}, {"name", "L"}, {"mail", "l"}});
  right_has({{"key", "a"}, {"name", "R"}, {"mail", "r"}});
  settle(*this);
  // The left wins, and nothing carries its mail to the right.
  EXPECT_THAT(lefts(), ElementsAre("a L l"));
  EXPECT_THAT(rights(), ElementsAre("a L r"));
  expect_at_rest();
  right_sets("a", {{"mail", "new"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a L new"));
}

TEST_F(CornersTest, ATieOfAnAttributeOfOneDirectionIsWonByItsSource) {
  map("direction: both, attributes: [ name, { left: mail, right: mail, direction: right_to_left } "
      "]");
  left_has({{"key", "a"}, {"name", "L"}, {"mail", "l"}});
  right_has({{"key", "a"}, {"name", "R"}, {"mail", "r"}});
  // The target is newer, and nothing carries it.
  left_has({{"key", "b"}, {"mail", "l"}, {"touched", "2025-02-01 00:00:00+00"}});
  right_has({{"key", "b"}, {"mail", "r"}, {"touched", "2025-01-01 00:00:00+00"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a L r", "b - l"));
  EXPECT_THAT(rights(), ElementsAre("a L r", "b - r"));
  expect_at_rest();
}

TEST_F(CornersTest, CreatingOnOneSideOnlyReportsWhatIsMissingOnTheOther) {
  map("direction: both, create: left");
  left_has({{"key", "a"}});
  right_has({{"key", "b"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kCreate), 1U);
  EXPECT_EQ(summary.count(Operation::kReport), 1U);
  EXPECT_THAT(lefts(), ElementsAre("a - -", "b - -"));
  EXPECT_THAT(rights(), ElementsAre("b - -"));
  expect_at_rest();
}

TEST_F(CornersTest, FiltersTakeListsAndNulls) {
  map("direction: left_to_right, where: { left: { name: [ x, y ], mail: null } }");
  left_has({{"key", "a"}, {"name", "x"}});
  left_has({{"key", "b"}, {"name", "y"}});
  left_has({{"key", "c"}, {"name", "z"}});
  left_has({{"key", "d"}, {"name", "x"}, {"mail", "m"}});
  left_has({{"key", "e"}});
  settle(*this);
  EXPECT_THAT(rights(), ElementsAre("a x -", "b y -"));
  expect_at_rest();
}

TEST_F(CornersTest, AValueListedForNullIsSaidBothWays) {
  map("direction: both, attributes: [ { left: name, right: name, values: { none: null, on: '1' } } "
      "]");
  left_has({{"key", "a"}, {"name", "none"}});
  right_has({{"key", "b"}});
  left_has({{"key", "c"}, {"name", "on"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("a none -", "b none -", "c on -"));
  EXPECT_THAT(rights(), ElementsAre("a - -", "b - -", "c 1 -"));
  expect_at_rest();
  right_sets("c", {{"name", std::nullopt}});
  settle(*this);
  EXPECT_THAT(lefts(), Contains("c none -"));
  expect_at_rest();
}

TEST_F(CornersTest, AnObjectThatParksOnOneSideIsNotWrittenOnTheOther) {
  map("direction: both");
  left_has({{"key", "a"}, {"name", "n"}, {"mail", "m"}});
  left_has({{"key", "b"}, {"name", "n"}, {"mail", "m"}});
  settle(*this);
  left->add_check("people", {"refused", [](const memory::RowAccess& row) {
                               return row.get("mail") != "from right";
                             }});
  left_sets("a", {{"name", "from left"}});
  right_sets("a", {{"mail", "from right"}});
  EXPECT_EQ(settle(*this).count(Operation::kPark), 1U);
  EXPECT_THAT(rights(), ElementsAre("a n from right", "b n m"));
}

TEST_F(CornersTest, RenamesOnBothSidesGoByTheConflictRule) {
  map("direction: both, conflict: right_wins");
  left_has({{"key", "a"}, {"name", "n"}});
  settle(*this);
  left_sets("a", {{"key", "l"}});
  right_sets("a", {{"key", "r"}});
  settle(*this);
  EXPECT_THAT(lefts(), ElementsAre("r n -"));
  EXPECT_EQ(lefts(), rights());
  expect_at_rest();
}

TEST_F(CornersTest, TheLimitOnUpdatesHoldsThatClassAlone) {
  map("direction: left_to_right, limits: { update: { count: 1, percent: 10 } }");
  for (const char* key : {"a", "b", "c"}) {
    left_has({{"key", key}, {"name", "old"}});
  }
  settle(*this);
  left->update("people", {}, {{"name", "new"}});
  left_has({{"key", "d"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kHold), 3U);
  EXPECT_EQ(summary.count(Operation::kCreate), 1U);
  EXPECT_THAT(rights(), ElementsAre("a old -", "b old -", "c old -", "d - -"));
}

TEST_F(CornersTest, EachDirectionHasABudgetOfItsOwn) {
  map("direction: both, limits: { update: { count: 1, percent: 10 } }");
  for (const char* key : {"a", "b", "c"}) {
    left_has({{"key", key}, {"name", "old"}});
  }
  settle(*this);
  left_sets("a", {{"name", "new"}});
  left_sets("b", {{"name", "new"}});
  right_sets("c", {{"name", "new"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kHold), 2U);
  EXPECT_EQ(summary.count(Operation::kUpdate), 1U);
  EXPECT_THAT(lefts(), ElementsAre("a new -", "b new -", "c new -"));
  EXPECT_THAT(rights(), ElementsAre("a old -", "b old -", "c new -"));
}

TEST_F(CornersTest, WhatIsToBeWrittenOnBothSidesIsHeldByEither) {
  map("direction: both, limits: { update: { count: 1, percent: 10 } }");
  for (const char* key : {"a", "b"}) {
    left_has({{"key", key}, {"name", "old"}});
  }
  settle(*this);
  left_sets("a", {{"name", "new"}});
  left_sets("b", {{"name", "new"}});
  right_sets("b", {{"mail", "new"}});
  const Summary summary = settle(*this);
  EXPECT_EQ(summary.count(Operation::kHold), 2U);
  EXPECT_THAT(lefts(), ElementsAre("a new -", "b new -"));
  EXPECT_THAT(rights(), ElementsAre("a old -", "b old new"));
}

TEST_F(CornersTest, TwoTablesOfOneDatabaseAreKeptInStep) {
  create(*left, DescribedTable("copies").id().text("key").text("name"));
  define(
      "mappings:\n  copy: { left: left.people, right: left.copies, direction: both,\n"
      "    keys: [ key ], attributes: [ name ] }\n");
  left_has({{"key", "a"}, {"name", "x"}});
  left->insert("copies", {{"key", "b"}, {"name", "y"}});
  settle(*this);
  EXPECT_THAT(column(*left, "copies", "name"), ElementsAre("x", "y"));
  EXPECT_THAT(column(*left, "people", "name"), ElementsAre("x", "y"));
  left->update("copies", {{"key", "a"}}, {{"name", "z"}});
  settle(*this);
  EXPECT_THAT(column(*left, "people", "name"), ElementsAre("y", "z"));
  expect_at_rest();
}

class DeepTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    create(*right, DescribedTable("regions").id().text("name"));
    create(*right,
           DescribedTable("sites").id().text("name").foreign_key("region_id", "regions", true));
    create(*right, DescribedTable("hosts").id().text("name").foreign_key("site_id", "sites", true));
    create(*left, DescribedTable("machines").id().text("name").text("region"));
    define(
        "mappings:\n  host: { left: left.machines, right: right.hosts, direction: right_to_left,\n"
        "    keys: [ name ], attributes: [ { left: region, right: site.region.name } ] }\n");
  }
};

// What stands behind a reference of a new row is the word of the row that it leads to.
TEST_F(DeepTest, WhatIsBehindAReferenceOfARowThatWeMakeIsAFirstContact) {
  create(*right, DescribedTable("teams").id().text("name").text("note"));
  create(*right, DescribedTable("members").id().text("name").foreign_key("team_id", "teams", true));
  create(*left, DescribedTable("people").id().text("name").text("note"));
  right->insert("teams", {{"name", "all"}, {"note", "of the team"}});
  right->set_default("members", "team_id", memory::ConstantDefault{"1"});
  define(
      "mappings:\n  member: { left: left.people, right: right.members, direction: both,\n"
      "    keys: [ name ], attributes: [ { left: note, right: team.note, direction: right_to_left "
      "} "
      "] }\n");
  left->insert("people", {{"name", "a"}, {"note", "of a user"}});
  left->insert("people", {{"name", "b"}});
  EXPECT_TRUE(reconcile().summary.converged);
  EXPECT_THAT(column(*left, "people", "note"), ElementsAre("of the team", "of the team"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

TEST_F(DeepTest, APathWithANullInTheMiddleIsANull) {
  right->insert("regions", {{"id", "1"}, {"name", "north"}});
  right->insert("sites", {{"id", "1"}, {"name", "with"}, {"region_id", "1"}});
  right->insert("sites", {{"id", "2"}, {"name", "without"}});
  right->insert("hosts", {{"name", "a"}, {"site_id", "1"}});
  right->insert("hosts", {{"name", "b"}, {"site_id", "2"}});
  right->insert("hosts", {{"name", "c"}});
  reconcile();
  EXPECT_THAT(column(*left, "machines", "region"), ElementsAre("north", "null", "null"));
  right->update("sites", {{"id", "1"}}, {{"region_id", std::nullopt}});
  right->update("sites", {{"id", "2"}}, {{"region_id", "1"}});
  EXPECT_EQ(reconcile().summary.count(Operation::kUpdate), 2U);
  EXPECT_THAT(column(*left, "machines", "region"), ElementsAre("north", "null", "null"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

class CompositeTest : public testing::Test, public SyncWorld {};

TEST_F(CompositeTest, ReferencesToCompositeIdsAreTranslatedWhole) {
  for (MemoryDatabase* database : {left.get(), right.get()}) {
    create(*database, DescribedTable("shelves").id({"hall", "place"}).text("label"));
    create(*database, DescribedTable("boxes")
                          .id()
                          .text("label")
                          .column("hall", type_of(TypeKind::kInt64))
                          .column("place", type_of(TypeKind::kInt64))
                          .constraint({"hall", "place"}, "shelves", {"hall", "place"}));
  }
  define(
      "entities:\n"
      "  left.boxes: { references: { shelf: { columns: [ hall, place ], entity: left.shelves } } "
      "}\n"
      "  right.boxes: { references: { shelf: { columns: [ hall, place ], entity: right.shelves } } "
      "}\n"
      "mappings:\n"
      "  shelf: { left: left.shelves, right: right.shelves, direction: both, create: false,\n"
      "    keys: [ label ] }\n"
      "  box: { left: left.boxes, right: right.boxes, direction: both,\n"
      "    keys: [ label ], attributes: [ { left: shelf, right: shelf, link: shelf } ] }\n");
  left->insert("shelves", {{"hall", "1"}, {"place", "2"}, {"label", "s"}});
  right->insert("shelves", {{"hall", "7"}, {"place", "8"}, {"label", "s"}});
  left->insert("boxes", {{"label", "a"}, {"hall", "1"}, {"place", "2"}});
  left->insert("boxes", {{"label", "half"}, {"hall", "1"}});
  right->insert("boxes", {{"label", "b"}, {"hall", "7"}, {"place", "8"}});
  reconcile();
  EXPECT_THAT(column(*right, "boxes", "place"), ElementsAre("8", "8", "null"));
  EXPECT_THAT(column(*left, "boxes", "place"), ElementsAre("2", "2", "null"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
  right->update("boxes", {{"label", "a"}}, {{"hall", std::nullopt}, {"place", std::nullopt}});
  reconcile();
  EXPECT_THAT(column(*left, "boxes", "place"), ElementsAre("2", "null", "null"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

}  // namespace
}  // namespace couplet::test
