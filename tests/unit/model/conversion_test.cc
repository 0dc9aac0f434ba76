#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/canonical.h"
#include "tests/unit/model/judged.h"
#include "tests/unit/model/typed_text.h"

namespace couplet::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Type kBool = type_of(TypeKind::kBool);
const Type kInt2 = type_of(TypeKind::kInt16);
const Type kFloat4 = type_of(TypeKind::kFloat32);
const Type kFloat8 = type_of(TypeKind::kFloat64);
const Type kDate = type_of(TypeKind::kDate);
const Type kPlainTime = type_of(TypeKind::kTimestamp);
const Type kZonedTime = type_of(TypeKind::kTimestampTz);
const Type kUuid = type_of(TypeKind::kUuid);
const Type kJson = type_of(TypeKind::kJson);
const Type kJsonb = type_of(TypeKind::kJsonb);
const Type kBytea = type_of(TypeKind::kBytea);

TEST(ConversionTest, WithinNumbersSaysWhatIsLost) {
  EXPECT_EQ(loss(kInt2, kInt8), Loss::kNone);
  EXPECT_EQ(loss(kInt8, kInt4), Loss::kRejected);
  EXPECT_EQ(loss(numeric(10, 4), numeric(10, 2)), Loss::kSilent);
  EXPECT_EQ(conversion_between(numeric(10, 4), numeric(10, 2)).reason,
            "loses digits after the point: numeric(10,4) into numeric(10,2)");
  EXPECT_EQ(loss(numeric(10, 2), numeric(10, 4)), Loss::kRejected);
  EXPECT_EQ(loss(numeric(10, 2), numeric(12, 4)), Loss::kNone);
  EXPECT_EQ(loss(numeric(10, 2), numeric()), Loss::kNone);
  EXPECT_EQ(loss(numeric(), numeric(10, 2)), Loss::kSilent);
  EXPECT_EQ(loss(numeric(), kInt8), Loss::kSilent);
  EXPECT_EQ(loss(numeric(5, 1), kInt8), Loss::kSilent);
  EXPECT_EQ(loss(numeric(9, 0), kInt4), Loss::kNone);
  EXPECT_EQ(loss(numeric(10, 0), kInt4), Loss::kRejected);
  EXPECT_EQ(loss(kInt4, numeric(10, 0)), Loss::kNone);
  EXPECT_EQ(loss(kInt4, numeric(10, 2)), Loss::kRejected);
  EXPECT_EQ(loss(kInt4, numeric(12, -2)), Loss::kSilent);
  EXPECT_EQ(loss(kInt8, numeric()), Loss::kNone);
}

TEST(ConversionTest, WithFloatsSaysWhatIsLost) {
  EXPECT_EQ(loss(kFloat4, kFloat8), Loss::kNone);
  EXPECT_EQ(loss(kFloat8, kFloat4), Loss::kSilent);
  EXPECT_EQ(loss(kInt4, kFloat8), Loss::kNone);
  EXPECT_EQ(loss(kInt8, kFloat8), Loss::kSilent);
  EXPECT_EQ(loss(kInt2, kFloat4), Loss::kNone);
  EXPECT_EQ(loss(kInt4, kFloat4), Loss::kSilent);
  EXPECT_EQ(loss(kFloat8, kInt8), Loss::kSilent);
  EXPECT_EQ(loss(kFloat8, numeric()), Loss::kNone);
  EXPECT_EQ(loss(kFloat8, numeric(10, 2)), Loss::kSilent);
  EXPECT_EQ(loss(numeric(), kFloat8), Loss::kSilent);
  EXPECT_EQ(loss(numeric(15, 2), kFloat8), Loss::kNone);
  EXPECT_EQ(loss(numeric(16, 2), kFloat8), Loss::kSilent);
}

TEST(ConversionTest, WithinTextsSaysWhatIsLost) {
  EXPECT_EQ(loss(kText, varchar(5)), Loss::kRejected);
  EXPECT_EQ(loss(varchar(5), varchar(5)), Loss::kNone);
  EXPECT_EQ(loss(varchar(6), varchar(5)), Loss::kRejected);
  EXPECT_EQ(loss(varchar(5), kText), Loss::kNone);
  EXPECT_EQ(loss(kText, blank_padded(5)), Loss::kSilent);
  EXPECT_EQ(loss(blank_padded(5), kText), Loss::kNone);
  EXPECT_EQ(loss(blank_padded(5), varchar(5)), Loss::kNone);
  EXPECT_EQ(loss(blank_padded(5), blank_padded(8)), Loss::kNone);
  EXPECT_EQ(loss(blank_padded(8), blank_padded(5)), Loss::kRejected);
  EXPECT_EQ(loss(enumeration({"a", "b"}), enumeration({"b", "c", "a"})), Loss::kNone);
  EXPECT_EQ(loss(enumeration({"a", "b"}), enumeration({"a"})), Loss::kRejected);
  EXPECT_EQ(loss(enumeration({"a"}), kText), Loss::kNone);
  EXPECT_EQ(loss(enumeration({"abc"}), varchar(2)), Loss::kRejected);
  EXPECT_EQ(loss(enumeration({"abc "}), blank_padded(9)), Loss::kSilent);
  EXPECT_EQ(loss(kText, enumeration({"a"})), Loss::kRejected);
}

TEST(ConversionTest, TextAndTheOtherTypes) {
  for (const Type& other : {kBool, kInt4, numeric(), kFloat8, kDate, kZonedTime, kUuid, kJsonb}) {
    EXPECT_EQ(loss(other, kText), Loss::kNone) << other.name;
    EXPECT_EQ(loss(kText, other), Loss::kSilent) << other.name;
  }
  EXPECT_EQ(loss(kText, kJson), Loss::kRejected);  // Kept as written.
  EXPECT_EQ(loss(kInt4, varchar(11)), Loss::kNone);
  EXPECT_EQ(loss(kInt4, varchar(10)), Loss::kRejected);
  EXPECT_EQ(loss(kUuid, varchar(36)), Loss::kNone);
}

TEST(ConversionTest, TimesSayWhatIsLost) {
  EXPECT_EQ(loss(kPlainTime, with_fraction(TypeKind::kTimestamp, 3)), Loss::kSilent);
  EXPECT_EQ(loss(with_fraction(TypeKind::kTimestampTz, 3), kPlainTime), Loss::kNone);
  EXPECT_EQ(loss(kPlainTime, kZonedTime), Loss::kNone);
  EXPECT_EQ(loss(kDate, kPlainTime), Loss::kNone);
  EXPECT_EQ(loss(kZonedTime, kDate), Loss::kSilent);
}

TEST(ConversionTest, WhatHasNothingInCommonDoesNotConvert) {
  const std::vector<Type> families = {kBool, kInt4, kDate, kUuid, kJson, kBytea};
  for (const Type& from : families) {
    for (const Type& to : families) {
      EXPECT_EQ(loss(from, to).has_value(), from == to) << from.name << " into " << to.name;
      EXPECT_EQ(comparison_between(from, to).has_value(), from == to);
    }
  }
  EXPECT_EQ(loss(kBytea, kText), std::nullopt);
  EXPECT_EQ(loss(kText, kBytea), std::nullopt);
  EXPECT_EQ(loss(enumeration({"1"}), kInt4), std::nullopt);
  EXPECT_EQ(loss(kInt4, enumeration({"1"})), std::nullopt);
  EXPECT_EQ(loss(kJson, kJsonb), Loss::kNone);
  EXPECT_THAT(conversion_between(kBool, kInt4).reason, HasSubstr("boolean into integer"));
}

TEST(ConversionTest, TheCoarserTypeDecidesTheComparison) {
  const auto kind = [](const Type& left, const Type& right) {
    EXPECT_EQ(comparison_between(left, right), comparison_between(right, left));
    return comparison_between(left, right)->kind;
  };
  EXPECT_EQ(kind(kInt2, numeric(5, 2)), ComparisonKind::kNumber);
  EXPECT_EQ(kind(kInt8, kFloat8), ComparisonKind::kFloat);
  EXPECT_EQ(kind(kFloat4, kFloat8), ComparisonKind::kFloat32);
  EXPECT_EQ(kind(kText, kInt4), ComparisonKind::kText);
  EXPECT_EQ(kind(kText, kUuid), ComparisonKind::kText);
  EXPECT_EQ(kind(blank_padded(3), kText), ComparisonKind::kTrimmed);
  EXPECT_EQ(kind(blank_padded(3), kInt4), ComparisonKind::kTrimmed);
  EXPECT_EQ(kind(kDate, kZonedTime), ComparisonKind::kDate);
  EXPECT_EQ(kind(kPlainTime, kZonedTime), ComparisonKind::kTimestamp);
  EXPECT_EQ(comparison_between(with_fraction(TypeKind::kTimestamp, 3), kZonedTime)->fraction_digits,
            3);
  EXPECT_EQ(kind(kJson, kJsonb), ComparisonKind::kJson);
  EXPECT_EQ(kind(kUuid, kUuid), ComparisonKind::kUuid);
  EXPECT_EQ(kind(kBytea, kBytea), ComparisonKind::kBytes);
  EXPECT_EQ(kind(kBool, kBool), ComparisonKind::kBool);
}

// SQLite takes any value in any column, and any bytes as text.
TEST(ConvertValueTest, WhatIsNoValueOfItsTypeIsRefused) {
  const auto refused = [](const Type& from, std::string_view bytes, const Type& to) {
    std::string out;
    const auto done = convert_value(from, to, Value(bytes), out);
    return done ? std::string("taken") : done.error().message;
  };
  EXPECT_FALSE(is_value_of(kInt8, Value("seven")));
  EXPECT_TRUE(is_value_of(kInt8, Value("eight ch")));
  EXPECT_TRUE(is_value_of(kInt8, Value::null()));
  EXPECT_EQ(refused(kInt8, "seven", kInt8),
            "a value of bigint cannot be written as bigint: its bytes are no value of its type");
  for (const std::string_view text : {std::string_view("a\xFFz"), std::string_view("a\0z", 3)}) {
    EXPECT_THAT(refused(kText, text, kText), HasSubstr("it is no text in UTF-8"));
    EXPECT_THAT(refused(kText, text, kInt4), HasSubstr("it is no text in UTF-8"));
    EXPECT_THAT(refused(kJson, text, kJsonb), HasSubstr("it is no text in UTF-8"));
  }
  EXPECT_EQ(refused(kText, "\xC3\xA9", kText), "taken");
  EXPECT_EQ(refused(kBytea, "a\xFFz", kBytea), "taken");
}

TEST(ConvertValueTest, NumbersFitOrAreRefused) {
  EXPECT_EQ(converted(kInt2, "-7", kInt8), "-7");
  EXPECT_EQ(converted(kInt8, "70000", kInt2),
            "<a value of bigint cannot be written as smallint: it is out of range>");
  EXPECT_EQ(converted(kInt8, "-9223372036854775808", numeric()), "-9223372036854775808");
  EXPECT_EQ(converted(kInt4, "10000", numeric(10, 2)), "10000");  // The server adds the scale.
  EXPECT_EQ(converted(numeric(), "2.5", kInt4), "3");
  EXPECT_EQ(converted(numeric(), "-2.5", kInt4), "-3");
  EXPECT_THAT(converted(numeric(), "2147483647.5", kInt4), HasSubstr("out of range"));
  EXPECT_THAT(converted(numeric(), "NaN", kInt4), HasSubstr("out of range"));
  EXPECT_EQ(converted(numeric(), "1.2345", numeric(5, 2)), "1.2345");  // Left to the server.
}

TEST(ConvertValueTest, FloatsRoundAsTheServersCasts) {
  EXPECT_EQ(converted(kFloat8, "2.5", kInt4), "2");
  EXPECT_EQ(converted(kFloat8, "3.5", kInt4), "4");
  EXPECT_EQ(converted(kFloat8, "-2.5", kInt4), "-2");
  EXPECT_THAT(converted(kFloat8, "9223372036854775808", kInt8), HasSubstr("out of range"));
  EXPECT_EQ(converted(kFloat8, "-9223372036854775808", kInt8), "-9223372036854775808");
  EXPECT_THAT(converted(kFloat8, "NaN", kInt8), HasSubstr("out of range"));
  EXPECT_EQ(converted(kFloat8, "0.1", numeric()), "0.1");
  EXPECT_EQ(converted(kFloat8, "0.30000000000000004", numeric()), "0.30000000000000004");
  EXPECT_EQ(converted(kFloat4, "0.1", numeric()), "0.1");
  EXPECT_EQ(converted(kFloat8, "Infinity", numeric()), "Infinity");
  EXPECT_THAT(converted(kFloat8, "Infinity", numeric(5, 2)), HasSubstr("out of range"));
  EXPECT_EQ(converted(kFloat8, "0.1", kFloat4), "0.1");
  EXPECT_THAT(converted(kFloat8, "1e300", kFloat4), HasSubstr("out of range"));
  EXPECT_THAT(converted(kFloat8, "1e-300", kFloat4), HasSubstr("out of range"));
  EXPECT_EQ(converted(kFloat8, "-Infinity", kFloat4), "-Infinity");
  EXPECT_EQ(converted(kInt8, "9007199254740993", kFloat8), "9.007199254740992e+15");
  EXPECT_EQ(converted(numeric(), "0.1", kFloat8), "0.1");
  EXPECT_THAT(converted(numeric(), "1e400", kFloat8), HasSubstr("out of range"));
}

TEST(ConvertValueTest, TimesAreReadAsUtc) {
  EXPECT_EQ(converted(kDate, "2026-01-31", kZonedTime), "2026-01-31 00:00:00+00");
  EXPECT_EQ(converted(kDate, "-infinity", kPlainTime), "-infinity");
  EXPECT_THAT(converted(kDate, "5874897-12-31", kPlainTime), HasSubstr("out of range"));
  EXPECT_EQ(converted(kPlainTime, "1999-12-31 23:59:59", kDate), "1999-12-31");
  EXPECT_EQ(converted(kPlainTime, "infinity", kDate), "infinity");
  EXPECT_EQ(converted(kPlainTime, "2026-01-31 08:15:30", kZonedTime), "2026-01-31 08:15:30+00");
}

TEST(ConvertValueTest, TextsAreWrittenWithoutBlanksWhereCharIsConcerned) {
  EXPECT_EQ(converted(blank_padded(5), "ab   ", kText), "ab");
  std::string out;
  ASSERT_TRUE(convert_value(kText, blank_padded(5), Value("ab  "), out));
  EXPECT_EQ(out, "ab");
  out.clear();
  ASSERT_TRUE(convert_value(blank_padded(5), blank_padded(5), Value("ab   "), out));
  EXPECT_EQ(out, "ab");
  EXPECT_EQ(converted(kText, "longer than that", varchar(3)), "longer than that");
}

TEST(ConvertValueTest, TextIsReadAsALiteralAndNeverQuoted) {
  EXPECT_EQ(converted(kText, " 42 ", kInt4), "42");
  EXPECT_EQ(converted(kText, "yes", kBool), "true");
  EXPECT_EQ(converted(kText, "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", kUuid),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_EQ(converted(kText, "[1]", kJsonb), "[1]");
  EXPECT_EQ(converted(blank_padded(5), "7    ", kInt4), "7");
  EXPECT_THAT(converted(kText, "hunter2", kInt4), Not(HasSubstr("hunter2")));
  EXPECT_THAT(converted(kText, "hunter2", enumeration({"a"})), Not(HasSubstr("hunter2")));
  EXPECT_EQ(converted(kText, "a", enumeration({"a"})), "a");
  EXPECT_EQ(converted(enumeration({"a"}), "a", enumeration({"b", "a"})), "a");
  EXPECT_THAT(converted(enumeration({"a"}), "a", enumeration({"b"})), HasSubstr("no such label"));
  EXPECT_EQ(converted(kBool, "t", kText), "true");
  EXPECT_EQ(converted(kJsonb, "[1]", kJson), "[1]");
}

TEST(ConvertValueTest, WhatDoesNotConvertIsRefused) {
  EXPECT_THAT(converted(kBool, "t", kInt4), HasSubstr("do not convert"));
  EXPECT_THAT(converted(kText, "\\x00", kBytea), HasSubstr("do not convert"));
  EXPECT_THAT(converted(kBytea, "\\x00", kText), HasSubstr("do not convert"));
  EXPECT_THAT(converted(enumeration({"1"}), "1", kInt4), HasSubstr("do not convert"));
  EXPECT_THAT(converted(kInt4, "1", enumeration({"1"})), HasSubstr("do not convert"));
  std::string out;
  const auto malformed = convert_value(kInt4, kInt8, Value("abc"), out);
  ASSERT_FALSE(malformed);
  EXPECT_EQ(malformed.error().kind, ErrorKind::kRowFault);
}

// What conversion_between calls exact comes back as it was, and equals what it was made from.
RC_GTEST_PROP(ConvertValueProperty, AnExactConversionIsEqualOnBothSides, (std::int32_t value)) {
  static const std::vector<Type> kTargets = {kInt8, numeric(),   numeric(12, 2),  kFloat8,
                                             kText, varchar(11), blank_padded(11)};
  std::string bytes;
  RC_ASSERT(parse_literal(kInt4, std::to_string(value), bytes).has_value());
  for (const Type& target : kTargets) {
    RC_ASSERT(loss(kInt4, target) == Loss::kNone);
    std::string there;
    RC_ASSERT(convert_value(kInt4, target, Value(bytes), there).has_value());
    RC_ASSERT(
        same_value(*comparison_between(kInt4, target), kInt4, Value(bytes), target, Value(there)));
    std::string back;
    RC_ASSERT(convert_value(target, kInt4, Value(there), back).has_value());
    RC_ASSERT(back == bytes);
  }
}

}  // namespace
}  // namespace couplet::test
