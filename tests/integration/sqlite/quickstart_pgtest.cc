// SQLite against PostgreSQL, either way round: the example of the quickstart ends where it ends on
// two PostgreSQL databases.
#include <gmock/gmock.h>

#include "tests/integration/sqlite/quickstart_sides.h"
#include "tests/integration/sqlite/sqlite_scene.h"

namespace couplet::test {
namespace {

class MixedQuickstartTest : public SqliteTest {
 protected:
  MixedQuickstartTest() {
    daphne_.exec(text_of_file(COUPLET_SOURCE_DIR "/docs/quickstart/daphne.sql"));
    desire_.exec(text_of_file(COUPLET_SOURCE_DIR "/docs/quickstart/desire.sql"));
    left_.exec(kDaphneTables);
    right_.exec(kDesireTables);
  }

  static std::string source(const SqliteFile& file) {
    return "{ type: sqlite, path: \"" + file.path().string() + "\" }";
  }
  static std::string source(const TemporaryDatabase& database) {
    return "{ type: postgres, url: \"" + database.url() + "\" }";
  }

  // Reconciles these two sides until a second run does nothing; their objects.
  template <typename Daphne, typename Desire>
  std::vector<std::string> reconciled_objects(const Daphne& daphne, const Desire& desire) {
    // A deployment of its own: an earlier one has left its replication origins.
    write_text(quickstart_with(daphne_.name() + std::to_string(++deployments_), source(daphne),
                               source(desire)));
    EXPECT_TRUE(reconciled().at("converged"));
    EXPECT_THAT(couplet({"reconcile"}).out, testing::StartsWith("0 operations."));
    std::vector<std::string> objects = daphne_objects(daphne);
    for (std::string& object : desire_objects(desire)) {
      objects.push_back(std::move(object));
    }
    EXPECT_EQ(objects.size(), 27U);
    std::filesystem::remove_all(folder_.path() / "state");
    return objects;
  }

  TemporaryDatabase daphne_;
  TemporaryDatabase desire_;
  int deployments_ = 0;
};

TEST_F(MixedQuickstartTest, SqliteOnTheLeftEndsAsTwoPostgresDatabasesDo) {
  const TemporaryDatabase other;
  other.exec(text_of_file(COUPLET_SOURCE_DIR "/docs/quickstart/desire.sql"));
  const auto mixed = reconciled_objects(left_, other);
  EXPECT_EQ(mixed, reconciled_objects(daphne_, desire_));
}

TEST_F(MixedQuickstartTest, SqliteOnTheRightEndsAsTwoPostgresDatabasesDo) {
  const TemporaryDatabase other;
  other.exec(text_of_file(COUPLET_SOURCE_DIR "/docs/quickstart/daphne.sql"));
  const auto mixed = reconciled_objects(other, right_);
  EXPECT_EQ(mixed, reconciled_objects(daphne_, desire_));
}

// What PostgreSQL holds and SQLite cannot: the object parks with the reason, the others go on.
TEST_F(MixedQuickstartTest, AValueThatSqliteCannotHoldParksItsObject) {
  daphne_.exec(
      "create table readings (id int primary key, label text not null, value float8, at "
      "timestamp)");
  daphne_.exec(
      "insert into readings values (1, 'fine', 1.5, '2024-02-29 10:00:00.25'), "
      "(2, 'no number', 'NaN', null), (3, 'long ago', 2, '0044-03-15 12:00:00 BC')");
  left_.exec(
      "create table readings (id integer primary key, label text not null, value real, "
      "at timestamp)");
  write_text("version: 1\nname: " + daphne_.name() +
             "\nstate: state\nsources:\n  pg: " + source(daphne_) + "\n  lite: " + source(left_) +
             "\nmappings:\n  reading: { left: pg.readings, right: lite.readings, direction: "
             "left_to_right, "
             "keys: [label], attributes: [value, at] }\n");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out,
              testing::HasSubstr("pg.readings/2  absent, parked: source lite: column "
                                 "value of type REAL: SQLite holds no NaN, it would store null"));
  EXPECT_THAT(ended.out, testing::HasSubstr("pg.readings/3  absent, parked: source lite: column "
                                            "at of type timestamp: SQLite has no year before 1"));
  EXPECT_THAT(left_.query("select label, value, at from readings"),
              testing::ElementsAre(Row{"fine", "1.5", "2024-02-29 10:00:00.25"}));
}

}  // namespace
}  // namespace couplet::test
