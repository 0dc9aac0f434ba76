#include "storage/rocksdb/cursor_ahead.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/memory/memory_state_store.h"

namespace couplet {
namespace {

constexpr int kEntries = 50'000;  // Many pages.

std::string key(int number) { return "key " + std::to_string(1'000'000 + number); }

MemoryStateStore& many() {
  static MemoryStateStore store;
  static const bool filled = [] {
    StateBatch batch;
    for (int i = 0; i < kEntries; ++i) {
      batch.put(Family::kLinks, key(i), std::string(static_cast<std::size_t>(i % 50), 'v'));
    }
    return store.commit(batch, Durability::kSynced).has_value();
  }();
  EXPECT_TRUE(filled);
  return store;
}

using Entries = std::vector<std::pair<std::string, std::string>>;
Entries to_the_end(StateCursor& cursor) {
  Entries entries;
  for (; cursor.valid(); cursor.next()) {
    entries.emplace_back(cursor.key(), cursor.value());
  }
  EXPECT_TRUE(cursor.status());
  return entries;
}

// Ends with an error behind so many entries.
class BreakingCursor final : public StateCursor {
 public:
  explicit BreakingCursor(int good) : good_(good) {}
  void seek(std::string_view /*key*/) override { at_ = 0; }
  [[nodiscard]] bool valid() const override { return at_ < good_; }
  void next() override { ++at_; }
  [[nodiscard]] std::string_view key() const override { return key_; }
  [[nodiscard]] std::string_view value() const override { return key_; }
  [[nodiscard]] Result<void> status() const override {
    return valid() ? Result<void>{} : fail(ErrorKind::kStateCorrupt, "a checksum");
  }

 private:
  int good_;
  int at_ = 0;
  std::string key_ = std::string(100, 'k');
};

TEST(CursorAheadTest, ShowsWhatTheCursorBehindItShowsFromWhereverItIsSentTo) {
  CursorAhead ahead(many().cursor(Family::kLinks));
  const auto plain = many().cursor(Family::kLinks);
  for (const int from : {0, 1, kEntries / 2, kEntries - 1, kEntries}) {
    ahead.seek(key(from));
    plain->seek(key(from));
    EXPECT_EQ(to_the_end(ahead), to_the_end(*plain)) << from;
  }
}

TEST(CursorAheadTest, MayBeSentElsewhereOrLeftAtAnyMoment) {
  for (const int steps : {0, 1, 5'000, 20'000}) {
    CursorAhead ahead(many().cursor(Family::kLinks));
    for (const int from : {0, 30'000 - steps}) {
      ahead.seek(key(from));
      for (int i = 0; i < steps; ++i) {
        ahead.next();
      }
      EXPECT_EQ(ahead.key(), key(from + steps));
    }
  }
}

TEST(CursorAheadTest, AnErrorIsNoEnd) {
  for (const int good : {0, 1, 10'000}) {
    CursorAhead ahead(std::make_unique<BreakingCursor>(good));
    ahead.seek({});
    int seen = 0;
    for (; ahead.valid(); ahead.next()) {
      EXPECT_TRUE(ahead.status());
      ++seen;
    }
    EXPECT_EQ(seen, good);
    ASSERT_FALSE(ahead.status());
    EXPECT_EQ(ahead.status().error().kind, ErrorKind::kStateCorrupt);
  }
}

}  // namespace
}  // namespace couplet
