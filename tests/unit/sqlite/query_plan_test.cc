// What SQLite does with our statements: rows are found by an index where there is one, and a table
// is never read once for each question.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/sqlite/catalog.h"
#include "connectors/sqlite/select_text.h"
#include "tests/support/sqlite_file.h"

namespace couplet::sqlite {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class SqliteQueryPlanTest : public testing::Test {
 protected:
  void SetUp() override {
    file_.exec(
        "create table teams (id integer primary key, name text);"
        "create table people (id integer primary key, name text, email text collate nocase unique,"
        " team_id integer references teams)");
    auto opened = Database::open({"box", file_.path(), std::chrono::milliseconds(100)},
                                 Purpose::kRead, statements_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    database_ = std::move(*opened);
    ASSERT_TRUE(catalog_.read(*database_).has_value());
    const Type text = *people().info.column("name")->type;
    const Type number = *people().info.column("id")->type;
    projection_.table = people().info.name;
    projection_.id = {"id"};
    projection_.id_types = {number};
    projection_.columns = {{{}, "name", text},
                           {{}, "email", text},
                           {{{{"team_id"}, {"", "teams"}, {"id"}}}, "name", text}};
  }

  [[nodiscard]] const Relation& people() const { return *catalog_.find({"", "people"}); }

  std::vector<std::string> plan(const std::string& sql, std::size_t width) {
    EXPECT_TRUE(database_->offer_asked_rows(width).has_value());
    auto statement = database_->prepare("EXPLAIN QUERY PLAN " + sql);
    EXPECT_TRUE(statement.has_value()) << statement.error().message << "\n" << sql;
    std::vector<std::string> steps;
    while (statement && statement->step().value_or(false)) {
      steps.push_back(statement->text(3));
    }
    return steps;
  }
  std::vector<std::string> find_plan(const std::vector<std::size_t>& by) {
    return plan(find_text(people(), projection_, by, {},
                          [&](const TableName& table) { return catalog_.find(table); }),
                by.size());
  }

  test::SqliteFile file_;
  std::uint64_t statements_ = 0;
  std::unique_ptr<Database> database_;
  Catalog catalog_;
  Projection projection_;
};

TEST_F(SqliteQueryPlanTest, AFetchFindsEachRowAndItsReferenceByTheirKeys) {
  EXPECT_THAT(plan(fetch_text(people(), projection_), 1),
              ElementsAre(HasSubstr("couplet$asked VIRTUAL TABLE INDEX 0"),
                          StartsWith("SEARCH people USING INTEGER PRIMARY KEY"),
                          HasSubstr("teams USING INTEGER PRIMARY KEY")));
}

TEST_F(SqliteQueryPlanTest, AQuestionByAnIndexedColumnUsesTheIndex) {
  EXPECT_THAT(find_plan({1}),
              ElementsAre(HasSubstr("couplet$asked VIRTUAL TABLE INDEX 0"),
                          StartsWith("SEARCH people USING INDEX"), HasSubstr("teams")));
}

TEST_F(SqliteQueryPlanTest, AQuestionWithoutAnIndexReadsTheTableOnce) {
  for (const std::vector<std::size_t>& by : {std::vector<std::size_t>{0}, {2}, {0, 2}}) {
    const std::vector<std::string> steps = find_plan(by);
    ASSERT_EQ(steps.size(), 3U);
    EXPECT_EQ(steps[0], "SCAN people");
    EXPECT_THAT(steps[2], HasSubstr("couplet$asked VIRTUAL TABLE INDEX 1"))
        << "by hash, not one after the other";
  }
}

TEST_F(SqliteQueryPlanTest, AScanIsInTheOrderOfTheIdsWithoutSorting) {
  const std::vector<std::string> steps = plan(scan_text(people(), projection_), 1);
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0], "SCAN people");
}

}  // namespace
}  // namespace couplet::sqlite
