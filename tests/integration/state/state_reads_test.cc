// What is read of the files, told by a file system that counts.
#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/rocksdb/rocksdb_state_store.h"
#include "tests/support/temporary_folder.h"

namespace couplet::test {
namespace {

// NOLINTBEGIN(readability-identifier-naming): RocksDB's names.
class CountedReads final : public rocksdb::FileSystemWrapper {
 public:
  CountedReads() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  [[nodiscard]] const char* Name() const override { return "CountedReads"; }
  [[nodiscard]] std::uint64_t bytes() const { return *bytes_; }

  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* context) override {
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    const auto status = target()->NewRandomAccessFile(name, options, &file, context);
    if (status.ok()) {
      *result = std::make_unique<File>(std::move(file), bytes_);
    }
    return status;
  }

 private:
  using Bytes = std::shared_ptr<std::atomic<std::uint64_t>>;
  class File final : public rocksdb::FSRandomAccessFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSRandomAccessFile> file, Bytes bytes)
        : rocksdb::FSRandomAccessFileOwnerWrapper(std::move(file)), bytes_(std::move(bytes)) {}
    rocksdb::IOStatus Read(std::uint64_t offset, std::size_t size,
                           const rocksdb::IOOptions& options, rocksdb::Slice* result, char* scratch,
                           rocksdb::IODebugContext* context) const override {
      *bytes_ += size;
      return target()->Read(offset, size, options, result, scratch, context);
    }
    rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count,
                                const rocksdb::IOOptions& options,
                                rocksdb::IODebugContext* context) override {
      for (std::size_t i = 0; i < count; ++i) {
        *bytes_ += requests[i].len;
      }
      return target()->MultiRead(requests, count, options, context);
    }

   private:
    Bytes bytes_;
  };
  Bytes bytes_ = std::make_shared<std::atomic<std::uint64_t>>(0);
};
// NOLINTEND(readability-identifier-naming)

std::string key(int number) { return "object " + std::to_string(1'000'000 + number); }

TEST(StateReadsTest, WhatIsLookedUpAgainIsNotReadAgainHoweverManyLinksAFileHas) {
  // Their filter is larger than the shards that are RocksDB's default.
  constexpr int kLinks = 700'000;
  constexpr int kBatch = 10'000;
  constexpr int kAsked = 500;
  const TemporaryFolder folder;
  const auto disk = std::make_shared<CountedReads>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(disk);
  RocksdbStateStore::Settings settings;
  settings.create = true;
  settings.cache_bytes = std::size_t{16} << 20U;
  settings.env = env.get();
  {
    const auto store = RocksdbStateStore::open(folder.path() / "state", settings);
    ASSERT_TRUE(store) << store.error().message;
    for (int first = 0; first < kLinks; first += kBatch) {
      StateBatch batch;
      for (int i = first; i < first + kBatch; ++i) {
        batch.put(Family::kLinks, key(i), std::to_string(i));
      }
      ASSERT_TRUE((*store)->commit(batch, Durability::kLater));
    }
  }
  const auto store = RocksdbStateStore::open(folder.path() / "state", settings);
  ASSERT_TRUE(store) << store.error().message;
  const auto look_up_scattered = [&] {
    const std::uint64_t before = disk->bytes();
    for (int i = 0; i < kAsked; ++i) {
      const std::vector<std::string> asked{key(i * (kLinks / kAsked))};
      const auto found = (*store)->get_many(Family::kLinks, asked);
      EXPECT_TRUE(found && found->front() == std::to_string(i * (kLinks / kAsked)));
    }
    return disk->bytes() - before;
  };
  EXPECT_GT(look_up_scattered(), 0U);
  EXPECT_EQ(look_up_scattered(), 0U);
}

}  // namespace
}  // namespace couplet::test
