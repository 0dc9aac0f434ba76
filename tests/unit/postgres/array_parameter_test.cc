#include "connectors/postgres/array_parameter.h"

#include <gtest/gtest.h>

namespace couplet::postgres {
namespace {

std::string bytes(std::initializer_list<int> values) {
  std::string result;
  for (const int value : values) {
    result += static_cast<char>(value);
  }
  return result;
}

TEST(ArrayParameterTest, AnArrayIsItsHeaderThenLengthsAndBytes) {
  ArrayParameter array(oid::kText);
  array.push(Value(std::string_view("ab")));
  array.push(Value(std::string_view("")));
  EXPECT_EQ(array.take(),
            bytes({0, 0, 0, 1, 0,   0,   0, 0, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1,  //
                   0, 0, 0, 2, 'a', 'b', 0, 0, 0, 0}));
}

TEST(ArrayParameterTest, ANullSetsTheFlagAndHasNoBytes) {
  ArrayParameter array(oid::kInt4);
  array.push_null();
  EXPECT_EQ(array.take(),
            bytes({0,   0,   0,   1,  0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1,  //
                   255, 255, 255, 255}));
}

TEST(ArrayParameterTest, AnEmptyArrayHasNoDimension) {
  EXPECT_EQ(ArrayParameter(oid::kInt8).take(), bytes({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20}));
}

TEST(ArrayParameterTest, RowsMayBePicked) {
  Type text;
  RowBatch rows(2);
  for (const char* cell : {"a", "b", "c"}) {
    rows.begin_row();
    rows.push(std::string_view("-"));
    rows.push(std::string_view(cell));
  }
  const std::vector<std::uint32_t> picked{2, 0};
  ArrayParameter expected(oid::kText);
  expected.push(Value(std::string_view("c")));
  expected.push(Value(std::string_view("a")));
  EXPECT_EQ(array_of_column(text, rows, 1, picked), expected.take());
}

TEST(ArrayParameterTest, TheDatabasesOwnIdsOfATypeComeFirst) {
  Type mood;
  mood.kind = TypeKind::kEnum;
  mood.source_type = 16400;
  mood.source_array = 16399;
  EXPECT_EQ(element_type(mood), 16400U);
  EXPECT_EQ(array_type(mood), 16399U);
  Type plain;
  plain.kind = TypeKind::kUuid;
  EXPECT_EQ(element_type(plain), oid::kUuid);
  EXPECT_EQ(array_type(plain), oid::kUuidArray);
}

TEST(ArrayParameterDeathTest, AnAbsentCellIsNoValue) {
  ArrayParameter array(oid::kText);
  EXPECT_DEATH(array.push(Value::absent()), "");
}

TEST(ArrayParameterTest, AVersionIsTheLowHalfOfATransactionId) {
  ArrayParameter array(oid::kXid);
  push_xid(array, RowVersion{0x0000000180000001ULL});
  const std::string made = array.take();
  EXPECT_EQ(made.substr(made.size() - 8), bytes({0, 0, 0, 4, 128, 0, 0, 1}));
}

}  // namespace
}  // namespace couplet::postgres
