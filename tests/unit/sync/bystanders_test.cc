// What a hand-run sync leaves alone: whoever waits, is held or parked for something that the call
// does not change is neither looked at nor told of, however many they are.
#include <gmock/gmock.h>

#include "tests/support/people_world.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// What a run told, without what only a run can know: the id of a row that it made.
std::vector<std::string> told(const SyncWorld& world) {
  std::vector<std::string> found;
  for (const OperationReport& report : world.operations()) {
    std::string line = name_of(report.operation) + std::string(" ") + name_of(report.situation) +
                       " " + report.from;
    if (report.operation != Operation::kCreate && report.operation != Operation::kLink) {
      line += " " + report.to;
    }
    for (const AttributeChange& change : report.attributes) {
      line += " " + change.name;
    }
    found.push_back(std::move(line));
  }
  std::sort(found.begin(), found.end());
  return found;
}

// Syncs these objects: first as a dry run, which has to tell the same.
Summary sync_as_foretold(SyncWorld& world, const std::vector<std::string>& names) {
  world.sync(names, true);
  const std::vector<std::string> foretold = told(world);
  const Summary summary = world.sync(names).summary;
  EXPECT_EQ(foretold, told(world));
  EXPECT_TRUE(summary.converged);
  return summary;
}

// Sites refer to regions, which are found by their note: a region without one cannot be linked, and
// its sites wait. People of one key are held.
class CrowdTest : public testing::Test, public SyncWorld {
 protected:
  void SetUp() override {
    for (MemoryDatabase* database : {left.get(), right.get()}) {
      create(*database, DescribedTable("regions").id().text("name").text("note"));
      create(*database,
             DescribedTable("sites").id().text("name").foreign_key("region_id", "regions", true));
      create(*database, DescribedTable("people").id().text("key").text("name"));
    }
    define(
        "mappings:\n"
        "  region: { left: left.regions, right: right.regions, direction: both, keys: [ note ],\n"
        "    attributes: [ name ] }\n"
        "  site: { left: left.sites, right: right.sites, direction: both, keys: [ name ],\n"
        "    attributes: [ { left: region, right: region, link: region } ] }\n"
        "  person: { left: left.people, right: right.people, direction: both, keys: [ key ],\n"
        "    attributes: [ name ] }\n");
  }

  void crowd(int size) {
    const auto filled =
        left->transaction([&](memory::MemoryTransaction& transaction) -> Result<void> {
          for (int i = 1; i <= size; ++i) {
            const std::string n = std::to_string(i);
            COUPLET_TRY(transaction.insert("regions", {{"name", "r" + n}}));
            COUPLET_TRY(transaction.insert("sites", {{"name", "s" + n}, {"region_id", n}}));
            COUPLET_TRY(transaction.insert("people", {{"key", "k" + std::to_string(i / 2)}}));
          }
          return {};
        });
    COUPLET_CHECK(filled.has_value());
    left->insert("people", {{"key", "one"}, {"name", "old"}});
    const Summary summary = reconcile().summary;
    EXPECT_TRUE(summary.converged);
    EXPECT_EQ(summary.count(Operation::kDefer), static_cast<std::uint64_t>(size));
    EXPECT_EQ(summary.count(Operation::kHold), static_cast<std::uint64_t>(size) - 1);
  }
};

TEST_F(CrowdTest, TenThousandThatWaitAndAreHeldAreLeftAloneByTheSyncOfAnother) {
  constexpr int kCrowd = 10'001;
  crowd(kCrowd);
  left->update("people", {{"key", "one"}}, {{"name", "new"}});
  const std::string one = "left.people/" + std::to_string(kCrowd + 1);
  const Summary summary = sync_as_foretold(*this, {one});
  EXPECT_EQ(summary.objects, 2U);  // on each side
  EXPECT_EQ(summary.rounds, 1U);
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("update source_changed person: " + one)));
  EXPECT_LE(statements[0] + statements[1], 16U);
}

TEST_F(CrowdTest, OfTenThousandThatWaitThoseForTheNewLinkFollow) {
  crowd(10'001);
  left->update("regions", {{"id", "7"}}, {{"note", "n"}});
  const Summary summary = sync_as_foretold(*this, {"left.regions/7"});
  EXPECT_EQ(summary.count(Operation::kCreate), 1U);
  EXPECT_EQ(summary.count(Operation::kUpdate), 1U);
  EXPECT_LE(summary.objects, 4U);
  EXPECT_THAT(lines(), Each(testing::AnyOf(HasSubstr("left.regions/7"), HasSubstr("left.sites/7"),
                                           HasSubstr("right.sites/7"))));
}

TEST_F(CrowdTest, OfTenThousandThatAreHeldTheOneWhoseRivalWentFollows) {
  crowd(10'001);
  left->update("people", {{"id", "8"}}, {{"key", "own"}});  // 8 and 9 had one key
  const Summary summary = sync_as_foretold(*this, {"left.people/8"});
  EXPECT_EQ(summary.count(Operation::kCreate), 2U);
  EXPECT_EQ(summary.count(Operation::kHold), 0U);
  EXPECT_LE(summary.objects, 4U);
  EXPECT_THAT(told(*this),
              ElementsAre("create absent left.people/8", "create absent left.people/9"));
}

class BystandersTest : public testing::Test, public PeopleWorld {};

TEST_F(BystandersTest, TheLastOfSeveralRivalsGoesOnWhenTheOthersAreGone) {
  map("direction: both");
  for (int i = 0; i < 4; ++i) {
    left_has({{"key", "k"}});
  }
  EXPECT_EQ(settle(*this).count(Operation::kHold), 4U);
  for (const char* id : {"1", "2", "3"}) {
    EXPECT_THAT(rights(), SizeIs(std::stoi(id) - 1));
    left->update("people", {{"id", id}}, {{"key", std::string("own") + id}});
    sync_as_foretold(*this, {std::string("left.people/") + id});
  }
  EXPECT_THAT(rights(), ElementsAre("k - -", "own1 - -", "own2 - -", "own3 - -"));
  EXPECT_EQ(settle(*this).operations(), 0U);
}

TEST_F(BystandersTest, ARivalThatIsDeletedFreesTheOther) {
  map("direction: both");
  left_has({{"key", "k"}});
  left_has({{"key", "k"}});
  settle(*this);
  left->erase("people", {{"id", "1"}});
  EXPECT_EQ(sync_as_foretold(*this, {"left.people/1"}).count(Operation::kCreate), 1U);
  EXPECT_THAT(rights(), ElementsAre("k - -"));
}

// The counterparts are on a side that the mapping does not read: nothing else looks at them.
TEST_F(BystandersTest, ACounterpartThatIsRenamedFreesWhoWasHeldForBeingAmbiguous) {
  map("direction: left_to_right");
  left_has({{"key", "k"}, {"name", "x"}});
  for (int i = 0; i < 3; ++i) {
    right_has({{"key", "k"}});
  }
  EXPECT_EQ(settle(*this).count(Operation::kHold), 1U);
  right->update("persons", {{"id", "3"}}, {{"key", "own"}});
  EXPECT_EQ(sync_as_foretold(*this, {"right.persons/3"}).operations(), 0U);
  right->update("persons", {{"id", "1"}}, {{"key", "other"}});
  EXPECT_EQ(sync_as_foretold(*this, {"right.persons/1"}).count(Operation::kLink), 1U);
  EXPECT_THAT(rights(), Contains("k x -"));
}

TEST_F(BystandersTest, WhoIsFoundByTheOldKeyOfARenamedOneFollows) {
  map("direction: both");
  left_has({{"key", "k1"}});
  settle(*this);
  left_sets("k1", {{"key", "k2"}});
  left_has({{"key", "k1"}, {"name", "heir"}});
  EXPECT_EQ(sync({"left.people/2"}).summary.count(Operation::kHold), 1U);
  const Summary summary = sync_as_foretold(*this, {"left.people/1"});
  EXPECT_EQ(summary.count(Operation::kCreate), 1U);
  EXPECT_EQ(summary.count(Operation::kHold), 0U);
  EXPECT_THAT(rights(), ElementsAre("k1 heir -", "k2 - -"));
}

TEST_F(BystandersTest, OthersThatAreParkedAreNotToldOfByTheSyncThatTriesThemAgain) {
  map("direction: left_to_right");
  right->alter("persons", [](TableInfo& info) {
    info.unique_keys.push_back({"mail", {"mail"}, false, false});
  });
  right_has({{"key", "theirs"}, {"mail", "x"}});
  left_has({{"key", "a"}, {"mail", "x"}});
  left_has({{"key", "b"}, {"mail", "y"}});
  EXPECT_EQ(settle(*this).count(Operation::kPark), 1U);
  left_sets("b", {{"mail", "z"}});
  const Summary summary = sync_as_foretold(*this, {"left.people/2"});
  EXPECT_EQ(summary.count(Operation::kPark), 0U);
  EXPECT_EQ(summary.objects, 2U);  // on each side
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("update source_changed person: left.people/2")));
}

TEST_F(BystandersTest, AStateOfBeforeDoesNotSayWhoKeepsThemHeldAndAReconcileFillsItIn) {
  map("direction: both");
  left_has({{"key", "k"}});
  left_has({{"key", "k"}});
  settle(*this);
  // As layout 1 had it: without rivals, and without the index of them.
  StateBatch old;
  const auto cursor = store->cursor(Family::kHeld);
  int records = 0;
  for (cursor->seek({}); cursor->valid(); cursor->next()) {
    if (cursor->value().empty()) {
      old.erase(Family::kHeld, std::string(cursor->key()));
      continue;
    }
    ++records;
    Held held = decode_held(cursor->value()).value();
    EXPECT_THAT(held.rivals, SizeIs(1));
    held.rivals.clear();
    std::string bytes = encode(held);
    bytes.pop_back();  // the number of rivals
    bytes[0] = 1;
    old.put(Family::kHeld, std::string(cursor->key()), std::move(bytes));
  }
  EXPECT_EQ(records, 2);
  ASSERT_TRUE(store->commit(old, Durability::kSynced).has_value());
  EXPECT_EQ(settle(*this).count(Operation::kHold), 2U);
  left->update("people", {{"id", "1"}}, {{"key", "own"}});
  EXPECT_EQ(sync({"left.people/1"}).summary.count(Operation::kCreate), 2U);
}

}  // namespace
}  // namespace couplet::test
