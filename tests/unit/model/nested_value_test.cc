#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/canonical.h"
#include "engine/model/utf8.h"
#include "tests/unit/model/judged.h"
#include "tests/unit/model/typed_text.h"

// Arrays, ranges, multiranges and composites.
namespace couplet::test {
namespace {

using nlohmann::json;

const Type kMood = enumeration({"sad", "ok", "it's \"fine\", {really}"});
const Type kInt4Range = range_over(kInt4, true);
const Type kNumRange = range_over(numeric(), false);
const Type kInt4Multirange = range_over(kInt4, true, TypeKind::kMultirange);
const Type kPair = composite({{"n", numeric()}, {"two words", kText}, {"list", array_of(kInt4)}});

TEST(NestedValueTest, ArraysAreComparedElementByElementByValue) {
  EXPECT_TRUE(same(array_of(numeric()), "{1.0,NULL}", "{1.00,NULL}"));
  EXPECT_FALSE(same(array_of(numeric()), "{1.0,NULL}", "{1.0,0}"));
  EXPECT_FALSE(same(array_of(kText), "{\"NULL\"}", "{NULL}"));
  EXPECT_FALSE(same(array_of(kText), "{a,b}", "{b,a}"));
  EXPECT_FALSE(same(array_of(kText), "{\"a,b\"}", "{a,b}"));
  EXPECT_FALSE(same(array_of(type_of(TypeKind::kInterval)), "{1 mon}", "{30 days}"));
  EXPECT_TRUE(same(array_of(type_of(TypeKind::kJsonb)), R"({"{\"a\": 1, \"b\": 2}"})",
                   R"({"{\"b\":2,\"a\":1.0}"})"));
}

TEST(NestedValueTest, DimensionsAndLowerBoundsAreAPartOfAnArray) {
  EXPECT_FALSE(same(array_of(kInt4), "{1,2}", "[0:1]={1,2}"));
  EXPECT_FALSE(same(array_of(kInt4), "{1,2,3,4}", "{{1,2},{3,4}}"));
  EXPECT_FALSE(same(array_of(kInt4), "{{1},{2}}", "{{1,2}}"));
  EXPECT_TRUE(same(array_of(kInt4), "[1:2]={1,2}", "{1,2}"));
}

TEST(NestedValueTest, ElementsOfTwoTypesMeetAsTheTypesDo) {
  EXPECT_TRUE(same(array_of(kInt4), "{1,-2}", array_of(kInt8), "{1,-2}"));
  EXPECT_TRUE(same(array_of(kInt4), "{1}", array_of(numeric()), "{1.0}"));
  EXPECT_TRUE(same(array_of(kMood), "{ok}", array_of(kText), "{ok}"));
  EXPECT_TRUE(same(kInt4Range, "[1,5]", range_over(kInt8, true), "[1,6)"));
}

TEST(NestedValueTest, RangesAreComparedByTheirBounds) {
  EXPECT_TRUE(same(kInt4Range, "[1,5]", "(0,6)"));
  EXPECT_TRUE(same(kInt4Range, "(3,4)", "empty"));
  EXPECT_FALSE(same(kInt4Range, "[1,)", "(,1]"));
  EXPECT_TRUE(same(kNumRange, "[1.0,2.50)", "[1,2.5)"));
  EXPECT_FALSE(same(kNumRange, "[1,2)", "[1,2]"));
  EXPECT_FALSE(same(kNumRange, "[1,1]", "empty"));
  EXPECT_FALSE(same(kNumRange, "[1,)", "[1,Infinity)"));
  EXPECT_TRUE(same(kInt4Multirange, "{[1,2],[7,9)}", "{[1,3),empty,[7,9)}"));
  EXPECT_FALSE(same(kInt4Multirange, "{}", "{[1,3)}"));
}

TEST(NestedValueTest, CompositesAreComparedFieldByField) {
  EXPECT_TRUE(same(kPair, "(1.0,x,{1})", "(1,x,\"[1:1]={1}\")"));
  EXPECT_FALSE(same(kPair, "(1,,)", "(1,\"\",)"));
  EXPECT_FALSE(same(kPair, "(,,)", "(0,,)"));
}

// A user may give them by hand; the server would join them.
TEST(NestedValueTest, RangesOfAMultirangeHaveToStandApartAndInOrder) {
  for (const char* text : {"{[1,3),[2,5)}", "{[5,7),[1,3)}", "{[1,3),[3,5)}", "{[1,),[7,9)}"}) {
    std::string bytes;
    const auto parsed = parse_literal(kInt4Multirange, text, bytes);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().hint, "give its ranges in order, and as one where they touch");
  }
}

TEST(NestedValueTest, RefusalsNameTheTypeOrTheElement) {
  std::string bytes;
  EXPECT_EQ(parse_literal(array_of(kInt4), "{1,x}", bytes).error().message, "'x' is no integer");
  EXPECT_EQ(parse_literal(array_of(kInt4), "{1", bytes).error().message, "'{1' is no integer[]");
  EXPECT_EQ(parse_literal(kPair, "(1)", bytes).error().message, "'(1)' is no composite");
  EXPECT_TRUE(bytes.empty());
}

TEST(NestedValueTest, WhatElementsLoseIsLostToTheWhole) {
  const auto loss = [](const Type& from, const Type& to) {
    const Conversion conversion = conversion_between(from, to);
    EXPECT_EQ(conversion.reason.empty(), conversion.possible && conversion.loss == Loss::kNone);
    return conversion.possible ? std::optional(conversion.loss) : std::nullopt;
  };
  EXPECT_EQ(loss(array_of(kInt4), array_of(kInt8)), Loss::kNone);
  EXPECT_EQ(loss(array_of(kInt8), array_of(kInt4)), Loss::kRejected);
  EXPECT_EQ(loss(array_of(kText), array_of(varchar(5))), Loss::kRejected);
  EXPECT_EQ(loss(array_of(kMood), array_of(kText)), Loss::kNone);
  EXPECT_EQ(loss(array_of(kText), array_of(kMood)), Loss::kRejected);
  EXPECT_EQ(loss(array_of(numeric()), array_of(numeric(10, 2))), Loss::kSilent);
  EXPECT_EQ(conversion_between(array_of(numeric(10, 4)), array_of(numeric(10, 2))).reason,
            "elements: loses digits after the point: numeric(10,4) into numeric(10,2)");
  EXPECT_EQ(loss(array_of(kInt4), array_of(type_of(TypeKind::kUuid))), std::nullopt);
  EXPECT_EQ(loss(array_of(kInt4), kInt4), std::nullopt);
  EXPECT_EQ(loss(array_of(kInt4), kText), Loss::kNone);
  EXPECT_EQ(loss(kText, array_of(kInt4)), Loss::kSilent);
  EXPECT_EQ(loss(kInt4Range, range_over(kInt8, true)), Loss::kNone);
  EXPECT_EQ(loss(kInt4Range, kNumRange), std::nullopt);
  EXPECT_EQ(loss(kInt4Range, kInt4Multirange), std::nullopt);
  EXPECT_EQ(loss(composite({{"a", kInt4}}), composite({{"a", kInt8}})), Loss::kNone);
  EXPECT_EQ(conversion_between(composite({{"a", kInt8}}), composite({{"a", kInt4}})).reason,
            "field a: may be out of range: bigint into integer");
  EXPECT_EQ(conversion_between(composite({{"a", kInt8}}), composite({{"b", kInt8}})).reason,
            "has other fields: composite into composite");
  EXPECT_EQ(loss(other("point"), other("point")), Loss::kNone);
  EXPECT_EQ(loss(other("point"), other("box")), std::nullopt);
  EXPECT_EQ(loss(other("point"), kText), Loss::kNone);
  EXPECT_EQ(loss(kText, other("point")), Loss::kSilent);
}

TEST(NestedValueTest, ElementsAreConvertedOneByOne) {
  EXPECT_EQ(converted(array_of(kInt4), "[0:1]={1,NULL}", array_of(kInt8)), "[0:1]={1,NULL}");
  EXPECT_EQ(converted(array_of(kInt8), "{5000000000}", array_of(kInt4)),
            "<a value of bigint cannot be written as integer: it is out of range>");
  EXPECT_EQ(converted(array_of(kText), "{\"it's \\\"fine\\\", {really}\"}", array_of(kMood)),
            "{\"it's \\\"fine\\\", {really}\"}");
  EXPECT_EQ(converted(array_of(kInt4), "{1,NULL}", kText), "{1,NULL}");
  EXPECT_EQ(converted(kText, "{1, NULL}", array_of(kInt4)), "{1,NULL}");
  EXPECT_EQ(converted(kInt4Range, "[1,5]", range_over(kInt8, true)), "[1,6)");
  EXPECT_EQ(
      converted(kInt4Multirange, "{[1,5],[9,)}", range_over(kInt8, true, TypeKind::kMultirange)),
      "{[1,6),[9,)}");
  EXPECT_EQ(
      converted(kPair, "(1.50,\"a b\",\"{1,2}\")",
                composite({{"n", kText}, {"two words", varchar(9)}, {"list", array_of(kInt8)}})),
      "(1.50,\"a b\",\"{1,2}\")");
}

// Ids of types in a value's bytes are of the database that it goes to.
TEST(NestedValueTest, AConvertedValueNamesTheTypesOfItsTarget) {
  const std::string bytes = bytes_of(array_of(with_id(kMood, 16400)), "{ok}");
  std::string out;
  ASSERT_TRUE(convert_value(array_of(with_id(kMood, 16400)), array_of(with_id(kMood, 20500)),
                            Value(bytes), out));
  EXPECT_NE(out, bytes);
  EXPECT_EQ(out, bytes_of(array_of(with_id(kMood, 20500)), "{ok}"));
}

TEST(NestedValueTest, ArraysAreArraysInJsonUnlessTheirNumbersBeginElsewhere) {
  EXPECT_EQ(json_of(array_of(kInt4), "{}"), json::array());
  EXPECT_EQ(json_of(array_of(kInt4), "{1,NULL}"), json::array({1, nullptr}));
  EXPECT_EQ(json_of(array_of(kInt4), "{{1,2},{3,4}}"), json::parse("[[1,2],[3,4]]"));
  EXPECT_EQ(json_of(array_of(kInt4), "[0:1]={1,2}"), "[0:1]={1,2}");
  EXPECT_EQ(json_of(array_of(numeric()), "{0.5,0.1}"), json::array({0.5, "0.1"}));
  EXPECT_EQ(json_of(kPair, "(0.5,,\"{1}\")"),
            json::parse(R"({"n": 0.5, "two words": null, "list": [1]})"));
  EXPECT_EQ(json_of(kInt4Range, "[1,5]"), "[1,6)");
  EXPECT_EQ(json_of(other("point"), "(1,2)"), "(1,2)");
}

TEST(NestedValueTest, NestedTypesAreNoIdsAndKeysOnlyWhereAllOfThemHasAnEquality) {
  for (const Type& type : {array_of(kInt4), kInt4Range, kInt4Multirange, kPair, other("point")}) {
    EXPECT_FALSE(can_be_id(type)) << type.name;
    EXPECT_TRUE(can_be_key(type)) << type.name;
  }
  EXPECT_FALSE(can_be_key(array_of(type_of(TypeKind::kJson))));
  EXPECT_FALSE(can_be_key(composite({{"a", array_of(type_of(TypeKind::kJsonb))}})));
}

// A damaged state, a test source's mistake: nothing is read beyond the bytes (sanitizers watch),
// they equal only themselves, are shown as such and go nowhere.
RC_GTEST_PROP(NestedValueTest, MangledBytesEqualOnlyThemselves, ()) {
  const std::vector<std::pair<Type, std::string>> values = {
      {array_of(kInt4), "[0:1][1:2]={{1,NULL},{3,4}}"},
      {array_of(kText), "{a,NULL,\"b c\"}"},
      {kNumRange, "[1.5,2.5)"},
      {kInt4Multirange, "{[1,3),[5,)}"},
      {kPair, "(1.5,abc,\"{1,2}\")"},
      {array_of(kPair), "{\"(1.5,abc,\\\"{1,2}\\\")\"}"}};
  const auto& [type, text] = *rc::gen::elementOf(values);
  const std::string good = bytes_of(type, text);
  std::string bad = good;
  const auto at = *rc::gen::inRange<std::size_t>(0, bad.size());
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      bad[at] = *rc::gen::arbitrary<char>();
      break;
    case 1:
      bad.resize(at);
      break;
    default:
      bad.insert(at, *rc::gen::arbitrary<std::string>());
  }
  const Comparison as = *comparison_between(type, type);
  RC_ASSERT(same_value(as, type, Value(bad), type, Value(bad)));
  std::string canonical;
  append_canonical(as, type, Value(bad), canonical);
  const std::string shown = text_of(type, bad);
  const json in_json = to_json(type, Value(bad));
  std::string out;
  const auto result = convert_value(type, type, Value(bad), out);
  const bool mangled = shown.starts_with("<");
  // A text inside may be none in UTF-8, which is shown as it is.
  RC_ASSERT((result.has_value() ? !mangled : mangled || !utf8::is_storable(shown)));
  if (mangled) {
    RC_ASSERT(canonical == "\xFF" + bad);
    RC_ASSERT(!same_value(as, type, Value(good), type, Value(bad)));
  }
}

// Whatever is printed reads back as the same value.
RC_GTEST_PROP(NestedValueTest, AnyTextInAnyNestingComesBack, ()) {
  const auto texts = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("\\\"{}(),[] aN\tU;L'"))));
  const auto encoded = [](const Type& type, std::string_view text) {
    std::string bytes;
    RC_ASSERT(parse_literal(type, text, bytes).has_value());
    return bytes;
  };
  const Type type = array_of(composite({{"t", array_of(kText)}, {"u", kText}}));
  std::string array = "{";
  for (const std::string& text : texts) {
    std::string quoted = "{\"";
    for (const char c : text) {
      quoted += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
    quoted += "\"}";
    const Type inner = composite({{"t", array_of(kText)}, {"u", kText}});
    std::string fields = "(\"";
    for (const char c : quoted) {
      fields += c == '"' || c == '\\' ? std::string{c, c} : std::string{c};
    }
    fields += "\",)";
    const std::string bytes = encoded(inner, fields);
    RC_ASSERT(encoded(inner, text_of(inner, bytes)) == bytes);
    array += array.size() == 1 ? "\"" : ",\"";
    for (const char c : fields) {
      array += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
    array += '"';
  }
  array += '}';
  const std::string bytes = encoded(type, array);
  RC_ASSERT(encoded(type, text_of(type, bytes)) == bytes);
}

}  // namespace
}  // namespace couplet::test
