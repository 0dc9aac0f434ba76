#include "engine/reconcile/key_runs.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
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

TEST(KeyRunsTest, WithoutKeysThereIsNothingToRead) { EXPECT_TRUE(through({}, 100).empty()); }

}  // namespace
}  // namespace couplet
