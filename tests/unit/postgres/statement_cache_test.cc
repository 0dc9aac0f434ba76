#include "connectors/postgres/statement_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace couplet::postgres {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(StatementCacheTest, TextAndTypesNameAStatement) {
  StatementCache cache;
  std::vector<std::string> displaced;
  const std::string first = cache.at("select $1", {25}, displaced).name;
  EXPECT_EQ(cache.at("select $1", {25}, displaced).name, first);
  EXPECT_NE(cache.at("select $1", {23}, displaced).name, first);
  EXPECT_THAT(displaced, IsEmpty());
}

TEST(StatementCacheTest, TheLeastRecentlyUsedMakesRoom) {
  StatementCache cache;
  std::vector<std::string> displaced;
  const auto use = [&](std::size_t number) -> StatementCache::Entry& {
    return cache.at("select " + std::to_string(number), {}, displaced);
  };
  for (std::size_t i = 0; i < StatementCache::kCapacity; ++i) {
    use(i).prepared = true;
  }
  const std::string oldest_but_used = use(0).name;
  const std::string second = use(1).name;
  const std::string third = use(2).name;
  use(0);
  use(1);
  EXPECT_THAT(displaced, IsEmpty());
  for (std::size_t i = 3; i < StatementCache::kCapacity; ++i) {
    use(i);
  }
  use(1000);
  EXPECT_THAT(displaced, ElementsAre(third));
  EXPECT_EQ(use(0).name, oldest_but_used);
  EXPECT_EQ(use(1).name, second);
}

TEST(StatementCacheTest, WhatWasNeverPreparedNeedsNoDeallocation) {
  StatementCache cache;
  std::vector<std::string> displaced;
  for (std::size_t i = 0; i <= StatementCache::kCapacity; ++i) {
    cache.at("select " + std::to_string(i), {}, displaced);
  }
  EXPECT_THAT(displaced, IsEmpty());
}

TEST(StatementCacheTest, AForgottenStatementIsPreparedAnewUnderAnotherName) {
  StatementCache cache;
  std::vector<std::string> displaced;
  cache.at("select 1", {}, displaced).prepared = true;
  const std::string name = cache.at("select 1", {}, displaced).name;
  cache.forget(name);
  EXPECT_FALSE(cache.at("select 1", {}, displaced).prepared);
  EXPECT_NE(cache.at("select 1", {}, displaced).name, name);
}

}  // namespace
}  // namespace couplet::postgres
