#include "tests/contract/state_store_contract.h"

#include <rapidcheck.h>

#include <array>
#include <filesystem>
#include <map>

#include "storage/memory/memory_state_store.h"
#include "storage/rocksdb/rocksdb_state_store.h"
#include "tests/support/temporary_folder.h"

namespace couplet {
namespace {

class MemoryUnderTest final : public StateStoreUnderTest {
 public:
  StateStore& store() override { return store_; }

 private:
  MemoryStateStore store_;
};

class RocksdbUnderTest final : public StateStoreUnderTest {
 public:
  RocksdbUnderTest() { open(); }
  StateStore& store() override { return *store_; }
  bool reopen() override {
    store_.reset();
    open();
    return true;
  }

 private:
  void open() {
    RocksdbStateStore::Settings settings;
    settings.create = true;
    settings.cache_bytes = std::size_t{8} << 20U;
    auto opened = RocksdbStateStore::open(folder_.path() / "state", settings);
    COUPLET_CHECK(opened);
    store_ = std::move(*opened);
  }

  // What is promised here needs no disk, and in memory a sync costs nothing.
  test::TemporaryFolder folder_{test::fast_parent()};
  std::unique_ptr<RocksdbStateStore> store_;
};

// Writes go into memory, what was there from the start is below.
class OverlayUnderTest final : public StateStoreUnderTest {
 public:
  explicit OverlayUnderTest(std::unique_ptr<StateStoreUnderTest> below)
      : below_(std::move(below)), store_(below_->store()) {}
  StateStore& store() override { return store_; }
  Result<void> fill(const StateBatch& batch) override { return below_->fill(batch); }

 private:
  std::unique_ptr<StateStoreUnderTest> below_;
  MemoryStateStore store_;
};

template <typename UnderTest>
std::unique_ptr<StateStoreUnderTest> make() {
  return std::make_unique<UnderTest>();
}
template <typename Below>
std::unique_ptr<StateStoreUnderTest> make_overlay() {
  return std::make_unique<OverlayUnderTest>(std::make_unique<Below>());
}

const StateStoreMaker kMemory{"Memory", make<MemoryUnderTest>};
const StateStoreMaker kRocksdb{"Rocksdb", make<RocksdbUnderTest>};
const StateStoreMaker kOverlayOnMemory{"OverlayOnMemory", make_overlay<MemoryUnderTest>};
const StateStoreMaker kOverlayOnRocksdb{"OverlayOnRocksdb", make_overlay<RocksdbUnderTest>};
const auto kMakers = testing::Values(kMemory, kRocksdb, kOverlayOnMemory, kOverlayOnRocksdb);

INSTANTIATE_TEST_SUITE_P(Stores, StateStoreContract, kMakers, testing::PrintToStringParamName());

INSTANTIATE_TEST_SUITE_P(Stores, DurableStateStoreContract, testing::Values(kRocksdb),
                         testing::PrintToStringParamName());

// Any history of batches, cursors and reopenings gives what an ordered map gives.
class StateStoreProperty : public StateStoreContract {};

using Model = std::map<std::string, std::string>;
constexpr std::array kUsed{Family::kLinks, Family::kDirty};

// Few and short keys, so that they meet: in one batch, above and below, before and after a cursor.
rc::Gen<std::string> short_key() {
  return rc::gen::apply(
      [](std::size_t length, std::uint32_t bits) {
        std::string key;
        for (std::size_t i = 0; i < length; ++i) {
          key.push_back("\0a\xff"[(bits >> (2 * i)) % 3]);
        }
        return key;
      },
      rc::gen::inRange<std::size_t>(0, 4), rc::gen::arbitrary<std::uint32_t>());
}

StateBatch any_batch(std::array<Model, kUsed.size()>& models) {
  StateBatch batch;
  const auto changes = *rc::gen::inRange(0, 12);
  for (int i = 0; i < changes; ++i) {
    const auto used = *rc::gen::inRange<std::size_t>(0, kUsed.size());
    const std::string key = *short_key();
    if (*rc::gen::inRange(0, 3) == 0) {
      batch.erase(kUsed[used], key);
      models[used].erase(key);
    } else {
      const auto value = std::to_string(*rc::gen::inRange(0, 1000));
      batch.put(kUsed[used], key, value);
      models[used][key] = value;
    }
  }
  return batch;
}

StateEntries expected_from(const Model& model, const std::string& start) {
  return {model.lower_bound(start), model.end()};
}

TEST_P(StateStoreProperty, AnyHistoryEqualsThatOfAnOrderedMap) {
  const bool held = rc::check([&] {
    const auto under_test = GetParam().make();
    std::array<Model, kUsed.size()> models;
    RC_ASSERT(under_test->fill(any_batch(models)).has_value());
    struct Watch {
      std::unique_ptr<StateCursor> cursor;
      Model model;
    };
    std::vector<Watch> watches;
    const auto steps = *rc::gen::inRange(1, 30);
    for (int step = 0; step < steps; ++step) {
      StateStore& store = under_test->store();
      switch (*rc::gen::inRange(0, 6)) {
        case 0:
        case 1: {
          const auto durability =
              *rc::gen::element(Durability::kSynced, Durability::kLater, Durability::kLater);
          RC_ASSERT(store.commit(any_batch(models), durability).has_value());
          break;
        }
        case 2: {
          const auto used = *rc::gen::inRange<std::size_t>(0, kUsed.size());
          watches.push_back({store.cursor(kUsed[used]), models[used]});
          break;
        }
        case 3: {
          if (!watches.empty()) {
            const auto which = *rc::gen::inRange<std::size_t>(0, watches.size());
            const std::string start = *short_key();
            RC_ASSERT(entries_from(*watches[which].cursor, start) ==
                      expected_from(watches[which].model, start));
            if (*rc::gen::arbitrary<bool>()) {
              watches.erase(watches.begin() + static_cast<std::ptrdiff_t>(which));
            }
          }
          break;
        }
        case 4: {
          const auto used = *rc::gen::inRange<std::size_t>(0, kUsed.size());
          const auto keys = *rc::gen::container<std::vector<std::string>>(short_key());
          const auto values = store.get_many(kUsed[used], keys);
          RC_ASSERT(values.has_value());
          RC_ASSERT(values->size() == keys.size());
          for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto expected = models[used].find(keys[i]);
            const auto one = store.get(kUsed[used], keys[i]);
            RC_ASSERT(one.has_value());
            RC_ASSERT(*one == (*values)[i]);
            RC_ASSERT(
                (*values)[i] ==
                (expected == models[used].end() ? std::nullopt : std::optional(expected->second)));
          }
          break;
        }
        default:
          if (*rc::gen::inRange(0, 4) == 0) {
            watches.clear();
            under_test->reopen();
          }
      }
    }
    for (std::size_t used = 0; used < kUsed.size(); ++used) {
      RC_ASSERT(entries_from(*under_test->store().cursor(kUsed[used]), "") ==
                expected_from(models[used], ""));
    }
  });
  EXPECT_TRUE(held);
}

INSTANTIATE_TEST_SUITE_P(Stores, StateStoreProperty, kMakers, testing::PrintToStringParamName());

}  // namespace
}  // namespace couplet
