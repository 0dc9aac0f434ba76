// Sessions that cannot be had, end, or come back: what the source says and does.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/postgres/connection.h"
#include "tests/integration/postgres/postgres_scene.h"
#include "tests/support/fault_proxy.h"

namespace couplet::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

Error refusal(const std::string& url) {
  PostgresSourceSettings settings;
  settings.name = "daphne";
  settings.url = url;
  PostgresSource source(settings);
  const auto identity = source.identity();
  EXPECT_FALSE(identity.has_value());
  return identity ? Error() : identity.error();
}

// What each way in says of the same trouble.
std::vector<Error> refusals_of_every_call(const PostgresSourceSettings& settings) {
  std::vector<Error> errors;
  const std::vector<TableName> names{{"", "t"}};
  const auto keep = [&errors](const auto& result) {
    EXPECT_FALSE(result.has_value());
    if (!result) {
      errors.push_back(result.error());
    }
  };
  keep(PostgresSource(settings).identity());
  keep(PostgresSource(settings).describe(names));
  keep(PostgresSource(settings).tables());
  keep(PostgresSource(settings).attach_mark("couplet_x"));
  keep(PostgresSource(settings).mark_exists("couplet_x"));
  keep(PostgresSource(settings).submit(WriteBatch()));
  return errors;
}

class SessionTest : public PostgresScene {
 protected:
  void SetUp() override {
    database().exec("create table t (id int primary key, name text unique)");
    database().exec("insert into t values (1, 'Ada'), (2, 'Bob')");
  }
};

TEST_F(SessionTest, AServerThatIsNotThereIsUnavailableInItsOwnWords) {
  const Error error = refusal("postgresql://postgres@127.0.0.1:1/postgres");
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.message, AllOf(HasSubstr("source daphne"), HasSubstr("Connection refused")));
  EXPECT_THAT(error.message, Not(ContainsRegex("[\t\n]|  "))) << "on one line";
  EXPECT_THAT(error.hint, Not(IsEmpty()));
}

TEST_F(SessionTest, EveryCallSaysThatTheServerIsNotThere) {
  PostgresSourceSettings nowhere = settings();
  nowhere.url = "host=/nowhere/at/all dbname=postgres";
  const std::vector<Error> errors = refusals_of_every_call(nowhere);
  ASSERT_THAT(errors, SizeIs(6));
  for (const Error& error : errors) {
    EXPECT_EQ(error.kind, ErrorKind::kUnavailable) << error.message;
  }
}

TEST_F(SessionTest, AnUnknownDatabaseIsToldFromAServerThatIsDown) {
  const Error error = refusal(database().cluster().url("no_such_database"));
  EXPECT_EQ(error.kind, ErrorKind::kAuthentication);
  EXPECT_EQ(error.code, "3D000");
  EXPECT_THAT(error.message, HasSubstr("database \"no_such_database\" does not exist"));
  EXPECT_THAT(error.message, Not(HasSubstr("LOCATION")));
}

TEST_F(SessionTest, EveryCallSaysThatTheRoleIsUnknown) {
  const std::vector<Error> errors = refusals_of_every_call(settings("nobody_of_this_name"));
  ASSERT_THAT(errors, SizeIs(6));
  for (const Error& error : errors) {
    EXPECT_EQ(error.kind, ErrorKind::kAuthentication) << error.message;
  }
}

TEST_F(SessionTest, ARoleThatMayNotConnectIsToldSo) {
  database().exec("create role shut_out login");
  database().exec(
      fmt::format("revoke connect on database {} from public", test::quoted(database().name())));
  EXPECT_EQ(refusal(database().url("shut_out")).kind, ErrorKind::kPrivilege);
  database().exec("drop role shut_out");
}

TEST(PasswordTest, AWrongPasswordIsNamedAsSuchAndNeverShown) {
  PostgresSettings guarded;
  guarded.password_required = true;
  PostgresCluster cluster(guarded);
  ASSERT_THAT(cluster.password(), Not(IsEmpty()));

  PostgresSourceSettings right;
  right.name = "daphne";
  right.url = cluster.url("postgres");
  EXPECT_TRUE(PostgresSource(right).identity().has_value());
  EXPECT_TRUE(PostgresSource(right).tables().has_value()) << "both libraries know the password";

  const std::string secret = "s3cret-0f-mine";
  const std::string plain =
      fmt::format("host=127.0.0.1 port={} user=postgres dbname=postgres", cluster.port());
  for (const std::string& url :
       {fmt::format("{} password={}", plain, secret),
        fmt::format("{} password='{}' bogus=1", plain, secret),
        fmt::format("{} password='{}", plain, secret),
        fmt::format("postgresql://postgres:{}@127.0.0.1:{}/postgres", secret, cluster.port()),
        fmt::format("postgresql://postgres:{}@127.0.0.1:{}/no_such", secret, cluster.port()),
        fmt::format("postgresql://postgres:x@{}@127.0.0.1:{}/postgres", secret, cluster.port()),
        fmt::format("postgresql://postgres:x/{}@127.0.0.1:{}/postgres", secret, cluster.port()),
        fmt::format("postgresql://postgres:12/{}@127.0.0.1:{}/postgres", secret, cluster.port()),
        fmt::format("postgresql://postgres:{}?x@127.0.0.1:{}/postgres", secret, cluster.port()),
        fmt::format("postgresql://postgres:{}%zz@127.0.0.1:{}/postgres", secret, cluster.port()),
        fmt::format("postgresql://postgres:{}@127.0.0.1:port/postgres", secret),
        fmt::format("postgresql://postgres:{}@[127.0.0.1/postgres", secret)}) {
    PostgresSourceSettings wrong = right;
    wrong.url = url;
    for (const Error& error : refusals_of_every_call(wrong)) {
      EXPECT_THAT(error.message + error.hint + error.detail, Not(HasSubstr(secret))) << url;
      EXPECT_THAT(error.kind,
                  testing::AnyOf(ErrorKind::kAuthentication, ErrorKind::kInvalidArgument))
          << url << ": " << error.message;
    }
  }
  PostgresSourceSettings wrong = right;
  wrong.url = fmt::format("{} password={}", plain, secret);
  const auto refused = PostgresSource(wrong).identity();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::kAuthentication);
  EXPECT_EQ(refused.error().code, "28P01");
}

TEST_F(SessionTest, ReadsGoOnAfterTheirSessionsWereEnded) {
  const TableInfo t = table("t");
  const Projection asked = projection(t, {"name"});
  ASSERT_THAT(fetched(asked, {"1"}), ElementsAre(Literals{"1", "Ada"}));
  end_sessions();
  EXPECT_THAT(fetched(asked, {"2"}), ElementsAre(Literals{"2", "Bob"}));
}

TEST_F(SessionTest, WritesGoOnAfterTheirSessionWasEnded) {
  const TableInfo t = table("t");
  WriteGroup first = group(kCreate, t, {"name"});
  add(first, {"3"}, {"Cyd"});
  ASSERT_TRUE(write({first}).has_value());
  end_sessions();
  WriteGroup second = group(kCreate, t, {"name"});
  add(second, {"4"}, {"Dan"});
  const auto outcome = write({second});
  ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
  EXPECT_EQ(outcome->groups.at(0).written.rows(), 1U);
}

// The state remembers a commit that it was told of: the server has to remember it too.
TEST_F(SessionTest, ACommitIsDurableThoughTheRoleWouldNotWaitForIt) {
  database().exec(
      "create role hasty login; alter role hasty set synchronous_commit = off;"
      "grant select, insert on t to hasty;"
      "create function note() returns trigger language plpgsql as $$ begin "
      "new.name := current_setting('synchronous_commit'); return new; end $$;"
      "create trigger n before insert on t for each row execute function note()");
  reopen(settings("hasty"));
  WriteGroup made = group(kCreate, table("t"), {"name"});
  add(made, {"3"}, {"Cyd"});
  EXPECT_TRUE(write({made}).has_value());
  reopen(settings());
  database().exec("drop owned by hasty; drop role hasty");
  EXPECT_EQ(database().query("select name from t where id = 3"), std::vector<Row>{{"local"}});
}

TEST_F(SessionTest, AMarkComesBackWithItsSession) {
  const TableInfo t = table("t");
  ASSERT_EQ(source().attach_mark("couplet_session_mark").value_or(std::nullopt), BatchNumber{0});
  WriteGroup first = group(kCreate, t, {"name"});
  add(first, {"3"}, {"Cyd"});
  ASSERT_TRUE(write({first}).has_value());
  end_sessions();
  WriteGroup second = group(kCreate, t, {"name"});
  add(second, {"4"}, {"Dan"});
  ASSERT_TRUE(write({second}).has_value());
  EXPECT_EQ(source().attach_mark("couplet_session_mark").value_or(std::nullopt), BatchNumber{2});
}

// The server ends the session while a statement of the batch waits for a lock: its farewell comes
// where that statement's answer was due, so the commit was not reached.
TEST_F(SessionTest, ASessionThatEndsBeforeTheCommitIsTransient) {
  const TableInfo t = table("t");
  const RowVersion version_of_1 = version(t, "1");
  database().exec(fmt::format(
      "create function block() returns trigger language plpgsql as $$ begin "
      "perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return new; end $$"));
  database().exec("create trigger b before update on t for each row execute function block()");
  WriteGroup changed = group(kUpdate, t, {"name"});
  add(changed, {"1"}, {"Eve"}, version_of_1);
  const auto outcome = write({changed});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kTransient) << outcome.error().message;
  EXPECT_THAT(fetched(projection(t, {"name"}), {"1"}), ElementsAre(Literals{"1", "Ada"}));
}

// The server ends the session inside COMMIT (a deferred trigger): nobody can know what became of
// it, so the source says so and does not guess.
TEST_F(SessionTest, ASessionThatEndsInsideTheCommitLeavesItUnknown) {
  const TableInfo t = table("t");
  database().exec(
      "create function part() returns trigger language plpgsql as $$ begin "
      "perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return new; end $$");
  database().exec(
      "create constraint trigger p after insert on t deferrable initially deferred "
      "for each row execute function part()");
  WriteGroup made = group(kCreate, t, {"name"});
  add(made, {"3"}, {"Cyd"});
  WriteGroup behind = group(kCreate, t, {"name"});
  add(behind, {"4"}, {"Dan"});
  WriteBatch one{BatchNumber{1}, {made}};
  WriteBatch two{BatchNumber{2}, {behind}};
  ASSERT_TRUE(source().submit(one).has_value());
  (void)source().submit(two);  // May already find the session gone.
  const auto outcome = source().collect();
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kCommitUnknown) << outcome.error().message;
}

TEST_F(SessionTest, ABatchBehindALostOneIsReportedToo) {
  const TableInfo t = table("t");
  database().exec(
      "create function part() returns trigger language plpgsql as $$ begin "
      "perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return new; end $$");
  database().exec("create trigger p before insert on t for each row execute function part()");
  WriteGroup made = group(kCreate, t, {"name"});
  add(made, {"3"}, {"Cyd"});
  ASSERT_TRUE(source().submit({BatchNumber{1}, {made}}).has_value());
  const auto submitted = source().submit({BatchNumber{2}, {made}});
  const auto first = source().collect();
  ASSERT_FALSE(first.has_value());
  EXPECT_THAT(first.error().kind, testing::AnyOf(ErrorKind::kTransient, ErrorKind::kCommitUnknown));
  if (submitted) {
    EXPECT_FALSE(source().collect().has_value());
  }
  database().exec("drop trigger p on t");
  WriteGroup later = group(kCreate, t, {"name"});
  add(later, {"5"}, {"Eve"});
  EXPECT_TRUE(write({later}).has_value()) << "the next batch has a session of its own";
  EXPECT_EQ(database().query("select count(*) from t")[0][0], "3");
}

TEST(RestartTest, AServerThatWentAndCameBackIsFoundAgain) {
  PostgresCluster cluster;
  cluster.exec("postgres", "create table t (id int primary key)");
  cluster.exec("postgres", "insert into t values (1)");
  PostgresSourceSettings settings;
  settings.name = "daphne";
  settings.url = cluster.url("postgres");
  PostgresSource source(settings);
  const auto before = source.identity();
  ASSERT_TRUE(before.has_value());
  const std::vector<TableName> names{{"", "t"}};
  ASSERT_TRUE(source.describe(names).has_value());
  const auto marked = source.attach_mark("couplet_restart");
  ASSERT_TRUE(marked.has_value());

  cluster.stop(PostgresCluster::StopMode::kImmediate);
  const auto down = source.identity();
  ASSERT_FALSE(down.has_value());
  EXPECT_EQ(down.error().kind, ErrorKind::kUnavailable) << down.error().message;
  EXPECT_EQ(source.describe(names).error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(source.submit(WriteBatch()).error().kind, ErrorKind::kUnavailable);

  cluster.start();
  EXPECT_EQ(source.identity().value_or(""), *before);
  ASSERT_TRUE(source.submit({BatchNumber{7}, {}}).has_value());
  EXPECT_TRUE(source.collect().has_value());
  EXPECT_EQ(source.attach_mark("couplet_restart").value_or(std::nullopt), BatchNumber{7});
}

// A crash of the server says no word. The mark, asked afterwards, says that nothing happened.
TEST(RestartTest, AnEndWithoutAWordLeavesTheCommitUnknownAndTheMarkTells) {
  PostgresCluster cluster;
  cluster.exec("postgres", "create table t (id int primary key)");
  PostgresSourceSettings settings;
  settings.name = "daphne";
  settings.url = cluster.url("postgres");
  PostgresSource source(settings);
  const std::vector<TableName> names{{"", "t"}};
  const auto tables = source.describe(names);
  ASSERT_TRUE(tables.has_value() && tables->size() == 1);
  ASSERT_EQ(source.attach_mark("couplet_crash").value_or(std::nullopt), BatchNumber{0});
  const auto batch = [&](std::uint64_t number) {
    WriteGroup made;
    made.operation = kCreate;
    made.table = tables->front().name;
    made.id = {"id"};
    made.id_types = {*tables->front().column("id")->type};
    made.rows.reset(1);
    made.rows.begin_row();
    made.rows.push(std::string_view("\0\0\0\7", 4));
    return WriteBatch{BatchNumber{number}, {made}};
  };
  UserSession other(cluster.url("postgres"));
  other.exec("begin; lock table t");
  ASSERT_TRUE(source.submit(batch(1)).has_value());
  ASSERT_TRUE(source.submit(batch(2)).has_value());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (cluster.query("postgres", "select 1 from pg_locks where not granted").empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the batch never came to the lock";
  }
  cluster.stop(PostgresCluster::StopMode::kImmediate);
  for (int i = 0; i < 2; ++i) {
    const auto outcome = source.collect();
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::kCommitUnknown) << outcome.error().message;
  }
  cluster.start();
  EXPECT_EQ(source.attach_mark("couplet_crash").value_or(std::nullopt), BatchNumber{0});
  ASSERT_TRUE(source.submit(batch(1)).has_value());
  EXPECT_TRUE(source.collect().has_value());
  EXPECT_EQ(source.attach_mark("couplet_crash").value_or(std::nullopt), BatchNumber{1});
}

TEST(RestartTest, AServerWithoutRoomForMarksDoesWithout) {
  PostgresSettings bare;
  bare.parameters = {{"max_replication_slots", "0"}};
  PostgresCluster cluster(bare);
  PostgresSourceSettings settings;
  settings.name = "daphne";
  settings.url = cluster.url("postgres");
  PostgresSource source(settings);
  const auto attached = source.attach_mark("couplet_x");
  ASSERT_TRUE(attached.has_value()) << attached.error().message;
  EXPECT_EQ(*attached, std::nullopt);
  ASSERT_TRUE(source.submit({BatchNumber{1}, {}}).has_value());
  EXPECT_TRUE(source.collect().has_value());
}

TEST_F(SessionTest, ASchemaIsSearchedFirstEvenWhereThePathIsEmpty) {
  database().exec(
      "create schema own; create table own.t (id int primary key);"
      "create role pathless login; alter role pathless set search_path = '';"
      "grant usage on schema own to pathless; grant select on own.t to pathless");
  PostgresSourceSettings there = settings("pathless");
  there.schema = "own";
  reopen(there);
  EXPECT_EQ(table("t").name, (TableName{"own", "t"}));
  EXPECT_THAT(fetched(projection(table("t"), {}), {"1"}), IsEmpty());
  reopen(settings());
  database().exec("drop owned by pathless; drop role pathless");
}

TEST_F(SessionTest, TheIdentityIsThatOfTheDatabaseNotOfTheServerAlone) {
  const TemporaryDatabase other;
  PostgresSourceSettings elsewhere = settings();
  elsewhere.url = other.url();
  const auto here = source().identity();
  const auto there = PostgresSource(elsewhere).identity();
  ASSERT_TRUE(here.has_value());
  ASSERT_TRUE(there.has_value());
  EXPECT_THAT(*here, testing::MatchesRegex("postgres:[0-9]+/[0-9]+"));
  EXPECT_NE(*here, *there);
}

TEST_F(SessionTest, ARoleThatMayNotMarkDoesWithout) {
  database().exec("create role plain login");
  database().exec("grant all on t to plain");
  reopen(settings("plain"));
  const auto attached = source().attach_mark("couplet_plain");
  ASSERT_TRUE(attached.has_value()) << attached.error().message;
  EXPECT_EQ(*attached, std::nullopt);
  EXPECT_EQ(source().mark_exists("couplet_plain").value_or(true), false);
  const TableInfo t = table("t");
  WriteGroup made = group(kCreate, t, {"name"});
  add(made, {"3"}, {"Cyd"});
  EXPECT_TRUE(write({made}).has_value());
  reopen(settings());
  database().exec("drop owned by plain; drop role plain");
}

// What an earlier process has sent may be at work when the next one looks whether it was written.
TEST_F(SessionTest, WithoutAMarkNothingOfTheSessionBeforeCanCommitOnceANewOneIsThere) {
  database().exec("create role unmarked login");
  database().exec("grant all on t to unmarked");
  PostgresSourceSettings impatient = settings("unmarked");
  impatient.mark_wait = std::chrono::milliseconds(200);
  reopen(settings("unmarked"));
  ASSERT_TRUE(source().attach_mark("couplet_unmarked").has_value());
  const TableInfo t = table("t");
  WriteGroup made = group(kCreate, t, {"name"});
  add(made, {"3"}, {"Cyd"});
  PostgresSource next(impatient);
  {
    UserSession user(database().url());
    user.exec("begin");
    user.exec("lock table t");
    ASSERT_TRUE(source().submit({BatchNumber{1}, {made}}).has_value());
    wait_for("select from pg_locks where not granted");
    const auto early = next.attach_mark("couplet_unmarked");
    ASSERT_FALSE(early.has_value());
    EXPECT_EQ(early.error().kind, ErrorKind::kUnavailable);
    EXPECT_THAT(early.error().message,
                HasSubstr("the advisory lock for couplet_unmarked is still held"));
  }
  EXPECT_TRUE(source().collect().has_value());
  EXPECT_FALSE(next.attach_mark("couplet_unmarked").has_value()) << "the session is there still";
  end_sessions();
  EXPECT_TRUE(next.attach_mark("couplet_unmarked").has_value());
  end_sessions();
  ASSERT_TRUE(next.submit({BatchNumber{1}, {}}).has_value());
  EXPECT_TRUE(next.collect().has_value());
  EXPECT_EQ(database().query("select from pg_locks where locktype = 'advisory'").size(), 1U)
      << "it is held by every session that writes";
  reopen(settings());
  database().exec("drop owned by unmarked; drop role unmarked");
}

TEST_F(SessionTest, WhatWasAskedOfAServerThatIsGoneEndsInAnErrorWhateverElseWasAskedMeanwhile) {
  FaultProxy network(database().cluster().port());
  PostgresSourceSettings beyond = settings();
  beyond.url = network.by_way(beyond.url);
  reopen(beyond);
  const TableInfo t = table("t");
  const std::vector<Type> types{*t.column("id")->type};
  const std::vector<std::uint64_t> transactions{1};
  ASSERT_TRUE(source().ask_visible(transactions).has_value());
  ASSERT_TRUE(source().are_visible().has_value()) << "its session is there, and knows the question";
  network.freeze();
  ASSERT_TRUE(source().ask_visible(transactions).has_value());
  network.refuse();
  network.cut();
  EXPECT_FALSE(source().reserve_ids(t, t.primary_key, types, 1).has_value());
  EXPECT_FALSE(source().are_visible().has_value());
  network.heal();
  EXPECT_TRUE(source().are_visible().has_value()) << "nothing is asked any more";
}

TEST_F(SessionTest, TheServerNoticesWithinAMinuteOrTwoThatWeAreGoneWithoutAWord) {
  std::uint64_t statements = 0;
  const auto connection =
      postgres::Connection::open(settings(), postgres::Purpose::kWrite, statements);
  ASSERT_TRUE(connection.has_value()) << connection.error().message;
  const auto answer =
      (*connection)
          ->execute(
              "select current_setting('tcp_keepalives_idle')::int + current_setting("
              "'tcp_keepalives_interval')::int * current_setting('tcp_keepalives_count')::int < "
              "90");
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->at(0, 0).bytes(), std::string_view("\1", 1));
}

}  // namespace
}  // namespace couplet::test
