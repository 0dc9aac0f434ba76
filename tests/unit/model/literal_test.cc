#include "engine/model/literal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/model/judged.h"
#include "tests/unit/model/typed_text.h"

namespace couplet::test {
namespace {

using ::testing::HasSubstr;

std::string refusal(const Type& type, std::string_view text) {
  std::string bytes = "before";
  const auto parsed = parse_literal(type, text, bytes);
  EXPECT_FALSE(parsed.has_value()) << text;
  EXPECT_EQ(bytes, "before") << text;
  if (parsed) {
    return {};
  }
  EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidArgument);
  return parsed.error().message;
}
std::string round_trip(const Type& type, std::string_view text) {
  return text_of(type, bytes_of(type, text));
}

TEST(LiteralTest, BooleansTakeTheServersWords) {
  const Type type = type_of(TypeKind::kBool);
  for (const char* text : {"true", "T", "yes", "y", "on", "1", " tRuE "}) {
    EXPECT_EQ(round_trip(type, text), "true") << text;
  }
  for (const char* text : {"false", "f", "no", "of", "off", "0"}) {
    EXPECT_EQ(round_trip(type, text), "false") << text;
  }
  for (const char* text : {"", "o", "2", "truex", "null"}) {
    refusal(type, text);
  }
}

TEST(LiteralTest, IntegersStopAtTheirRange) {
  EXPECT_EQ(bytes_of(type_of(TypeKind::kInt16), "-2"), std::string("\xFF\xFE", 2));
  EXPECT_EQ(round_trip(type_of(TypeKind::kInt64), "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(round_trip(type_of(TypeKind::kInt32), " +7 "), "7");
  EXPECT_EQ(refusal(type_of(TypeKind::kInt16), "32768"), "'32768' is out of range for smallint");
  EXPECT_THAT(refusal(type_of(TypeKind::kInt64), "9223372036854775808"), HasSubstr("out of range"));
  for (const char* text : {"", "abc", "1.0", "1e3", "0x10", "+-1", "1 2", "-"}) {
    EXPECT_THAT(refusal(type_of(TypeKind::kInt32), text), HasSubstr("is no integer"));
  }
}

TEST(LiteralTest, TextLongerThanItsColumnIsRefusedInCharactersNotBytes) {
  EXPECT_EQ(round_trip(varchar(3), "äöü"), "äöü");
  EXPECT_THAT(refusal(varchar(3), "äöüa"), HasSubstr("longer than the 3 characters"));
  EXPECT_EQ(round_trip(varchar(3), "abc  "), "abc");
  EXPECT_EQ(round_trip(varchar(5), "abc  "), "abc  ");
  std::string bytes;
  ASSERT_TRUE(parse_literal(blank_padded(5), "ab  ", bytes));
  EXPECT_EQ(bytes, "ab");
  EXPECT_THAT(refusal(type_of(TypeKind::kText), "a\xFF"), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal(type_of(TypeKind::kText), std::string_view("a\0b", 3)), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal(type_of(TypeKind::kText), "\xED\xA0\x80"), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal(type_of(TypeKind::kText), "\xC0\x80"), HasSubstr("UTF-8"));
}

TEST(LiteralTest, FloatsArePrintedShortestAndReadNearest) {
  for (const char* text :
       {"0", "-0", "0.1", "1", "-1.5", "123456789012345", "1e+15", "1.2345678901234566e+17",
        "0.0001", "1e-05", "5e-324", "1.7976931348623157e+308", "Infinity", "-Infinity", "NaN"}) {
    EXPECT_EQ(round_trip(type_of(TypeKind::kFloat64), text), text);
  }
  for (const char* text : {"0.1", "123456", "1e+06", "1.234567e+06", "3.4028235e+38", "1e-45"}) {
    EXPECT_EQ(round_trip(type_of(TypeKind::kFloat32), text), text);
  }
  EXPECT_EQ(round_trip(type_of(TypeKind::kFloat64), "inf"), "Infinity");
  EXPECT_THAT(refusal(type_of(TypeKind::kFloat64), "1e309"), HasSubstr("out of range"));
  EXPECT_THAT(refusal(type_of(TypeKind::kFloat64), "1e-400"), HasSubstr("out of range"));
  EXPECT_THAT(refusal(type_of(TypeKind::kFloat32), "1e39"), HasSubstr("out of range"));
  EXPECT_EQ(round_trip(type_of(TypeKind::kFloat64), "0e-400"), "0");
  EXPECT_THAT(refusal(type_of(TypeKind::kFloat64), "1.5x"), HasSubstr("is no number"));
}

TEST(LiteralTest, DatesReachFromBeforeChristToTheServersEnd) {
  const Type type = type_of(TypeKind::kDate);
  for (const char* text :
       {"2000-01-01", "1999-12-31", "2024-02-29", "1900-02-28", "0001-01-01", "0001-12-31 BC",
        "0044-03-15 BC", "4714-11-24 BC", "5874897-12-31", "infinity", "-infinity"}) {
    EXPECT_EQ(round_trip(type, text), text);
  }
  EXPECT_EQ(bytes_of(type, "2000-01-02"), std::string("\0\0\0\1", 4));
  for (const char* text : {"2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "0000-01-01",
                           "2026-04-31", "4714-11-23 BC", "5874898-01-01"}) {
    EXPECT_THAT(refusal(type, text), HasSubstr("is no date of the calendar")) << text;
  }
  for (const char* text : {"", "tomorrow", "01/02/2026", "2026-01", "2026-01-01x", "26-01-01"}) {
    EXPECT_THAT(refusal(type, text), HasSubstr("is no date in ISO style")) << text;
  }
}

TEST(LiteralTest, TimestampsKeepMicrosecondsAndAreReadInTheirZone) {
  const Type plain = type_of(TypeKind::kTimestamp);
  const Type zoned = type_of(TypeKind::kTimestampTz);
  for (const char* text : {"2026-01-31 08:15:30", "2026-01-31 08:15:30.000001",
                           "1999-12-31 23:59:59.999999", "0044-03-15 12:00:00 BC",
                           "4714-11-24 00:00:00 BC", "294276-12-31 23:59:59.999999", "infinity"}) {
    EXPECT_EQ(round_trip(plain, text), text);
  }
  EXPECT_EQ(round_trip(zoned, "2026-01-31T08:15:30+02:00"), "2026-01-31 06:15:30+00");
  EXPECT_EQ(round_trip(zoned, "2026-01-31 08:15:30.5-0330"), "2026-01-31 11:45:30.5+00");
  EXPECT_EQ(round_trip(zoned, "2026-01-31T08:15Z"), "2026-01-31 08:15:00+00");
  EXPECT_EQ(round_trip(zoned, "0044-03-15 12:00:00+00 BC"), "0044-03-15 12:00:00+00 BC");
  EXPECT_EQ(round_trip(plain, "2026-01-31"), "2026-01-31 00:00:00");
  EXPECT_EQ(round_trip(plain, "2026-01-31 24:00:00"), "2026-02-01 00:00:00");
  EXPECT_EQ(round_trip(plain, "2026-01-31T08:15:30Z"), "2026-01-31 08:15:30");
  EXPECT_EQ(round_trip(with_fraction(TypeKind::kTimestamp, 3), "2026-01-31 08:15:30.0005"),
            "2026-01-31 08:15:30.001");
  EXPECT_EQ(round_trip(with_fraction(TypeKind::kTimestamp, 0), "1999-12-31 23:59:58.5"),
            "1999-12-31 23:59:58");
  EXPECT_THAT(refusal(plain, "2026-01-31 08:15:30+02"), HasSubstr("zone other than UTC"));
  EXPECT_THAT(refusal(plain, "2026-01-31 25:00:00"), HasSubstr("calendar"));
  EXPECT_THAT(refusal(plain, "294277-01-01 00:00:00"), HasSubstr("calendar"));
  EXPECT_THAT(refusal(zoned, "4714-11-24 00:00:00+01 BC"), HasSubstr("calendar"));
  EXPECT_THAT(refusal(plain, "2026-01-31 8"), HasSubstr("ISO style"));
  EXPECT_THAT(refusal(plain, "now"), HasSubstr("ISO style"));
}

TEST(LiteralTest, UuidsBytesEnumsAndJsonAreCheckedAsTheServerWould) {
  EXPECT_EQ(round_trip(type_of(TypeKind::kUuid), "{A0EEBC99-9C0B4EF8-bb6d6bb9-bd380a11}"),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_THAT(refusal(type_of(TypeKind::kUuid), "a0eebc99"), HasSubstr("is no uuid"));
  EXPECT_THAT(refusal(type_of(TypeKind::kUuid), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1100"),
              HasSubstr("is no uuid"));
  EXPECT_EQ(round_trip(type_of(TypeKind::kBytea), "\\x00fF 10"), "\\x00ff10");
  EXPECT_EQ(round_trip(type_of(TypeKind::kBytea), "a\\\\b\\001"), "\\x615c6201");
  EXPECT_THAT(refusal(type_of(TypeKind::kBytea), "\\x0"), HasSubstr("pairs"));
  EXPECT_THAT(refusal(type_of(TypeKind::kBytea), "\\9"), HasSubstr("octal"));
  EXPECT_EQ(round_trip(enumeration({"sad", "ok"}), "ok"), "ok");
  EXPECT_EQ(refusal(enumeration({"sad", "ok"}), "OK"), "'OK' is no label of mood");
  EXPECT_EQ(round_trip(type_of(TypeKind::kJsonb), R"({"a": 1})"), R"({"a": 1})");
  EXPECT_EQ(bytes_of(type_of(TypeKind::kJsonb), "1"),
            "\1"
            "1");
  EXPECT_THAT(refusal(type_of(TypeKind::kJson), "{"), HasSubstr("is no json"));
}

// REFERENCE, section 2: "numbers that a double holds exactly as numbers, other numerics as text".
TEST(LiteralTest, JsonOutputNeverBendsANumber) {
  EXPECT_EQ(json_of(type_of(TypeKind::kInt32), "7").dump(), "7");
  EXPECT_EQ(json_of(type_of(TypeKind::kInt64), "9007199254740992").dump(), "9007199254740992");
  EXPECT_EQ(json_of(type_of(TypeKind::kInt64), "9007199254740993").dump(), "\"9007199254740993\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kInt64), "-9223372036854775808").dump(),
            "-9223372036854775808");
  EXPECT_EQ(json_of(numeric(), "1.50").dump(), "1.5");
  EXPECT_EQ(json_of(numeric(), "42.00").dump(), "42");
  EXPECT_EQ(json_of(numeric(), "0.1").dump(), "\"0.1\"");
  EXPECT_EQ(json_of(numeric(), "1e400").dump(), "\"1" + std::string(400, '0') + "\"");
  EXPECT_EQ(json_of(numeric(), "NaN").dump(), "\"NaN\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kFloat64), "0.1").dump(), "0.1");
  EXPECT_EQ(json_of(type_of(TypeKind::kFloat32), "0.1").dump(), "0.1");
  EXPECT_EQ(json_of(type_of(TypeKind::kFloat64), "-Infinity").dump(), "\"-Infinity\"");
}

TEST(LiteralTest, JsonOutputOfTheOtherTypes) {
  EXPECT_EQ(to_json(type_of(TypeKind::kText), Value::null()).dump(), "null");
  EXPECT_EQ(json_of(type_of(TypeKind::kBool), "t").dump(), "true");
  EXPECT_EQ(json_of(type_of(TypeKind::kText), "Ada").dump(), "\"Ada\"");
  EXPECT_EQ(json_of(blank_padded(5), "ab   ").dump(), "\"ab\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kBytea), "\\x").dump(), "\"\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kBytea), "\\x66").dump(), "\"Zg==\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kBytea), "\\x666f").dump(), "\"Zm8=\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kBytea), "\\x666f6f62").dump(), "\"Zm9vYg==\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kDate), "2026-01-31").dump(), "\"2026-01-31\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kDate), "0044-03-15 BC").dump(), "\"-0043-03-15\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kTimestamp), "2026-01-31 08:15:30.5").dump(),
            "\"2026-01-31T08:15:30.5\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kTimestampTz), "2026-01-31 08:15:30+00").dump(),
            "\"2026-01-31T08:15:30Z\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kTimestampTz), "infinity").dump(), "\"infinity\"");
  EXPECT_EQ(json_of(type_of(TypeKind::kJsonb), R"({"b":[1,null],"a":"x"})").dump(),
            R"({"a":"x","b":[1,null]})");
  // A source in SQL_ASCII may hold any bytes; what is printed must still be JSON.
  EXPECT_EQ(to_json(type_of(TypeKind::kText), Value("a\xFF")).dump(), "\"a\xEF\xBF\xBD\"");
}

TEST(LiteralTest, MomentsArePrintedInUtcWithMicroseconds) {
  EXPECT_EQ(format_timestamp(Timestamp{0}), "2000-01-01T00:00:00.000000Z");
  EXPECT_EQ(format_timestamp(Timestamp{-1}), "1999-12-31T23:59:59.999999Z");
}

TEST(LiteralTest, BytesThatAreNoValueArePrintedAsSuch) {
  EXPECT_EQ(text_of(type_of(TypeKind::kInt32), "abc"), "<integer of unknown form>");
  EXPECT_EQ(text_of(numeric(), "abc"), "<numeric of unknown form>");
}

}  // namespace
}  // namespace couplet::test
