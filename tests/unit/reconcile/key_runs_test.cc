#include "engine/reconcile/key_runs.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace couplet {
namespace {

using Entries = std::vector<std::pair<std::string, std::uint64_t>>;

Entries through(const Entries& entries, std::size_t memory) {
  KeyRuns runs({}, memory);
  for (const auto& [key, digest] : entries) {
    EXPECT_TRUE(runs.add(key, Digest{digest}));
  }
  EXPECT_TRUE(runs.start());
  Entries read;
  while (runs.valid()) {
    read.emplace_back(runs.key(), runs.digest().value);
    EXPECT_TRUE(runs.next());
  }
  return read;
}

RC_GTEST_PROP(KeyRunsTest, AnyNumberOfKeysInAnyOrderComesBackInOrder, ()) {
  auto entries = *rc::gen::arbitrary<Entries>();
  const auto memory = *rc::gen::element<std::size_t>(1, 20, 100, 1000, KeyRuns::kMemory);
  Entries read = through(entries, memory);
  RC_ASSERT(std::is_sorted(read.begin(), read.end(),
                           [](const auto& a, const auto& b) { return a.first < b.first; }));
  std::sort(entries.begin(), entries.end());
  std::sort(read.begin(), read.end());
  RC_ASSERT(read == entries);
}

TEST(KeyRunsTest, KeysThatShareTheirFirstBytesAndOnesLongerThanTheMemoryAreTold) {
  const std::string alike(20, 'a');
  const Entries entries{{alike + "b", 1}, {alike, 2}, {std::string(5000, 'z'), 3}, {"", 4}};
  EXPECT_EQ(through(entries, 64),
            (Entries{{"", 4}, {alike, 2}, {alike + "b", 1}, {std::string(5000, 'z'), 3}}));
}

using Entry = Entries::value_type;

// What only one of them has, found by merging, past what both have in common.
std::vector<Entry> differences(const std::map<std::string, std::uint64_t>& a,
                               const std::map<std::string, std::uint64_t>& b, std::size_t memory) {
  KeyRuns runs[] = {KeyRuns({}, memory), KeyRuns({}, memory)};
  for (const auto& [key, digest] : a) {
    EXPECT_TRUE(runs[0].add(key, Digest{digest}));
  }
  for (const auto& [key, digest] : b) {
    EXPECT_TRUE(runs[1].add(key, Digest{digest}));
  }
  EXPECT_TRUE(runs[0].start());
  EXPECT_TRUE(runs[1].start());
  std::vector<Entry> found;
  for (;;) {
    EXPECT_TRUE(KeyRuns::skip_alike(runs[0], runs[1]));
    if (!runs[0].valid() && !runs[1].valid()) {
      return found;
    }
    const auto entry = [](const KeyRuns& of) {
      return Entry{std::string(of.key()), of.digest().value};
    };
    const bool both = runs[0].valid() && runs[1].valid();
    const bool first = !runs[1].valid() || (both && entry(runs[0]) < entry(runs[1]));
    if (both && entry(runs[0]) == entry(runs[1])) {
      EXPECT_TRUE(runs[0].next());
      EXPECT_TRUE(runs[1].next());
      continue;
    }
    KeyRuns& smaller = runs[first ? 0 : 1];
    found.push_back(entry(smaller));
    EXPECT_TRUE(smaller.next());
  }
}

RC_GTEST_PROP(KeyRunsTest, NothingThatDiffersIsSkippedAsAlike, ()) {
  auto a = *rc::gen::arbitrary<std::map<std::string, std::uint64_t>>();
  auto b = a;
  for (const auto& [key, digest] : *rc::gen::arbitrary<Entries>()) {
    (digest % 2 == 0 ? a : b)[key] = digest;
  }
  for (const auto& [key, digest] : a) {
    if (*rc::gen::inRange(0, 8) == 0) {
      b[key] = digest + 1;
    }
  }
  std::vector<Entry> expected;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(),
                                std::back_inserter(expected));
  const auto memory = *rc::gen::element<std::size_t>(1, 20, 100, 1000, KeyRuns::kMemory);
  RC_ASSERT(differences(a, b, memory) == expected);
}

TEST(KeyRunsTest, ADifferenceBehindManyThatAreAlikeIsFound) {
  std::map<std::string, std::uint64_t> a;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    a.emplace_hint(a.end(), std::to_string(10'000'000 + i), i);
  }
  auto b = a;
  b.rbegin()->second = 7;
  EXPECT_EQ(differences(a, b, std::size_t{1} << 20U),
            (std::vector<Entry>{{a.rbegin()->first, 7}, *a.rbegin()}));
  EXPECT_TRUE(differences(a, a, std::size_t{1} << 20U).empty());
}

TEST(KeyRunsTest, WithoutKeysThereIsNothingToRead) { EXPECT_TRUE(through({}, 100).empty()); }

}  // namespace
}  // namespace couplet
