#include "engine/ports/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/ports/source.h"

namespace couplet {
namespace {

TEST(TableNameTest, IsWrittenWithItsSchemaIfItHasOne) {
  EXPECT_EQ(to_string(TableName{"public", "nics"}), "public.nics");
  EXPECT_EQ(to_string(TableName{"", "nics"}), "nics");
}

// Names are as the catalog spells them: nothing is quoted, folded or trimmed.
TEST(TableNameTest, IsWrittenAsItIs) {
  EXPECT_EQ(to_string(TableName{"My Schema", "Weird\"Table."}), "My Schema.Weird\"Table.");
}

TEST(TableNameTest, OrdersBySchemaThenTable) {
  EXPECT_LT((TableName{"a", "z"}), (TableName{"b", "a"}));
  EXPECT_LT((TableName{"a", "a"}), (TableName{"a", "b"}));
  EXPECT_EQ((TableName{"a", "a"}), (TableName{"a", "a"}));
}

TEST(TableInfoTest, FindsAColumnByItsExactName) {
  TableInfo table;
  table.columns = {{.name = "id"}, {.name = "Name"}, {.name = "name", .nullable = false}};
  ASSERT_NE(table.column("name"), nullptr);
  EXPECT_FALSE(table.column("name")->nullable);
  ASSERT_NE(table.column("Name"), nullptr);
  EXPECT_TRUE(table.column("Name")->nullable);
  EXPECT_EQ(table.column("NAME"), nullptr);
  EXPECT_EQ(table.column("nam"), nullptr);
  EXPECT_EQ(table.column(""), nullptr);
}

TEST(TableInfoTest, WithoutColumnsFindsNone) { EXPECT_EQ(TableInfo{}.column("id"), nullptr); }

TEST(ProjectionTest, IsAsWideAsItsIdAndItsColumns) {
  Projection projection;
  EXPECT_EQ(projection.width(), 0U);
  projection.id = {"a", "b"};
  projection.columns.resize(3);
  EXPECT_EQ(projection.width(), 5U);
}

}  // namespace
}  // namespace couplet
