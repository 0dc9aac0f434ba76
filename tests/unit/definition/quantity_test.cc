#include "engine/definition/quantity.h"

#include <gtest/gtest.h>

#include "engine/definition/cron.h"
#include "engine/definition/suggestion.h"

namespace couplet::test {
namespace {

TEST(QuantityTest, DurationsHaveUnits) {
  EXPECT_EQ(parse_duration_us("10s"), 10'000'000);
  EXPECT_EQ(parse_duration_us("250ms"), 250'000);
  EXPECT_EQ(parse_duration_us("1.5h"), 5'400'000'000);
  EXPECT_EQ(parse_duration_us("1h30m"), 5'400'000'000);
  EXPECT_EQ(parse_duration_us("2d"), 172'800'000'000);
  EXPECT_EQ(parse_duration_us("0s"), 0);
  for (const char* text : {"", "10", "s", "-1s", "10 s", "10sec", "1m1h", "1s1s", "1.s", ".5s",
                           "1e3s", "nan s", "99999999999999d"}) {
    EXPECT_FALSE(parse_duration_us(text)) << text;
  }
}

TEST(QuantityTest, SizesHaveUnits) {
  EXPECT_EQ(parse_size_bytes("64MiB"), 67'108'864U);
  EXPECT_EQ(parse_size_bytes("1.5GiB"), 1'610'612'736U);
  EXPECT_EQ(parse_size_bytes("2GB"), 2'000'000'000U);
  EXPECT_EQ(parse_size_bytes("512 B"), 512U);
  for (const char* text : {"", "64", "MiB", "64M", "64mib", "-1MiB", "1MiB1MiB", "9999999TiB"}) {
    EXPECT_FALSE(parse_size_bytes(text)) << text;
  }
}

TEST(QuantityTest, NumbersAreDecimal) {
  EXPECT_EQ(parse_number("0.5"), 0.5);
  EXPECT_EQ(parse_number("20"), 20.0);
  EXPECT_EQ(parse_count("18446744073709551615"), 18446744073709551615ULL);
  for (const char* text : {"", "-1", "1e3", "inf", "0x10", "1.", "1.2.3", "18446744073709551616"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
  EXPECT_FALSE(parse_number("-1"));
  EXPECT_FALSE(parse_number("1e3"));
}

std::string refusal(const char* text) {
  const auto cron = parse_cron(text);
  return cron ? "accepted" : cron.error().message;
}

TEST(CronTest, FieldsAreSetsOfValues) {
  const auto cron = parse_cron("*/15 0-6/2,22 1,15 JAN-mar mon-5,sun");
  ASSERT_TRUE(cron);
  EXPECT_EQ(cron->minutes.count(), 4U);
  EXPECT_TRUE(cron->minutes[45]);
  EXPECT_EQ(cron->hours.count(), 5U);
  EXPECT_TRUE(cron->hours[22]);
  EXPECT_EQ(cron->days.count(), 2U);
  EXPECT_EQ(cron->months.to_string(), "0000000001110");
  EXPECT_EQ(cron->weekdays.to_string(), "0111111");
  EXPECT_FALSE(cron->any_day);
  EXPECT_TRUE(parse_cron("0 3 * * *")->any_day);
  EXPECT_EQ(parse_cron("0 0 * * 7")->weekdays.to_string(), "0000001");
  EXPECT_EQ(parse_cron("0 0 * * 5-7")->weekdays.to_string(), "1100001");
  EXPECT_EQ(parse_cron("5/20 * * * *")->minutes.count(), 3U);
  EXPECT_EQ(parse_cron("@daily")->hours.count(), 1U);
}

TEST(CronTest, WhatCannotBeIsRefusedByField) {
  EXPECT_EQ(refusal("0 24 * * *"), "hour: 24 is not in 0-23");
  EXPECT_EQ(refusal("60 * * * *"), "minute: 60 is not in 0-59");
  EXPECT_EQ(refusal("0 0 0 * *"), "day of month: 0 is not in 1-31");
  EXPECT_EQ(refusal("0 0 * foo *"), "month: foo is neither a number nor a name");
  EXPECT_EQ(refusal("0 5-1 * * *"), "hour: 5-1 is a range that runs backwards");
  EXPECT_EQ(refusal("*/0 * * * *"), "minute: */0 has no step behind the slash");
  EXPECT_EQ(refusal("1,,2 * * * *"), "minute: (nothing) is neither a number nor a name");
  EXPECT_EQ(refusal("0 0 31 2 *"), "names a day that no year has");
  EXPECT_EQ(refusal("0 3 * *"),
            "has 4 fields, not five: minute, hour, day of month, month, day of week");
  EXPECT_EQ(refusal(""), "has 0 fields, not five: minute, hour, day of month, month, day of week");
}

TEST(CronTest, TimeZonesAreThoseOfTheSystem) {
  EXPECT_TRUE(check_timezone("Europe/Berlin"));
  EXPECT_FALSE(check_timezone("Europe/Atlantis"));
  EXPECT_FALSE(check_timezone(""));
}

TEST(SuggestionTest, ATypingErrorIsUpToTwoEdits) {
  EXPECT_EQ(edit_distance("prot", "port"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("same", "SAME"), 0U);
  const std::vector<std::string> words = {"attributes", "actions", "direction", "keys"};
  EXPECT_EQ(nearest("atributes", words), "attributes");
  EXPECT_EQ(nearest("directon", words), "direction");
  EXPECT_EQ(nearest("Keys", words), "keys");
  EXPECT_EQ(nearest("key", words), "keys");
  EXPECT_EQ(nearest("colour", words), "");
  EXPECT_EQ(nearest("a", {"b"}), "");
  EXPECT_EQ(nearest("left", {"left_wins", "right_wins"}), "left_wins");
  EXPECT_EQ(nearest("both_ways", {"both", "left_to_right"}), "both");
  EXPECT_EQ(nearest("recon", {"reconcile", "reconnect"}), "") << "either might be meant";
  EXPECT_EQ(nearest("re", {"reconcile"}), "");
  EXPECT_EQ(nearest("boss.name", {"boss"}), "") << "a path is no misspelt column";
  EXPECT_EQ(did_you_mean("kesy", words), "did you mean \"keys\"?");
}

}  // namespace
}  // namespace couplet::test
