// `couplet run` and values that a stream does not send, or that a session's settings would distort.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/integration/live/live_scene.h"

namespace couplet::test {
namespace {

class ValuesPgTest : public LivePgTest {
 protected:
  // A table of that name on both sides, followed on both, and its columns mapped.
  void make(const std::string& table, const std::string& columns, const std::string& attributes,
            const std::string& direction = "both") {
    for (const TemporaryDatabase* database : {&left_, &right_}) {
      database->exec(fmt::format("create table {} (id bigint primary key, {})", table, columns));
    }
    left_.exec(fmt::format("alter publication couplet_{}_left add table {}", name(), table));
    right_.exec(fmt::format("alter publication couplet_{}_right add table {}", name(), table));
    write_file(
        fmt::format("\n  it: {{ left: left.{0}, right: right.{0}, direction: {2}, "
                    "keys: [id], attributes: [{1}] }}\n",
                    table, attributes, direction));
    table_ = table;
  }
  void wait_for(const TemporaryDatabase& database, const std::string& condition) const {
    wait_for_row(database.cluster(), database.name(),
                 fmt::format("select 1 from {} where {}", table_, condition));
  }
  [[nodiscard]] std::vector<Row> rows(const TemporaryDatabase& database) const {
    return database.query(fmt::format("select t::text from {} t order by id", table_));
  }

 private:
  std::string table_;
};

// What lies apart from its row, and was not changed, is not sent.
TEST_F(ValuesPgTest, ALargeValueThatWasNotChangedStaysWhicheverTheReplicaIdentity) {
  make("notes", "title text, body text", "title, body");
  left_.exec("alter table notes alter body set storage external");
  left_.exec("insert into notes values (1, 'first', repeat('large ', 20000))");
  Program program(this->program({"run"}));
  wait_for(right_, "title = 'first'");
  const auto change = [&](const TemporaryDatabase& from, const TemporaryDatabase& to,
                          const std::string& title) {
    from.exec(fmt::format("update notes set title = '{}'", title));
    wait_for(to, fmt::format("title = '{}'", title));
    EXPECT_EQ(rows(left_), rows(right_)) << title;
    EXPECT_EQ(to.query("select length(body) from notes")[0][0], "120000") << title;
  };
  for (const std::string identity : {"default", "full"}) {
    left_.exec("alter table notes replica identity " + identity);
    right_.exec("alter table notes replica identity " + identity);
    change(left_, right_, "left, " + identity);
    change(right_, left_, "right, " + identity);
  }
  EXPECT_EQ(stop(program).exit_code, 0);
}

// No log has them: they are read where their row has changed.
TEST_F(ValuesPgTest, AGeneratedValueArrivesThoughNoEventBringsIt) {
  make("prices", "net bigint, gross bigint", "net, gross", "left_to_right");
  left_.exec(
      "alter table prices drop column gross,"
      " add column gross bigint generated always as (net * 2) stored");
  Program program(this->program({"run"}));
  left_.exec("insert into prices (id, net) values (1, 10), (2, 20)");
  wait_for(right_, "id = 2 and gross = 40");
  left_.exec("update prices set net = 30 where id = 1");
  wait_for(right_, "id = 1 and gross = 60");
  left_.exec("insert into prices (id, net) values (3, 50)");
  wait_for(right_, "id = 3 and gross = 100");
  EXPECT_EQ(stop(program).exit_code, 0);
  EXPECT_EQ(rows(left_), rows(right_));
}

class OddRolePgTest : public ValuesPgTest {
 public:
  ~OddRolePgTest() override { shared_cluster().exec("postgres", "alter role couplet reset all"); }

 protected:
  OddRolePgTest() {
    for (const char* setting :
         {"datestyle = 'German, DMY'", "timezone = 'Asia/Kolkata'", "intervalstyle = sql_standard",
          "bytea_output = escape", "extra_float_digits = 0", "client_encoding = latin1",
          "standard_conforming_strings = off", "default_transaction_isolation = serializable",
          "idle_session_timeout = '1s'", "idle_in_transaction_session_timeout = '1s'",
          "statement_timeout = '1s'", "lock_timeout = '1s'"}) {
      shared_cluster().exec("postgres", fmt::format("alter role couplet set {}", setting));
    }
  }
  // Until a session of the daemon has been idle for longer than the role would have it.
  static void wait_until_idle(const TemporaryDatabase& database) {
    wait_for_row(database.cluster(), database.name(),
                 "select from pg_stat_activity where datname = current_database()"
                 " and usename = 'couplet' and state = 'idle'"
                 " and state_change < clock_timestamp() - interval '1.5 seconds'");
  }
};

TEST_F(OddRolePgTest, WhatARoleHasSetForItsSessionsDistortsNoValue) {
  make("things", "at timestamptz, day date, span interval, bytes bytea, part float8, text text",
       "at, day, span, bytes, part, text");
  left_.exec(
      "insert into things values (1, '2026-03-29 02:30:00.123456+01', '2026-02-03',"
      " '-1 mon +2 days -03:04:05.6', '\\x005c27ff', 0.1 + 0.2, E'a\\\\b''c \\u00e4 \\u20ac')");
  Program program(this->program({"run"}));
  wait_for(right_, "id = 1");
  EXPECT_EQ(rows(left_), rows(right_));
  wait_until_idle(left_);
  wait_until_idle(right_);
  right_.exec(
      "update things set at = '1999-12-31 23:59:59+00', day = '1900-01-02', span = '1 year -1 day',"
      " bytes = '\\x27', part = 1e-300, text = E'\\\\'");
  wait_for(left_, "part = 1e-300");
  EXPECT_EQ(rows(left_), rows(right_));
  EXPECT_EQ(stop(program).exit_code, 0);
}

}  // namespace
}  // namespace couplet::test
