// One fact that one mapping writes and another reads through a path (DESIGN section 5.3): each
// leaves the other side's change to the other. Where both do, the two sides stay as they are, and
// it is told.
#include <gmock/gmock.h>

#include "tests/support/sync_world.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Plugs name a socket by its text, cables refer to it; each socket is one row on the right.
class DeepPathsTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    const Type time = type_of(TypeKind::kTimestampTz);
    create(*left, DescribedTable("plugs").id().text("name").text("socket").column("touched", time));
    create(*right, DescribedTable("sockets").id().text("name").column("touched", time));
    create(*right, DescribedTable("cables").id().text("name").foreign_key("socket_id", "sockets"));
  }
  void map(const std::string& importing = {}, const std::string& exporting = {}) {
    define(
        "entities:\n"
        "  left.plugs: { updated_at: touched }\n"
        "  right.sockets: { updated_at: touched }\n"
        "mappings:\n"
        "  socket: { left: left.plugs, right: right.sockets, direction: left_to_right,\n"
        "    cardinality: many_to_one, keys: [ { left: socket, right: name } ] }\n"
        "  import: { left: left.plugs, right: right.cables, direction: right_to_left" +
        importing +
        ",\n    keys: [ name, { left: socket, right: socket.name } ] }\n"
        "  export: { left: left.plugs, right: right.cables, direction: left_to_right" +
        exporting + ",\n    keys: [ name, { left: self, right: socket, link: socket } ] }\n");
  }
  void plug(const std::string& name, const std::string& socket) {
    left->insert("plugs", {{"name", name}, {"socket", socket}});
  }
  // Two plugs in one socket, in step; the first of them is the newer one.
  void two_in_the_wall() {
    map();
    left->insert("plugs", {{"name", "a"}, {"socket", "wall"}, {"touched", "2025-01-02"}});
    left->insert("plugs", {{"name", "b"}, {"socket", "wall"}, {"touched", "2025-01-01"}});
    settle();
  }
  [[nodiscard]] std::vector<std::string> plugs() const {
    std::vector<std::string> found;
    for (const auto& row : left->rows("plugs")) {
      found.push_back(*row.at("name") + " in " + *row.at("socket"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  [[nodiscard]] std::vector<std::string> cables() const {
    std::map<std::string, std::string> sockets;
    for (const auto& row : right->rows("sockets")) {
      sockets[*row.at("id")] = *row.at("name");
    }
    std::vector<std::string> found;
    for (const auto& row : right->rows("cables")) {
      found.push_back(*row.at("name") + " in " + sockets[*row.at("socket_id")]);
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  [[nodiscard]] std::string socket(const std::string& name) const {
    for (const auto& row : right->rows("sockets")) {
      if (row.at("name") == name) {
        return *row.at("id");
      }
    }
    return {};
  }
  void lead(const std::string& cable, const std::string& to_socket) {
    right->update("cables", {{"name", cable}}, {{"socket_id", socket(to_socket)}});
  }
  void only(const std::string& mapping) {
    Reconciler::Settings settings;
    for (std::size_t i = 0; i < definition().mappings.size(); ++i) {
      if (definition().mappings[i].name == mapping) {
        settings.mappings.push_back(i);
      }
    }
    reconcile(settings);
  }
  Summary settle() {
    const Summary summary = reconcile().summary;
    EXPECT_TRUE(summary.converged);
    return summary;
  }
  // The run after the one that leaves the two apart tells it, and writes nothing.
  void expect_told(const std::string& plug) {
    settle();
    const auto before = std::pair(plugs(), cables());
    const std::uint64_t transactions = left->transactions() + right->transactions();
    for (int run = 0; run < 2; ++run) {
      const Summary summary = settle();
      EXPECT_EQ(summary.operations(), 0U);
      EXPECT_EQ(summary.count(Operation::kReport), 1U);
      EXPECT_THAT(lines(),
                  ElementsAre(testing::AllOf(HasSubstr("report "), HasSubstr("through a path"),
                                             HasSubstr("_changed import: " + plug))));
    }
    EXPECT_EQ(std::pair(plugs(), cables()), before);
    EXPECT_EQ(left->transactions() + right->transactions(), transactions);
  }
  void expect_in_step(const std::vector<std::string>& all) {
    settle();
    EXPECT_EQ(plugs(), all);
    EXPECT_EQ(cables(), all);
    const Summary summary = settle();
    EXPECT_EQ(summary.operations(), 0U);
    EXPECT_EQ(summary.count(Operation::kReport), 0U);
    EXPECT_THAT(lines(), IsEmpty());
  }
};

// The name comes to them one after the other. Who has not got it yet is changed meanwhile in
// another way, and is the newest by then: what it says of the name is no news.
TEST_F(DeepPathsTest, ARenamedTargetIsNotNamedBackByOneThatTheNameHasNotReached) {
  map();
  for (const char* name : {"a", "b", "c"}) {
    left->insert("plugs", {{"name", name}, {"socket", "wall"}, {"touched", "2025-01-01"}});
  }
  left->update("plugs", {{"name", "c"}}, {{"touched", "2025-01-02"}});
  settle();
  right->update("sockets", {{"name", "wall"}}, {{"name", "floor"}});
  left->update("plugs", {{"name", "a"}}, {{"touched", "2025-01-03"}});
  left->update("plugs", {{"name", "b"}}, {{"touched", "2025-01-04"}});
  sync({"right.cables/" + *right->rows("cables")[0].at("id")});
  EXPECT_THAT(plugs(), ElementsAre("a in floor", "b in wall", "c in wall"));
  sync({"left.plugs/2"});
  EXPECT_THAT(cables(), ElementsAre("a in floor", "b in floor", "c in floor"));
  expect_in_step({"a in floor", "b in floor", "c in floor"});
}

// Nor while it is renamed again before the first name has come to all of them.
TEST_F(DeepPathsTest, ATargetThatIsRenamedTwiceIsNotNamedBackByOneThatNeitherNameHasReached) {
  two_in_the_wall();
  right->update("sockets", {{"name", "wall"}}, {{"name", "floor"}});
  sync({"right.cables/" + *right->rows("cables")[0].at("id")});
  right->update("sockets", {{"name", "floor"}}, {{"name", "desk"}});
  left->update("plugs", {{"name", "b"}}, {{"touched", "2025-01-04"}});
  EXPECT_EQ(sync({"left.plugs/2"}).summary.count(Operation::kConflict), 0U);
  expect_in_step({"a in desk", "b in desk"});
}

// Nor when nobody can tell whether the first that has the name is there still.
TEST_F(DeepPathsTest, ARenamedTargetIsNotNamedBackWhileWhoHasTheNameIsNotSeen) {
  two_in_the_wall();
  right->update("sockets", {{"name", "wall"}}, {{"name", "floor"}});
  sync({"right.cables/" + *right->rows("cables")[0].at("id")});
  left->erase("plugs", {{"name", "a"}});
  left->update("plugs", {{"name", "b"}}, {{"touched", "2025-01-04"}});
  sync({"left.plugs/2"});
  EXPECT_NE(socket("floor"), "");
  EXPECT_EQ(socket("wall"), "");
}

// Nobody carries it to one without a counterpart: when it is alone, it names the target.
TEST_F(DeepPathsTest, ARenamedTargetIsNamedByWhoIsLeftOfItsContributors) {
  two_in_the_wall();
  right->erase("cables", {{"name", "b"}});
  right->update("sockets", {{"name", "wall"}}, {{"name", "floor"}});
  settle();
  EXPECT_THAT(plugs(), ElementsAre("a in floor", "b in wall"));
  left->update("plugs", {{"name", "a"}}, {{"socket", "desk"}, {"touched", "2025-01-04"}});
  settle();
  EXPECT_THAT(plugs(), ElementsAre("a in desk", "b in wall"));
  EXPECT_NE(socket("wall"), "") << "b's";
  EXPECT_EQ(settle().operations(), 0U);
}

// But who says another name by now has changed it.
TEST_F(DeepPathsTest, ARenamedTargetIsLeftByWhoWasRenamedOtherwise) {
  two_in_the_wall();
  right->update("sockets", {{"name", "wall"}}, {{"name", "floor"}});
  sync({"right.cables/" + *right->rows("cables")[0].at("id")});
  left->update("plugs", {{"name", "b"}}, {{"socket", "desk"}, {"touched", "2025-01-03"}});
  sync({"left.plugs/2"});
  expect_in_step({"a in floor", "b in desk"});
}

TEST_F(DeepPathsTest, AChangeOnEitherSideIsCarriedAndNotReported) {
  map();
  plug("a", "s1");
  plug("b", "s2");
  expect_in_step({"a in s1", "b in s2"});
  left->update("plugs", {{"name", "a"}}, {{"socket", "s3"}});
  EXPECT_EQ(plan().summary.count(Operation::kReport), 0U);
  EXPECT_EQ(settle().count(Operation::kReport), 0U);
  expect_in_step({"a in s3", "b in s2"});
  lead("a", "s2");
  EXPECT_EQ(settle().count(Operation::kReport), 0U);
  expect_in_step({"a in s2", "b in s2"});
}

// The export translates by the links of the socket: it decides on what that has made of the
// import's write, not on what was there before.
TEST_F(DeepPathsTest, WhatTheImportWritesIsBroughtOnByTheSocketBeforeTheExportDecides) {
  map();
  right->insert("sockets", {{"id", "7"}, {"name", "s1"}});
  right->insert("sockets", {{"id", "8"}, {"name", "s2"}});
  right->insert("cables", {{"name", "a"}, {"socket_id", "7"}});
  EXPECT_EQ(settle().rounds, 1U);
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("create absent import: right.cables/1"),
                                   HasSubstr("link matched socket: left.plugs/1")));
  lead("a", "s2");
  EXPECT_EQ(settle().rounds, 1U);
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("update moved import: right.cables/1"),
                                   HasSubstr("unlink moved socket: left.plugs/1"),
                                   HasSubstr("link moved socket: left.plugs/1")));
  expect_in_step({"a in s2"});
}

// The socket that the cable is led to has got the name that the other one had: the path reads as
// ever.
TEST_F(DeepPathsTest, AMoveToARowThatHasTheOldNameOfTheOtherIsTold) {
  map();
  plug("a", "s1");
  plug("b", "s2");
  settle();
  left->update("plugs", {{"name", "a"}}, {{"socket", "s9"}});
  only("socket");
  left->update("plugs", {{"name", "b"}}, {{"socket", "s1"}});
  only("socket");
  EXPECT_THAT(column(*right, "sockets", "name"), ElementsAre("s1", "s9"));
  lead("a", "s1");
  expect_told("left.plugs/1");
  EXPECT_THAT(plugs(), ElementsAre("a in s9", "b in s1"));
  EXPECT_THAT(cables(), ElementsAre("a in s1", "b in s1"));
  lead("a", "s9");  // Whoever changes one of the two ends it.
  expect_in_step({"a in s9", "b in s1"});
}

TEST_F(DeepPathsTest, AMoveThatIsTakenBackOnTheOtherSideBeforeTheSocketsAreLookedAtIsTold) {
  map();
  plug("a", "s1");
  plug("b", "s2");
  settle();
  lead("a", "s2");
  only("import");
  EXPECT_THAT(plugs(), ElementsAre("a in s2", "b in s2"));
  left->update("plugs", {{"name", "a"}}, {{"socket", "s1"}});
  expect_told("left.plugs/1");
  left->update("plugs", {{"name", "a"}}, {{"socket", "s2"}});
  expect_in_step({"a in s2", "b in s2"});
}

TEST_F(DeepPathsTest, ANameThatIsPutBackBeforeItIsReadIsTold) {
  map();
  plug("a", "s1");
  settle();
  left->update("plugs", {{"name", "a"}}, {{"socket", "s2"}});
  only("socket");
  EXPECT_THAT(cables(), ElementsAre("a in s2"));
  right->update("sockets", {{"name", "s2"}}, {{"name", "s1"}});
  expect_told("left.plugs/1");
  right->update("sockets", {{"name", "s1"}}, {{"name", "s2"}});
  expect_in_step({"a in s2"});
}

TEST_F(DeepPathsTest, AConflictThatEachRuleLeavesToTheOtherMappingIsTold) {
  map(", conflict: left_wins");
  left->insert("plugs", {{"name", "a"}, {"socket", "s1"}, {"touched", "2025-01-01"}});
  settle();
  left->update("plugs", {}, {{"socket", "s2"}, {"touched", "2025-02-01"}});
  right->update("sockets", {}, {{"name", "s3"}, {"touched", "2025-03-01"}});
  expect_told("left.plugs/1");
  right->update("sockets", {}, {{"name", "s2"}});
  expect_in_step({"a in s2"});
}

// An import whose export has never had its turn, as after a kill.
TEST_F(DeepPathsTest, AChangeAtFirstContactThatTheRuleOfTheExportRefusesIsTold) {
  map({}, ", conflict: right_wins");
  plug("b", "s1");
  settle();
  right->insert("cables", {{"name", "a"}, {"socket_id", socket("s1")}});
  only("import");
  EXPECT_THAT(plugs(), ElementsAre("a in s1", "b in s1"));
  left->update("plugs", {{"name", "a"}}, {{"socket", "s0"}});
  expect_told("left.plugs/2");
  left->update("plugs", {{"name", "a"}}, {{"socket", "s1"}});
  expect_in_step({"a in s1", "b in s1"});
}

}  // namespace
}  // namespace couplet::test
