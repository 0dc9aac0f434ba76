#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/canonical.h"
#include "engine/model/object_key.h"
#include "tests/unit/model/judged.h"
#include "tests/unit/model/typed_text.h"

// Times of day, intervals, money, addresses, bits, oids, positions in the log.
namespace couplet::test {
namespace {

using nlohmann::json;

const Type kTime = type_of(TypeKind::kTime);
const Type kTimeTz = type_of(TypeKind::kTimeTz);
const Type kInterval = type_of(TypeKind::kInterval);
const Type kOid = type_of(TypeKind::kOid);
const Type kInet = type_of(TypeKind::kInet);
const Type kCidr = type_of(TypeKind::kCidr);

Type money(std::int32_t digits) {
  Type type = type_of(TypeKind::kMoney);
  type.scale = digits;
  return type;
}

TEST(PlainTypesTest, AnIntervalIsThreeNumbersThatAreNeverSummedUp) {
  EXPECT_TRUE(same(kInterval, "1 year", "12 mons"));
  EXPECT_TRUE(same(kInterval, "1 hour", "60 min"));
  EXPECT_FALSE(same(kInterval, "1 mon", "30 days"));
  EXPECT_FALSE(same(kInterval, "1 day", "24:00:00"));
  EXPECT_TRUE(same(kInterval, "00:00:01.0004", with_fraction(TypeKind::kInterval, 3), "00:00:01"));
}

TEST(PlainTypesTest, ATimeOfDayHasItsZoneAndMidnightsAreTwo) {
  EXPECT_FALSE(same(kTimeTz, "10:00:00+02", "08:00:00+00"));
  EXPECT_TRUE(same(kTime, "10:00:00", kTimeTz, "10:00:00+00"));
  EXPECT_FALSE(same(kTime, "00:00:00", "24:00:00"));
  EXPECT_TRUE(same(with_fraction(TypeKind::kTime, 0), "10:00:00", kTime, "10:00:00.4"));
  std::string bytes;
  EXPECT_EQ(parse_literal(kTime, "10:00+02", bytes).error().message,
            "'10:00+02' has a zone other than UTC, which the type cannot hold");
}

TEST(PlainTypesTest, AddressesOfBothKindsAreComparedByFamilyBitsAndAddress) {
  EXPECT_TRUE(same(kInet, "10.0.0.0/8", kCidr, "10.0.0.0/8"));
  EXPECT_TRUE(same(kInet, "10.0.0.1", "10.0.0.1/32"));
  EXPECT_FALSE(same(kInet, "10.0.0.1", "10.0.0.1/24"));
  EXPECT_FALSE(same(kInet, "0.0.0.1", "::1"));
  EXPECT_TRUE(same(kInet, "::ffff:1.2.3.4", "::ffff:102:304"));
  EXPECT_EQ(converted(kCidr, "10.0.0.0/8", kInet), "10.0.0.0/8");
  EXPECT_EQ(converted(kInet, "10.0.0.1/8", kCidr),
            "<a value of inet cannot be written as cidr: it has bits beyond its network>");
  EXPECT_EQ(loss(kInet, kCidr), Loss::kRejected);
  EXPECT_EQ(loss(kCidr, kInet), Loss::kNone);
}

TEST(PlainTypesTest, MoneyIsANumberWhateverItsUnit) {
  EXPECT_TRUE(same(money(2), "12.00", money(0), "12"));
  EXPECT_FALSE(same(money(2), "0.12", money(0), "12"));
  EXPECT_TRUE(same(money(2), "12.5", numeric(), "12.500"));
  EXPECT_TRUE(same(money(2), "12.5", type_of(TypeKind::kFloat64), "12.5"));
  EXPECT_EQ(converted(money(0), "12", money(2)), "12.00");
  EXPECT_EQ(converted(numeric(), "0.005", money(2)), "0.01");
  EXPECT_EQ(converted(money(2), "-12.50", type_of(TypeKind::kInt32)), "-13");
  EXPECT_EQ(converted(money(3), "-0.001", numeric()), "-0.001");
  EXPECT_EQ(loss(money(2), money(2)), Loss::kNone);
  EXPECT_EQ(loss(money(2), money(0)), Loss::kSilent);
  EXPECT_EQ(loss(money(0), money(2)), Loss::kRejected);
  EXPECT_EQ(loss(money(2), numeric()), Loss::kNone);
  EXPECT_EQ(loss(numeric(), money(2)), Loss::kSilent);
  EXPECT_EQ(loss(type_of(TypeKind::kInt32), money(2)), Loss::kNone);
  EXPECT_EQ(json_of(money(2), "0.5"), 0.5);
  EXPECT_EQ(json_of(money(2), "0.1"), "0.10");
}

TEST(PlainTypesTest, OidsAreNumbersWithoutASign) {
  EXPECT_TRUE(same(kOid, "4294967295", type_of(TypeKind::kInt64), "4294967295"));
  EXPECT_EQ(converted(type_of(TypeKind::kInt32), "-1", kOid),
            "<a value of integer cannot be written as oid: it is out of range>");
  EXPECT_EQ(loss(kOid, type_of(TypeKind::kInt64)), Loss::kNone);
  EXPECT_EQ(loss(kOid, type_of(TypeKind::kInt32)), Loss::kRejected);
  EXPECT_EQ(loss(type_of(TypeKind::kInt16), kOid), Loss::kRejected);
  EXPECT_EQ(loss(numeric(5, 0), kOid), Loss::kRejected);
  EXPECT_EQ(json_of(kOid, "4294967295"), 4294967295);
}

TEST(PlainTypesTest, BitsKeepTheirNumber) {
  const Type any = type_of(TypeKind::kVarbit);
  EXPECT_FALSE(same(any, "1", "01"));
  EXPECT_FALSE(same(any, "1", "10"));
  EXPECT_TRUE(same(limited(TypeKind::kBit, 2), "10", any, "10"));
  EXPECT_EQ(loss(limited(TypeKind::kBit, 2), limited(TypeKind::kBit, 2)), Loss::kNone);
  EXPECT_EQ(loss(limited(TypeKind::kBit, 2), limited(TypeKind::kBit, 3)), Loss::kRejected);
  EXPECT_EQ(loss(limited(TypeKind::kBit, 2), limited(TypeKind::kVarbit, 3)), Loss::kNone);
  EXPECT_EQ(loss(any, limited(TypeKind::kVarbit, 3)), Loss::kRejected);
  std::string bytes;
  EXPECT_EQ(parse_literal(limited(TypeKind::kBit, 3), "10", bytes).error().message,
            "'10' has 2 bits, which bit(3) cannot hold");
}

TEST(PlainTypesTest, TextIsTheWayOfAllOfThem) {
  for (const auto& [type, text] : std::vector<std::pair<Type, std::string>>{
           {kTime, "24:00:00"},
           {kTimeTz, "08:15:30.5-03:30"},
           {kInterval, "-1 years -2 mons +3 days -04:05:06.7"},
           {kInet, "2001:db8::1/64"},
           {kCidr, "10.0.0.0/8"},
           {kOid, "7"},
           {type_of(TypeKind::kLsn), "16/B374D848"},
           {type_of(TypeKind::kMacaddr), "08:00:2b:01:02:03"},
           {type_of(TypeKind::kMacaddr8), "08:00:2b:01:02:03:04:05"},
           {type_of(TypeKind::kVarbit), "0101"}}) {
    SCOPED_TRACE(type.name);
    EXPECT_EQ(converted(type, text, kText), text);
    EXPECT_EQ(converted(kText, text, type), text);
    EXPECT_TRUE(same(type, text, kText, text));
    EXPECT_EQ(loss(type, kText), Loss::kNone);
    EXPECT_EQ(loss(kText, type), Loss::kSilent);
    if (type.kind != TypeKind::kOid) {
      EXPECT_EQ(json_of(type, text), text);
    }
  }
  EXPECT_EQ(loss(kTime, varchar(15)), Loss::kNone);
  EXPECT_EQ(loss(kTime, varchar(14)), Loss::kRejected);
}

TEST(PlainTypesTest, WhatHasNothingInCommonDoesNotConvert) {
  EXPECT_EQ(loss(kTime, type_of(TypeKind::kDate)), std::nullopt);
  EXPECT_EQ(loss(kTime, kInterval), std::nullopt);
  EXPECT_EQ(loss(kInet, type_of(TypeKind::kMacaddr)), std::nullopt);
  EXPECT_EQ(loss(type_of(TypeKind::kMacaddr), type_of(TypeKind::kMacaddr8)), std::nullopt);
  EXPECT_EQ(loss(type_of(TypeKind::kVarbit), type_of(TypeKind::kBytea)), std::nullopt);
  EXPECT_EQ(loss(type_of(TypeKind::kLsn), type_of(TypeKind::kInt64)), std::nullopt);
}

TEST(PlainTypesTest, FieldsAndFractionsThatAColumnDropsAreLostInSilence) {
  Type months = kInterval;
  months.precision = 6;
  EXPECT_EQ(loss(kInterval, months), Loss::kSilent);
  EXPECT_EQ(loss(months, kInterval), Loss::kNone);
  EXPECT_EQ(loss(months, months), Loss::kNone);
  EXPECT_EQ(loss(kInterval, with_fraction(TypeKind::kInterval, 3)), Loss::kSilent);
  EXPECT_EQ(loss(kTime, with_fraction(TypeKind::kTime, 3)), Loss::kSilent);
  EXPECT_EQ(loss(kTimeTz, kTime), Loss::kSilent);
  EXPECT_EQ(loss(kTime, kTimeTz), Loss::kNone);
}

TEST(PlainTypesTest, IntervalsBeyondTheirFieldsAreRefused) {
  for (const char* text : {"2147483648 days", "178956971 years", "9223372036855 seconds",
                           "1 day 24:60:00", "1.5 mons", "P1.5Y", "1 mon -", "x", "1 day 1 x"}) {
    std::string bytes;
    EXPECT_FALSE(parse_literal(kInterval, text, bytes).has_value()) << text;
    EXPECT_TRUE(bytes.empty());
  }
}

TEST(PlainTypesTest, KeysGiveBackTheValueTheyWereMadeOf) {
  for (const auto& [type, texts] : std::vector<std::pair<Type, std::vector<std::string>>>{
           {kTime, {"00:00:00", "24:00:00"}},
           {kTimeTz, {"08:15:30.5-03:30"}},
           {kInterval, {"1 mon", "30 days", "-00:00:01"}},
           {money(2), {"-0.01", "92233720368547758.07"}},
           {kOid, {"0", "4294967295"}},
           {type_of(TypeKind::kLsn), {"0/0", "FFFFFFFF/FFFFFFFF"}},
           {kInet, {"10.0.0.1", "10.0.0.1/8", "::1"}},
           {kCidr, {"10.0.0.0/8"}},
           {type_of(TypeKind::kMacaddr), {"ff:00:2b:01:02:03"}},
           {type_of(TypeKind::kMacaddr8), {"ff:00:2b:01:02:03:04:05"}},
           {limited(TypeKind::kBit, 3), {"101"}},
           {type_of(TypeKind::kVarbit), {"", "01"}}}) {
    const std::vector<Type> types{type, kText};
    for (const std::string& text : texts) {
      SCOPED_TRACE(type.name + " " + text);
      const std::string bytes = bytes_of(type, text);
      ObjectKey key;
      ASSERT_TRUE(append_key(types, std::vector{Value(bytes), Value("x")}, key.bytes));
      std::string arena;
      std::vector<Value> cells;
      ASSERT_TRUE(decode_key(types, key.bytes, arena, cells));
      EXPECT_EQ(cells[0].bytes(), bytes);
      EXPECT_EQ(cells[1].bytes(), "x");
      EXPECT_EQ(parse_key(types, format_key(types, key)).value(), key);
    }
  }
}

// Nothing is read beyond the bytes; they equal only themselves and go nowhere.
RC_GTEST_PROP(PlainTypesTest, MangledBytesEqualOnlyThemselves, ()) {
  const std::vector<std::pair<Type, std::string>> values = {
      {kTime, "10:00:00"},
      {kTimeTz, "10:00:00+02"},
      {kInterval, "1 mon"},
      {money(2), "1.00"},
      {kOid, "7"},
      {kInet, "10.0.0.1"},
      {kCidr, "2001:db8::/32"},
      {type_of(TypeKind::kLsn), "1/2"},
      {type_of(TypeKind::kMacaddr), "08:00:2b:01:02:03"},
      {type_of(TypeKind::kVarbit), "0101"}};
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
  const bool is_value = !text_of(type, bad).starts_with("<");
  RC_ASSERT(to_json(type, Value(bad)).is_null() == false);
  std::string out;
  RC_ASSERT(convert_value(type, type, Value(bad), out).has_value() == is_value);
  RC_ASSERT(is_value || !same_value(as, type, Value(good), type, Value(bad)));
}

}  // namespace
}  // namespace couplet::test
