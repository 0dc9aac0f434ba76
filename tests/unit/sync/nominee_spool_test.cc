#include "engine/sync/nominee_spool.h"

#include <gtest/gtest.h>

namespace couplet {
namespace {

Nominee nominee(int number) {
  return {number % 2 == 0 ? Side::kLeft : Side::kRight,
          {"key " + std::to_string(number)},
          number % 3 == 0,
          number % 5 == 0};
}

TEST(NomineeSpool, GivesBackInOrderWhatWasAddedHoweverMuch) {
  NomineeSpool spool;
  constexpr int kCount = 200'000;  // several times what stays in memory
  for (int i = 0; i < kCount; ++i) {
    ASSERT_TRUE(spool.add(nominee(i)).has_value());
  }
  EXPECT_EQ(spool.size(), static_cast<std::uint64_t>(kCount));
  int next = 0;
  while (!spool.empty()) {
    const auto taken = spool.take(997);
    ASSERT_TRUE(taken.has_value());
    for (const Nominee& one : *taken) {
      ASSERT_EQ(one, nominee(next));
      ++next;
    }
  }
  EXPECT_EQ(next, kCount);
}

TEST(NomineeSpool, TakesWhatIsAddedMeanwhile) {
  NomineeSpool spool;
  int added = 0;
  int taken = 0;
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(spool.add(nominee(added++)).has_value());
    }
    const auto some = spool.take(700);
    ASSERT_TRUE(some.has_value());
    ASSERT_EQ(some->size(), 700U);
    for (const Nominee& one : *some) {
      ASSERT_EQ(one, nominee(taken++));
    }
  }
  while (!spool.empty()) {
    const auto rest = spool.take(1000);
    ASSERT_TRUE(rest.has_value());
    for (const Nominee& one : *rest) {
      ASSERT_EQ(one, nominee(taken++));
    }
  }
  EXPECT_EQ(taken, added);
}

TEST(NomineeSpool, SaysWhereItCannotWrite) {
  NomineeSpool spool("/no such folder");
  Result<void> added;
  for (int i = 0; i < 100'000 && added; ++i) {
    added = spool.add(nominee(i));
  }
  ASSERT_FALSE(added.has_value());
  EXPECT_NE(added.error().message.find("cannot make a temporary file"), std::string::npos);
}

}  // namespace
}  // namespace couplet
