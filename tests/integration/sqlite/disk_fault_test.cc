// A file that cannot grow, cannot be written or is damaged inside: told as what it is, with what
// mends it, and nothing is lost or half done.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <fstream>

#include "connectors/sqlite/sqlite_source.h"
#include "tests/integration/sqlite/sqlite_scene.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// What SQLite is told of every connection that this process opens meanwhile: it then answers as it
// does on such a disk.
class Limited {
 public:
  explicit Limited(std::string pragma) {
    pragma_ = std::move(pragma);
    EXPECT_EQ(sqlite3_auto_extension(reinterpret_cast<void (*)()>(begin)), SQLITE_OK);
  }
  ~Limited() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(begin)); }
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;

 private:
  static int begin(sqlite3* connection, const char** /*error*/, const void* /*routines*/) {
    return sqlite3_exec(connection, pragma_.c_str(), nullptr, nullptr, nullptr);
  }
  static inline std::string pragma_;
};

class SqliteDiskTest : public SqliteTest {
 protected:
  SqliteDiskTest() { make_people(); }

  // Inserts so many long names into persons, in one batch.
  Result<WriteOutcome> insert(int rows) const {
    SqliteSource source({"right", right_.path(), std::chrono::milliseconds(100)});
    const TableName name{{}, "persons"};
    COUPLET_ASSIGN(const auto described, source.describe({&name, 1}));
    const TableInfo& table = described.at(0);
    WriteGroup group;
    group.operation = WriteGroup::Operation::kCreate;
    group.table = table.name;
    group.id = table.primary_key;
    group.id_types = {*table.column(table.primary_key.at(0))->type};
    group.columns = {"name"};
    group.column_types = {*table.column("name")->type};
    group.rows.reset(2);
    for (int i = 0; i < rows; ++i) {
      group.rows.begin_row();
      group.rows.push_absent();
      group.rows.push(fmt::format("{:0>1000}", i));
    }
    WriteBatch batch;
    batch.number = BatchNumber{1};
    batch.groups.push_back(std::move(group));
    COUPLET_TRY(source.submit(batch));
    return source.collect();
  }
};

TEST_F(SqliteDiskTest, AFullDiskTakesNothingOfTheBatchAndSaysSo) {
  {
    const Limited full("PRAGMA max_page_count = 1");  // No page more than the file has.
    const auto outcome = insert(100);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::kDiskFull) << outcome.error().message;
    EXPECT_EQ(outcome.error().message, "source right: no space is left for the file");
    EXPECT_THAT(outcome.error().hint, HasSubstr("Free space"));
    EXPECT_THAT(right_.query("select * from persons"), IsEmpty());
  }
  ASSERT_TRUE(insert(100).has_value());
  EXPECT_THAT(right_.query("select * from persons"), SizeIs(100));
}

TEST_F(SqliteDiskTest, AFileThatMayOnlyBeReadIsReadAndNotWritten) {
  right_.exec("insert into persons (name) values ('Ada')");
  {
    const Limited readable("PRAGMA query_only = ON");
    const auto outcome = insert(1);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().kind, ErrorKind::kPrivilege) << outcome.error().message;
    EXPECT_THAT(outcome.error().message, HasSubstr("source right: the file cannot be written"));
    EXPECT_THAT(outcome.error().hint, HasSubstr("needs to read and write the file"));
  }
  EXPECT_THAT(right_.query("select name from persons"), ElementsAre(Row{"Ada"}));
}

// What cannot be read is no evidence that it is gone.
TEST_F(SqliteDiskTest, AFileThatIsDamagedInsideEndsTheRunAndLosesNothing) {
  for (int i = 0; i < 300; ++i) {
    left_.exec(fmt::format("insert into people (name, age) values ('{:0>200}', {})", i, i));
  }
  ASSERT_EQ(reconciled()["create"], 300);
  std::ifstream in(left_.path(), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  ASSERT_GT(whole.size(), 15U * 4096);
  const auto write = [&](const std::string& bytes) {
    std::ofstream(left_.path(), std::ios::binary | std::ios::in)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  };
  std::string damaged = whole;
  damaged.replace(4096U * 8, 4096U * 4, std::string(4096U * 4, '\x5A'));
  write(damaged);
  for (const char* verb : {"plan", "reconcile"}) {
    const Ended ended = couplet({verb});
    EXPECT_EQ(ended.exit_code, 3) << ended.out << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("source left: the database file is damaged"));
    EXPECT_THAT(ended.err, HasSubstr("PRAGMA integrity_check"));
  }
  EXPECT_THAT(right_.query("select * from persons"), SizeIs(300));
  write(whole);
  const auto summary = reconciled();
  for (const char* count : {"create", "link", "update", "unlink", "park"}) {
    EXPECT_EQ(summary[count], 0) << count;
  }
}

}  // namespace
}  // namespace couplet::test
