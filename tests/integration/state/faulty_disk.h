#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <shared_mutex>
#include <string>

namespace couplet::test {

// The disk under a RocksDB, with faults: it can be full, its syncs can fail, and it can be looked
// at as a loss of power would leave it. Safe for concurrent use.
//
// It knows of files only what RocksDB does through it. New, renamed and removed names are taken to
// be durable at once.
class FaultyDisk final : public rocksdb::FileSystemWrapper {
 public:
  FaultyDisk();

  // Bytes that can still be written; nullopt: any number. A write that does not fit is cut short,
  // as the system does it.
  void set_space(std::optional<std::uint64_t> bytes);
  void fail_syncs(bool fail) { fail_syncs_ = fail; }

  // Copies `folder` to `copy` as a loss of power at this moment would leave it: of each file what
  // was synced, and of the rest, page by page at the whim of `random`, what was written or nothing.
  void copy_after_power_loss(const std::filesystem::path& folder, const std::filesystem::path& copy,
                             std::mt19937& random);
  // Bytes of the file that are synced.
  std::uint64_t synced_bytes(const std::filesystem::path& file);

  static const char* kClassName() { return "FaultyDisk"; }  // NOLINT(readability-*)

  // What RocksDB calls, under its names.
  // NOLINTBEGIN(readability-identifier-naming)
  [[nodiscard]] const char* Name() const override { return kClassName(); }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  // NOLINTEND(readability-identifier-naming)

 private:
  class File;

  struct Extent {
    std::atomic<std::uint64_t> written = 0;
    std::atomic<std::uint64_t> synced = 0;
  };

  // How many of `wanted` bytes still fit.
  std::uint64_t take_space(std::uint64_t wanted);

  std::atomic<bool> fail_syncs_ = false;
  std::atomic<std::int64_t> space_;
  // Held shared by every write, exclusively by the power loss.
  std::shared_mutex power_;
  std::mutex extents_mutex_;
  std::map<std::string, std::shared_ptr<Extent>> extents_;  // By path.
};

}  // namespace couplet::test
