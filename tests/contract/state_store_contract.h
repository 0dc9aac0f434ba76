#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/ports/state_store.h"

// What every StateStore promises (engine/ports/state_store.h), run against each implementation:
// INSTANTIATE_TEST_SUITE_P(Name, StateStoreContract, testing::Values(StateStoreMaker{…})), and
// DurableStateStoreContract alike if it has a disk.
namespace couplet {

// A store to be tested and what holds it up: a folder, a store below.
class StateStoreUnderTest {
 public:
  virtual ~StateStoreUnderTest() = default;
  virtual StateStore& store() = 0;
  // Puts content there before anything is asked of the store; an overlay's goes below.
  virtual Result<void> fill(const StateBatch& batch) {
    return store().commit(batch, Durability::kSynced);
  }
  // Closes and opens again; false for a store without disk.
  virtual bool reopen() { return false; }
};

struct StateStoreMaker {
  std::string name;
  std::function<std::unique_ptr<StateStoreUnderTest>()> make;
};
inline std::ostream& operator<<(std::ostream& out, const StateStoreMaker& maker) {
  return out << maker.name;
}

using StateEntries = std::vector<std::pair<std::string, std::string>>;

inline StateEntries entries_from(StateCursor& cursor, std::string_view start) {
  StateEntries entries;
  for (cursor.seek(start); cursor.valid(); cursor.next()) {
    entries.emplace_back(cursor.key(), cursor.value());
  }
  EXPECT_TRUE(cursor.status()) << cursor.status().error().message;
  return entries;
}

class StateStoreContract : public testing::TestWithParam<StateStoreMaker> {
 protected:
  void SetUp() override { under_test_ = GetParam().make(); }

  StateStore& store() { return under_test_->store(); }
  StateStoreUnderTest& under_test() { return *under_test_; }

  void put(Family family, const std::string& key, const std::string& value) {
    StateBatch batch;
    batch.put(family, key, value);
    ASSERT_TRUE(store().commit(batch, Durability::kLater));
  }
  void erase(Family family, const std::string& key) {
    StateBatch batch;
    batch.erase(family, key);
    ASSERT_TRUE(store().commit(batch, Durability::kLater));
  }
  std::optional<std::string> get(Family family, std::string_view key) {
    auto value = store().get(family, key);
    EXPECT_TRUE(value) << value.error().message;
    return value ? *value : std::nullopt;
  }
  StateEntries all(Family family) { return entries_from(*store().cursor(family), ""); }

 private:
  std::unique_ptr<StateStoreUnderTest> under_test_;
};

TEST_P(StateStoreContract, AMissingKeyIsNoError) {
  EXPECT_EQ(get(Family::kLinks, "nobody"), std::nullopt);
  EXPECT_EQ(get(Family::kLinks, ""), std::nullopt);
}

TEST_P(StateStoreContract, WhatWasPutIsThereAndOnlyInItsFamily) {
  put(Family::kLinks, "key", "value");
  EXPECT_EQ(get(Family::kLinks, "key"), "value");
  for (std::size_t i = 0; i < kFamilies; ++i) {
    if (static_cast<Family>(i) != Family::kLinks) {
      EXPECT_EQ(get(static_cast<Family>(i), "key"), std::nullopt)
          << name_of(static_cast<Family>(i));
    }
  }
}

TEST_P(StateStoreContract, EveryFamilyHoldsItsOwn) {
  StateBatch batch;
  for (std::size_t i = 0; i < kFamilies; ++i) {
    batch.put(static_cast<Family>(i), "key", name_of(static_cast<Family>(i)));
  }
  ASSERT_TRUE(store().commit(batch, Durability::kSynced));
  for (std::size_t i = 0; i < kFamilies; ++i) {
    EXPECT_EQ(get(static_cast<Family>(i), "key"), name_of(static_cast<Family>(i)));
  }
}

TEST_P(StateStoreContract, AnErasedKeyIsGone) {
  put(Family::kDirty, "key", "value");
  erase(Family::kDirty, "key");
  EXPECT_EQ(get(Family::kDirty, "key"), std::nullopt);
  EXPECT_EQ(all(Family::kDirty), StateEntries{});
  erase(Family::kDirty, "key");  // Erasing what is not there is no error.
}

TEST_P(StateStoreContract, InOneBatchLaterChangesWinOverEarlierOnes) {
  StateBatch batch;
  batch.put(Family::kLinks, "a", "1");
  batch.put(Family::kLinks, "a", "2");
  batch.put(Family::kLinks, "b", "1");
  batch.erase(Family::kLinks, "b");
  batch.erase(Family::kLinks, "c");
  batch.put(Family::kLinks, "c", "3");
  ASSERT_TRUE(store().commit(batch, Durability::kLater));
  EXPECT_EQ(all(Family::kLinks), (StateEntries{{"a", "2"}, {"c", "3"}}));
}

TEST_P(StateStoreContract, AnEmptyBatchIsFineEitherWay) {
  EXPECT_TRUE(store().commit({}, Durability::kLater));
  EXPECT_TRUE(store().commit({}, Durability::kSynced));
}

// An empty value is a value: a set's members have no more than a key.
TEST_P(StateStoreContract, AnEmptyValueIsNotAMissingOne) {
  put(Family::kWaiting, "member", "");
  EXPECT_EQ(get(Family::kWaiting, "member"), "");
  EXPECT_EQ(all(Family::kWaiting), (StateEntries{{"member", ""}}));
}

TEST_P(StateStoreContract, KeysAndValuesAreBytesNotText) {
  const std::string zeros("\0\0\xff\0", 4);
  const std::string every_byte = [] {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) {
      bytes.push_back(static_cast<char>(byte));
    }
    return bytes;
  }();
  put(Family::kLinks, zeros, every_byte);
  put(Family::kLinks, every_byte, zeros);
  put(Family::kLinks, "", "of the empty key");
  EXPECT_EQ(get(Family::kLinks, zeros), every_byte);
  EXPECT_EQ(get(Family::kLinks, every_byte), zeros);
  EXPECT_EQ(get(Family::kLinks, std::string_view("\0", 1)), std::nullopt);
  EXPECT_EQ(get(Family::kLinks, ""), "of the empty key");
}

TEST_P(StateStoreContract, ALargeValueComesBackWhole) {
  const std::string large(3U << 20U, 'x');
  put(Family::kParked, "large", large);
  EXPECT_EQ(get(Family::kParked, "large"), large);
}

TEST_P(StateStoreContract, ManyAnswersAreInTheOrderOfTheQuestions) {
  for (int i = 0; i < 3000; i += 2) {
    put(Family::kLinks, "key" + std::to_string(i), "value" + std::to_string(i));
  }
  // More than any store asks for at once, not sorted, with repetitions and misses.
  std::vector<std::string> keys;
  for (int i = 2999; i >= 0; --i) {
    keys.push_back("key" + std::to_string(i));
    keys.push_back("key" + std::to_string(i / 2));
  }
  const auto check = [&] {
    const auto values = store().get_many(Family::kLinks, keys);
    ASSERT_TRUE(values);
    ASSERT_EQ(values->size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const int number = std::stoi(keys[i].substr(3));
      const auto expected =
          number % 2 == 0 ? std::optional("value" + std::to_string(number)) : std::nullopt;
      ASSERT_EQ((*values)[i], expected) << keys[i];
    }
  };
  check();
  std::sort(keys.begin(), keys.end());
  check();
  const auto none = store().get_many(Family::kLinks, {});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
}

TEST_P(StateStoreContract, ACursorGoesUpByBytes) {
  // By bytes, not by any alphabet, and a prefix comes before what it begins.
  for (const char* key : {"b", "a", "\xff", "B", "aa", "", "\x7f"}) {
    put(Family::kMeta, key, "of " + std::string(key));
  }
  StateEntries expected;
  for (const char* key : {"", "B", "a", "aa", "b", "\x7f", "\xff"}) {
    expected.emplace_back(key, "of " + std::string(key));
  }
  EXPECT_EQ(all(Family::kMeta), expected);
}

TEST_P(StateStoreContract, SeekingFindsTheKeyOrTheNextOne) {
  put(Family::kHeld, "b", "1");
  put(Family::kHeld, "d", "2");
  const auto cursor = store().cursor(Family::kHeld);
  EXPECT_FALSE(cursor->valid()) << "nowhere before the first seek";
  cursor->seek("b");
  ASSERT_TRUE(cursor->valid());
  EXPECT_EQ(cursor->key(), "b");
  cursor->seek("c");
  ASSERT_TRUE(cursor->valid());
  EXPECT_EQ(cursor->key(), "d");
  EXPECT_EQ(cursor->value(), "2");
  cursor->seek("e");
  EXPECT_FALSE(cursor->valid());
  EXPECT_TRUE(cursor->status()) << "the end is no error";
  cursor->seek("");  // And back.
  ASSERT_TRUE(cursor->valid());
  EXPECT_EQ(cursor->key(), "b");
}

TEST_P(StateStoreContract, ACursorOfAnEmptyFamilyEndsAtOnce) {
  const auto cursor = store().cursor(Family::kTopics);
  cursor->seek("");
  EXPECT_FALSE(cursor->valid());
  EXPECT_TRUE(cursor->status());
}

TEST_P(StateStoreContract, ACursorSeesTheMomentItWasMadeIn) {
  for (const char* key : {"a", "b", "c", "d"}) {
    put(Family::kDirty, key, "old");
  }
  const auto before = store().cursor(Family::kDirty);
  before->seek("");  // Standing on a key that is then erased.
  erase(Family::kDirty, "a");
  erase(Family::kDirty, "c");
  put(Family::kDirty, "b", "new");
  put(Family::kDirty, "aa", "new");
  put(Family::kDirty, "e", "new");
  const auto after = store().cursor(Family::kDirty);
  put(Family::kDirty, "b", "newest");
  put(Family::kDirty, "b", "newest of all");

  StateEntries rest;
  for (; before->valid(); before->next()) {
    rest.emplace_back(before->key(), before->value());
  }
  const StateEntries old{{"a", "old"}, {"b", "old"}, {"c", "old"}, {"d", "old"}};
  EXPECT_EQ(rest, old);
  EXPECT_EQ(entries_from(*before, ""), old) << "seeking again stays in that moment";
  EXPECT_EQ(entries_from(*after, ""),
            (StateEntries{{"aa", "new"}, {"b", "new"}, {"d", "old"}, {"e", "new"}}));
  EXPECT_EQ(get(Family::kDirty, "b"), "newest of all");
}

TEST_P(StateStoreContract, WhatIsThereFromTheStartCanBeReadChangedAndErased) {
  StateBatch content;
  for (int i = 0; i < 10; ++i) {
    content.put(Family::kLinks, std::to_string(i), "old");
  }
  ASSERT_TRUE(under_test().fill(content));
  put(Family::kLinks, "3", "new");
  put(Family::kLinks, "35", "new");
  put(Family::kLinks, "a", "new");
  erase(Family::kLinks, "0");
  erase(Family::kLinks, "9");
  EXPECT_EQ(all(Family::kLinks), (StateEntries{{"1", "old"},
                                               {"2", "old"},
                                               {"3", "new"},
                                               {"35", "new"},
                                               {"4", "old"},
                                               {"5", "old"},
                                               {"6", "old"},
                                               {"7", "old"},
                                               {"8", "old"},
                                               {"a", "new"}}));
  EXPECT_EQ(get(Family::kLinks, "0"), std::nullopt);
  put(Family::kLinks, "0", "again");
  EXPECT_EQ(get(Family::kLinks, "0"), "again");
  const std::vector<std::string> keys{"9", "3", "1", "a", "b"};
  const auto values = store().get_many(Family::kLinks, keys);
  ASSERT_TRUE(values);
  EXPECT_EQ(*values, (std::vector<std::optional<std::string>>{std::nullopt, "new", "old", "new",
                                                              std::nullopt}));
}

// A reader never sees half of a batch, whatever runs beside it.
TEST_P(StateStoreContract, ABatchIsSeenWholeOrNotAtAll) {
  constexpr int kRounds = 2000;
  const auto write = [this](int round) {
    StateBatch batch;
    for (const char* key : {"a", "m", "z"}) {
      batch.put(Family::kLinks, key, std::to_string(round));
      batch.put(Family::kDirty, key, std::to_string(round));
    }
    return store().commit(batch, Durability::kLater);
  };
  ASSERT_TRUE(write(0));
  std::atomic<bool> done = false;
  std::atomic<int> failed = 0;
  std::thread writer([&] {
    for (int round = 1; round <= kRounds; ++round) {
      failed += write(round) ? 0 : 1;
    }
    done = true;
  });
  int torn = 0;
  int seen = 0;
  do {
    const auto entries = all(Family::kLinks);
    torn += entries.size() == 3 && entries[0].second == entries[1].second &&
                    entries[1].second == entries[2].second
                ? 0
                : 1;
    ++seen;
  } while (!done);
  writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(torn, 0) << "of " << seen << " reads";
  EXPECT_EQ(get(Family::kDirty, "z"), std::to_string(kRounds));
}

TEST_P(StateStoreContract, ManyThreadsMayWriteAtOnce) {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        StateBatch batch;
        batch.put(Family::kLinks, std::to_string(thread * kEach + i), std::to_string(i));
        const auto durability = i % 50 == 0 ? Durability::kSynced : Durability::kLater;
        failed += store().commit(batch, durability) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(all(Family::kLinks).size(), std::size_t{kThreads} * std::size_t{kEach});
}

// For stores that outlive their process.
class DurableStateStoreContract : public StateStoreContract {};

TEST_P(DurableStateStoreContract, ClosingLosesNothing) {
  StateBatch batch;
  batch.put(Family::kLinks, "synced", "1");
  ASSERT_TRUE(store().commit(batch, Durability::kSynced));
  put(Family::kLinks, "later", "2");
  put(Family::kLinks, "erased", "3");
  erase(Family::kLinks, "erased");
  ASSERT_TRUE(under_test().reopen());
  EXPECT_EQ(all(Family::kLinks), (StateEntries{{"later", "2"}, {"synced", "1"}}));
  ASSERT_TRUE(under_test().reopen()) << "and again, with nothing written";
  EXPECT_EQ(all(Family::kLinks), (StateEntries{{"later", "2"}, {"synced", "1"}}));
  EXPECT_GT(store().bytes(), 0U);
}

TEST_P(StateStoreContract, AHealthyStoreHasNoProblems) {
  for (int i = 0; i < 1000; ++i) {
    put(Family::kLinks, std::to_string(i), std::string(100, 'v'));
  }
  const auto at_once = store().verify();
  ASSERT_TRUE(at_once) << at_once.error().message;
  EXPECT_EQ(*at_once, std::vector<std::string>{});
  if (under_test().reopen()) {
    const auto later = store().verify();
    ASSERT_TRUE(later) << later.error().message;
    EXPECT_EQ(*later, std::vector<std::string>{});
  }
}

}  // namespace couplet
