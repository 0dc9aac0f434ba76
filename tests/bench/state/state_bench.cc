// Measures storage/rocksdb by the shapes of work that the engine has: loading links in batches of
// 1000 (first contact), a sync for each batch (live), sorted look-ups (reconcile), random look-ups
// (live), misses, a scan. Prints what the process holds in memory beyond what it held before it
// opened the state, the most that was ever resident, and exits with 1 if that is above the bound.
//
// What would fool it: keys in order compact for nothing, so they are also written at random; a
// state that fits into the page cache is read at the speed of memory (it does here: 1M records are
// about 60 MB); values that compress (these do not, but for the shared prefix of the keys); /tmp in
// memory, where a sync costs nothing. CPU seconds are those of all threads, flushes and compactions
// included: on a busy machine compare these.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "storage/rocksdb/rocksdb_state_store.h"

namespace {

using couplet::Durability;
using couplet::Family;

constexpr std::uint64_t kRecords = 1'000'000;
constexpr std::uint64_t kBatch = 1000;
constexpr std::size_t kValueBytes = 60;
constexpr std::size_t kMiB = std::size_t{1} << 20U;
constexpr std::size_t kCacheBytes = 64 * kMiB;
constexpr std::size_t kBeyondCacheMax = 64 * kMiB;

// 40 bytes of key and 60 of value.
std::string key_of(std::uint64_t number) {
  return fmt::format("mapping-0001/left/table-01/{:013}", number);
}

std::string value_of(std::mt19937_64& random) {
  std::string value(kValueBytes, '\0');
  for (char& byte : value) {
    byte = static_cast<char>(random());
  }
  return value;
}

// Of /proc/self/status, in bytes: VmRSS, VmHWM.
std::size_t memory(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == field + ":") {
      std::size_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  }
  return 0;
}

void measure(const char* what, std::uint64_t count, const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  work();
  const double cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("{:<44} {:>8.2f} s {:>10.0f}/s   cpu {:>6.2f} s   resident {:>4} MiB\n", what,
             seconds.count(), static_cast<double>(count) / seconds.count(), cpu_seconds,
             memory("VmRSS") / kMiB);
  std::fflush(stdout);
}

void check(bool fine, const char* what) {
  if (!fine) {
    fmt::print("failed: {}\n", what);
    std::exit(1);
  }
}

std::unique_ptr<couplet::RocksdbStateStore> open(const std::filesystem::path& folder) {
  couplet::RocksdbStateStore::Settings settings;
  settings.create = true;
  settings.cache_bytes = kCacheBytes;
  auto store = couplet::RocksdbStateStore::open(folder, settings);
  check(store.has_value(), store ? "" : store.error().message.c_str());
  return std::move(*store);
}

void load(couplet::StateStore& store, const std::vector<std::uint64_t>& numbers,
          Durability durability, std::uint64_t records) {
  std::mt19937_64 random(1);
  couplet::StateBatch batch;
  for (std::uint64_t i = 0; i < records; ++i) {
    batch.put(Family::kLinks, key_of(numbers[i]), value_of(random));
    if ((i + 1) % kBatch == 0) {
      check(store.commit(batch, durability).has_value(), "commit");
      batch.clear();
    }
  }
  check(store.commit(batch, Durability::kSynced).has_value(), "sync");
}

void look_up(const couplet::StateStore& store, const std::vector<std::uint64_t>& numbers,
             std::uint64_t records, bool there) {
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < records; ++i) {
    keys.push_back(key_of(numbers[i]) + (there ? "" : "-"));
    if (keys.size() == kBatch) {
      const auto values = store.get_many(Family::kLinks, keys);
      check(values.has_value(), "get_many");
      check(std::all_of(values->begin(), values->end(),
                        [&](const auto& value) { return value.has_value() == there; }),
            "found what should be found");
      keys.clear();
    }
  }
}

void run(const std::filesystem::path& folder) {
  std::vector<std::uint64_t> ascending(kRecords);
  for (std::uint64_t i = 0; i < kRecords; ++i) {
    ascending[i] = i;
  }
  std::vector<std::uint64_t> shuffled = ascending;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(2));
  const std::size_t at_start = memory("VmRSS");
  constexpr std::uint64_t kSyncedRecords = kRecords / 5;
  constexpr std::uint64_t kRandomRecords = kRecords / 5;
  {
    auto store = open(folder);
    measure("put, ascending, batches of 1000, one sync", kRecords,
            [&] { load(*store, ascending, Durability::kLater, kRecords); });
    measure("put, random, batches of 1000, one sync", kRecords,
            [&] { load(*store, shuffled, Durability::kLater, kRecords); });
    measure("put, random, each batch of 1000 synced", kSyncedRecords,
            [&] { load(*store, shuffled, Durability::kSynced, kSyncedRecords); });
    measure("close", 1, [&] { store.reset(); });
  }
  std::unique_ptr<couplet::RocksdbStateStore> store;
  measure("open", 1, [&] { store = open(folder); });
  measure("get_many 1000, ascending", kRecords,
          [&] { look_up(*store, ascending, kRecords, true); });
  measure("get_many 1000, random", kRandomRecords,
          [&] { look_up(*store, shuffled, kRandomRecords, true); });
  measure("get_many 1000, random, not there", kRandomRecords,
          [&] { look_up(*store, shuffled, kRandomRecords, false); });
  measure("scan", kRecords, [&] {
    std::uint64_t seen = 0;
    const auto cursor = store->cursor(Family::kLinks);
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      ++seen;
    }
    check(seen == kRecords && cursor->status(), "scan");
  });
  measure("verify", kRecords, [&] { check(store->verify().value().empty(), "verify"); });

  const std::size_t most = memory("VmHWM") - at_start;
  const std::size_t bound = kCacheBytes + kBeyondCacheMax;
  fmt::print(
      "on disk {:.1f} bytes a record of {}; most resident beyond the start {} MiB, bound {} MiB\n",
      static_cast<double>(store->bytes()) / static_cast<double>(kRecords),
      key_of(0).size() + kValueBytes, most / kMiB, bound / kMiB);
  check(most <= bound, "memory stays within its bound");
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path folder =
      std::filesystem::path(count > 1 ? arguments[1] : "/tmp") / "couplet-state-bench";
  std::filesystem::remove_all(folder);
  run(folder);
  std::filesystem::remove_all(folder);
}
