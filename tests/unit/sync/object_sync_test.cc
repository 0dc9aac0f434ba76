// A hand-run sync: the objects named, and what they wake.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ObjectSyncTest : public testing::Test, public PeopleWorld {
 protected:
  void in_step(int people) {
    for (int i = 1; i <= people; ++i) {
      left_has({{"key", "k" + std::to_string(i)}, {"name", "old"}});
    }
    settle(*this);
  }
};

TEST_F(ObjectSyncTest, TheNamedObjectsAloneAreBroughtIntoStep) {
  map("direction: both");
  in_step(3);
  left->update("people", {}, {{"name", "new"}});
  left_has({{"key", "k4"}, {"name", "new"}});
  const Summary summary = sync({"left.people/1", "right.persons/2", "left.people/4"}).summary;
  EXPECT_TRUE(summary.converged);
  EXPECT_EQ(summary.count(Operation::kUpdate), 2U);
  EXPECT_EQ(summary.count(Operation::kCreate), 1U);
  EXPECT_THAT(rights(), ElementsAre("k1 new -", "k2 new -", "k3 old -", "k4 new -"));
  EXPECT_EQ(sync({"left.people/1", "left.people/2", "left.people/4"}).summary.operations(), 0U);
}

TEST_F(ObjectSyncTest, ADryRunSaysWhatASyncThenDoes) {
  map("direction: both");
  in_step(1);
  left_sets("k1", {{"name", "new"}});
  const std::uint64_t before = left->transactions() + right->transactions();
  EXPECT_EQ(sync({"left.people/1"}, true).summary.count(Operation::kUpdate), 1U);
  EXPECT_THAT(lines(), Contains(HasSubstr("update source_changed person: left.people/1")));
  EXPECT_EQ(left->transactions() + right->transactions(), before);
  EXPECT_EQ(sync({"left.people/1"}).summary.count(Operation::kUpdate), 1U);
}

TEST_F(ObjectSyncTest, WhatNeverWasIsRefusedBeforeAnythingIsWritten) {
  map("direction: both");
  in_step(1);
  left_sets("k1", {{"name", "new"}});
  const auto report = try_sync({"left.people/1", "left.people/77", "right.persons/78"});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(report.error().message, "no such object: left.people/77, right.persons/78");
  EXPECT_THAT(rights(), ElementsAre("k1 old -"));
}

// One look that finds nothing is no evidence of a delete.
TEST_F(ObjectSyncTest, WhatIsGoneIsReportedAndItsLinkIsLeftToAReconcile) {
  map("direction: both");
  in_step(3);
  left->erase("people", {{"key", "k1"}});
  left->erase("people", {{"key", "k2"}});
  right->erase("persons", {{"key", "k2"}});
  const Summary summary = sync({"left.people/1", "left.people/2"}).summary;
  EXPECT_TRUE(summary.converged);
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kReport), 2U);
  EXPECT_THAT(lines(), Contains(HasSubstr("report source_missing person: left.people/1 -> "
                                          "right.persons/1 (it was looked for and is not there")));
  EXPECT_THAT(lines(), Contains(HasSubstr("report both_gone person: left.people/2")));
  EXPECT_THAT(rights(), ElementsAre("k1 old -", "k3 old -"));
  EXPECT_EQ(settle(*this).count(Operation::kUnlink), 1U);
  EXPECT_THAT(rights(), ElementsAre("k1 old -", "k3 old -"));
  // The survivor and who it has survived are still known; those that left nothing behind are not.
  EXPECT_EQ(sync({"right.persons/1", "left.people/1"}).summary.operations(), 0U);
  EXPECT_FALSE(try_sync({"left.people/2"}));
}

TEST_F(ObjectSyncTest, ATargetThatIsGoneIsMadeAgain) {
  map("direction: left_to_right");
  in_step(2);
  right->erase("persons", {{"key", "k1"}});
  EXPECT_EQ(sync({"left.people/1"}).summary.count(Operation::kCreate), 1U);
  EXPECT_THAT(rights(), ElementsAre("k1 old -", "k2 old -"));
}

// Its successor is not named: the object that is left leads to it.
TEST_F(ObjectSyncTest, WhatStandsInThePlaceOfATargetThatIsGoneSucceedsIt) {
  map("direction: left_to_right");
  in_step(2);
  right->erase("persons", {{"key", "k1"}});
  right_has({{"key", "k1"}, {"name", "new"}});
  const Summary summary = sync({"left.people/1"}).summary;
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_EQ(summary.count(Operation::kHold), 0U);
  EXPECT_THAT(rights(), ElementsAre("k1 old -", "k2 old -"));
  EXPECT_EQ(settle(*this).operations(), 0U);
}

TEST_F(ObjectSyncTest, AWipedTargetIsNotRefilledUnasked) {
  map("direction: left_to_right");
  in_step(30);
  right->erase("persons", {});
  std::vector<std::string> names;
  for (int i = 1; i <= 30; ++i) {
    names.push_back("left.people/" + std::to_string(i));
  }
  const Summary summary = sync(names).summary;
  EXPECT_EQ(summary.operations(), 0U);
  EXPECT_EQ(summary.count(Operation::kHold), 30U);
  EXPECT_THAT(notices(), ElementsAre(HasSubstr("the rail 'recreate' holds 30 of 30 objects")));
  EXPECT_THAT(rights(), IsEmpty());
}

TEST_F(ObjectSyncTest, CreatesAreHeldWhereTheStateIsLost) {
  map("direction: both");
  in_step(2);
  store = std::make_unique<MemoryStateStore>();
  left_has({{"key", "new"}});
  const Summary summary = sync({"left.people/1", "left.people/3"}).summary;
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_EQ(summary.count(Operation::kHold), 1U);
  EXPECT_THAT(rights(), ElementsAre("k1 old -", "k2 old -"));
}

TEST_F(ObjectSyncTest, AHeldObjectGoesOnWhenWhatItWasHeldForGoes) {
  map("direction: both");
  in_step(1);
  left_sets("k1", {{"key", "k2"}});
  left_has({{"key", "k1"}, {"name", "heir"}});
  // Its counterpart is still linked to the one that has been renamed.
  EXPECT_EQ(sync({"left.people/2"}).summary.count(Operation::kHold), 1U);
  EXPECT_TRUE(sync({"left.people/1"}).summary.converged);
  EXPECT_THAT(rights(), ElementsAre("k1 heir -", "k2 old -"));
  EXPECT_EQ(settle(*this).operations(), 0U);
}

TEST_F(ObjectSyncTest, OnlyTheObjectsLookedAtAreCounted) {
  map("direction: both");
  for (const char* key : {"a", "a", "b", "b"}) {
    left_has({{"key", key}});
  }
  EXPECT_EQ(settle(*this).count(Operation::kHold), 4U);
  const Summary summary = sync({"left.people/1"}).summary;
  EXPECT_EQ(summary.count(Operation::kHold), 1U);
  EXPECT_EQ(summary.objects, 1U);
}

TEST_F(ObjectSyncTest, FiveThousandObjectsTakeAFewStatementsABatch) {
  map("direction: both");
  constexpr int kObjects = 5'000;
  std::vector<std::string> names;
  for (int i = 1; i <= kObjects; ++i) {
    left_has({{"key", "k" + std::to_string(i)}});
    names.push_back("left.people/" + std::to_string(i));
  }
  EXPECT_EQ(sync(names).summary.count(Operation::kCreate), 5'000U);
  EXPECT_LE(statements[0], 5U * 4 + 10);
  EXPECT_LE(statements[1], 5U * 8 + 10);
  EXPECT_EQ(right->count("persons"), 5'000U);
  EXPECT_EQ(sync(names).summary.operations(), 0U);
}

TEST_F(ObjectSyncTest, AClashIsTriedAgainWhenTheOtherHasMoved) {
  map("direction: left_to_right");
  right->alter("persons", [](TableInfo& info) {
    info.unique_keys.push_back({"mail", {"mail"}, false, false});
  });
  left_has({{"key", "a"}, {"mail", "x"}});
  left_has({{"key", "b"}, {"mail", "y"}});
  settle(*this);
  left_sets("a", {{"mail", "y"}});
  left_sets("b", {{"mail", "z"}});
  EXPECT_EQ(sync({"left.people/1"}).summary.count(Operation::kPark), 1U);
  EXPECT_EQ(sync({"left.people/2"}).summary.count(Operation::kPark), 0U);
  EXPECT_THAT(rights(), ElementsAre("a - y", "b - z"));
}

class FollowTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    for (MemoryDatabase* database : {left.get(), right.get()}) {
      create(*database, DescribedTable("regions").id().text("name").text("note"));
      create(*database,
             DescribedTable("sites").id().text("name").foreign_key("region_id", "regions", true));
    }
    create(*right, DescribedTable("hosts").id().text("name").foreign_key("site_id", "sites", true));
    create(*left, DescribedTable("machines").id().text("name").text("region").text("site"));
    define(
        "mappings:\n"
        "  host: { left: left.machines, right: right.hosts, direction: right_to_left,\n"
        "    keys: [ name ], attributes: [ { left: region, right: site.region.name },\n"
        "      { left: site, right: site.name } ] }\n"
        "  region: { left: left.regions, right: right.regions, direction: both, keys: [ note ],\n"
        "    attributes: [ name ] }\n"
        "  site: { left: left.sites, right: right.sites, direction: both, keys: [ name ],\n"
        "    attributes: [ { left: region, right: region, link: region } ] }\n");
  }
  void fill() {
    for (const char* n : {"1", "2"}) {
      right->insert("regions", {{"name", std::string("r") + n}, {"note", n}});
      right->insert("sites", {{"name", std::string("s") + n}, {"region_id", n}});
    }
    right->insert("hosts", {{"name", "a"}, {"site_id", "1"}});
    right->insert("hosts", {{"name", "b"}, {"site_id", "1"}});
    right->insert("hosts", {{"name", "c"}, {"site_id", "2"}});
    right->insert("hosts", {{"name", "d"}});
    EXPECT_TRUE(reconcile().summary.converged);
  }
  std::vector<std::string> machines() const {
    std::vector<std::string> found;
    for (const auto& row : left->rows("machines")) {
      found.push_back(row.at("name").value_or("-") + " " + row.at("region").value_or("-") + " " +
                      row.at("site").value_or("-"));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
};

TEST_F(FollowTest, AChildThatWaitsForALinkFollowsInTheSameCall) {
  left->insert("regions", {{"name", "north"}});  // no identity: it cannot be linked
  left->insert("sites", {{"name", "s"}, {"region_id", "1"}});
  EXPECT_EQ(sync({"left.sites/1"}).summary.count(Operation::kDefer), 1U);
  EXPECT_THAT(column(*right, "sites", "region_id"), ElementsAre("null"));
  left->update("regions", {}, {{"note", "n"}});
  const Summary summary = sync({"left.regions/1"}).summary;
  EXPECT_EQ(summary.count(Operation::kDefer), 0U);
  EXPECT_THAT(column(*right, "sites", "region_id"), ElementsAre("1"));
}

// Nothing is written to the ancestor itself: that it is named says that it has changed.
TEST_F(FollowTest, WhoReadsANamedObjectThroughAPathFollows) {
  fill();
  right->update("regions", {{"name", "r1"}}, {{"name", "R"}});
  right->update("sites", {{"name", "s2"}}, {{"name", "S"}});
  sync({"right.regions/1"});
  EXPECT_THAT(machines(), ElementsAre("a R s1", "b R s1", "c r2 s2", "d - -"));
  sync({"right.sites/2"});
  EXPECT_THAT(machines(), ElementsAre("a R s1", "b R s1", "c r2 S", "d - -"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

TEST_F(FollowTest, WhoReadsAnObjectThatIsWrittenFollows) {
  fill();
  left->update("regions", {{"note", "2"}}, {{"name", "L"}});
  const std::string id = *left->rows("regions")[0].at("note") == "2"
                             ? *left->rows("regions")[0].at("id")
                             : *left->rows("regions")[1].at("id");
  EXPECT_EQ(sync({"left.regions/" + id}).summary.count(Operation::kUpdate), 2U);
  EXPECT_THAT(machines(), ElementsAre("a r1 s1", "b r1 s1", "c L s2", "d - -"));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

TEST_F(FollowTest, ADryRunShowsTheReadersOfANamedObject) {
  fill();
  right->update("regions", {{"name", "r1"}}, {{"name", "R"}});
  EXPECT_EQ(sync({"right.regions/1"}, true).summary.count(Operation::kUpdate), 3U);
  EXPECT_THAT(machines(), Contains("a r1 s1"));
}

// A reconcile looks at those who read what it has written, and scans nothing again.
TEST_F(FollowTest, AReconcileFollowsWithoutScanningAgain) {
  fill();
  left->update("regions", {{"note", "2"}}, {{"name", "L"}});
  const auto before = reconcile();
  EXPECT_EQ(before.summary.count(Operation::kUpdate), 2U);
  EXPECT_THAT(machines(), Contains("c L s2"));
  const std::array<std::uint64_t, 2> following = statements;
  reconcile();
  // One scan a side and mapping; following adds a search, and the batches that it leads to.
  EXPECT_LE(following[0], statements[0] + 12);
  EXPECT_LE(following[1], statements[1] + 12);
}

class ManyReadersTest : public FollowTest {
 protected:
  static constexpr int kHosts = 12'000;  // more than a reconcile looks at one by one
  void fill_many() {
    right->insert("regions", {{"name", "r"}, {"note", "1"}});
    right->insert("sites", {{"name", "s"}, {"region_id", "1"}});
    const auto filled =
        right->transaction([&](memory::MemoryTransaction& transaction) -> Result<void> {
          for (int i = 0; i < kHosts; ++i) {
            COUPLET_TRY(
                transaction.insert("hosts", {{"name", "h" + std::to_string(i)}, {"site_id", "1"}}));
          }
          return {};
        });
    COUPLET_CHECK(filled.has_value());
    EXPECT_TRUE(reconcile().summary.converged);
  }
};

TEST_F(ManyReadersTest, BeyondTheBoundAReconcileScansAgainAndASyncFollowsAllTheSame) {
  fill_many();
  left->update("regions", {}, {{"name", "L"}});
  Summary summary = reconcile().summary;
  EXPECT_TRUE(summary.converged);
  EXPECT_EQ(summary.count(Operation::kUpdate), 1U + kHosts);
  right->update("regions", {}, {{"name", "R"}});
  summary = sync({"right.regions/1"}).summary;
  EXPECT_TRUE(summary.converged);
  EXPECT_EQ(summary.count(Operation::kUpdate), 1U + kHosts);
  EXPECT_EQ(reconcile().summary.operations(), 0U);
}

// Links that move change what references to their ends mean.
TEST_F(FollowTest, WhoRefersToAnObjectWhoseLinkMovesFollows) {
  fill();
  // The right's region 1 is replaced by another row with its identity key.
  right->insert("regions", {{"id", "50"}, {"name", "r1"}, {"note", "x"}});
  right->update("sites", {{"name", "s1"}}, {{"region_id", "50"}});
  right->erase("regions", {{"id", "1"}});
  right->update("regions", {{"id", "50"}}, {{"note", "1"}});
  const std::string twin = [&] {
    for (const auto& row : left->rows("regions")) {
      if (row.at("note") == "1") {
        return *row.at("id");
      }
    }
    return std::string();
  }();
  const Summary summary = sync({"right.regions/50"}).summary;
  EXPECT_EQ(summary.count(Operation::kLink), 1U);
  EXPECT_EQ(summary.count(Operation::kDefer), 0U);
  EXPECT_THAT(lines(), Contains(HasSubstr("link succeeded region: left.regions/" + twin)));
  EXPECT_EQ(reconcile().summary.operations(), 0U);
  EXPECT_THAT(column(*left, "sites", "region_id"), Contains(twin));
}

TEST_F(FollowTest, ATransientFaultOfASearchForReadersPasses) {
  fill();
  right->update("regions", {{"name", "r1"}}, {{"name", "R"}});
  const Error lost{ErrorKind::kTransient, "connection lost", {}, {}, {}, {}};
  left->faults().fail_next(memory::SourceCall::kFetch, lost);
  right->faults().fail_next(memory::SourceCall::kFetch, lost);
  right->faults().fail_next(memory::SourceCall::kFind, lost, 2);
  EXPECT_TRUE(sync({"right.regions/1"}).summary.converged);
  EXPECT_THAT(machines(), ElementsAre("a R s1", "b R s1", "c r2 s2", "d - -"));
}

TEST_F(FollowTest, AMappingWhoseReadersCannotBeAskedForStopsAndNoOther) {
  fill();
  left->update("regions", {{"note", "2"}}, {{"name", "L"}});
  left->update("sites", {}, {{"region_id", std::nullopt}});
  right->faults().fail_next(memory::SourceCall::kFind,
                            {ErrorKind::kPrivilege, "permission denied", {}, {}, "42501", {}});
  const auto report = sync({"left.regions/1", "left.regions/2", "left.sites/1"});
  ASSERT_EQ(report.stopped.size(), 1U);
  EXPECT_EQ(definition().mappings[report.stopped[0].mapping].name, "host");
  EXPECT_EQ(report.stopped[0].error.kind, ErrorKind::kPrivilege);
  EXPECT_THAT(notices(), ElementsAre("mapping 'host' is stopped: permission denied"));
  EXPECT_FALSE(report.summary.converged);
  EXPECT_THAT(column(*right, "regions", "name"), Contains("L"));
  EXPECT_THAT(column(*right, "sites", "region_id"), Contains("null"));
  EXPECT_THAT(machines(), Contains("c r2 s2"));
}

// The mapping that stopped is reported by the attempt that comes after it, too.
TEST_F(ObjectSyncTest, AMappingThatStoppedIsReportedAfterClashesWereTriedAgain) {
  for (MemoryDatabase* database : {left.get(), right.get()}) {
    create(*database, DescribedTable("notes").id().text("text"));
  }
  define(
      "mappings:\n"
      "  person: { left: left.people, right: right.persons, keys: [ key ], attributes: [ mail ],\n"
      "    direction: left_to_right }\n"
      "  note: { left: left.notes, right: right.notes, keys: [ text ], direction: left_to_right "
      "}\n");
  right->alter("persons", [](TableInfo& info) {
    info.unique_keys.push_back({"mail", {"mail"}, false, false});
  });
  left_has({{"key", "a"}, {"mail", "x"}});
  left_has({{"key", "b"}, {"mail", "y"}});
  left->insert("notes", {{"text", "n"}});
  settle(*this);
  left_sets("a", {{"mail", "y"}});
  left_sets("b", {{"mail", "z"}});
  EXPECT_EQ(sync({"left.people/1"}).summary.count(Operation::kPark), 1U);
  right->drop_table("notes");
  const auto report = sync({"left.people/2", "left.notes/1"});
  EXPECT_THAT(rights(), ElementsAre("a - y", "b - z"));
  ASSERT_EQ(report.stopped.size(), 1U);
  EXPECT_EQ(definition().mappings[report.stopped[0].mapping].name, "note");
  EXPECT_EQ(report.stopped[0].error.kind, ErrorKind::kSchema);
  EXPECT_FALSE(report.summary.converged);
}

}  // namespace
}  // namespace couplet::test
