#include "engine/model/object_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/model/wire.h"
#include "tests/unit/model/typed_text.h"

namespace couplet::test {
namespace {

using ::testing::HasSubstr;

std::string key_of(const std::vector<Type>& types, const std::vector<std::string>& cells) {
  std::vector<Value> values(cells.begin(), cells.end());
  std::string out;
  EXPECT_TRUE(append_key(types, values, out));
  return out;
}
std::string key_of_text(const Type& type, std::string_view text) {
  return key_of({type}, {bytes_of(type, text)});
}
std::vector<std::string> decoded(const std::vector<Type>& types, std::string_view key) {
  std::string arena;
  std::vector<Value> values;
  const auto result = decode_key(types, key, arena, values);
  EXPECT_TRUE(result.has_value());
  std::vector<std::string> cells;
  for (const Value& value : values) {
    cells.emplace_back(value.bytes());
  }
  return cells;
}

TEST(ObjectKeyTest, ANullOrAbsentCellMakesNoKey) {
  const std::vector<Type> types = {type_of(TypeKind::kText), type_of(TypeKind::kText)};
  std::string out = "before";
  EXPECT_FALSE(append_key(types, std::vector<Value>{Value("a"), Value::null()}, out));
  EXPECT_FALSE(append_key(types, std::vector<Value>{Value::absent(), Value("a")}, out));
  EXPECT_EQ(out, "before");
}

// A column that is widened from integer to bigint keeps the keys of its rows.
TEST(ObjectKeyTest, IntegersOfAnyWidthHaveOneKey) {
  EXPECT_EQ(key_of_text(type_of(TypeKind::kInt16), "-3"),
            key_of_text(type_of(TypeKind::kInt64), "-3"));
  EXPECT_EQ(key_of_text(type_of(TypeKind::kInt32), "3").size(), 8U);
  std::string arena;
  std::vector<Value> values;
  const std::vector<Type> narrow = {type_of(TypeKind::kInt16)};
  const auto result =
      decode_key(narrow, key_of_text(type_of(TypeKind::kInt64), "70000"), arena, values);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kStateCorrupt);
}

TEST(ObjectKeyTest, EqualValuesHaveOneKey) {
  EXPECT_EQ(key_of_text(numeric(), "1.0"), key_of_text(numeric(), "1.00"));
  EXPECT_EQ(key_of_text(blank_padded(5), "ab   "), key_of_text(blank_padded(9), "ab"));
  EXPECT_EQ(key_of_text(type_of(TypeKind::kFloat64), "-0"),
            key_of_text(type_of(TypeKind::kFloat64), "0"));
  EXPECT_EQ(text_of(numeric(), decoded({numeric()}, key_of_text(numeric(), "1.500"))[0]), "1.5");
}

TEST(ObjectKeyTest, OrderIsThatOfTheServer) {
  const auto ascending = [](const Type& type, const std::vector<std::string>& texts) {
    for (std::size_t i = 1; i < texts.size(); ++i) {
      EXPECT_LT(key_of_text(type, texts[i - 1]), key_of_text(type, texts[i])) << texts[i];
    }
  };
  ascending(type_of(TypeKind::kBool), {"f", "t"});
  ascending(type_of(TypeKind::kInt64), {"-9223372036854775808", "-1", "0", "1", "256"});
  ascending(type_of(TypeKind::kFloat64),
            {"-Infinity", "-1e300", "-1", "-5e-324", "0", "5e-324", "1", "Infinity", "NaN"});
  ascending(type_of(TypeKind::kFloat32), {"-Infinity", "-1", "0", "1e-45", "1", "NaN"});
  ascending(type_of(TypeKind::kDate),
            {"-infinity", "0044-03-15 BC", "1999-12-31", "2000-01-01", "infinity"});
  ascending(type_of(TypeKind::kTimestampTz),
            {"-infinity", "1999-12-31 23:59:59+00", "2000-01-01 00:00:00+00", "infinity"});
  ascending(type_of(TypeKind::kText), {"", "A", "B", "a", "aa", "ab", "b", "é", "😀"});
  ascending(type_of(TypeKind::kBytea),
            {"\\x", "\\x00", "\\x0000", "\\x0001", "\\x00ff", "\\x01", "\\xff", "\\xff00"});
  ascending(numeric(), {"-Infinity", "-10", "-9.5", "0", "0.1", "9", "10", "Infinity", "NaN"});
}

TEST(ObjectKeyTest, TheIdIsTheFirstColumnsOfARow) {
  RowBatch rows(3);
  rows.begin_row();
  rows.push(bytes_of(type_of(TypeKind::kInt32), "7"));
  rows.push("eu");
  rows.push_null();
  const std::vector<Type> types = {type_of(TypeKind::kInt32), type_of(TypeKind::kText)};
  const ObjectKey key = key_of_row(rows, 0, types);
  EXPECT_EQ(key.bytes, key_of(types, {rows.at(0, 0).bytes().data() == nullptr
                                          ? std::string()
                                          : std::string(rows.at(0, 0).bytes()),
                                      "eu"}));
  EXPECT_EQ(format_key(types, key), "7,eu");
}

TEST(ObjectKeyTest, NamesEscapeWhatWouldSplitThem) {
  const std::vector<Type> types = {type_of(TypeKind::kText), type_of(TypeKind::kText)};
  const auto named = [&](const std::string& a, const std::string& b) {
    return format_key(types, ObjectKey{key_of(types, {a, b})});
  };
  EXPECT_EQ(named("eu/west", "3"), "eu%2Fwest,3");
  EXPECT_EQ(named("a,b", "100%"), "a%2Cb,100%25");
  EXPECT_EQ(named("", " "), "%,%20");
  EXPECT_EQ(named("Ünï", "a-b_c.d:e+f@g~h"), "Ünï,a-b_c.d:e+f@g~h");
  EXPECT_EQ(
      format_key(std::vector<Type>{type_of(TypeKind::kTimestamp)},
                 ObjectKey{key_of_text(type_of(TypeKind::kTimestamp), "2026-01-31 08:15:30")}),
      "2026-01-31%2008:15:30");
}

TEST(ObjectKeyTest, NamesThatAreNoneSayWhichComponentAndWhy) {
  const std::vector<Type> types = {type_of(TypeKind::kInt32), type_of(TypeKind::kText)};
  const auto complaint = [&](std::string_view text) {
    const auto parsed = parse_key(types, text);
    EXPECT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidArgument);
    return parsed.error().message;
  };
  EXPECT_EQ(complaint("7"), "the id '7' has 1 components where 2 are expected");
  EXPECT_THAT(complaint("7,a,b"), HasSubstr("3 components where 2"));
  EXPECT_EQ(complaint("x,a"), "component 1 of the id 'x,a': 'x' is no integer; expected integer");
  EXPECT_THAT(complaint("7,"), HasSubstr("component 2"));
  EXPECT_THAT(complaint("7,%2"), HasSubstr("two hexadecimal digits"));
  EXPECT_THAT(complaint("7,%zz"), HasSubstr("two hexadecimal digits"));
}

// The column's type may have changed since the state was written.
TEST(ObjectKeyTest, AKeyOfOtherTypesIsStillShown) {
  EXPECT_EQ(format_key(std::vector<Type>{type_of(TypeKind::kInt32)},
                       ObjectKey{key_of_text(type_of(TypeKind::kText), "a")}),
            "0x610000");
}

TEST(ObjectKeyTest, BytesThatAreNoKeyAreRefused) {
  const std::vector<Type> types = {type_of(TypeKind::kText), type_of(TypeKind::kBool)};
  std::string arena;
  std::vector<Value> values;
  for (const std::string_view bytes :
       {std::string_view(""), std::string_view("a"), std::string_view("a\0", 2),
        std::string_view("a\0\0", 3), std::string_view("a\0\x01\0\0\1", 6),
        std::string_view("a\0\0\2", 4), std::string_view("a\0\0\1x", 5)}) {
    const auto result = decode_key(types, bytes, arena, values);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::kStateCorrupt);
  }
}

// ---- properties

// Integers, doubles, texts and numerics with an order known apart from the code under test.
struct Id {
  std::int64_t integer = 0;
  std::string text;
  double number = 0;
  std::int64_t cents = 0;
};
const std::vector<Type>& id_types() {
  static const std::vector<Type> kTypes = {type_of(TypeKind::kInt64), type_of(TypeKind::kText),
                                           type_of(TypeKind::kFloat64), numeric()};
  return kTypes;
}
Id any_id() {
  // Few distinct values, so that later components get to decide.
  Id id;
  id.integer =
      *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-1, 2), rc::gen::arbitrary<std::int64_t>());
  id.text = *rc::gen::container<std::string>(
      rc::gen::element<char>('\0', '\1', '\xFF', 'a', '/', ',', '%', ' '));
  id.number = *rc::gen::oneOf(rc::gen::element(0.0, -0.0, 1.5, -1.5), rc::gen::arbitrary<double>());
  id.cents = *rc::gen::inRange<std::int64_t>(-200000000, 200000000);
  return id;
}
std::vector<std::string> cells_of(const Id& id) {
  std::vector<std::string> cells(3);
  wire::append(cells[0], id.integer);
  cells[1] = id.text;
  wire::append_double(cells[2], id.number);
  cells.push_back(bytes_of(numeric(), std::to_string(id.cents) + "e-2"));
  return cells;
}
auto order_of(const Id& id) {
  // char is compared as unsigned by std::string.
  return std::tie(id.integer, id.text, id.number, id.cents);
}

RC_GTEST_PROP(ObjectKeyProperty, OrderOfBytesIsOrderOfIds, ()) {
  const Id a = any_id();
  const Id b = *rc::gen::arbitrary<bool>() ? a : any_id();
  RC_PRE(!std::isnan(a.number) && !std::isnan(b.number));
  const std::string key_a = key_of(id_types(), cells_of(a));
  const std::string key_b = key_of(id_types(), cells_of(b));
  RC_ASSERT((order_of(a) < order_of(b)) == (key_a < key_b));
  RC_ASSERT((order_of(a) == order_of(b)) == (key_a == key_b));
}

RC_GTEST_PROP(ObjectKeyProperty, NoKeyIsAPrefixOfAnother, ()) {
  Id a = any_id();
  Id b = any_id();
  if (*rc::gen::arbitrary<bool>()) {
    b = a;
    b.text += *rc::gen::element<char>('\0', '\1', '\xFF');
  }
  const std::string key_a = key_of(id_types(), cells_of(a));
  const std::string key_b = key_of(id_types(), cells_of(b));
  RC_PRE(key_a != key_b);
  RC_ASSERT(!key_a.starts_with(key_b));
  RC_ASSERT(!key_b.starts_with(key_a));
}

RC_GTEST_PROP(ObjectKeyProperty, DecodingGivesTheIdBack, ()) {
  const Id id = any_id();
  const std::string key = key_of(id_types(), cells_of(id));
  const std::vector<std::string> cells = decoded(id_types(), key);
  RC_ASSERT(cells.size() == id_types().size());
  RC_ASSERT(cells[0] == cells_of(id)[0]);
  RC_ASSERT(cells[1] == id.text);
  RC_ASSERT(key_of(id_types(), cells) == key);
}

RC_GTEST_PROP(ObjectKeyProperty, NamesGiveTheKeyBack, ()) {
  static const std::vector<Type> kTypes = {type_of(TypeKind::kText), type_of(TypeKind::kInt16),
                                           type_of(TypeKind::kVarchar), type_of(TypeKind::kBytea)};
  const auto any_text =
      rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                       "/", ",", "%", " ", "", "a", "%2C", "Ü", "😀", "\t", "\\")),
                   [](const std::vector<std::string>& parts) {
                     std::string text;
                     for (const std::string& part : parts) {
                       text += part;
                     }
                     return text;
                   });
  std::string number;
  wire::append(number, *rc::gen::arbitrary<std::int16_t>());
  const ObjectKey key{
      key_of(kTypes, {*any_text, number, *any_text, *rc::gen::arbitrary<std::string>()})};
  const std::string name = format_key(kTypes, key);
  RC_ASSERT(name.find('/') == std::string::npos);
  RC_ASSERT(std::count(name.begin(), name.end(), ',') == 3);
  const auto parsed = parse_key(kTypes, name);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == key);
}

RC_GTEST_PROP(ObjectKeyProperty, AnyBytesAreAKeyOrRefused, (const std::string& bytes)) {
  for (const TypeKind kind : {TypeKind::kInt32, TypeKind::kText, TypeKind::kNumeric,
                              TypeKind::kUuid, TypeKind::kBool, TypeKind::kFloat32}) {
    const std::vector<Type> types = {type_of(kind)};
    std::string arena;
    std::vector<Value> values;
    if (decode_key(types, bytes, arena, values)) {
      RC_ASSERT(values.size() == 1U);
    }
  }
}

}  // namespace
}  // namespace couplet::test
