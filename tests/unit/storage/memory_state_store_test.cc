#include "storage/memory/memory_state_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

// Beyond what every store promises (tests/contract/state_store_contract.h): the overlay leaves the
// store below alone and passes on its failures, and neither hoards what nobody can see.
namespace couplet {
namespace {

void put(StateStore& store, const std::string& key, const std::string& value) {
  StateBatch batch;
  batch.put(Family::kLinks, key, value);
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
}
void erase(StateStore& store, const std::string& key) {
  StateBatch batch;
  batch.erase(Family::kLinks, key);
  ASSERT_TRUE(store.commit(batch, Durability::kSynced));
}

// Else it would be a copy, which there is none of.
const StateStore& as_store(const MemoryStateStore& store) { return store; }

TEST(MemoryStateStoreTest, AnErasedEntryTakesNoRoom) {
  MemoryStateStore store;
  put(store, "a", "1");
  erase(store, "a");
  erase(store, "b");
  EXPECT_EQ(store.entries(), 0U);
}

TEST(MemoryStateStoreTest, WhatACursorHeldIsDroppedWithTheLastOne) {
  MemoryStateStore store;
  put(store, "a", "1");
  put(store, "b", "1");
  auto first = store.cursor(Family::kLinks);
  erase(store, "a");
  auto second = store.cursor(Family::kLinks);
  put(store, "c", "1");
  erase(store, "c");
  EXPECT_EQ(store.entries(), 3U);
  first.reset();
  EXPECT_EQ(store.entries(), 3U);
  second.reset();
  EXPECT_EQ(store.entries(), 1U);
}

TEST(MemoryStateStoreTest, AnOverlayNeverWritesBelow) {
  MemoryStateStore below;
  put(below, "a", "below");
  put(below, "b", "below");
  {
    MemoryStateStore above(as_store(below));
    put(above, "a", "above");
    put(above, "c", "above");
    erase(above, "b");
    EXPECT_EQ(above.entries(), 3U) << "an erased entry hides the one below";
  }
  EXPECT_EQ(below.entries(), 2U);
  EXPECT_EQ(below.get(Family::kLinks, "a").value(), "below");
  EXPECT_EQ(below.get(Family::kLinks, "b").value(), "below");
}

TEST(MemoryStateStoreTest, OverlaysCanBeStacked) {
  MemoryStateStore bottom;
  put(bottom, "a", "bottom");
  put(bottom, "b", "bottom");
  MemoryStateStore middle(as_store(bottom));
  erase(middle, "a");
  MemoryStateStore top(as_store(middle));
  put(top, "c", "top");
  EXPECT_EQ(top.get(Family::kLinks, "a").value(), std::nullopt);
  std::vector<std::string> keys;
  const auto cursor = top.cursor(Family::kLinks);
  for (cursor->seek(""); cursor->valid(); cursor->next()) {
    keys.emplace_back(cursor->key());
  }
  EXPECT_THAT(keys, testing::ElementsAre("b", "c"));
}

// A store whose reads fail, its cursors after some entries.
class FailingStore final : public StateStore {
 public:
  static tl::unexpected<Error> broken() { return fail(ErrorKind::kStateCorrupt, "broken"); }

  Result<void> commit(const StateBatch& /*batch*/, Durability /*durability*/) override {
    return broken();
  }
  [[nodiscard]] Result<std::optional<std::string>> get(Family /*family*/,
                                                       std::string_view /*key*/) const override {
    return broken();
  }
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> get_many(
      Family /*family*/, std::span<const std::string> /*keys*/) const override {
    return broken();
  }
  [[nodiscard]] std::unique_ptr<StateCursor> cursor(Family /*family*/) const override {
    return std::make_unique<Cursor>();
  }
  [[nodiscard]] std::uint64_t bytes() const override { return 42; }
  [[nodiscard]] Result<std::vector<std::string>> verify() const override {
    return std::vector<std::string>{"a problem"};
  }

 private:
  class Cursor final : public StateCursor {
   public:
    void seek(std::string_view /*key*/) override { place_ = 0; }
    [[nodiscard]] bool valid() const override { return place_ < kGood; }
    void next() override { ++place_; }
    [[nodiscard]] std::string_view key() const override { return place_ == 0 ? "k0" : "k1"; }
    [[nodiscard]] std::string_view value() const override { return "v"; }
    [[nodiscard]] Result<void> status() const override {
      if (valid()) {
        return {};
      }
      return broken();
    }

   private:
    static constexpr int kGood = 2;
    int place_ = kGood;
  };
};

TEST(MemoryStateStoreTest, AnOverlayPassesOnWhatFailsBelow) {
  const FailingStore below;
  MemoryStateStore above(below);
  put(above, "mine", "1");
  EXPECT_EQ(above.get(Family::kLinks, "mine").value(), "1") << "what is here needs nothing below";
  EXPECT_EQ(above.get(Family::kLinks, "other").error().kind, ErrorKind::kStateCorrupt);
  const std::vector<std::string> keys{"mine", "other"};
  EXPECT_EQ(above.get_many(Family::kLinks, keys).error().kind, ErrorKind::kStateCorrupt);
  EXPECT_EQ(above.bytes(), 42U);
  EXPECT_THAT(above.verify().value(), testing::ElementsAre("a problem"));
}

// Going on alone with what is here would make what is below look as if it were not there.
TEST(MemoryStateStoreTest, ACursorStopsWhereTheOneBelowFails) {
  const FailingStore below;
  MemoryStateStore above(below);
  put(above, "k00", "mine");
  put(above, "k1", "mine");  // Hides the last that can be read below.
  put(above, "z", "mine");
  const auto cursor = above.cursor(Family::kLinks);
  cursor->seek("");
  std::vector<std::string> keys;
  for (; cursor->valid(); cursor->next()) {
    keys.emplace_back(cursor->key());
  }
  EXPECT_THAT(keys, testing::Not(testing::Contains("z")));
  ASSERT_FALSE(cursor->status());
  EXPECT_EQ(cursor->status().error().kind, ErrorKind::kStateCorrupt);
}

TEST(MemoryStateStoreDeathTest, ACursorMustNotOutliveItsStore) {
  EXPECT_DEATH(
      {
        auto store = std::make_unique<MemoryStateStore>();
        auto cursor = store->cursor(Family::kLinks);
        store.reset();
      },
      "cursors_.empty");
}

}  // namespace
}  // namespace couplet
