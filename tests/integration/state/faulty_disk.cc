#include "tests/integration/state/faulty_disk.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <mutex>
#include <utility>

namespace couplet::test {
namespace {

constexpr std::int64_t kEndless = std::numeric_limits<std::int64_t>::max();

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): RocksDB's names.
class FaultyDisk::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FaultyDisk& disk, std::shared_ptr<Extent> extent,
       std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), extent_(std::move(extent)) {}

  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
    const std::shared_lock lock(disk_.power_);
    const std::uint64_t fits = disk_.take_space(data.size());
    rocksdb::IOStatus status =
        FSWritableFileOwnerWrapper::Append(rocksdb::Slice(data.data(), fits), options, context);
    if (status.ok()) {
      extent_->written += fits;
    }
    if (status.ok() && fits < data.size()) {
      return rocksdb::IOStatus::NoSpace("While appending to file", "No space left on device");
    }
    return status;
  }
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                           const rocksdb::DataVerificationInfo& /*verification*/,
                           rocksdb::IODebugContext* context) override {
    return Append(data, options, context);
  }
  rocksdb::IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
    const std::shared_lock lock(disk_.power_);
    return FSWritableFileOwnerWrapper::Truncate(size, options, context);
  }
  rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                         rocksdb::IODebugContext* context) override {
    const std::shared_lock lock(disk_.power_);
    const std::uint64_t written = extent_->written;
    if (disk_.fail_syncs_) {
      return rocksdb::IOStatus::IOError("While syncing", "Input/output error");
    }
    rocksdb::IOStatus status = FSWritableFileOwnerWrapper::Sync(options, context);
    if (status.ok()) {
      extent_->synced = std::max<std::uint64_t>(extent_->synced, written);
    }
    return status;
  }
  rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                          rocksdb::IODebugContext* context) override {
    return Sync(options, context);
  }

 private:
  FaultyDisk& disk_;
  std::shared_ptr<Extent> extent_;
};

FaultyDisk::FaultyDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()), space_(kEndless) {}

rocksdb::IOStatus FaultyDisk::NewWritableFile(const std::string& name,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                                              rocksdb::IODebugContext* context) {
  const std::shared_lock lock(power_);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus status = FileSystemWrapper::NewWritableFile(name, options, &file, context);
  if (status.ok()) {
    const std::lock_guard extents_lock(extents_mutex_);
    const auto extent = std::make_shared<Extent>();
    extents_[name] = extent;
    *result = std::make_unique<File>(*this, extent, std::move(file));
  }
  return status;
}

rocksdb::IOStatus FaultyDisk::RenameFile(const std::string& from, const std::string& to,
                                         const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* context) {
  const std::shared_lock lock(power_);
  rocksdb::IOStatus status = FileSystemWrapper::RenameFile(from, to, options, context);
  if (status.ok()) {
    const std::lock_guard extents_lock(extents_mutex_);
    if (auto moved = extents_.extract(from)) {
      extents_[to] = moved.mapped();
    }
  }
  return status;
}

rocksdb::IOStatus FaultyDisk::DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* context) {
  const std::shared_lock lock(power_);
  rocksdb::IOStatus status = FileSystemWrapper::DeleteFile(name, options, context);
  if (status.ok()) {
    const std::lock_guard extents_lock(extents_mutex_);
    extents_.erase(name);
  }
  return status;
}
// NOLINTEND(readability-identifier-naming)

void FaultyDisk::set_space(std::optional<std::uint64_t> bytes) {
  space_ = bytes ? static_cast<std::int64_t>(*bytes) : kEndless;
}

std::uint64_t FaultyDisk::take_space(std::uint64_t wanted) {
  std::int64_t left = space_;
  for (;;) {
    if (left == kEndless) {
      return wanted;
    }
    const std::int64_t taken = std::min(left, static_cast<std::int64_t>(wanted));
    if (space_.compare_exchange_weak(left, left - taken)) {
      return static_cast<std::uint64_t>(taken);
    }
  }
}

std::uint64_t FaultyDisk::synced_bytes(const std::filesystem::path& file) {
  const std::lock_guard lock(extents_mutex_);
  const auto found = extents_.find(file.string());
  return found == extents_.end() ? 0 : found->second->synced.load();
}

void FaultyDisk::copy_after_power_loss(const std::filesystem::path& folder,
                                       const std::filesystem::path& copy, std::mt19937& random) {
  constexpr std::size_t kPage = 4096;
  const std::unique_lock lock(power_);
  const std::lock_guard extents_lock(extents_mutex_);
  std::filesystem::create_directory(copy);
  std::filesystem::permissions(copy, std::filesystem::perms::owner_all);
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (const auto found = extents_.find(file.path().string()); found != extents_.end()) {
      const std::uint64_t synced = found->second->synced;
      bytes.resize(std::min<std::uint64_t>(bytes.size(), found->second->written));
      if (bytes.size() > synced) {
        // The length that the file system remembers, then pages that never came to the disk.
        bytes.resize(std::uniform_int_distribution<std::size_t>(synced, bytes.size())(random));
        for (std::size_t at = synced; at < bytes.size();) {
          const std::size_t end = std::min(bytes.size(), (at / kPage + 1) * kPage);
          if (random() % 4 == 0) {
            std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                      bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
          }
          at = end;
        }
      }
    }
    std::ofstream(copy / file.path().filename(), std::ios::binary) << bytes;
  }
}

}  // namespace couplet::test
