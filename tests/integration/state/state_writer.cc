// A process of its own for tests that need a second one, or one to kill.
//
//   state_writer FOLDER hold    opens the state and holds it until its input ends
//   state_writer FOLDER write   goes on with numbered batches (state_content.h) until it is killed,
//                               every 7th of them synced, and prints each number once committed
//
// Prints "open" when the state is open; else the error's kind and sentence, and exits with 3.
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

#include "storage/rocksdb/rocksdb_state_store.h"
#include "tests/integration/state/state_content.h"

namespace {

void say(std::string_view line) { std::cout << line << std::endl; }  // Flushed: it may be killed.

int write_on(couplet::StateStore& store) {
  using couplet::Durability;
  constexpr std::uint64_t kSyncedEach = 7;
  const auto found = couplet::test::find_content(store);
  if (!found.read || !found.inconsistency.empty()) {
    say(found.read ? found.inconsistency : found.read.error().message);
    return 1;
  }
  for (std::uint64_t number = found.newest + 1;; ++number) {
    const auto committed =
        store.commit(couplet::test::numbered_batch(number),
                     number % kSyncedEach == 0 ? Durability::kSynced : Durability::kLater);
    if (!committed) {
      say(committed.error().message);
      return 1;
    }
    say(std::to_string(number));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    return 2;
  }
  couplet::RocksdbStateStore::Settings settings;
  settings.create = true;
  settings.cache_bytes = std::size_t{1} << 20U;  // So that it flushes and compacts soon.
  auto store = couplet::RocksdbStateStore::open(arguments[1], settings);
  if (!store) {
    say(std::to_string(static_cast<int>(store.error().kind)) + " " + store.error().message);
    return 3;
  }
  say("open");
  if (std::string_view(arguments[2]) == "write") {
    return write_on(**store);
  }
  while (std::cin.get() != EOF) {
  }
  return 0;
}
