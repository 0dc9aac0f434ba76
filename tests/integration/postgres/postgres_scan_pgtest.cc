// Whole tables: bounded memory, one snapshot, and ends that are no ends.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/integration/postgres/postgres_scene.h"

namespace couplet::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Resident memory of this process.
std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0;
  statm >> pages >> pages;
  return pages * 4096;
}

class ScanTest : public PostgresScene {};

TEST_F(ScanTest, AScanOfManyRowsTakesTheMemoryOfABatch) {
  constexpr std::size_t kRows = 300'000;
  database().exec(fmt::format(
      "create table t (id bigint primary key, name text, pad text);"
      "insert into t select i, 'name ' || i, repeat('x', 100) from generate_series({}, 1, -1) i",
      kRows));
  const Projection asked = projection(table("t"), {"name", "pad"});
  auto scan = source().scan(asked);
  ASSERT_TRUE(scan.has_value()) << scan.error().message;
  RowBatch rows;
  std::size_t count = 0;
  std::size_t at_first_batch = 0;
  std::string last;
  while (true) {
    const auto more = (*scan)->next(rows);
    ASSERT_TRUE(more.has_value()) << more.error().message;
    if (!*more) {
      break;
    }
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      const std::string id(rows.at(row, 0).bytes());
      ASSERT_LT(last, id) << "ascending";
      last = id;
    }
    count += rows.rows();
    at_first_batch = at_first_batch == 0 ? resident_bytes() : at_first_batch;
  }
  EXPECT_EQ(count, kRows);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // They keep freed memory.
  // The rows are about 40 MB: kept, they would show.
  EXPECT_LT(resident_bytes(), at_first_batch + (4U << 20U));
#endif
}

TEST_F(ScanTest, RowsOfAnySizeComeThroughAndCutTheBatch) {
  database().exec(
      "create table t (id int primary key, doc text);"
      "insert into t select i, repeat('y', 3000000) from generate_series(1, 6) i");
  const Projection asked = projection(table("t"), {"doc"});
  auto scan = source().scan(asked);
  ASSERT_TRUE(scan.has_value());
  RowBatch rows;
  std::size_t count = 0;
  while ((*scan)->next(rows).value_or(false)) {
    EXPECT_LE(rows.rows(), 2U);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      EXPECT_EQ(rows.at(row, 1).bytes().size(), 3'000'000U);
    }
    count += rows.rows();
  }
  EXPECT_EQ(count, 6U);
}

TEST_F(ScanTest, AScanThatIsCutOffIsAnErrorAndNeverAnEnd) {
  database().exec(
      "create table t (id int primary key, pad text);"
      "insert into t select i, repeat('x', 500) from generate_series(1, 200000) i");
  const Projection asked = projection(table("t"), {"pad"});
  auto scan = source().scan(asked);
  ASSERT_TRUE(scan.has_value());
  RowBatch rows;
  ASSERT_TRUE((*scan)->next(rows).value_or(false));
  end_sessions();
  Result<bool> more = true;
  std::size_t count = rows.rows();
  while (more && *more) {
    more = (*scan)->next(rows);
    count += more ? rows.rows() : 0;
  }
  ASSERT_FALSE(more.has_value()) << "after " << count << " rows";
  EXPECT_EQ(more.error().kind, ErrorKind::kTransient) << more.error().message;
  EXPECT_LT(count, 200'000U);
  EXPECT_FALSE((*scan)->next(rows).has_value()) << "nor is asking again";
}

TEST_F(ScanTest, AScanThatFailsHalfwayIsAnError) {
  database().exec(
      "create table t (id int primary key, d int);"
      "insert into t select i, 10000 - i from generate_series(1, 20000) i");
  Projection asked = projection(table("t"), {});
  asked.scope = {SqlCondition{"1 / d is not null"}};
  auto scan = source().scan(asked);
  Result<bool> more = true;
  RowBatch rows;
  while (scan && more && *more) {
    more = (*scan)->next(rows);
  }
  const Error error = scan ? more.error() : scan.error();
  EXPECT_EQ(error.code, "22012") << error.message;
}

TEST_F(ScanTest, AScanThatIsDroppedEndsAtTheServer) {
  database().exec(
      "create table t (id int primary key, pad text);"
      "insert into t select i, repeat('x', 500) from generate_series(1, 100000) i");
  const Projection asked = projection(table("t"), {"pad"});
  {
    auto scan = source().scan(asked);
    ASSERT_TRUE(scan.has_value());
    RowBatch rows;
    ASSERT_TRUE((*scan)->next(rows).value_or(false));
  }
  wait_for(
      "select 1 where not exists (select from pg_stat_activity where query like 'copy (%' "
      "and state = 'active')");
}

TEST_F(ScanTest, OtherCallsGoOnWhileAScanRuns) {
  database().exec(
      "create table t (id int primary key, n int);"
      "insert into t select i, 0 from generate_series(1, 5000) i");
  const TableInfo t = table("t");
  const Projection asked = projection(t, {"n"});
  auto scan = source().scan(asked);
  ASSERT_TRUE(scan.has_value());
  RowBatch rows;
  ASSERT_TRUE((*scan)->next(rows).value_or(false));
  WriteGroup changed = group(WriteGroup::Operation::kUpdate, t, {"n"});
  add(changed, {"5000"}, {"1"}, version(t, "5000"));
  ASSERT_TRUE(write({changed}).has_value());
  EXPECT_THAT(fetched(asked, {"5000"}), ElementsAre(Literals{"5000", "1"}));
  std::vector<Literals> last;
  while ((*scan)->next(rows).value_or(false)) {
    last = literals(rows, {asked.id_types[0], asked.columns[0].type});
  }
  ASSERT_FALSE(last.empty());
  EXPECT_EQ(last.back(), (Literals{"5000", "0"})) << "the scan's snapshot is older";
}

// The planner may believe anything of a table that was never analysed; a look-up by key must stay
// one, at any size.
TEST_F(ScanTest, LookUpsByKeyNeverReadTheTable) {
  database().exec(
      "create table p (id int primary key, name text) with (autovacuum_enabled = false);"
      "create table t (id int primary key, p int references p, n text unique)"
      " with (autovacuum_enabled = false)");
  const TableInfo t = table("t");
  Projection asked = projection(t, {"n"});
  asked.columns.push_back(
      {{Join{{"p"}, table("p").name, {"id"}}}, "name", *table("p").column("name")->type});
  // Plans are made while the tables are empty.
  EXPECT_THAT(fetched(asked, {"1"}), IsEmpty());
  database().exec(
      "insert into p select i, 'p' || i from generate_series(1, 50000) i;"
      "insert into t select i, i, 'n' || i from generate_series(1, 50000) i");
  std::vector<std::string> keys;
  ValueTable wanted;
  wanted.types = {asked.columns[0].type};
  wanted.rows.reset(1);
  for (int i = 1; i <= 1000; ++i) {
    keys.push_back(std::to_string(i * 37));
    wanted.rows.begin_row();
    wanted.rows.push("n" + keys.back());
  }
  EXPECT_EQ(fetched(asked, keys).size(), 1000U);
  RowBatch found;
  const std::vector<std::size_t> by{0};
  ASSERT_TRUE(source().find(asked, by, wanted, found).has_value());
  EXPECT_EQ(found.rows(), 1000U);
  WriteGroup changed = group(WriteGroup::Operation::kUpdate, t, {"n"});
  add(changed, {"37"}, {"other"}, version(t, "37"));
  ASSERT_TRUE(write({changed}).has_value());
  reopen(settings());  // Statistics are sent at the end of a session at the latest.
  wait_for("select 1 from pg_stat_user_tables where relname = 't' and idx_scan >= 2000");
  EXPECT_THAT(database().query("select relname, seq_tup_read from pg_stat_user_tables "
                               "where seq_tup_read > 0"),
              IsEmpty());
}

TEST_F(ScanTest, AQuestionWithoutAnIndexReadsTheTableOnce) {
  database().exec(
      "create table t (id int primary key, n text);"
      "insert into t select i, 'n' || i % 5000 from generate_series(1, 10000) i");
  const Projection asked = projection(table("t"), {"n"});
  ValueTable wanted;
  wanted.types = {asked.columns[0].type};
  wanted.rows.reset(1);
  for (int i = 0; i < 1000; ++i) {
    wanted.rows.begin_row();
    wanted.rows.push("n" + std::to_string(i));
  }
  RowBatch found;
  const std::vector<std::size_t> by{0};
  ASSERT_TRUE(source().find(asked, by, wanted, found).has_value());
  EXPECT_EQ(found.rows(), 2000U);
  reopen(settings());
  wait_for("select 1 from pg_stat_user_tables where relname = 't' and seq_scan > 0");
  EXPECT_EQ(database().query("select seq_tup_read from pg_stat_user_tables where relname = 't'"),
            (std::vector<Row>{{"10000"}}));
}

}  // namespace
}  // namespace couplet::test
