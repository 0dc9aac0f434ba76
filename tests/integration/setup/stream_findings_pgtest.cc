// What `couplet doctor` tells of a change stream: notes as long as nothing is set up, errors where
// a stream would stop or miss something; each goes when its fix has been run.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "tests/integration/setup/streams_scene.h"

namespace couplet::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class StreamFindingsTest : public StreamsScene {
 protected:
  void set_up() const {
    const Ended ended = couplet({"setup"});
    ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    ASSERT_THAT(told("shop"), ElementsAre("note slot_wal_unbounded"));
  }

  [[nodiscard]] std::string told_by_run_at_its_start() const {
    Program::Settings settings;
    settings.words = {COUPLET_PROGRAM, "run", "-c", file().string()};
    settings.log_file = (file().parent_path() / "run.log").string();
    Program program(settings);
    const auto said = [&] {
      std::ifstream log(*settings.log_file);
      return std::string(std::istreambuf_iterator<char>(log), {});
    };
    while (said().find("following the changes") == std::string::npos &&
           !program.ends_within(std::chrono::milliseconds(50))) {
    }
    program.send(SIGTERM);
    program.wait();
    return said();
  }

  // One error of this code in shop, and what it says; its fix mends it.
  void expect_mended(const std::string& code, const std::string& says) const {
    ASSERT_THAT(told("shop"), Contains("error " + code));
    const auto found = findings_of(code);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(found[0].at("message").get<std::string>(), HasSubstr(says));
    EXPECT_EQ(couplet({"doctor", "--check", "-q"}).exit_code, 4);
    mend(found[0]);
    EXPECT_THAT(told("shop"), ElementsAre("note slot_wal_unbounded"));
  }
};

TEST_F(StreamFindingsTest, WhoOnlyReconcilesHearsOfItInOneNote) {
  EXPECT_THAT(told("shop"), ElementsAre("note stream_not_set_up"));
  EXPECT_THAT(told("billing"), ElementsAre("note stream_not_set_up"));
  const auto found = findings_of("stream_not_set_up");
  EXPECT_EQ(found[0].at("fix"), "couplet setup");
  EXPECT_EQ(couplet({"doctor", "--check"}).exit_code, 0);
  write_people(", stream: false");
  EXPECT_THAT(told("shop"), IsEmpty());
}

TEST_F(StreamFindingsTest, ATableThatWasTakenOutOfThePublication) {
  set_up();
  cluster_.exec("shop", "alter publication couplet_setup_shop set table teams");
  ASSERT_THAT(findings_of("publication"), SizeIs(2));
  for (const nlohmann::json& finding : findings_of("publication")) {
    mend(finding);
  }
  EXPECT_THAT(told("shop"), ElementsAre("note slot_wal_unbounded"));
}

TEST_F(StreamFindingsTest, ARowFilter) {
  set_up();
  cluster_.exec("shop", "alter publication couplet_setup_shop set table people where (id > 10)");
  expect_mended("publication", "holds public.people with a row filter or a list of columns");
}

TEST_F(StreamFindingsTest, AListOfColumns) {
  set_up();
  cluster_.exec("shop", "alter publication couplet_setup_shop set table people (id, name)");
  expect_mended("publication", "a list of columns");
}

TEST_F(StreamFindingsTest, KindsOfChangesThatAreNotPublished) {
  set_up();
  cluster_.exec("shop", "alter publication couplet_setup_shop set (publish = 'insert')");
  expect_mended("publication", "does not tell all kinds of changes");
}

TEST_F(StreamFindingsTest, AReplicaIdentityThatWasTakenAway) {
  set_up();
  cluster_.exec("shop", "alter table people replica identity nothing");
  EXPECT_ANY_THROW(cluster_.exec("shop",
                                 "insert into people (name) values ('x');"
                                 "update people set age = 1"))
      << "the server refuses it to everybody";
  expect_mended("replica_identity", "the server refuses every update and delete there");
}

TEST_F(StreamFindingsTest, AReplicaIdentityWithoutTheId) {
  set_up();
  cluster_.exec("shop", "alter table people replica identity using index people_name_key");
  expect_mended("replica_identity", "lacks its id");
}

TEST_F(StreamFindingsTest, ARoleThatMayNoLongerStream) {
  set_up();
  cluster_.exec("shop", "alter role couplet noreplication");
  const auto found = findings_of("replication_role");
  ASSERT_THAT(found, SizeIs(2)) << "it is one role in both";
  EXPECT_EQ(found[0].at("level"), "error");
  mend(found[0]);
  EXPECT_THAT(findings_of("replication_role"), IsEmpty());
}

TEST_F(StreamFindingsTest, ASlotOfAnotherPluginOrDatabase) {
  cluster_.exec("shop",
                "select pg_create_logical_replication_slot('couplet_setup_shop', 'test_decoding');"
                "select pg_create_logical_replication_slot('couplet_setup_billing', 'pgoutput')");
  auto found = findings_of("replication_slot");
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0].at("message").get<std::string>(),
              HasSubstr("slot couplet_setup_shop is one of plugin test_decoding"));
  EXPECT_THAT(found[1].at("message").get<std::string>(),
              HasSubstr("slot couplet_setup_billing belongs to database shop"));
  const Ended refused = couplet({"setup"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("sources.billing.slot: another name"));
  EXPECT_THAT(slots("shop"), SizeIs(2)) << "neither is ours to take away";
}

TEST_F(StreamFindingsTest, ASlotNearItsEndAndOneThatIsLost) {
  set_up();
  const std::string fill =
      "create table if not exists junk (t text);"
      "insert into junk select repeat(md5(i::text), 200) from generate_series(1, 3000) i;"
      "select pg_switch_wal(); checkpoint";
  cluster_.exec("shop", "alter system set max_slot_wal_keep_size = '96MB'");
  cluster_.exec("shop", "select pg_reload_conf()");
  bool lagging = false;
  bool lost = false;
  for (int i = 0; i < 40 && !lost; ++i) {
    cluster_.exec("shop", fill);
    const auto found = told("shop");
    const bool lags = std::find(found.begin(), found.end(), "warning slot_lagging") != found.end();
    if (lags && !lagging) {
      EXPECT_THAT(told_by_run_at_its_start(),
                  HasSubstr("source 'shop': slot couplet_setup_shop holds back"));
    }
    lagging = lagging || lags;
    lost = !cluster_
                .query("shop",
                       "select from pg_replication_slots where slot_name = "
                       "'couplet_setup_shop' and wal_status = 'lost'")
                .empty();
  }
  EXPECT_TRUE(lagging) << "it is told before it is too late";
  ASSERT_TRUE(lost);
  EXPECT_THAT(told("shop"), ElementsAre("error replication_slot"));
  EXPECT_THAT(findings_of("replication_slot")[0].at("message").get<std::string>(),
              HasSubstr("slot couplet_setup_shop is lost"));
  const Ended ended = couplet({"setup", "shop"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("slot couplet_setup_shop is made anew"));
  EXPECT_THAT(told("shop"), IsEmpty());
  cluster_.exec("shop", "alter system reset max_slot_wal_keep_size");
  cluster_.exec("shop", "select pg_reload_conf()");
}

TEST_F(StreamFindingsTest, WithoutLogicalLogASlotWaitsForTheRestart) {
  cluster_.exec("shop", "alter system set wal_level = 'replica'");
  cluster_.restart();
  EXPECT_THAT(told("shop"), ElementsAre("note wal_level", "note stream_not_set_up"));
  const Ended refused = couplet({"setup", "shop"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("wal_level is replica, which tells no changes"));
  const Ended dry = couplet({"setup", "--dry-run", "shop"});
  EXPECT_THAT(dry.out, HasSubstr("ALTER SYSTEM SET wal_level = 'logical';\n-- then restart the "
                                 "server\n"));
  EXPECT_EQ(psql("postgres", dry.out).exit_code, 0) << dry.out;
  EXPECT_THAT(published("shop"), SizeIs(1));
  EXPECT_THAT(slots("shop"), IsEmpty());
  cluster_.restart();
  EXPECT_EQ(couplet({"setup", "shop"}).exit_code, 0);
  EXPECT_THAT(slots("shop"), SizeIs(1));
}

}  // namespace
}  // namespace couplet::test
