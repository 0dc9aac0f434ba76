#include "storage/rocksdb/synced_mark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "tests/support/temporary_folder.h"

namespace couplet {
namespace {

class SyncedMarkTest : public testing::Test {
 protected:
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  [[nodiscard]] std::string content() const {
    std::ifstream in(folder() / SyncedMark::kFileName);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void set_content(const std::string& text) const {
    std::ofstream(folder() / SyncedMark::kFileName) << text;
  }
  [[nodiscard]] std::uint64_t read() const {
    const auto mark = SyncedMark::read(folder());
    EXPECT_TRUE(mark) << mark.error().message;
    return mark.value_or(std::numeric_limits<std::uint64_t>::max());
  }

 private:
  test::TemporaryFolder folder_;
};

TEST_F(SyncedMarkTest, WithoutAFileThereIsNone) {
  const auto mark = SyncedMark::read(folder());
  ASSERT_FALSE(mark);
  EXPECT_EQ(mark.error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(SyncedMark::open(folder()));
}

TEST_F(SyncedMarkTest, StartsAtZeroAndIsReadAsItWasWritten) {
  ASSERT_TRUE(SyncedMark::create(folder()));
  EXPECT_EQ(read(), 0U);
  auto mark = SyncedMark::open(folder());
  ASSERT_TRUE(mark);
  for (const std::uint64_t sequence :
       {std::uint64_t{1}, std::uint64_t{0xdeadbeef}, std::numeric_limits<std::uint64_t>::max()}) {
    (*mark)->advance(sequence);
    EXPECT_EQ(read(), sequence);
  }
}

TEST_F(SyncedMarkTest, NeverMovesBack) {
  ASSERT_TRUE(SyncedMark::create(folder()));
  {
    auto mark = SyncedMark::open(folder());
    ASSERT_TRUE(mark);
    (*mark)->advance(10);
    (*mark)->advance(9);
    EXPECT_EQ(read(), 10U);
  }
  auto again = SyncedMark::open(folder());
  ASSERT_TRUE(again);
  (*again)->advance(9);
  EXPECT_EQ(read(), 10U) << "not in the next process either";
}

TEST_F(SyncedMarkTest, HasTheDocumentedForm) {
  ASSERT_TRUE(SyncedMark::create(folder()));
  auto mark = SyncedMark::open(folder());
  ASSERT_TRUE(mark);
  (*mark)->advance(42);
  EXPECT_EQ(content(), "000000000000002a ffffffffffffffd5\n");
}

TEST_F(SyncedMarkTest, AnyOtherContentIsDamage) {
  const std::string good = "000000000000002a ffffffffffffffd5\n";
  set_content(good);
  EXPECT_EQ(read(), 42U);
  std::vector<std::string> bad{"",
                               "42\n",
                               good.substr(0, 20),
                               good + "\n",
                               std::string(34, '\0'),
                               "000000000000002a 000000000000002a\n",
                               "00000000000000-1 ffffffffffffffd5\n"};
  for (std::size_t i = 0; i + 1 < good.size(); ++i) {
    if (good[i] != ' ') {
      std::string flipped = good;
      flipped[i] = flipped[i] == '1' ? '2' : '1';
      bad.push_back(flipped);
    }
  }
  for (const std::string& text : bad) {
    set_content(text);
    const auto mark = SyncedMark::read(folder());
    ASSERT_FALSE(mark) << text;
    EXPECT_EQ(mark.error().kind, ErrorKind::kStateCorrupt) << text;
  }
}

}  // namespace
}  // namespace couplet
