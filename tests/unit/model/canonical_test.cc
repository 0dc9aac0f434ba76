#include "engine/model/canonical.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/wire.h"
#include "tests/unit/model/judged.h"
#include "tests/unit/model/typed_text.h"

namespace couplet::test {
namespace {

TEST(CanonicalTest, NumericsAreComparedWithoutDisplayScale) {
  EXPECT_TRUE(same(numeric(), "1.0", "1.00"));
  EXPECT_TRUE(same(numeric(), "0", "-0.000"));
  EXPECT_TRUE(same(numeric(), "NaN", "NaN"));
  EXPECT_FALSE(same(numeric(), "NaN", "Infinity"));
  EXPECT_FALSE(same(numeric(), "Infinity", "-Infinity"));
  EXPECT_FALSE(same(numeric(), "1", "-1"));
  EXPECT_FALSE(same(numeric(), "1e131071", "1e131070"));
  EXPECT_TRUE(same(numeric(), "1e131071", "10e131070"));
}

TEST(CanonicalTest, IntegersOfAnyWidthAndNumericsAreOneFamily) {
  const Type narrow = type_of(TypeKind::kInt16);
  const Type wide = type_of(TypeKind::kInt64);
  EXPECT_TRUE(same(narrow, "-7", wide, "-7"));
  EXPECT_FALSE(same(narrow, "-7", wide, "7"));
  EXPECT_TRUE(same(wide, "9223372036854775807", numeric(), "9223372036854775807.000"));
  EXPECT_FALSE(same(wide, "9223372036854775807", numeric(), "9223372036854775807.0001"));
  EXPECT_TRUE(same(wide, "-9223372036854775808", numeric(), "-9223372036854775808"));
  EXPECT_FALSE(same(wide, "0", numeric(), "-0.5"));
}

TEST(CanonicalTest, FloatsHaveOneZeroAndOneNaN) {
  const Type type = type_of(TypeKind::kFloat64);
  EXPECT_TRUE(same(type, "0", "-0"));
  std::string other_nan;
  wire::append(other_nan, std::uint64_t{0xFFF8000000000001});
  EXPECT_TRUE(same_bytes(type, bytes_of(type, "NaN"), type, other_nan));
  EXPECT_FALSE(same(type, "Infinity", "-Infinity"));
  EXPECT_FALSE(same(type, "0.1", "0.10000000000000002"));
}

TEST(CanonicalTest, AFloatMeetsADoubleAsAFloat) {
  const Type single = type_of(TypeKind::kFloat32);
  const Type wide = type_of(TypeKind::kFloat64);
  EXPECT_TRUE(same(single, "0.1", wide, "0.1"));
  EXPECT_TRUE(same(single, "16777216", wide, "16777217"));
  EXPECT_FALSE(same(single, "0.1", wide, "0.10001"));
  EXPECT_FALSE(same(single, "Infinity", wide, "1e300"));
  EXPECT_FALSE(same(single, "3.4028235e+38", wide, "1e300"));
  EXPECT_TRUE(same(single, "NaN", wide, "NaN"));
}

TEST(CanonicalTest, NumericsAndIntegersMeetFloatsAsTheNearest) {
  const Type wide = type_of(TypeKind::kFloat64);
  EXPECT_TRUE(same(numeric(), "0.1", wide, "0.1"));
  EXPECT_TRUE(same(numeric(), "0.10", type_of(TypeKind::kFloat32), "0.1"));
  EXPECT_TRUE(same(numeric(), "-Infinity", wide, "-Infinity"));
  EXPECT_TRUE(same(numeric(), "NaN", wide, "NaN"));
  EXPECT_FALSE(same(numeric(), "1e400", wide, "Infinity"));
  EXPECT_FALSE(same(numeric(), "-1e400", wide, "-Infinity"));
  EXPECT_FALSE(same(numeric(), "1e400", wide, "1.7976931348623157e308"));
  EXPECT_TRUE(same(numeric(), "1e-400", wide, "0"));
  EXPECT_TRUE(same(type_of(TypeKind::kInt64), "9007199254740993", wide, "9007199254740992"));
}

TEST(CanonicalTest, TextIsComparedByCodePointsAndCharWithoutItsBlanks) {
  const Type text = type_of(TypeKind::kText);
  EXPECT_FALSE(same(text, "a", "A"));
  EXPECT_FALSE(same(text, "é", "e\xCC\x81"));  // Composed and decomposed.
  EXPECT_FALSE(same(text, "a", "a "));
  EXPECT_TRUE(same(blank_padded(5), "ab   ", blank_padded(8), "ab      "));
  EXPECT_TRUE(same(blank_padded(5), "ab   ", text, "ab"));
  EXPECT_TRUE(same(text, "ab ", blank_padded(5), "ab   "));
  EXPECT_FALSE(same(blank_padded(5), "ab   ", text, " ab"));
  EXPECT_TRUE(same(enumeration({"ok"}), "ok", varchar(9), "ok"));
}

TEST(CanonicalTest, TextMeetsOtherTypesAsTheirText) {
  const Type text = type_of(TypeKind::kText);
  EXPECT_TRUE(same(text, "7", type_of(TypeKind::kInt32), "7"));
  EXPECT_FALSE(same(text, "07", type_of(TypeKind::kInt32), "7"));
  EXPECT_TRUE(same(text, "true", type_of(TypeKind::kBool), "t"));
  EXPECT_TRUE(same(text, "1.50", numeric(), "1.50"));
  EXPECT_TRUE(same(blank_padded(3), "7  ", type_of(TypeKind::kInt32), "7"));
}

TEST(CanonicalTest, DatesAndTimestampsMeetAtTheCoarserPrecision) {
  const Type date = type_of(TypeKind::kDate);
  const Type plain = type_of(TypeKind::kTimestamp);
  const Type zoned = type_of(TypeKind::kTimestampTz);
  EXPECT_TRUE(same(plain, "2026-01-31 08:15:30.5", zoned, "2026-01-31 09:15:30.5+01"));
  EXPECT_TRUE(same(date, "2026-01-31", plain, "2026-01-31 23:59:59.999999"));
  EXPECT_TRUE(same(date, "0044-03-15 BC", plain, "0044-03-15 12:00:00 BC"));
  EXPECT_TRUE(same(date, "1999-12-31", zoned, "1999-12-31 00:00:00+00"));
  EXPECT_TRUE(same(date, "infinity", plain, "infinity"));
  EXPECT_TRUE(same(date, "-infinity", zoned, "-infinity"));
  EXPECT_FALSE(same(date, "5874897-12-31", plain, "infinity"));
  EXPECT_FALSE(same(plain, "294276-12-31 23:59:59.999999", "infinity"));
  const Type millis = with_fraction(TypeKind::kTimestamp, 3);
  EXPECT_TRUE(same(millis, "2026-01-31 08:15:30.001", plain, "2026-01-31 08:15:30.0005"));
  EXPECT_FALSE(same(millis, "2026-01-31 08:15:30.001", plain, "2026-01-31 08:15:30.000499"));
  EXPECT_TRUE(same(millis, "infinity", plain, "infinity"));
}

TEST(CanonicalTest, JsonIsComparedByStructure) {
  const Type json = type_of(TypeKind::kJson);
  const Type jsonb = type_of(TypeKind::kJsonb);
  EXPECT_TRUE(same(json, R"({"b":1.0,"a":[2]})", jsonb, R"({"a": [2.00], "b": 1})"));
  EXPECT_FALSE(same(jsonb, R"({"a": [1, 2]})", R"({"a": [2, 1]})"));
  EXPECT_FALSE(same(jsonb, R"({"a": null})", "{}"));
}

TEST(CanonicalTest, UuidsAndBytesAreTheirBytes) {
  const Type uuid = type_of(TypeKind::kUuid);
  EXPECT_TRUE(
      same(uuid, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc999c0b4ef8bb6d6bb9bd380a11"));
  EXPECT_FALSE(same(type_of(TypeKind::kBytea), "\\x00", "\\x"));
}

TEST(CanonicalTest, NullHasOneDigestWhateverTheTypeAndEqualsNullAlone) {
  const Digester digester(secret_of(1));
  const Type text = type_of(TypeKind::kText);
  const Comparison as_text{ComparisonKind::kText, 6};
  EXPECT_EQ(digester.of(as_text, text, Value::null()), digester.of_null());
  EXPECT_EQ(digester.of({ComparisonKind::kNumber, 6}, numeric(), Value::null()),
            digester.of_null());
  EXPECT_NE(digester.of(as_text, text, Value("")), digester.of_null());
  EXPECT_TRUE(same_value(as_text, text, Value::null(), text, Value::null()));
  EXPECT_FALSE(same_value(as_text, text, Value::null(), text, Value("")));
}

TEST(CanonicalTest, DigestsDependOnTheSecret) {
  const Comparison as_text{ComparisonKind::kText, 6};
  const Type text = type_of(TypeKind::kText);
  for (const std::string& value : {std::string("Ada"), std::string(1000, 'x'), std::string()}) {
    EXPECT_NE(Digester(secret_of(1)).of(as_text, text, Value(value)),
              Digester(secret_of(2)).of(as_text, text, Value(value)));
    EXPECT_EQ(Digester(secret_of(1)).of(as_text, text, Value(value)),
              Digester(secret_of(1)).of_bytes(value));
  }
  EXPECT_NE(Digester(secret_of(1)).of_null(), Digester(secret_of(2)).of_null());
}

// Bytes of the state or a test source may be wrong; they must not read beyond themselves.
TEST(CanonicalTest, BytesThatAreNoValueEqualOnlyThemselves) {
  const Type type = type_of(TypeKind::kInt32);
  EXPECT_TRUE(same_bytes(type, "abc", type, "abc"));
  EXPECT_FALSE(same_bytes(type, "abc", type, "abd"));
  EXPECT_FALSE(same_bytes(type, "abc", type, bytes_of(type, "1")));
  EXPECT_FALSE(same_bytes(numeric(), "", numeric(), bytes_of(numeric(), "0")));
}

TEST(CanonicalDeathTest, AnAbsentValueIsNoValue) {
  const Type text = type_of(TypeKind::kText);
  const Comparison as_text{ComparisonKind::kText, 6};
  const Digester digester(secret_of(1));
  EXPECT_DEATH(static_cast<void>(digester.of(as_text, text, Value::absent())), "absent");
  EXPECT_DEATH(same_value(as_text, text, Value::absent(), text, Value::null()), "absent");
}

// Under the address sanitizer this finds what reads beyond a cell.
RC_GTEST_PROP(CanonicalProperty, AnyBytesOfAnyTypeAreReadWithinThemselves, ()) {
  const Type type =
      type_of(static_cast<TypeKind>(*rc::gen::inRange(0, static_cast<int>(TypeKind::kEnum) + 1)));
  std::string bytes = *rc::gen::arbitrary<std::string>();
  if (*rc::gen::inRange(0, 2) == 0) {  // Something like a numeric.
    std::string header;
    wire::append(header, static_cast<std::int16_t>(bytes.size() / 2));
    wire::append(header, *rc::gen::arbitrary<std::int16_t>());
    wire::append(header, *rc::gen::element<std::uint16_t>(0, 0x4000, 0xC000, 0xD000, 0xF000));
    wire::append(header, *rc::gen::inRange<std::uint16_t>(0, 40));
    for (char& digit : bytes) {
      digit = static_cast<char>(digit & 0x1F);
    }
    bytes = header + bytes;
  }
  const std::vector<char> exact(bytes.begin(), bytes.end());
  const Value value(exact.data(), static_cast<std::int32_t>(exact.size()));
  RC_ASSERT(same_value(*comparison_between(type, type), type, value, type, Value(bytes)));
  RC_ASSERT(!to_json(type, value).dump().empty());
  for (int kind = 0; kind <= static_cast<int>(TypeKind::kEnum); ++kind) {
    const Type other = type_of(static_cast<TypeKind>(kind));
    std::string out;
    const auto converted = convert_value(type, other, value, out);
    RC_ASSERT(converted.has_value() || out.empty());
    if (const auto comparison = comparison_between(type, other)) {
      append_canonical(*comparison, type, value, out);
    }
  }
}

RC_GTEST_PROP(CanonicalProperty, FloatsSortByValue, (double a, double b)) {
  const Type type = type_of(TypeKind::kFloat64);
  const auto canonical = [&](double value) {
    std::string bytes;
    wire::append_double(bytes, value);
    std::string out;
    append_canonical({ComparisonKind::kFloat, 6}, type, Value(bytes), out);
    return out;
  };
  RC_PRE(!std::isnan(a) && !std::isnan(b));
  RC_ASSERT((a < b) == (canonical(a) < canonical(b)));
  RC_ASSERT((a == b) == (canonical(a) == canonical(b)));
}

RC_GTEST_PROP(CanonicalProperty, TimestampsSortByValueAtAnyPrecision,
              (std::int64_t a, std::int64_t b)) {
  const Type type = type_of(TypeKind::kTimestamp);
  const int digits = *rc::gen::inRange(0, 7);
  const auto canonical = [&](std::int64_t value) {
    std::string bytes;
    wire::append(bytes, value);
    std::string out;
    append_canonical({ComparisonKind::kTimestamp, digits}, type, Value(bytes), out);
    return out;
  };
  RC_ASSERT(a > b || canonical(a) <= canonical(b));
}

}  // namespace
}  // namespace couplet::test
