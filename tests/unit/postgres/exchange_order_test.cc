#include "connectors/postgres/exchange_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace couplet::postgres {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(ExchangeOrderTest, ASwapNeedsOneRowAside) {
  const ExchangeOrder order = exchange_order({"a", "b"}, {"b", "a"});
  EXPECT_THAT(order.aside, SizeIs(1));
  EXPECT_THAT(order.order, SizeIs(2));
}

TEST(ExchangeOrderTest, AChainNeedsNoneAndStartsAtItsFreeEnd) {
  const ExchangeOrder order = exchange_order({"a", "b", "c"}, {"b", "c", "d"});
  EXPECT_THAT(order.aside, IsEmpty());
  EXPECT_THAT(order.order, ElementsAre(2, 1, 0));
}

TEST(ExchangeOrderTest, ARowThatKeepsItsValueWaitsForNobody) {
  EXPECT_THAT(exchange_order({"a"}, {"a"}).aside, IsEmpty());
}

// Whatever the exchange: done one by one in that order, no value is ever held twice, and each
// circle costs one free value.
RC_GTEST_PROP(ExchangeOrderTest, NoValueIsEverHeldTwice, ()) {
  const auto size = *rc::gen::inRange<std::size_t>(1, 12);
  std::vector<int> values(2 * size);
  std::iota(values.begin(), values.end(), 0);
  // What is held and what is wanted: distinct values each, overlapping at random.
  const std::vector<int> order_of_held = *rc::gen::exec([&values] {
    std::vector<int> shuffled = values;
    for (std::size_t i = shuffled.size(); i > 1; --i) {
      std::swap(shuffled[i - 1], shuffled[*rc::gen::inRange<std::size_t>(0, i)]);
    }
    return shuffled;
  });
  std::vector<std::string> held;
  std::vector<std::string> wanted;
  for (std::size_t i = 0; i < size; ++i) {
    held.push_back(std::to_string(i));
  }
  for (const int value : order_of_held) {
    if (wanted.size() < size && value < static_cast<int>(size + size / 2)) {
      wanted.push_back(std::to_string(value));
    }
  }
  const ExchangeOrder exchange = exchange_order(held, wanted);

  std::vector<std::string> now = held;
  std::multiset<std::string> present(now.begin(), now.end());
  const auto write = [&](std::uint32_t row, const std::string& value) {
    present.erase(present.find(now[row]));
    now[row] = value;
    present.insert(value);
    RC_ASSERT(present.count(value) == 1U);
  };
  int free = 0;
  for (const std::uint32_t row : exchange.aside) {
    write(row, "free " + std::to_string(++free));
  }
  for (const std::uint32_t row : exchange.order) {
    write(row, wanted[row]);
  }
  RC_ASSERT(now == wanted);
  RC_ASSERT(exchange.aside.size() <= size / 2);
}

}  // namespace
}  // namespace couplet::postgres
