// References, deferral and order (DESIGN sections 5.2 and 5.6).
#include <gmock/gmock.h>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Teams and their members; a team may have a captain, who is a member.
class ReferencesTest : public testing::Test, public SyncWorld {
 protected:
  void tables(bool team_required) {
    for (MemoryDatabase* database : {left.get(), right.get()}) {
      DescribedTable teams("teams");
      teams.id().text("name").column("captain_id", type_of(TypeKind::kInt64));
      create(*database, teams);
      create(*database, DescribedTable("members").id().text("name").foreign_key("team_id", "teams",
                                                                                !team_required));
    }
  }
  void map(const char* direction, const char* team_name = "left.teams") {
    define(std::string("entities:\n") +
           "  left.teams: { references: { captain: { columns: [ captain_id ], entity: "
           "left.members } } }\n"
           "  right.teams: { references: { captain: { columns: [ captain_id ], entity: "
           "right.members } } }\n"
           "mappings:\n"
           "  member: { left: left.members, right: right.members, direction: " +
           direction +
           ",\n    keys: [ name ], attributes: [ { left: team, right: team, link: team } ] }\n"
           "  team: { left: " +
           team_name + ", right: right.teams, direction: " + direction +
           ",\n    keys: [ name ], attributes: [ { left: captain, right: captain, link: member } "
           "] }\n");
  }
  static std::vector<std::string> members(const MemoryDatabase& database) {
    std::map<std::string, std::string> teams;
    for (const auto& row : database.rows("teams")) {
      teams[*row.at("id")] = *row.at("name");
    }
    std::vector<std::string> found;
    for (const auto& row : database.rows("members")) {
      const auto team = row.at("team_id");
      found.push_back(*row.at("name") + " in " + (team ? teams[*team] : "-"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  static std::vector<std::string> captains(const MemoryDatabase& database) {
    std::map<std::string, std::string> people;
    for (const auto& row : database.rows("members")) {
      people[*row.at("id")] = *row.at("name");
    }
    std::vector<std::string> found;
    for (const auto& row : database.rows("teams")) {
      const auto captain = row.at("captain_id");
      found.push_back(*row.at("name") + ": " + (captain ? people[*captain] : "-"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  Summary settle() {
    const Summary summary = reconcile().summary;
    EXPECT_TRUE(summary.converged);
    return summary;
  }
};

TEST_F(ReferencesTest, ACircleOfOptionalReferencesIsClosedInOneReconcile) {
  tables(false);
  map("both");
  right->insert("teams", {{"id", "70"}, {"name", "other"}});
  left->insert("teams", {{"id", "5"}, {"name", "red"}});
  left->insert("members", {{"id", "8"}, {"name", "Ada"}, {"team_id", "5"}});
  left->update("teams", {{"id", "5"}}, {{"captain_id", "8"}});
  settle();
  EXPECT_THAT(members(*right), ElementsAre("Ada in red"));
  EXPECT_THAT(captains(*right), ElementsAre("other: -", "red: Ada"));
  EXPECT_EQ(captains(*left), captains(*right));
  EXPECT_EQ(settle().operations(), 0U);
}

TEST_F(ReferencesTest, ParentsAreMadeBeforeTheirChildren) {
  tables(true);
  map("left_to_right");
  left->insert("teams", {{"name", "red"}});
  left->insert("members", {{"name", "Ada"}, {"team_id", "1"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kCreate), 2U);
  EXPECT_THAT(members(*right), ElementsAre("Ada in red"));
}

TEST_F(ReferencesTest, AReferenceWithoutALinkDefersWhereItIsRequiredAndWakesWithTheLink) {
  tables(true);
  map("left_to_right");
  left->insert("teams", {{"name", std::nullopt}});  // no identity: it cannot be linked
  left->insert("members", {{"name", "Ada"}, {"team_id", "1"}});
  Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kDefer), 1U);
  EXPECT_THAT(lines(), Contains(HasSubstr("waits for left.teams/1")));
  EXPECT_THAT(members(*right), IsEmpty());
  left->update("teams", {}, {{"name", "red"}});
  summary = settle();
  EXPECT_EQ(summary.count(Operation::kDefer), 0U);
  EXPECT_THAT(members(*right), ElementsAre("Ada in red"));
}

TEST_F(ReferencesTest, AReferenceWithoutALinkIsLeftOutWhereItIsOptional) {
  tables(false);
  map("left_to_right");
  left->insert("teams", {{"name", std::nullopt}});
  left->insert("members", {{"name", "Ada"}, {"team_id", "1"}});
  Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kDefer), 1U);
  EXPECT_EQ(summary.count(Operation::kCreate), 1U);
  EXPECT_THAT(members(*right), ElementsAre("Ada in -"));
  left->update("teams", {}, {{"name", "red"}});
  summary = settle();
  EXPECT_EQ(summary.count(Operation::kDefer), 0U);
  EXPECT_THAT(members(*right), ElementsAre("Ada in red"));
  EXPECT_EQ(settle().operations(), 0U);
}

TEST_F(ReferencesTest, AReferenceThatMovesIsTranslatedAndANullIsANull) {
  tables(false);
  map("both");
  left->insert("teams", {{"name", "red"}});
  right->insert("teams", {{"id", "90"}, {"name", "blue"}});
  left->insert("members", {{"name", "Ada"}, {"team_id", "1"}});
  left->insert("members", {{"name", "Bob"}, {"team_id", "1"}});
  settle();
  right->update("members", {{"name", "Ada"}}, {{"team_id", "90"}});
  left->update("members", {{"name", "Bob"}}, {{"team_id", std::nullopt}});
  settle();
  EXPECT_THAT(members(*left), ElementsAre("Ada in blue", "Bob in -"));
  EXPECT_EQ(members(*left), members(*right));
  EXPECT_EQ(settle().operations(), 0U);
}

// The parent's counterpart is gone, the child still refers to the parent: nothing changed there, so
// a change on the other side goes through.
TEST_F(ReferencesTest, AReferenceToTheSurvivorOfASeveredLinkHasNotChanged) {
  tables(false);
  map("both");
  left->insert("teams", {{"id", "1"}, {"name", "red"}});
  left->insert("teams", {{"id", "2"}, {"name", "blue"}});
  left->insert("members", {{"name", "Ada"}, {"team_id", "1"}});
  settle();
  const std::string blue = right->rows("teams")[0].at("name") == "blue"
                               ? *right->rows("teams")[0].at("id")
                               : *right->rows("teams")[1].at("id");
  // The right's red team goes; its member moves to the blue one in the same breath.
  right->update("members", {}, {{"team_id", blue}});
  right->erase("teams", {{"name", "red"}});
  const Summary summary = settle();
  EXPECT_EQ(summary.count(Operation::kConflict), 0U);
  EXPECT_EQ(summary.count(Operation::kDefer), 0U);
  EXPECT_THAT(members(*left), ElementsAre("Ada in blue"));
  EXPECT_THAT(captains(*left), testing::SizeIs(2));
  EXPECT_EQ(settle().operations(), 0U);
}

// Which links come first is up to the order of mappings: one of the two references has none yet
// when it is decided.
TEST_F(ReferencesTest, AReferenceThatLostAtFirstContactHasNotChangedByTheLinkOfItsEnd) {
  for (const char* conflict : {"right_wins", "last_write_wins, tie: right"}) {
    SCOPED_TRACE(conflict);
    left = std::make_shared<MemoryDatabase>();
    right = std::make_shared<MemoryDatabase>();
    store = std::make_unique<MemoryStateStore>();
    tables(false);
    map((std::string("left_to_right, conflict: ") + conflict).c_str());
    left->insert("teams", {{"id", "1"}, {"name", "red"}});
    left->insert("teams", {{"id", "2"}, {"name", "blue"}});
    left->insert("members", {{"id", "3"}, {"name", "Ada"}, {"team_id", "1"}});
    left->insert("members", {{"id", "4"}, {"name", "Bob"}, {"team_id", "2"}});
    left->update("teams", {{"id", "2"}}, {{"captain_id", "4"}});
    right->insert("teams", {{"id", "70"}, {"name", "other"}});
    right->insert("members", {{"id", "80"}, {"name", "Ada"}, {"team_id", "70"}});
    right->insert("teams", {{"id", "71"}, {"name", "blue"}, {"captain_id", "80"}});
    settle();
    EXPECT_THAT(members(*right), ElementsAre("Ada in other", "Bob in blue"));
    EXPECT_THAT(captains(*right), ElementsAre("blue: Ada", "other: -", "red: -"));
    EXPECT_EQ(settle().operations(), 0U);
    EXPECT_THAT(members(*left), ElementsAre("Ada in red", "Bob in blue"));
    // What is changed later is carried.
    left->update("members", {{"name", "Ada"}}, {{"team_id", "2"}});
    settle();
    EXPECT_THAT(members(*right), ElementsAre("Ada in blue", "Bob in blue"));
    EXPECT_EQ(settle().operations(), 0U);
  }
}

TEST_F(ReferencesTest, APlanShowsAChildOfAPlannedParentAsACreate) {
  tables(true);
  map("left_to_right");
  left->insert("teams", {{"name", "red"}});
  left->insert("members", {{"name", "Ada"}, {"team_id", "1"}});
  const Summary summary = plan().summary;
  EXPECT_EQ(summary.count(Operation::kCreate), 2U);
  EXPECT_EQ(summary.count(Operation::kDefer), 0U);
  EXPECT_FALSE(summary.converged);
  for (const OperationReport& operation : operations()) {
    EXPECT_EQ(operation.to, "");
  }
  EXPECT_THAT(members(*right), IsEmpty());
}

}  // namespace
}  // namespace couplet::test
