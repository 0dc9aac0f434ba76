#include "engine/model/row_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "engine/model/packed_cells.h"

namespace couplet {
namespace {

TEST(RowBatchTest, KeepsValuesNullsAndAbsencesApart) {
  RowBatch rows(4);
  rows.begin_row(RowVersion{7}, 3, false);
  rows.push("Ada");
  rows.push("");
  rows.push_null();
  rows.push_absent();

  ASSERT_EQ(rows.rows(), 1U);
  EXPECT_EQ(rows.at(0, 0).bytes(), "Ada");
  EXPECT_TRUE(rows.at(0, 1).has_bytes());
  EXPECT_EQ(rows.at(0, 1).bytes(), "");
  EXPECT_TRUE(rows.at(0, 2).is_null());
  EXPECT_FALSE(rows.at(0, 2).is_absent());
  EXPECT_TRUE(rows.at(0, 3).is_absent());
  EXPECT_FALSE(rows.at(0, 3).is_null());
  EXPECT_EQ(rows.version(0), RowVersion{7});
  EXPECT_EQ(rows.ordinal(0), 3U);
  EXPECT_FALSE(rows.in_scope(0));
}

TEST(RowBatchTest, IdenticalMeansSameStateAndSameBytes) {
  EXPECT_TRUE(identical(Value("a"), Value(std::string("a"))));
  EXPECT_FALSE(identical(Value("a"), Value("b")));
  EXPECT_FALSE(identical(Value("a"), Value("ab")));
  EXPECT_TRUE(identical(Value::null(), Value::null()));
  EXPECT_TRUE(identical(Value::absent(), Value()));
  EXPECT_FALSE(identical(Value::null(), Value::absent()));
  EXPECT_FALSE(identical(Value(""), Value::null()));
}

// A reader finds out in the middle of a row that it must not be there.
TEST(RowBatchTest, DroppingTheLastRowLeavesNothingOfIt) {
  RowBatch rows(2);
  rows.begin_row();
  rows.push("kept");
  rows.push_null();
  const std::size_t bytes = rows.bytes();

  rows.begin_row();
  rows.push("half a row");
  rows.drop_last();
  EXPECT_EQ(rows.rows(), 1U);
  EXPECT_EQ(rows.bytes(), bytes);

  rows.begin_row();
  rows.push_null();
  rows.push("whole");
  rows.drop_last();
  EXPECT_EQ(rows.bytes(), bytes);

  rows.begin_row();
  rows.drop_last();
  rows.begin_row(RowVersion{1});
  rows.push("next");
  rows.push("row");
  EXPECT_EQ(rows.at(0, 0).bytes(), "kept");
  EXPECT_EQ(rows.at(1, 1).bytes(), "row");
}

// Growing moves the arena under the row that is being copied from it.
TEST(RowBatchTest, ARowOfTheBatchItselfCanBeAppended) {
  RowBatch rows(1);
  rows.begin_row(RowVersion{5}, 9);
  rows.push(std::string(100, 'x'));
  for (int i = 0; i < 50; ++i) {
    rows.append(rows, 0);
  }
  EXPECT_EQ(rows.at(50, 0).bytes(), std::string(100, 'x'));
  EXPECT_EQ(rows.version(50), RowVersion{5});
  EXPECT_EQ(rows.ordinal(50), 9U);
}

TEST(RowBatchTest, ResetEmptiesAndChangesTheWidth) {
  RowBatch rows(1);
  rows.begin_row();
  rows.push("a");
  rows.reset(2);
  EXPECT_TRUE(rows.empty());
  EXPECT_EQ(rows.bytes(), 0U);
  rows.begin_row();
  rows.push("b");
  rows.push("c");
  EXPECT_EQ(rows.at(0, 1).bytes(), "c");
}

TEST(RowBatchTest, WhatIsKnownOfTheLastRowCanChange) {
  RowBatch rows(0);
  rows.begin_row();
  rows.set_last(RowVersion{2}, 4, false);
  EXPECT_EQ(rows.version(0), RowVersion{2});
  EXPECT_EQ(rows.ordinal(0), 4U);
  EXPECT_FALSE(rows.in_scope(0));
}

TEST(RowBatchDeathTest, AnIncompleteRowOrOneCellTooManyStopsTheProcess) {
  RowBatch rows(2);
  rows.begin_row();
  rows.push("a");
  EXPECT_DEATH(rows.begin_row(), "invariant");
  rows.push("b");
  EXPECT_DEATH(rows.push("c"), "invariant");
}

TEST(RowBatchTest, CellsThatTravelAsOnePieceComeBackAsTheyWere) {
  std::string packed;
  for (const Value& cell : {Value("Ada"), Value(""), Value::null(), Value::absent()}) {
    append_cell(packed, cell);
  }
  RowBatch rows(5);
  rows.begin_row();
  rows.push("7");
  ASSERT_TRUE(add_cells(packed, 4, rows));
  EXPECT_EQ(rows.at(0, 0).bytes(), "7");
  EXPECT_EQ(rows.at(0, 1).bytes(), "Ada");
  EXPECT_TRUE(rows.at(0, 2).has_bytes() && rows.at(0, 2).bytes().empty());
  EXPECT_TRUE(rows.at(0, 3).is_null());
  EXPECT_TRUE(rows.at(0, 4).is_absent());
}

TEST(RowBatchTest, BytesThatAreNotSoManyCellsAddNothing) {
  std::string packed;
  append_cell(packed, Value("Ada"));
  RowBatch rows(2);
  rows.begin_row();
  EXPECT_FALSE(add_cells(packed, 2, rows));
  EXPECT_FALSE(add_cells(packed.substr(0, packed.size() - 1), 1, rows));
  EXPECT_FALSE(add_cells(packed.substr(0, 3), 1, rows));
  rows.drop_last();
  EXPECT_EQ(rows.rows(), 0U);
}

}  // namespace
}  // namespace couplet
