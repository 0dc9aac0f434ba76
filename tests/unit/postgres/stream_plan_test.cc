// What is to be done about publication and slot, for every state that a server can be in.
#include "connectors/postgres/stream_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace couplet::postgres {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Kind = StreamProblem::Kind;

const char* const kMake = "SELECT pg_create_logical_replication_slot('couplet_x_crm', 'pgoutput')";
const char* const kDrop = "SELECT pg_drop_replication_slot('couplet_x_crm')";

TableFacts table(const std::string& name) {
  TableFacts facts;
  facts.name = facts.part = {"public", name};
  facts.owner = "owner";
  facts.ours = facts.publishable = true;
  facts.identity = TableFacts::Identity::kFitting;
  return facts;
}

// A server that is ready, a role that may everything, two tables, nothing made yet.
class StreamPlanTest : public testing::Test {
 protected:
  StreamPlanTest() {
    needs_.slot = needs_.publication = "couplet_x_crm";
    needs_.mark_prefix = "couplet_x_crm_";
    needs_.tables = {{{"public", "people"}, {"id"}}, {{"public", "teams"}, {}}};
    facts_.database = "crm";
    facts_.role = "couplet";
    facts_.application = "couplet";
    facts_.wal_level = "logical";
    facts_.may_replicate = facts_.may_create = true;
    facts_.slots_max = facts_.senders_max = 10;
    facts_.slot_log_max_mib = 1000;
    facts_.tables = {table("people"), table("teams")};
  }

  void make_publication() {
    facts_.publication.emplace();
    facts_.publication->all_changes = facts_.publication->via_root = true;
    facts_.publication->ours = true;
    facts_.publication->owner = "couplet";
    facts_.publication->tables = {{{"public", "people"}}, {{"public", "teams"}}};
  }
  void make_slot() {
    facts_.slot.emplace();
    facts_.slot->logical = facts_.slot->made = true;
    facts_.slot->plugin = "pgoutput";
    facts_.slot->database = "crm";
    facts_.slot->wal_status = "reserved";
    facts_.slot->retained_bytes = 16 << 20;
  }
  void make_all() {
    make_publication();
    make_slot();
  }

  [[nodiscard]] StreamPlan plan() const { return setup_plan("crm", needs_, facts_); }
  [[nodiscard]] static std::vector<std::string> statements(const StreamPlan& plan) {
    std::vector<std::string> sql;
    for (const SetupStep& step : plan.steps) {
      sql.push_back(step.sql);
    }
    return sql;
  }
  [[nodiscard]] std::vector<std::string> steps() const { return statements(plan()); }
  // The one problem that there is.
  [[nodiscard]] StreamProblem problem() const {
    const StreamPlan made = plan();
    EXPECT_THAT(made.problems, SizeIs(1));
    return made.problems.empty() ? StreamProblem{} : made.problems.front();
  }

  StreamNeeds needs_;
  StreamFacts facts_;
};

TEST_F(StreamPlanTest, ThePublicationComesBeforeTheSlot) {
  EXPECT_THAT(steps(), ElementsAre("CREATE PUBLICATION \"couplet_x_crm\" FOR TABLE ONLY "
                                   "\"public\".\"people\", ONLY \"public\".\"teams\" WITH (publish "
                                   "= 'insert, update, delete, truncate', "
                                   "publish_via_partition_root = true)",
                                   kMake));
  EXPECT_FALSE(plan().set_up);
  EXPECT_THAT(plan().problems, IsEmpty());
}

TEST_F(StreamPlanTest, WhereAllIsThereNothingIsDone) {
  make_all();
  EXPECT_THAT(steps(), IsEmpty());
  EXPECT_THAT(plan().problems, IsEmpty());
  EXPECT_TRUE(plan().set_up);
}

TEST_F(StreamPlanTest, WhereNothingIsStreamedNothingIsMadeAndASlotThatIsThereIsTold) {
  needs_.tables.clear();
  facts_.tables.clear();
  EXPECT_THAT(steps(), IsEmpty());
  EXPECT_THAT(plan().problems, IsEmpty());
  make_all();
  EXPECT_THAT(steps(), IsEmpty());
  EXPECT_EQ(problem().kind, Kind::kLeftOver);
  EXPECT_EQ(problem().fix, kDrop);
}

TEST_F(StreamPlanTest, NamesAreQuoted) {
  needs_.publication = "od\"d";
  needs_.slot = "o'dd";
  facts_.tables = {table("Big \"T\"")};
  EXPECT_THAT(steps(),
              ElementsAre(HasSubstr("CREATE PUBLICATION \"od\"\"d\" FOR TABLE ONLY "
                                    "\"public\".\"Big \"\"T\"\"\" WITH"),
                          "SELECT pg_create_logical_replication_slot('o''dd', 'pgoutput')"));
}

TEST_F(StreamPlanTest, TablesThatCameAndWentAreBroughtUpToDate) {
  make_all();
  facts_.publication->tables = {{{"public", "gone"}}, {{"public", "teams"}}};
  EXPECT_THAT(steps(), ElementsAre("ALTER PUBLICATION \"couplet_x_crm\" ADD TABLE ONLY "
                                   "\"public\".\"people\"",
                                   "ALTER PUBLICATION \"couplet_x_crm\" DROP TABLE ONLY "
                                   "\"public\".\"gone\""));
  needs_.shared_publication = true;
  EXPECT_THAT(steps(), SizeIs(1)) << "others' tables stay";
}

TEST_F(StreamPlanTest, ARowFilterOrAListOfColumnsIsTakenAwayAtOnce) {
  make_all();
  facts_.publication->tables[0].narrowed = true;
  EXPECT_THAT(steps(), ElementsAre("ALTER PUBLICATION \"couplet_x_crm\" SET TABLE ONLY "
                                   "\"public\".\"people\", ONLY \"public\".\"teams\""));
  needs_.shared_publication = true;
  EXPECT_THAT(steps(), IsEmpty());
  EXPECT_EQ(problem().kind, Kind::kPublication);
  EXPECT_TRUE(problem().blocks) << "whoever narrowed it decides";
}

TEST_F(StreamPlanTest, APublicationOfAllTablesOrOfASchemaHoldsThem) {
  make_all();
  facts_.publication->tables.clear();
  facts_.publication->all_tables = true;
  EXPECT_THAT(steps(), IsEmpty());
  facts_.publication->all_tables = false;
  facts_.publication->schemas = {"public"};
  EXPECT_THAT(steps(), IsEmpty());
  facts_.publication->schemas = {"other"};
  EXPECT_THAT(steps(), SizeIs(1));
}

TEST_F(StreamPlanTest, KindsOfChangesAndPartitions) {
  make_all();
  facts_.publication->via_root = false;
  EXPECT_THAT(steps(), IsEmpty()) << "no table has partitions";
  facts_.tables[0].partitioned = true;
  EXPECT_THAT(steps(),
              ElementsAre("ALTER PUBLICATION \"couplet_x_crm\" SET (publish = 'insert, "
                          "update, delete, truncate', publish_via_partition_root = true)"));
  facts_.publication->via_root = true;
  facts_.publication->all_changes = false;
  EXPECT_THAT(steps(), ElementsAre("ALTER PUBLICATION \"couplet_x_crm\" SET (publish = 'insert, "
                                   "update, delete, truncate')"));
}

TEST_F(StreamPlanTest, ASlotThatIsLostIsMadeAnew) {
  make_all();
  facts_.slot->lost = true;
  EXPECT_THAT(steps(), ElementsAre(kDrop, kMake));
  EXPECT_TRUE(plan().set_up) << "somebody has read from it";
  EXPECT_THAT(plan().problems, IsEmpty());
}

// It goes first: after a kill in between it is missing, and does not look as if it were good.
TEST_F(StreamPlanTest, ASlotThatIsOlderThanItsPublicationIsMadeAnew) {
  make_slot();
  EXPECT_THAT(steps(), ElementsAre(kDrop, HasSubstr("CREATE PUBLICATION"), kMake));
  facts_.slot->active_pid = 42;
  EXPECT_EQ(problem().kind, Kind::kSlot);
  EXPECT_TRUE(problem().blocks);
  EXPECT_THAT(problem().message, HasSubstr("is being read by session 42"));
}

TEST_F(StreamPlanTest, ASlotThatIsNotOursIsLeftAlone) {
  const auto refused = [&](const std::string& why) {
    EXPECT_THAT(steps(), IsEmpty());
    EXPECT_EQ(problem().kind, Kind::kSlot);
    EXPECT_TRUE(problem().blocks);
    EXPECT_EQ(problem().message, "slot couplet_x_crm " + why);
    EXPECT_FALSE(plan().set_up);
    const StreamPlan gone = teardown_plan("crm", needs_, facts_);
    EXPECT_THAT(statements(gone), testing::Not(testing::Contains(kDrop)));
  };
  make_all();
  facts_.slot->plugin = "test_decoding";
  refused("is one of plugin test_decoding, not of pgoutput");
  make_slot();
  facts_.slot->database = "billing";
  refused("belongs to database billing");
  make_slot();
  facts_.slot->logical = false;
  refused("is a physical one");
}

TEST_F(StreamPlanTest, ASlotThatIsStillBeingMadeIsWaitedFor) {
  make_all();
  facts_.slot->made = false;
  facts_.slot->active_pid = 7;
  EXPECT_THAT(steps(), IsEmpty());
  EXPECT_TRUE(problem().blocks);
  EXPECT_THAT(problem().message, HasSubstr("is being made by session 7"));
}

TEST_F(StreamPlanTest, WhoElseReadsTheSlotIsTold) {
  make_all();
  facts_.slot->active_pid = 7;
  facts_.slot->application = "couplet";
  EXPECT_THAT(plan().problems, IsEmpty());
  facts_.slot->application = "pg_recvlogical";
  EXPECT_EQ(problem().kind, Kind::kSlotBusy);
  EXPECT_FALSE(problem().blocks);
}

TEST_F(StreamPlanTest, ASlotNearItsEndIsToldBeforeItIsLost) {
  make_all();
  facts_.slot->safe_bytes = std::int64_t{250} << 20;
  EXPECT_THAT(plan().problems, IsEmpty());
  facts_.slot->safe_bytes = std::int64_t{150} << 20;
  EXPECT_EQ(problem().kind, Kind::kSlotLagging);
  facts_.slot->safe_bytes.reset();
  facts_.slot->wal_status = "unreserved";
  EXPECT_EQ(problem().kind, Kind::kSlotLagging);
  EXPECT_EQ(problem().fix, "ALTER SYSTEM SET max_slot_wal_keep_size = '2000MB'");
  facts_.slot_log_max_mib.reset();
  EXPECT_EQ(problem().kind, Kind::kLogUnbounded);
}

TEST_F(StreamPlanTest, WhatTheServerLacksComesBeforeAnyStep) {
  const auto blocked = [&](Kind kind) {
    EXPECT_EQ(problem().kind, kind);
    EXPECT_TRUE(problem().blocks);
    EXPECT_THAT(steps(), SizeIs(2)) << "a script has them all the same";
  };
  facts_.wal_level = "replica";
  blocked(Kind::kWalLevel);
  facts_.wal_level = "logical";
  facts_.slots = 10;
  blocked(Kind::kSlotsTaken);
  facts_.slots = 0;
  facts_.standby = true;
  blocked(Kind::kStandby);
  facts_.standby = false;
  facts_.may_replicate = false;
  blocked(Kind::kRole);
  facts_.may_replicate = true;
  facts_.senders = 10;
  EXPECT_EQ(problem().kind, Kind::kSendersTaken);
  EXPECT_FALSE(problem().blocks) << "a slot can be made without one";
  facts_.senders = 0;
  facts_.pooled = true;
  EXPECT_EQ(problem().kind, Kind::kPooler);
}

TEST_F(StreamPlanTest, ASlotThatIsThereNeedsNoRoomForOneMore) {
  make_all();
  facts_.slots = facts_.senders = 10;
  facts_.slot->active_pid = 3;
  facts_.slot->application = "couplet";
  EXPECT_THAT(plan().problems, IsEmpty());
}

TEST_F(StreamPlanTest, WhatOurRoleMayNotMakeIsToldWithItsReason) {
  facts_.tables[1].ours = false;
  EXPECT_EQ(problem().kind, Kind::kOwner);
  EXPECT_EQ(problem().message,
            "role couplet may not make publication couplet_x_crm: the role does not own "
            "public.teams");
  facts_.may_create = false;
  EXPECT_THAT(problem().message, HasSubstr("may not create in database crm"));
  make_all();
  facts_.publication->ours = false;
  facts_.publication->owner = "dba";
  EXPECT_THAT(plan().problems, IsEmpty()) << "it is as it should be, whoever owns it";
  facts_.publication->tables.pop_back();
  EXPECT_THAT(problem().message, HasSubstr("may not change publication couplet_x_crm: it belongs "
                                           "to role dba"));
}

// The server would refuse the updates of its own applications.
TEST_F(StreamPlanTest, ATableWithoutReplicaIdentityIsNotPublished) {
  facts_.tables[0].identity = TableFacts::Identity::kNone;
  EXPECT_EQ(problem().kind, Kind::kReplicaIdentity);
  EXPECT_TRUE(problem().blocks);
  EXPECT_EQ(problem().fix, "ALTER TABLE \"public\".\"people\" REPLICA IDENTITY FULL");
  facts_.tables[0].own_index = "people_id_key";
  EXPECT_EQ(problem().fix,
            "ALTER TABLE \"public\".\"people\" REPLICA IDENTITY USING INDEX \"people_id_key\"");
  facts_.tables[0].identity = TableFacts::Identity::kOther;
  EXPECT_THAT(problem().message, HasSubstr("has a replica identity that lacks its id"));
  make_all();
  facts_.tables[0].identity = TableFacts::Identity::kNone;
  EXPECT_FALSE(problem().blocks) << "it is published already";
  EXPECT_THAT(problem().message, HasSubstr("the server refuses every update and delete there"));
}

TEST_F(StreamPlanTest, AViewIsLeftToReconcile) {
  facts_.tables[1].publishable = false;
  EXPECT_EQ(problem().kind, Kind::kUnstreamable);
  EXPECT_THAT(steps().front(), testing::Not(HasSubstr("teams")));
  facts_.tables[0].publishable = false;
  EXPECT_THAT(steps(), IsEmpty()) << "nothing is left to stream";
}

TEST_F(StreamPlanTest, ATeardownTakesTheSlotFirst) {
  EXPECT_THAT(teardown_plan("crm", needs_, facts_).steps, IsEmpty());
  make_all();
  facts_.marks = {"couplet_x_crm_0"};
  EXPECT_THAT(statements(teardown_plan("crm", needs_, facts_)),
              ElementsAre(kDrop, "DROP PUBLICATION \"couplet_x_crm\"",
                          "SELECT pg_replication_origin_drop('couplet_x_crm_0')"));
  facts_.slot->active_pid = 9;
  facts_.slot->application = "couplet";
  const StreamPlan held = teardown_plan("crm", needs_, facts_);
  ASSERT_THAT(held.problems, SizeIs(1));
  EXPECT_TRUE(held.problems[0].blocks);
  EXPECT_EQ(held.problems[0].message,
            "slot couplet_x_crm is being read by session 9 (application couplet)");
}

TEST_F(StreamPlanTest, ATeardownLeavesAPublicationThatTheFileNames) {
  make_all();
  needs_.shared_publication = true;
  const StreamPlan gone = teardown_plan("crm", needs_, facts_);
  EXPECT_THAT(statements(gone), ElementsAre(kDrop));
  ASSERT_THAT(gone.problems, SizeIs(1));
  EXPECT_FALSE(gone.problems[0].blocks);
}

}  // namespace
}  // namespace couplet::postgres
