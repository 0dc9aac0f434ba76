// What is told of a file that is not what the definition takes it for: where, what, how to mend it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "tests/integration/sqlite/sqlite_scene.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class SqliteFileTest : public SqliteTest {
 protected:
  SqliteFileTest() { make_people(); }

  [[nodiscard]] std::filesystem::path beside(const char* name) const {
    return folder_.path() / name;
  }
  // The message of a plan that ends with this exit code, for a person and in JSON.
  std::string refused(int exit_code) const {
    const Ended ended = couplet({"plan"});
    EXPECT_EQ(ended.exit_code, exit_code) << ended.out << ended.err;
    const Ended json = couplet({"plan", "--json"});
    EXPECT_EQ(json.exit_code, exit_code);
    EXPECT_THAT(ended.err, HasSubstr(error_of(json.out).value("message", "no message")));
    return ended.err;
  }
};

TEST_F(SqliteFileTest, AFileThatIsNotThereIsNotMade) {
  write_file(kPeople, beside("nowhere.db"), right_.path());
  EXPECT_THAT(refused(3),
              HasSubstr("source left: there is no file " + beside("nowhere.db").string()));
  EXPECT_FALSE(std::filesystem::exists(beside("nowhere.db")));
}

TEST_F(SqliteFileTest, AFolderIsNoFile) {
  write_file(kPeople, folder_.path(), right_.path());
  EXPECT_THAT(refused(3), HasSubstr("is no file"));
}

TEST_F(SqliteFileTest, AFileThatIsNoDatabaseIsSaidToBeNone) {
  std::ofstream(beside("notes.txt")) << std::string(5000, 'x');
  write_file(kPeople, left_.path(), beside("notes.txt"));
  const std::string told = refused(3);
  EXPECT_THAT(told, HasSubstr("source right: the file is no SQLite database (" +
                              beside("notes.txt").string() + ")"));
  EXPECT_THAT(told, HasSubstr("Is `path` the right file?"));
}

TEST_F(SqliteFileTest, ADatabaseInUtf16IsRefused) {
  const SqliteFile other;
  other.exec("pragma encoding = 'UTF-16'; create table people (id integer primary key, name text)");
  write_file(kPeople, other.path(), right_.path());
  EXPECT_THAT(refused(2), HasSubstr("source left: not supported yet: a database in UTF-16le"));
}

TEST_F(SqliteFileTest, AFileThatAnotherHoldsLockedIsReadWhenItIsFree) {
  left_.exec("insert into people (name, age) values ('Ada', 36)");
  left_.exec("begin exclusive");
  const std::string told = refused(3);
  EXPECT_THAT(told, HasSubstr("source left: another connection holds the file locked for longer "
                              "than busy_timeout"));
  EXPECT_THAT(told, HasSubstr("End the other program's transaction, or raise busy_timeout."));
  left_.exec("commit");
  EXPECT_EQ(reconciled()["create"], 1);
}

// A writer elsewhere lets us read; our own write waits for it, then says so and loses nothing.
TEST_F(SqliteFileTest, AFileThatAnotherWritesIsWrittenWhenItIsFree) {
  left_.exec("insert into people (name, age) values ('Ada', 36)");
  right_.exec("begin immediate");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 3) << ended.out << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("source right: another connection holds the file locked"));
  right_.exec("commit");
  EXPECT_EQ(reconciled()["create"], 1);
  EXPECT_THAT(right_.query("select name, years from persons"),
              testing::ElementsAre(Row{"Ada", "36"}));
}

TEST_F(SqliteFileTest, AFileThatWasMovedIsStillItself) {
  left_.exec("insert into people (name, age) values ('Ada', 36)");
  EXPECT_EQ(reconciled()["create"], 1);
  std::filesystem::rename(right_.path(), beside("moved.db"));
  write_file(kPeople, left_.path(), beside("moved.db"));
  EXPECT_EQ(reconciled()["create"], 0);
}

// Links of one database are nothing to another, though it holds the same and stands in its place.
TEST_F(SqliteFileTest, AnotherFileInItsPlaceIsRefused) {
  left_.exec("insert into people (name, age) values ('Ada', 36)");
  EXPECT_EQ(reconciled()["create"], 1);
  std::filesystem::copy_file(right_.path(), beside("copy.db"));
  std::filesystem::rename(beside("copy.db"), right_.path());
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 3) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("the state was made with another database as source 'right'"));
}

TEST_F(SqliteFileTest, AColumnThatWasDroppedBetweenTwoRunsIsMissed) {
  left_.exec("insert into people (name, age) values ('Ada', 36)");
  EXPECT_EQ(reconciled()["create"], 1);
  right_.exec("alter table persons drop column years");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("right.persons"));
  EXPECT_THAT(ended.err, HasSubstr("\"years\""));
  right_.exec("alter table persons add column years integer; update persons set years = 36");
  EXPECT_EQ(reconciled()["update"], 0);
}

TEST_F(SqliteFileTest, AColumnOfAnotherTypeThanBeforeIsLookedAtAnew) {
  left_.exec("insert into people (name, age) values ('Ada', 36)");
  EXPECT_EQ(reconciled()["create"], 1);
  right_.exec(
      "create table anew (id integer primary key, name text not null, years text);"
      "insert into anew select id, name, years from persons;"
      "drop table persons; alter table anew rename to persons");
  const Ended ended = couplet({"reconcile"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("TEXT into INTEGER"));
  EXPECT_THAT(right_.query("select name, years from persons"),
              testing::ElementsAre(Row{"Ada", "36"}));
}

// Told when the file is read, not when the first object is lost.
TEST_F(SqliteFileTest, AColumnThatSqliteRoundsIsRefusedBothWays) {
  left_.exec("create table prices (id integer primary key, name text, price numeric(20, 4))");
  right_.exec("create table prices (id integer primary key, name text, price numeric(10, 2))");
  write_file(
      "\n  price: { left: left.prices, right: right.prices, direction: both, keys: [name], "
      "attributes: [price] }\n");
  const Ended ended = couplet({"plan"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out;
  EXPECT_THAT(ended.err, HasSubstr("loses digits after the point: numeric(20, 4) into "
                                   "numeric(10, 2)"));
}

}  // namespace
}  // namespace couplet::test
