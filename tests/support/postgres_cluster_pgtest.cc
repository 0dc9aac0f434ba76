#include "tests/support/postgres_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/temporary_database.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Optional;
using testing::StrEq;

TEST(PostgresClusterTest, TestsShareAServerAndHaveTheirOwnDatabases) {
  const TemporaryDatabase left;
  const TemporaryDatabase right;
  left.exec("CREATE TABLE t (id int PRIMARY KEY, name text); INSERT INTO t VALUES (1, NULL)");

  EXPECT_NE(left.name(), right.name());
  EXPECT_THAT(left.query("SELECT id, name FROM t"),
              ElementsAre(ElementsAre(Optional(StrEq("1")), std::nullopt)));
  EXPECT_THROW(right.exec("SELECT * FROM t"), std::runtime_error);
  EXPECT_THAT(left.query("SHOW wal_level"), ElementsAre(ElementsAre(Optional(StrEq("logical")))));
}

TEST(PostgresClusterTest, CommittedRowsSurviveACrash) {
  PostgresCluster cluster(PostgresSettings{.durable = true});
  const TemporaryDatabase database(cluster);
  database.exec("CREATE TABLE t (id int); INSERT INTO t VALUES (7)");

  cluster.restart(PostgresCluster::StopMode::kImmediate);

  EXPECT_THAT(database.query("SELECT id FROM t"), ElementsAre(ElementsAre(Optional(StrEq("7")))));
}

TEST(PostgresClusterTest, AStoppedServerRefusesUntilItIsStarted) {
  PostgresCluster cluster;
  cluster.stop();
  EXPECT_THROW(cluster.exec("postgres", "SELECT 1"), std::runtime_error);
  cluster.start();
  cluster.exec("postgres", "SELECT 1");
}

TEST(PostgresClusterTest, ARequiredPasswordIsPartOfTheUrl) {
  PostgresCluster cluster(PostgresSettings{.password_required = true});
  cluster.exec("postgres", "CREATE ROLE other LOGIN PASSWORD 'something else'");

  EXPECT_THAT(cluster.query("postgres", "SELECT current_user"),
              ElementsAre(ElementsAre(Optional(StrEq("postgres")))));
  EXPECT_THAT(cluster.url("a b", "o'ther"),
              StrEq("postgresql://o%27ther:couplet%20test%2Fpassword@127.0.0.1:" +
                    std::to_string(cluster.port()) + "/a%20b"));
}

TEST(PostgresClusterTest, StatementsOfOneDatabaseAreCounted) {
  const TemporaryDatabase counted;
  const TemporaryDatabase other;
  counted.log_statements();
  const std::string client = "psql -q -d '" + counted.url() + "?application_name=client' -c ";
  const std::string elsewhere = "psql -q -d '" + other.url() + "' -c ";
  ASSERT_EQ(std::system((client + "'CREATE TABLE t (id int)'").c_str()), 0);
  ASSERT_EQ(std::system((client + "'DELETE FROM t\nWHERE id = 1'").c_str()), 0);
  ASSERT_EQ(std::system((elsewhere + "'CREATE TABLE t (id int)'").c_str()), 0);
  counted.exec("DROP TABLE t");  // The harness's own.

  EXPECT_THAT(counted.statements_logged(),
              ElementsAre(Field(&LoggedStatement::text, StrEq("CREATE TABLE t (id int)")),
                          Field(&LoggedStatement::text, StrEq("DELETE FROM t\nWHERE id = 1"))));
}

TEST(PostgresClusterTest, AFailureSaysWhatTheServerSaid) {
  try {
    const PostgresCluster cluster(PostgresSettings{.parameters = {{"shared_buffers", "nonsense"}}});
    FAIL() << "started with nonsense";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("shared_buffers"));
  }
}

TEST(PostgresClusterTest, AStandbyHasWhatItsPrimaryHasAndIsOneOfItsOwnOnceItIsPromoted) {
  PostgresCluster primary;
  primary.exec("postgres", "CREATE TABLE t (id int); INSERT INTO t VALUES (1)");
  PostgresCluster standby(PostgresSettings{.standby_of = &primary});
  EXPECT_NE(standby.port(), primary.port());
  EXPECT_THROW(standby.exec("postgres", "INSERT INTO t VALUES (2)"), std::runtime_error);
  primary.exec("postgres", "INSERT INTO t VALUES (2)");
  while (standby.query("postgres", "SELECT id FROM t").size() < 2) {
  }
  standby.exec("postgres", "SELECT pg_promote()");
  standby.exec("postgres", "INSERT INTO t VALUES (3)");
  EXPECT_EQ(standby.query("postgres", "SELECT id FROM t").size(), 3U);
  EXPECT_EQ(primary.query("postgres", "SELECT id FROM t").size(), 2U);
}

// A killed test leaves neither server nor directory behind, whatever killed it.
TEST(PostgresClusterTest, AKilledTestLeavesNothing) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const PostgresCluster cluster;
    const std::string directory = cluster.socket_directory().string() + "\n";
    [[maybe_unused]] const auto written = write(ends[1], directory.data(), directory.size());
    pause();
    _exit(0);
  }
  close(ends[1]);
  std::string directory;
  for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) {
    directory += c;
  }
  close(ends[0]);
  ASSERT_TRUE(std::filesystem::exists(directory + "/data/postmaster.pid"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);

  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::filesystem::exists(directory) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(std::filesystem::exists(directory));
}

}  // namespace
}  // namespace couplet::test
