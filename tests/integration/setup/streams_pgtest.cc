// `couplet setup` and `couplet teardown`: what they make and take away on a real server, by a role
// that may, one that may not, with somebody in the way, killed half-way.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>

#include "tests/integration/setup/streams_scene.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class SetupVerbTest : public StreamsScene {};

TEST_F(SetupVerbTest, ItMakesPublicationAndSlotAndTheSecondTimeNothing) {
  const Ended first = couplet({"setup"});
  EXPECT_EQ(first.exit_code, 0) << first.out << first.err;
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(
      first.out,
      "-- publication couplet_setup_shop is missing\n"
      "CREATE PUBLICATION \"couplet_setup_shop\" FOR TABLE ONLY \"public\".\"people\" WITH "
      "(publish = 'insert, update, delete, truncate', publish_via_partition_root = true);\n"
      "-- slot couplet_setup_shop is missing\n"
      "SELECT pg_create_logical_replication_slot('couplet_setup_shop', 'pgoutput');\n"
      "-- max_slot_wal_keep_size has no bound: while nobody reads slot couplet_setup_shop, "
      "the server's disk fills\n"
      "--   ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'\n"
      "-- publication couplet_setup_billing is missing\n"
      "CREATE PUBLICATION \"couplet_setup_billing\" FOR TABLE ONLY \"public\".\"people\" "
      "WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = "
      "true);\n"
      "-- slot couplet_setup_billing is missing\n"
      "SELECT pg_create_logical_replication_slot('couplet_setup_billing', 'pgoutput');\n"
      "-- max_slot_wal_keep_size has no bound: while nobody reads slot couplet_setup_billing, "
      "the server's disk fills\n"
      "--   ALTER SYSTEM SET max_slot_wal_keep_size = '20GB'\n"
      "-- statements run: 4 of 4\n");
  EXPECT_THAT(published("shop"), ElementsAre("public.people"));
  EXPECT_THAT(published("billing"), ElementsAre("public.people"));
  EXPECT_THAT(slots("shop"), ElementsAre("couplet_setup_shop pgoutput"));
  EXPECT_THAT(slots("billing"), ElementsAre("couplet_setup_billing pgoutput"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "state"));

  const Ended second = couplet({"setup"});
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.out, HasSubstr("-- shop: nothing to do\n"));
  EXPECT_THAT(second.out, HasSubstr("-- everything is set up\n"));
  EXPECT_THAT(second.out, Not(HasSubstr("CREATE")));
}

// A first run beside a slot and publication that setup made is a first run, no lost state.
TEST_F(SetupVerbTest, AfterItAFirstReconcileCreates) {
  ASSERT_EQ(couplet({"setup", "-q"}).exit_code, 0);
  cluster_.exec("shop", "insert into people (name) values ('Ada')");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(cluster_.query("billing", "select name from people"), ElementsAre(Row{"Ada"}));
}

TEST_F(SetupVerbTest, ADryRunChangesNothingAndPrintsAScriptThatDoesIt) {
  const Ended dry = couplet({"setup", "--dry-run"});
  ASSERT_EQ(dry.exit_code, 0) << dry.err;
  EXPECT_THAT(slots("shop"), IsEmpty());
  EXPECT_THAT(published("shop"), IsEmpty());
  const Ended ran = psql("postgres", dry.out);
  EXPECT_EQ(ran.exit_code, 0) << dry.out << ran.err;
  EXPECT_THAT(couplet({"setup"}).out, HasSubstr("-- everything is set up"));
  EXPECT_EQ(psql("postgres", couplet({"setup", "--dry-run"}).out).exit_code, 0)
      << "a script of nothing";
}

TEST_F(SetupVerbTest, AScriptRefusesToRunInAnotherDatabase) {
  std::string script = couplet({"setup", "--dry-run", "shop"}).out;
  const std::string connect = "\\connect \"shop\"";
  ASSERT_THAT(script, HasSubstr(connect));
  script.replace(script.find(connect), connect.size(), "\\connect \"billing\"");
  const Ended ran = psql("postgres", script);
  EXPECT_NE(ran.exit_code, 0);
  EXPECT_THAT(ran.err, HasSubstr("this is not the database of source shop"));
  EXPECT_THAT(slots("billing"), IsEmpty());
}

TEST_F(SetupVerbTest, OnlyWhatIsReadIsStreamed) {
  write_people("", R"(
mappings:
  person: { left: shop.people, right: billing.people, direction: left_to_right, keys: [ name ] }
)");
  Ended ended = couplet({"setup"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("-- billing: nothing to do, as no mapping reads from it\n"));
  EXPECT_THAT(slots("shop"), SizeIs(1));
  EXPECT_THAT(slots("billing"), IsEmpty());
  EXPECT_THAT(published("billing"), IsEmpty());

  // Nothing is streamed any more: the slot would hold the log back for ever.
  write_people(", stream: false");
  ended = couplet({"setup", "shop"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("-- shop: nothing to do, as `stream` is false\n-- slot "
                                   "couplet_setup_shop is there, but nothing"));
  EXPECT_THAT(told("shop"), ElementsAre("warning slot_left_over"));
  EXPECT_EQ(couplet({"teardown", "shop"}).exit_code, 0);
  EXPECT_THAT(slots("shop"), IsEmpty());
}

TEST_F(SetupVerbTest, AChangedFileBringsThePublicationUpToDate) {
  ASSERT_EQ(couplet({"setup"}).exit_code, 0);
  write_people("", R"(
mappings:
  team: { left: shop.teams, right: billing.teams, direction: both, keys: [ name ] }
)");
  EXPECT_THAT(told("shop"),
              ElementsAre("error publication", "error publication", "note slot_wal_unbounded"));
  const Ended ended = couplet({"setup", "shop"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("ADD TABLE ONLY \"public\".\"teams\";"));
  EXPECT_THAT(ended.out, HasSubstr("DROP TABLE ONLY \"public\".\"people\";"));
  EXPECT_THAT(published("shop"), ElementsAre("public.teams"));
  EXPECT_THAT(published("billing"), ElementsAre("public.people")) << "it was not named";
}

TEST_F(SetupVerbTest, TablesOnAPathAndNamesThatNeedQuotes) {
  cluster_.exec(
      "shop",
      "create table \"Big \"\"Boxes\"\"\" (id int primary key, name text not null unique);"
      "create table \"select\" (id int primary key, \"it's\" text not null unique, \"Box\" "
      "int references \"Big \"\"Boxes\"\"\"); alter table \"select\" owner to couplet;"
      "alter table \"Big \"\"Boxes\"\"\" owner to couplet");
  cluster_.exec("billing",
                "create table things (id int primary key, name text not null, box text);"
                "alter table things owner to couplet");
  write_people("", R"(
entities:
  shop.thing: { table: select }
mappings:
  thing: { left: shop.thing, right: billing.things, direction: left_to_right, keys: [ { left: "it's",
           right: name }, id ], attributes: [ { left: Box.name, right: box } ] }
)");
  const Ended ended = couplet({"setup"});
  EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_THAT(published("shop"), ElementsAre("public.Big \"Boxes\"", "public.select"));
}

TEST_F(SetupVerbTest, NamesOfTheUsersOwn) {
  cluster_.exec("shop",
                "create publication mine for table teams; alter publication mine owner to couplet");
  write_people(", slot: my_slot, publication: mine");
  ASSERT_EQ(couplet({"setup", "shop"}).exit_code, 0);
  EXPECT_THAT(slots("shop"), ElementsAre("my_slot pgoutput"));
  EXPECT_THAT(cluster_.query("shop",
                             "select tablename from pg_publication_tables where pubname = "
                             "'mine' order by 1"),
              ElementsAre(Row{"people"}, Row{"teams"}))
      << "what it held for others stays";
  const Ended gone = couplet({"teardown", "shop"});
  EXPECT_EQ(gone.exit_code, 0) << gone.err;
  EXPECT_THAT(slots("shop"), IsEmpty());
  EXPECT_THAT(cluster_.query("shop", "select from pg_publication where pubname = 'mine'"),
              SizeIs(1));
}

TEST_F(SetupVerbTest, ARoleThatMayNotIsToldAndAnAdministratorRunsTheScript) {
  cluster_.exec("postgres",
                "alter role couplet noreplication; alter database shop owner to postgres");
  cluster_.exec("shop",
                "alter table people owner to postgres; alter table teams owner to postgres");
  const Ended refused = couplet({"setup", "shop"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("source shop: role couplet may not stream changes"));
  EXPECT_THAT(refused.out, HasSubstr("-- shop: what is left, for who may do it:"));
  EXPECT_THAT(slots("shop"), IsEmpty());
  EXPECT_THAT(published("shop"), IsEmpty()) << "nothing, rather than half of it";
  EXPECT_THAT(told("shop"), ElementsAre("note replication_role", "note stream_not_set_up"));

  // What it printed is the script.
  const std::string mark = "-- shop: what is left, for who may do it:\n";
  const Ended ran = psql("postgres", refused.out.substr(refused.out.find(mark) + mark.size()));
  EXPECT_EQ(ran.exit_code, 0) << refused.out << ran.err;
  EXPECT_THAT(couplet({"setup", "shop"}).out, HasSubstr("-- everything is set up"));
  EXPECT_EQ(findings_of("missing_grant"), std::vector<nlohmann::json>());
  EXPECT_THAT(told("shop"), ElementsAre("note slot_wal_unbounded"));
}

// Rights by themselves are told as the reason, before anything is made.
TEST_F(SetupVerbTest, WhoOwnsTheTablesIsTold) {
  cluster_.exec("shop",
                "alter table people owner to postgres; grant select, insert, update on "
                "people to couplet");
  const Ended refused = couplet({"setup", "shop"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("role couplet may not make publication couplet_setup_shop: "
                                     "the role does not own public.people"));
  EXPECT_THAT(refused.err, HasSubstr("couplet setup --dry-run shop | psql"));
}

TEST_F(SetupVerbTest, OneSourceThatMayNotDoesNotKeepTheOther) {
  cluster_.exec("shop", "alter table people owner to postgres");
  EXPECT_EQ(couplet({"setup"}).exit_code, 3);
  EXPECT_THAT(slots("billing"), SizeIs(1));
}

TEST_F(SetupVerbTest, AnOpenTransactionIsNamedAndNotWaitedForForEver) {
  write_people(", statement_timeout: 1s");
  begin_writer();
  const Ended blocked = couplet({"setup", "shop"});
  EXPECT_EQ(blocked.exit_code, 3);
  const Row pid = cluster_.query(
      "shop", "select pid from pg_stat_activity where application_name = 'a forgotten session'")[0];
  EXPECT_THAT(blocked.err,
              HasSubstr(fmt::format("were still open: session {} (role postgres, database shop, "
                                    "application a forgotten session",
                                    *pid[0])));
  EXPECT_THAT(blocked.err, HasSubstr(fmt::format("SELECT pg_terminate_backend({})", *pid[0])));
  EXPECT_THAT(blocked.out, HasSubstr("-- statements run: 1 of 2"));
  EXPECT_THAT(published("shop"), SizeIs(1));
  EXPECT_THAT(slots("shop"), IsEmpty());

  end_writer();
  const Ended goes_on = couplet({"setup", "shop"});
  EXPECT_EQ(goes_on.exit_code, 0) << goes_on.err;
  EXPECT_THAT(goes_on.out, HasSubstr("-- statements run: 1 of 1"));
  EXPECT_THAT(slots("shop"), SizeIs(1));
}

TEST_F(SetupVerbTest, KilledHalfWayItGoesOn) {
  begin_writer();
  Program::Settings settings;
  settings.words = {COUPLET_PROGRAM, "setup", "shop", "-c", file().string()};
  Program killed(settings);
  const std::string making =
      "select active_pid from pg_replication_slots where confirmed_flush_lsn is null and active";
  wait_for("shop", making);
  killed.send(SIGKILL);
  EXPECT_EQ(killed.wait().signal, SIGKILL);

  // The server does not know yet that nobody waits for it.
  const auto session = cluster_.query("shop", making);
  ASSERT_THAT(session, SizeIs(1));
  const Ended waits = couplet({"setup", "shop"});
  EXPECT_EQ(waits.exit_code, 3);
  EXPECT_THAT(waits.err, HasSubstr("is being made by session " + *session[0][0]));

  end_writer();
  wait_for("shop",
           "select where not exists (select from pg_replication_slots where active and "
           "slot_name = 'couplet_setup_shop')");
  EXPECT_EQ(couplet({"setup", "shop"}).exit_code, 0);
  EXPECT_THAT(slots("shop"), ElementsAre("couplet_setup_shop pgoutput"));
  EXPECT_THAT(couplet({"setup", "shop"}).out, HasSubstr("-- everything is set up"));
}

TEST_F(SetupVerbTest, ASlotThatIsOlderThanItsPublicationIsMadeAnew) {
  ASSERT_EQ(couplet({"setup"}).exit_code, 0);
  cluster_.exec("shop",
                "drop publication couplet_setup_shop; insert into people (name) values "
                "('between')");
  const std::string made =
      "select confirmed_flush_lsn from pg_replication_slots where slot_name = "
      "'couplet_setup_shop'";
  const auto before = cluster_.query("shop", made);
  EXPECT_THAT(told("shop"), ElementsAre("error publication", "error replication_slot",
                                        "note slot_wal_unbounded"));
  const Ended ended = couplet({"setup", "shop"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("what changed meanwhile is found by a reconcile"));
  EXPECT_NE(cluster_.query("shop", made), before);
  // It can be read: a slot that is older would stop at the row in between.
  cluster_.exec("shop", "set synchronous_commit = on; insert into people (name) values ('after')");
  EXPECT_THAT(cluster_.query("shop",
                             "select from pg_logical_slot_peek_binary_changes('couplet_setup_shop',"
                             " null, null, 'proto_version', '1', 'publication_names', "
                             "'couplet_setup_shop')"),
              Not(IsEmpty()));
}

TEST_F(SetupVerbTest, ATableWithoutReplicaIdentityIsNotPublishedBeforeItHasOne) {
  cluster_.exec("shop", "alter table people replica identity nothing");
  const Ended refused = couplet({"setup", "shop"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("public.people has no replica identity"));
  EXPECT_THAT(published("shop"), IsEmpty());
  cluster_.exec("shop", "update people set age = 1");  // As the applications there do.
  EXPECT_EQ(psql("postgres", couplet({"setup", "--dry-run", "shop"}).out).exit_code, 0);
  EXPECT_THAT(couplet({"setup", "shop"}).out, HasSubstr("-- everything is set up"));
}

TEST_F(SetupVerbTest, PartitionsAreStreamedAsTheirTable) {
  cluster_.exec("shop",
                "create table events (id bigint primary key, name text) partition by range (id);"
                "create table events_1 partition of events for values from (0) to (1000);"
                "alter table events owner to couplet; alter table events_1 owner to couplet");
  cluster_.exec("billing",
                "create table events (id bigint primary key, name text);"
                "alter table events owner to couplet");
  write_people("", R"(
mappings:
  event: { left: shop.events, right: billing.events, direction: left_to_right, keys: [ id ],
           attributes: [ name ] }
)");
  ASSERT_EQ(couplet({"setup", "shop"}).exit_code, 0);
  EXPECT_THAT(published("shop"), ElementsAre("public.events"));
  cluster_.exec("shop", "alter table events_1 replica identity nothing");
  EXPECT_THAT(told("shop"), ElementsAre("error replica_identity", "note slot_wal_unbounded"));
  EXPECT_THAT(findings_of("replica_identity")[0].at("fix").get<std::string>(),
              HasSubstr("\"events_1\" REPLICA IDENTITY"));
}

TEST_F(SetupVerbTest, AViewIsReadByReconcileAlone) {
  cluster_.exec("shop",
                "create view grown as select id, name from people where age > 17;"
                "alter view grown owner to couplet");
  write_people("", R"(
entities: { shop.grown: { id: [ id ] } }
mappings:
  person: { left: shop.grown, right: billing.people, direction: left_to_right, keys: [ name ] }
)");
  const Ended ended = couplet({"setup", "shop"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("public.grown is a view"));
  EXPECT_THAT(slots("shop"), IsEmpty());
  EXPECT_THAT(told("shop"), ElementsAre("note not_streamed"));
}

TEST_F(SetupVerbTest, AsJson) {
  const auto json = nlohmann::json::parse(couplet({"setup", "--json"}).out);
  const auto& steps = json.at("sources").at("shop").at("steps");
  ASSERT_THAT(steps, SizeIs(2));
  EXPECT_EQ(steps[0].at("part"), "publication");
  EXPECT_EQ(steps[1].at("part"), "slot");
  EXPECT_EQ(steps[1].at("done"), true);
  EXPECT_THAT(
      nlohmann::json::parse(couplet({"setup", "--json"}).out).at("sources").at("shop").at("steps"),
      IsEmpty());
}

TEST_F(SetupVerbTest, ASourceThatThereIsNot) {
  const Ended ended = couplet({"setup", "shpo"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("there is no source \"shpo\""));
  EXPECT_THAT(ended.err, HasSubstr("did you mean \"shop\"?"));
}

TEST_F(SetupVerbTest, TeardownTakesAllAwayAndTheSecondTimeNothing) {
  ASSERT_EQ(couplet({"setup"}).exit_code, 0);
  // Marks, as a run with the five functions makes them.
  for (const char* database : {"shop", "billing"}) {
    cluster_.exec(database,
                  "grant execute on function pg_replication_origin_oid(text), "
                  "pg_replication_origin_create(text), pg_replication_origin_session_setup(text), "
                  "pg_replication_origin_session_progress(boolean), "
                  "pg_replication_origin_xact_setup(pg_lsn, timestamptz) to couplet");
  }
  cluster_.exec("shop", "insert into people (name) values ('Ada')");
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  const std::string origins = "select roname from pg_replication_origin order by 1";
  ASSERT_THAT(cluster_.query("postgres", origins), Not(IsEmpty()));
  cluster_.exec("postgres", "select pg_replication_origin_create('couplet_setup_shop_other_0')");

  // The role may not drop origins: the rest goes, and that is left for who may.
  const Ended partly = couplet({"teardown"});
  EXPECT_EQ(partly.exit_code, 3);
  EXPECT_THAT(partly.err, HasSubstr("pg_replication_origin_drop"));
  EXPECT_THAT(partly.err, HasSubstr("couplet teardown --dry-run"));
  EXPECT_THAT(slots("shop"), IsEmpty());
  EXPECT_THAT(published("shop"), IsEmpty());
  EXPECT_THAT(slots("billing"), IsEmpty());
  const Ended dry = couplet({"teardown", "--dry-run"});
  EXPECT_EQ(dry.exit_code, 0) << dry.err;
  const Ended ran = psql("postgres", dry.out);
  EXPECT_EQ(ran.exit_code, 0) << dry.out << ran.err;
  EXPECT_THAT(cluster_.query("postgres", origins), ElementsAre(Row{"couplet_setup_shop_other_0"}))
      << "another deployment's";

  const Ended second = couplet({"teardown"});
  EXPECT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.out, HasSubstr("-- there is nothing to take away\n"));
  EXPECT_THAT(second.out, HasSubstr("-- left, with all links: the state folder " +
                                    (folder_.path() / "state").string()));
  cluster_.exec("postgres", "select pg_replication_origin_drop('couplet_setup_shop_other_0')");
  // And it goes on from there.
  cluster_.exec("shop", "insert into people (name) values ('Bob')");
  EXPECT_EQ(couplet({"reconcile"}).exit_code, 0);
  EXPECT_THAT(cluster_.query("billing", "select from people"), SizeIs(2));
}

// The mark alone tells that they were made. (The program is built with crash points, as tests/run
// builds it.)
TEST_F(SetupVerbTest, WhileWritesOfACrashAreNotRecordedTheMarksStay) {
  cluster_.exec("billing",
                "grant execute on function pg_replication_origin_oid(text), "
                "pg_replication_origin_create(text), pg_replication_origin_session_setup(text), "
                "pg_replication_origin_session_progress(boolean), "
                "pg_replication_origin_xact_setup(pg_lsn, timestamptz) to couplet");
  cluster_.exec("shop", "insert into people (name) values ('Ada')");
  environment_["COUPLET_CRASH_AT"] = "after_commit:1";
  ASSERT_EQ(couplet({"reconcile"}).signal, SIGKILL);
  environment_.erase("COUPLET_CRASH_AT");
  const Ended refused = couplet({"teardown"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.err, HasSubstr("1 write whose end is not recorded yet"));
  const std::string origins = "select from pg_replication_origin";
  EXPECT_THAT(cluster_.query("billing", origins), SizeIs(1));
  ASSERT_EQ(couplet({"reconcile"}).exit_code, 0);
  EXPECT_THAT(cluster_.query("billing", "select from people"), SizeIs(1));
  EXPECT_EQ(psql("postgres", couplet({"teardown", "--dry-run"}).out).exit_code, 0);
  EXPECT_THAT(cluster_.query("billing", origins), IsEmpty());
}

TEST_F(SetupVerbTest, ASlotThatIsBeingReadStays) {
  ASSERT_EQ(couplet({"setup"}).exit_code, 0);
  Program::Settings settings;
  settings.words = {"/usr/bin/env",
                    "pg_recvlogical",
                    "-d",
                    cluster_.url("shop"),
                    "--slot",
                    "couplet_setup_shop",
                    "--start",
                    "-o",
                    "proto_version=1",
                    "-o",
                    "publication_names=couplet_setup_shop",
                    "-f",
                    "/dev/null"};
  Program reader(settings);
  wait_for("shop", "select from pg_replication_slots where active");
  EXPECT_THAT(told("shop"), ElementsAre("warning slot_in_use", "note slot_wal_unbounded"));
  const Ended held = couplet({"teardown", "shop"});
  EXPECT_EQ(held.exit_code, 3);
  EXPECT_THAT(held.err, HasSubstr("slot couplet_setup_shop is being read by session "));
  EXPECT_THAT(held.err, HasSubstr("(application pg_recvlogical)"));
  EXPECT_THAT(published("shop"), SizeIs(1)) << "the slot goes first, or nothing";
  reader.send(SIGTERM);
  reader.wait();
  wait_for("shop", "select where not exists (select from pg_replication_slots where active)");
  EXPECT_EQ(couplet({"teardown", "shop"}).exit_code, 0);
  EXPECT_THAT(slots("shop"), IsEmpty());
}

}  // namespace
}  // namespace couplet::test
