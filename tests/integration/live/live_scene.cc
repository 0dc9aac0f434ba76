#include "tests/integration/live/live_scene.h"

#include <fmt/format.h>

#include <csignal>

namespace couplet::test {

LivePgTest::LivePgTest() {
  shared_cluster().exec("postgres", "alter role couplet replication");
  prepare(left_, "left", "people");
  prepare(right_, "right", "persons");
}

LivePgTest::~LivePgTest() {
  for (const TemporaryDatabase* database : {&left_, &right_}) {
    database->exec(
        "select pg_terminate_backend(active_pid) from pg_replication_slots"
        " where database = current_database() and active_pid is not null");
    wait_until_nobody_reads(*database);
    database->exec(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots"
        " where database = current_database()");
  }
}

void LivePgTest::prepare(const TemporaryDatabase& database, const std::string& source,
                         const std::string& table) const {
  const std::string stream = fmt::format("couplet_{}_{}", name(), source);
  database.exec(fmt::format("create publication {0} for table {1}", stream, table));
  database.exec(fmt::format("select pg_create_logical_replication_slot('{}', 'pgoutput')", stream));
}

std::vector<Row> LivePgTest::lefts() const {
  return left_.query("select name, age from people order by name");
}

std::vector<Row> LivePgTest::rights() const {
  return right_.query("select name, years from persons order by name");
}

void LivePgTest::wait_until_right(const std::string& condition) const {
  wait_for_row(right_.cluster(), right_.name(), "select 1 from persons where " + condition);
}

void LivePgTest::wait_until_left(const std::string& condition) const {
  wait_for_row(left_.cluster(), left_.name(), "select 1 from people where " + condition);
}

void LivePgTest::wait_until_acknowledged(const TemporaryDatabase& database) {
  // Behind a commit that is waited for: what came before it may be in no file yet.
  database.exec(
      "begin; set local synchronous_commit = on; select pg_logical_emit_message(true, '', ''); "
      "commit");
  const auto now = database.query("select pg_current_wal_lsn()")[0][0].value();
  wait_for_row(database.cluster(), database.name(),
               fmt::format("select 1 from pg_replication_slots where database = "
                           "current_database() and confirmed_flush_lsn >= '{}'",
                           now));
}

void LivePgTest::wait_until_nobody_reads(const TemporaryDatabase& database) {
  wait_for_row(database.cluster(), database.name(),
               "select 1 where not exists (select from pg_replication_slots"
               " where database = current_database() and active)");
}

std::string LivePgTest::written(const TemporaryDatabase& database, const std::string& table) {
  return database
      .query(fmt::format(
          "select n_tup_ins + n_tup_upd + n_tup_del from pg_stat_user_tables where relname = '{}'",
          table))[0][0]
      .value();
}

Ended LivePgTest::stop(Program& program) {
  program.send(SIGTERM);
  return program.wait();
}

void LivePgTest::expect_nothing_left_to_do() const {
  EXPECT_EQ(lefts(), rights());
  const Ended again = couplet({"reconcile", "--json"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  const auto summary = summary_of(again.out);
  for (const char* count : {"create", "link", "update", "unlink", "hold", "park", "conflict"}) {
    EXPECT_EQ(summary.at(count), 0) << count << "\n" << again.out;
  }
}

}  // namespace couplet::test
