#include "engine/model/numeric.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couplet {
namespace {

std::string parsed(std::string_view text, std::int32_t precision = -1, std::int32_t scale = -1) {
  std::string wire;
  EXPECT_EQ(append_numeric_of_text(text, precision, scale, wire), NumericParse::kDone) << text;
  return wire;
}
NumericView view_of(const std::string& wire) {
  const auto view = NumericView::read(wire);
  EXPECT_TRUE(view.has_value());
  return *view;
}
std::string printed(const std::string& wire) {
  std::string text;
  append_text_of_numeric(view_of(wire), text);
  return text;
}
std::string key(const std::string& wire) {
  std::string out;
  append_numeric_key(view_of(wire), out);
  return out;
}
std::string canonical(const std::string& wire) {
  std::string out;
  append_number_canonical(view_of(wire), out);
  return out;
}
NumericParse outcome(std::string_view text, std::int32_t precision = -1, std::int32_t scale = -1) {
  std::string wire;
  return append_numeric_of_text(text, precision, scale, wire);
}

TEST(NumericTest, TextComesBackWithItsDisplayScale) {
  for (const char* text :
       {"0", "0.00", "1", "-1", "1.50", "10000", "9999", "12345678901234567890.0987654321",
        "0.0001", "0.00001", "-0.00000000000000000001", "100000000", "NaN", "Infinity", "-Infinity",
        "10000.0001", "0.10", "1.0000"}) {
    EXPECT_EQ(printed(parsed(text)), text);
  }
}

TEST(NumericTest, ExponentsSignsAndSpacesAreReadAsTheServerReadsThem) {
  EXPECT_EQ(printed(parsed(" +1e3 ")), "1000");
  EXPECT_EQ(printed(parsed("1.50e1")), "15.0");
  EXPECT_EQ(printed(parsed("1e-3")), "0.001");
  EXPECT_EQ(printed(parsed(".5")), "0.5");
  EXPECT_EQ(printed(parsed("5.")), "5");
  EXPECT_EQ(printed(parsed("-0.0")), "0.0");
  EXPECT_EQ(printed(parsed("-inf")), "-Infinity");
  EXPECT_EQ(printed(parsed("000123.400")), "123.400");
  for (const char* text : {"", " ", "-", ".", "1e", "e5", "1.2.3", "1 2", "--1", "+-1", "1e+-5",
                           "abc", "-NaN", "0x10", "1_000"}) {
    EXPECT_EQ(outcome(text), NumericParse::kNoNumber) << text;
  }
}

TEST(NumericTest, TheLargestAndTheFinestThatTheServerHoldsAreHeld) {
  EXPECT_EQ(printed(parsed("1e131071")), "1" + std::string(131071, '0'));
  EXPECT_EQ(outcome("1e131072"), NumericParse::kTooLarge);
  EXPECT_EQ(printed(parsed("1e-16383")), "0." + std::string(16382, '0') + "1");
  EXPECT_EQ(outcome("1e-16384"), NumericParse::kTooLarge);
  EXPECT_EQ(outcome("1e999999999999"), NumericParse::kTooLarge);
  EXPECT_EQ(outcome("1e-999999999999"), NumericParse::kTooLarge);
  EXPECT_LT(canonical(parsed("9e131070")), canonical(parsed("1e131071")));
  EXPECT_NE(canonical(parsed("1e131071")), canonical(parsed("1" + std::string(131070, '0') + "1")));
}

TEST(NumericTest, PrecisionAndScaleRoundHalfAwayFromZeroAndRefuseTheRest) {
  EXPECT_EQ(printed(parsed("1.005", 10, 2)), "1.01");
  EXPECT_EQ(printed(parsed("-1.005", 10, 2)), "-1.01");
  EXPECT_EQ(printed(parsed("1.0049", 10, 2)), "1.00");
  EXPECT_EQ(printed(parsed("9.999", 10, 2)), "10.00");
  EXPECT_EQ(printed(parsed("0.005", 3, 2)), "0.01");
  EXPECT_EQ(printed(parsed("0.004", 3, 2)), "0.00");
  EXPECT_EQ(printed(parsed("1250", 3, -2)), "1300");
  EXPECT_EQ(printed(parsed("49", 3, -2)), "0");
  EXPECT_EQ(printed(parsed("50", 3, -2)), "100");
  EXPECT_EQ(printed(parsed("0.0000001234", 3, 9)), "0.000000123");
  EXPECT_EQ(outcome("9.995", 3, 2), NumericParse::kTooLarge);
  EXPECT_EQ(outcome("infinity", 3, 2), NumericParse::kTooLarge);
  EXPECT_EQ(printed(parsed("NaN", 3, 2)), "NaN");
}

TEST(NumericTest, BytesThatAreNoNumericAreRefused) {
  const std::string good = parsed("12345.678");
  EXPECT_TRUE(NumericView::read(good));
  EXPECT_FALSE(NumericView::read(""));
  EXPECT_FALSE(NumericView::read(good.substr(0, good.size() - 1)));
  EXPECT_FALSE(NumericView::read(good + "x"));
  std::string digit_too_large = good;
  digit_too_large[8] = '\x7F';
  EXPECT_FALSE(NumericView::read(digit_too_large));
  std::string unknown_sign = good;
  unknown_sign[4] = '\x12';
  EXPECT_FALSE(NumericView::read(unknown_sign));
}

TEST(NumericTest, ZeroDigitsAtEitherEndDoNotMatter) {
  // 0 1 0, weight 1: what a careless client may send for 1.
  const std::string padded("\0\3\0\1\0\0\0\0\0\0\0\1\0\0", 14);
  EXPECT_EQ(canonical(padded), canonical(parsed("1")));
  EXPECT_EQ(key(padded), key(parsed("1")));
  EXPECT_EQ(printed(padded), "1");
}

TEST(NumericTest, RoundingToAnIntegerStopsAtTheEndsOf64Bits) {
  const auto rounded = [](std::string_view text) { return rounded_to_int(view_of(parsed(text))); };
  EXPECT_EQ(rounded("0.5"), 1);
  EXPECT_EQ(rounded("-0.5"), -1);
  EXPECT_EQ(rounded("0.4999999999"), 0);
  EXPECT_EQ(rounded("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(rounded("9223372036854775807.4"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(rounded("9223372036854775807.5"), std::nullopt);
  EXPECT_EQ(rounded("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(rounded("-9223372036854775808.5"), std::nullopt);
  EXPECT_EQ(rounded("1e30"), std::nullopt);
  EXPECT_EQ(rounded("NaN"), std::nullopt);
  EXPECT_EQ(rounded("-inf"), std::nullopt);
}

TEST(NumericTest, KeysAndCanonicalBytesSortByValueFromInfinityToNaN) {
  const std::vector<std::string> ascending = {"-Infinity",
                                              "-1e131071",
                                              "-9223372036854775809",
                                              "-9223372036854775808.5",
                                              "-9223372036854775808",
                                              "-10000.0001",
                                              "-10000",
                                              "-9999.9999",
                                              "-1.5",
                                              "-1.00009",
                                              "-1.00001",
                                              "-1",
                                              "-0.5",
                                              "-0.00000001",
                                              "0",
                                              "1e-16383",
                                              "0.00000001",
                                              "0.5",
                                              "1",
                                              "1.00000000001",
                                              "1.5",
                                              "9999.9999",
                                              "10000",
                                              "9223372036854775807",
                                              "9223372036854775807.5",
                                              "9223372036854775808",
                                              "1e131071",
                                              "Infinity",
                                              "NaN"};
  for (std::size_t i = 1; i < ascending.size(); ++i) {
    EXPECT_LT(key(parsed(ascending[i - 1])), key(parsed(ascending[i]))) << ascending[i];
    EXPECT_LT(canonical(parsed(ascending[i - 1])), canonical(parsed(ascending[i]))) << ascending[i];
  }
}

// A decimal as an integer times a power of ten, so that values can be compared independently of
// the code under test.
struct Scaled {
  std::int64_t units = 0;  // Of 10^-scale.
  int scale = 0;
};
std::string text_of(const Scaled& number) {
  return std::to_string(number.units) + "e-" + std::to_string(number.scale);
}
__extension__ using Wide = __int128;
Wide at_scale_six(const Scaled& number) {
  Wide value = number.units;
  for (int i = number.scale; i < 6; ++i) {
    value *= 10;
  }
  return value;
}
Scaled any_scaled() {
  const auto units = *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(-200000, 200000),
                                     rc::gen::arbitrary<std::int64_t>());
  return {units, *rc::gen::inRange(0, 7)};
}

RC_GTEST_PROP(NumericProperty, OrderOfBytesIsOrderOfValues, ()) {
  const Scaled a = any_scaled();
  const Scaled b = any_scaled();
  const std::string wire_a = parsed(text_of(a));
  const std::string wire_b = parsed(text_of(b));
  RC_ASSERT((at_scale_six(a) < at_scale_six(b)) == (key(wire_a) < key(wire_b)));
  RC_ASSERT((at_scale_six(a) == at_scale_six(b)) == (key(wire_a) == key(wire_b)));
  RC_ASSERT((at_scale_six(a) < at_scale_six(b)) == (canonical(wire_a) < canonical(wire_b)));
  RC_ASSERT((at_scale_six(a) == at_scale_six(b)) == (canonical(wire_a) == canonical(wire_b)));
}

RC_GTEST_PROP(NumericProperty, AnIntegerIsTheSameFromItsTextAndAsAnInteger, (std::int64_t value)) {
  std::string of_int;
  append_numeric_of_int(value, of_int);
  RC_ASSERT(of_int == parsed(std::to_string(value)));
  RC_ASSERT(rounded_to_int(view_of(of_int)) == value);
  char integer[kIntegerCanonicalBytes];
  write_integer_canonical(value, integer);
  RC_ASSERT(canonical(of_int) == std::string(integer, sizeof integer));
}

RC_GTEST_PROP(NumericProperty, TextAndKeyGiveTheValueBack, ()) {
  const Scaled number = any_scaled();
  const std::string wire = parsed(text_of(number));
  RC_ASSERT(parsed(printed(wire)) == wire);
  const std::string bytes = key(wire) + "rest";
  std::string_view rest = bytes;
  std::string decoded;
  RC_ASSERT(take_numeric_key(rest, decoded));
  RC_ASSERT(rest == "rest");
  RC_ASSERT(canonical(decoded) == canonical(wire));
  RC_ASSERT(canonical(parsed(scientific_text_of(view_of(wire)))) == canonical(wire));
}

RC_GTEST_PROP(NumericProperty, KeysThatAreNoneAreRefusedWithoutATrace, ()) {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::element<char>(
      '\x20', '\x40', '\x30', '\0', '\x01', '\x7F', '\x80', '\xFF', '\x27', '\x10'));
  std::string_view rest = bytes;
  std::string out = "before";
  if (take_numeric_key(rest, out)) {
    std::string again;
    append_numeric_key(view_of(out.substr(6)), again);
    RC_ASSERT(again == bytes.substr(0, bytes.size() - rest.size()));
  } else {
    RC_ASSERT(out == "before");
    RC_ASSERT(rest == bytes);
  }
}

}  // namespace
}  // namespace couplet
