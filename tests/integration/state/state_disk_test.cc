// The state and a disk that fails it: power lost, no space, a sync that does not come through.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <random>

#include "storage/rocksdb/rocksdb_state_store.h"
#include "tests/integration/state/faulty_disk.h"
#include "tests/integration/state/state_content.h"
#include "tests/support/small_disk.h"
#include "tests/support/temporary_folder.h"

namespace couplet::test {
namespace {

using testing::HasSubstr;

std::size_t count_logs(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator files(folder);
  return static_cast<std::size_t>(std::count_if(begin(files), end(files), [](const auto& file) {
    return file.path().extension() == ".log";
  }));
}

// Keeps RocksDB's thread for flushes from beginning another one, until it is let go.
class BusyFlushThread {
 public:
  explicit BusyFlushThread(rocksdb::Env& env) {
    env.Schedule(
        [](void* job) {
          const std::unique_ptr<std::shared_ptr<Gate>> gate(
              static_cast<std::shared_ptr<Gate>*>(job));
          (*gate)->begun.set_value();
          (*gate)->release.get_future().wait();
        },
        new std::shared_ptr<Gate>(gate_), rocksdb::Env::Priority::HIGH);
    gate_->begun.get_future().wait();
  }
  ~BusyFlushThread() { let_go(); }
  BusyFlushThread(const BusyFlushThread&) = delete;
  BusyFlushThread& operator=(const BusyFlushThread&) = delete;

  void let_go() {
    if (gate_) {
      gate_->release.set_value();
      gate_.reset();
    }
  }

 private:
  struct Gate {
    std::promise<void> begun;
    std::promise<void> release;
  };
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

class StateDiskTest : public testing::Test {
 protected:
  StateDiskTest() : seed_(std::random_device{}()), random_(seed_) {}
  void SetUp() override { std::cout << "seed " << seed_ << '\n'; }

  [[nodiscard]] std::filesystem::path state() const { return folder_.path() / "state"; }
  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
  FaultyDisk& disk() { return *disk_; }
  std::mt19937& random() { return random_; }

  RocksdbStateStore::Settings on_faulty_disk(std::size_t cache_bytes = std::size_t{1} << 20U) {
    RocksdbStateStore::Settings settings;
    settings.create = true;
    settings.cache_bytes = cache_bytes;
    settings.env = env_.get();
    return settings;
  }
  static Result<std::unique_ptr<RocksdbStateStore>> open_plainly(
      const std::filesystem::path& path) {
    return RocksdbStateStore::open(path, {});
  }
  static std::filesystem::path only_log(const std::filesystem::path& path) {
    std::filesystem::path log;
    for (const auto& file : std::filesystem::directory_iterator(path)) {
      if (file.path().extension() == ".log") {
        EXPECT_TRUE(log.empty()) << "more than one";
        log = file.path();
      }
    }
    return log;
  }

 private:
  const std::uint32_t seed_;
  std::mt19937 random_;
  TemporaryFolder folder_{fast_parent()};
  std::shared_ptr<FaultyDisk> disk_ = std::make_shared<FaultyDisk>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
};

TEST_F(StateDiskTest, ALossOfPowerTakesNothingThatWasSyncedAndCutsNoBatch) {
  auto store = RocksdbStateStore::open(state(), on_faulty_disk());
  ASSERT_TRUE(store) << store.error().message;
  std::uint64_t number = 0;
  std::uint64_t synced = 0;
  std::uint64_t lost = 0;
  for (int loss = 0; loss < 25; ++loss) {
    const auto steps = std::uniform_int_distribution<int>(1, 800)(random());
    for (int step = 0; step < steps; ++step) {
      const auto durability = random()() % 50 == 0 ? Durability::kSynced : Durability::kLater;
      ASSERT_TRUE((*store)->commit(numbered_batch(++number), durability));
      synced = durability == Durability::kSynced ? number : synced;
    }
    const auto copy = folder() / fmt::format("after-loss-{}", loss);
    disk().copy_after_power_loss(state(), copy, random());

    auto recovered = open_plainly(copy);
    ASSERT_TRUE(recovered) << recovered.error().message;
    auto found = find_content(**recovered);
    ASSERT_TRUE(found.read) << found.read.error().message;
    EXPECT_EQ(found.inconsistency, "");
    EXPECT_GE(found.newest, synced);
    EXPECT_LE(found.newest, number);
    lost += number - found.newest;

    // And it is fit to go on with.
    ASSERT_TRUE((*recovered)->commit(numbered_batch(found.newest + 1), Durability::kSynced));
    recovered->reset();
    recovered = open_plainly(copy);
    ASSERT_TRUE(recovered) << recovered.error().message;
    EXPECT_EQ(find_content(**recovered).newest, found.newest + 1);
    recovered->reset();
    std::filesystem::remove_all(copy);
  }
  EXPECT_GT(lost, 0U) << "no loss took anything: the test has tested nothing";
}

// The same folder, but of what was synced something is missing: that is not a loss of power.
TEST_F(StateDiskTest, ALogThatIsShorterThanWhatWasSyncedIsRefused) {
  auto store = RocksdbStateStore::open(state(), on_faulty_disk(std::size_t{64} << 20U));
  ASSERT_TRUE(store) << store.error().message;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    ASSERT_TRUE((*store)->commit(numbered_batch(number),
                                 number % 10 == 0 ? Durability::kSynced : Durability::kLater));
  }
  const auto log = only_log(state());
  const std::uint64_t synced = disk().synced_bytes(log);
  ASSERT_GT(synced, 10000U);
  for (int cut = 0; cut < 10; ++cut) {
    const auto copy = folder() / fmt::format("cut-{}", cut);
    disk().copy_after_power_loss(state(), copy, random());
    const auto size = cut == 0 ? 0
                      : cut == 1
                          ? synced - 1
                          : std::uniform_int_distribution<std::uint64_t>(1, synced - 1)(random());
    std::filesystem::resize_file(copy / log.filename(), size);
    auto refused = open_plainly(copy);
    ASSERT_FALSE(refused) << "cut to " << size << " of " << synced;
    EXPECT_EQ(refused.error().kind, ErrorKind::kStateCorrupt);
    EXPECT_THAT(refused.error().message, HasSubstr(copy.string()));
    EXPECT_THAT(refused.error().message, HasSubstr("synced"));
    EXPECT_THAT(refused.error().hint, HasSubstr("backup"));
    EXPECT_EQ(std::filesystem::file_size(copy / log.filename()), size) << "left as it was";
    EXPECT_FALSE(open_plainly(copy)) << "and the next attempt is refused too";
  }
}

TEST_F(StateDiskTest, AFlippedByteInTheSyncedPartOfTheLogIsRefused) {
  auto store = RocksdbStateStore::open(state(), on_faulty_disk(std::size_t{64} << 20U));
  ASSERT_TRUE(store) << store.error().message;
  for (std::uint64_t number = 1; number <= 200; ++number) {
    ASSERT_TRUE((*store)->commit(numbered_batch(number), Durability::kLater));
  }
  ASSERT_TRUE((*store)->commit({}, Durability::kSynced)) << "an empty batch syncs the others";
  const auto log = only_log(state());
  const std::uint64_t synced = disk().synced_bytes(log);
  ASSERT_EQ(synced, std::filesystem::file_size(log));
  for (int flip = 0; flip < 20; ++flip) {
    const auto copy = folder() / fmt::format("flip-{}", flip);
    disk().copy_after_power_loss(state(), copy, random());
    const auto at = std::uniform_int_distribution<std::uint64_t>(0, synced - 1)(random());
    std::fstream file(copy / log.filename(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ (1 << (random()() % 8))));
    file.close();
    auto refused = open_plainly(copy);
    ASSERT_FALSE(refused) << "flipped at " << at << " of " << synced;
    EXPECT_EQ(refused.error().kind, ErrorKind::kStateCorrupt);
  }
}

// Full at any moment: in a log, in a flush, in a compaction.
TEST_F(StateDiskTest, AFullDiskStopsWritesUntilThereIsSpaceAgain) {
  auto store = RocksdbStateStore::open(state(), on_faulty_disk());
  ASSERT_TRUE(store) << store.error().message;
  std::uint64_t number = 0;
  int met = 0;
  for (int round = 0; round < 12; ++round) {
    disk().set_space(std::uniform_int_distribution<std::uint64_t>(0, 300'000)(random()));
    Result<void> committed;
    for (int step = 0; step < 3000 && committed; ++step) {
      committed = (*store)->commit(numbered_batch(number + 1),
                                   number % 20 == 0 ? Durability::kSynced : Durability::kLater);
      number += committed ? 1 : 0;
    }
    ASSERT_FALSE(committed);
    ++met;
    EXPECT_EQ(committed.error().kind, ErrorKind::kDiskFull) << committed.error().message;
    EXPECT_THAT(committed.error().message, HasSubstr(state().string()));
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto again = (*store)->commit(numbered_batch(number + 1), Durability::kSynced);
      ASSERT_FALSE(again);
      EXPECT_EQ(again.error().kind, ErrorKind::kDiskFull) << again.error().message;
    }
    // What was committed is read as before; the batch that failed is not there.
    const auto meanwhile = find_content(**store);
    ASSERT_TRUE(meanwhile.read) << meanwhile.read.error().message;
    EXPECT_EQ(meanwhile.inconsistency, "");
    EXPECT_EQ(meanwhile.newest, number);

    if (round % 3 == 2) {  // Killed while full: nothing that was committed is missing.
      const auto copy = folder() / fmt::format("killed-{}", round);
      std::filesystem::copy(state(), copy);
      std::filesystem::permissions(copy, std::filesystem::perms::owner_all);
      auto recovered = open_plainly(copy);
      ASSERT_TRUE(recovered) << recovered.error().message;
      const auto found = find_content(**recovered);
      EXPECT_EQ(found.inconsistency, "");
      EXPECT_GE(found.newest, number);
      EXPECT_LE(found.newest, number + 1);
    }

    disk().set_space(std::nullopt);
    auto repeated = (*store)->commit(numbered_batch(number + 1), Durability::kSynced);
    if (!repeated) {  // A flush was forgotten: see below.
      ASSERT_THAT(repeated.error().hint, HasSubstr("Start again")) << repeated.error().message;
      store->reset();
      store = RocksdbStateStore::open(state(), on_faulty_disk());
      ASSERT_TRUE(store) << store.error().message;
      repeated = (*store)->commit(numbered_batch(number + 1), Durability::kSynced);
    }
    ASSERT_TRUE(repeated) << "goes on by itself: " << repeated.error().message;
    ++number;
  }
  EXPECT_EQ(met, 12);
  store->reset();
  auto reopened = open_plainly(state());
  ASSERT_TRUE(reopened) << reopened.error().message;
  const auto found = find_content(**reopened);
  EXPECT_EQ(found.inconsistency, "");
  EXPECT_EQ(found.newest, number);
}

// RocksDB's one thread for flushes is kept busy, so that a flush is handed to it and has not begun
// when the disk is found full. Such a flush is forgotten, and who waits for it waits for ever.
TEST_F(StateDiskTest, AFlushForgottenOnAFullDiskEndsInAnErrorAndIsMadeUpForOnOpening) {
  auto settings = on_faulty_disk();
  settings.resume_max = std::chrono::milliseconds(2000);
  auto store = RocksdbStateStore::open(state(), settings);
  ASSERT_TRUE(store) << store.error().message;

  BusyFlushThread thread(*settings.env);
  std::uint64_t number = 0;
  const std::size_t logs = count_logs(state());
  while (count_logs(state()) == logs) {  // A new log begins with each flush.
    ASSERT_TRUE((*store)->commit(numbered_batch(number + 1), Durability::kLater));
    ++number;
  }
  disk().set_space(0);
  const auto full = (*store)->commit(numbered_batch(number + 1), Durability::kSynced);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::kDiskFull) << full.error().message;
  thread.let_go();
  { const BusyFlushThread next(*settings.env); }  // Its turn comes when the flush was dropped.

  disk().set_space(std::nullopt);
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto stuck = (*store)->commit(numbered_batch(number + 1), Durability::kSynced);
    ASSERT_FALSE(stuck);
    EXPECT_EQ(stuck.error().kind, ErrorKind::kDiskFull) << stuck.error().message;
    EXPECT_THAT(stuck.error().hint, HasSubstr("Start again"));
  }
  EXPECT_EQ(find_content(**store).newest, number) << "it can still be read";

  store->reset();
  auto reopened = RocksdbStateStore::open(state(), on_faulty_disk());
  ASSERT_TRUE(reopened) << reopened.error().message;
  const auto found = find_content(**reopened);
  EXPECT_EQ(found.inconsistency, "");
  EXPECT_GE(found.newest, number);
  EXPECT_LE(found.newest, number + 1);
  EXPECT_TRUE((*reopened)->commit(numbered_batch(found.newest + 1), Durability::kSynced));
}

TEST_F(StateDiskTest, ClosedOnAFullDiskTheStateOpensAgainWithAllOfIt) {
  auto store = RocksdbStateStore::open(state(), on_faulty_disk());
  ASSERT_TRUE(store) << store.error().message;
  std::uint64_t number = 0;
  disk().set_space(200'000);
  while ((*store)->commit(numbered_batch(number + 1), Durability::kSynced)) {
    ++number;
  }
  store->reset();
  auto full = RocksdbStateStore::open(state(), on_faulty_disk());
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::kDiskFull) << full.error().message;
  RocksdbStateStore::Settings reading;
  reading.read_only = true;
  auto read = RocksdbStateStore::open(state(), reading);
  ASSERT_TRUE(read) << "reading needs no space: " << read.error().message;
  read->reset();
  disk().set_space(std::nullopt);
  auto reopened = RocksdbStateStore::open(state(), on_faulty_disk());
  ASSERT_TRUE(reopened) << reopened.error().message;
  const auto found = find_content(**reopened);
  EXPECT_EQ(found.inconsistency, "");
  EXPECT_GE(found.newest, number);
}

// After a failed sync nobody knows what the disk holds. Trying again would report success without
// the lost pages having been written, so it is never tried.
TEST_F(StateDiskTest, AfterAFailedSyncNothingMoreIsAccepted) {
  auto store = RocksdbStateStore::open(state(), on_faulty_disk());
  ASSERT_TRUE(store) << store.error().message;
  ASSERT_TRUE((*store)->commit(numbered_batch(1), Durability::kSynced));
  disk().fail_syncs(true);
  const auto failed = (*store)->commit(numbered_batch(2), Durability::kSynced);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::kStateCorrupt);
  EXPECT_THAT(failed.error().message, HasSubstr("Input/output error"));
  disk().fail_syncs(false);
  for (const Durability durability : {Durability::kSynced, Durability::kLater}) {
    const auto after = (*store)->commit(numbered_batch(2), durability);
    ASSERT_FALSE(after);
    EXPECT_EQ(after.error().kind, ErrorKind::kStateCorrupt);
  }
  store->reset();
  auto reopened = RocksdbStateStore::open(state(), on_faulty_disk());
  ASSERT_TRUE(reopened) << reopened.error().message;
  EXPECT_GE(find_content(**reopened).newest, 1U);
}

// The same as with the faulty disk, with a real file system that is full.
TEST_F(StateDiskTest, ARealFileSystemThatIsFull) {
  SmallDisk small(12);
  if (!small.mounted()) {
    GTEST_SKIP() << "may not mount a file system";
  }
  RocksdbStateStore::Settings settings;
  settings.create = true;
  settings.cache_bytes = std::size_t{1} << 20U;
  auto store = RocksdbStateStore::open(small.path() / "state", settings);
  ASSERT_TRUE(store) << store.error().message;
  small.leave(8);
  std::uint64_t number = 0;
  Result<void> committed;
  while (committed && number < 100'000) {
    committed = (*store)->commit(numbered_batch(number + 1), Durability::kSynced);
    number += committed ? 1 : 0;
  }
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, ErrorKind::kDiskFull) << committed.error().message;
  EXPECT_EQ(find_content(**store).newest, number);
  // Mostly in vain (a compaction may have made room), and none may eat space for good.
  for (int attempt = 0; attempt < 10; ++attempt) {
    number += (*store)->commit(numbered_batch(number + 1), Durability::kSynced) ? 1 : 0;
  }
  small.leave(12);
  // At the latest when the state is opened anew: a flush may have been forgotten (above).
  const auto repeated = (*store)->commit(numbered_batch(number + 1), Durability::kSynced);
  if (repeated) {
    ++number;
  } else {
    EXPECT_THAT(repeated.error().hint, HasSubstr("Start again")) << repeated.error().message;
  }
  store->reset();
  settings.create = false;
  auto reopened = RocksdbStateStore::open(small.path() / "state", settings);
  ASSERT_TRUE(reopened) << reopened.error().message;
  const auto found = find_content(**reopened);
  EXPECT_EQ(found.inconsistency, "");
  EXPECT_GE(found.newest, number);
  EXPECT_TRUE((*reopened)->commit(numbered_batch(found.newest + 1), Durability::kSynced));
  reopened->reset();
}

}  // namespace
}  // namespace couplet::test
