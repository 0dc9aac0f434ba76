#include "tests/integration/state/state_content.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <vector>

namespace couplet::test {
namespace {

constexpr std::array kNumbered{Family::kLinks, Family::kLinksRight, Family::kDirty};
constexpr const char* kNewest = "newest";

std::string key_of(std::uint64_t number) { return fmt::format("{:012}", number); }

// Long enough that a few thousand make several blocks, different enough that none is another's.
std::string value_of(std::uint64_t number) {
  std::string value;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    value += fmt::format("{:016x}", number * 0x9e3779b97f4a7c15U * i);
  }
  return value;
}

Result<void> look(const StateStore& store, FoundContent& found) {
  COUPLET_ASSIGN(const auto newest, store.get(Family::kMeta, kNewest));
  found.newest = newest ? std::stoull(*newest) : 0;
  for (const Family family : kNumbered) {
    std::uint64_t expected = 0;
    const std::unique_ptr<StateCursor> cursor = store.cursor(family);
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      ++expected;
      if (cursor->key() != key_of(expected) || cursor->value() != value_of(expected)) {
        found.inconsistency = fmt::format("{}: found {} where {} should be", name_of(family),
                                          cursor->key(), key_of(expected));
        return cursor->status();
      }
    }
    COUPLET_TRY(cursor->status());
    if (expected != found.newest) {
      found.inconsistency = fmt::format("{}: ends at {}, the newest batch is {}", name_of(family),
                                        expected, found.newest);
      return {};
    }
    std::vector<std::string> keys;
    for (std::uint64_t number = 1; number <= found.newest; ++number) {
      keys.push_back(key_of(number));
    }
    COUPLET_ASSIGN(const auto values, store.get_many(family, keys));
    for (std::uint64_t number = 1; number <= found.newest; ++number) {
      if (values[number - 1] != value_of(number)) {
        found.inconsistency = fmt::format("{}: get_many misses {}", name_of(family), number);
        return {};
      }
    }
  }
  return {};
}

}  // namespace

StateBatch numbered_batch(std::uint64_t number) {
  StateBatch batch;
  for (const Family family : kNumbered) {
    batch.put(family, key_of(number), value_of(number));
  }
  batch.put(Family::kMeta, kNewest, std::to_string(number));
  return batch;
}

FoundContent find_content(const StateStore& store) {
  FoundContent found;
  found.read = look(store, found);
  return found;
}

}  // namespace couplet::test
