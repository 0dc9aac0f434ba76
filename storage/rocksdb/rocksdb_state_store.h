#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/result.h"
#include "engine/ports/state_store.h"

namespace rocksdb {
class Env;
}  // namespace rocksdb

namespace couplet {

// The state on disk: one folder, one RocksDB with a column family per Family.
//
// One process at a time has it open for writing; any number may read beside it. What a reader sees
// is the state as of when it was opened. A store opened for writing is safe for concurrent use.
//
// What survives what: a kill of the process, everything committed; a loss of power, every synced
// batch and all before it, and perhaps some of the later ones, in order and each one whole. A batch
// whose commit failed is not seen while the store is open; it may be there once it is opened anew.
class RocksdbStateStore final : public StateStore {
 public:
  struct Settings {
    bool create = false;     // Make the folder (0700) and the database if there are none.
    bool read_only = false;  // Takes no lock, writes nothing, not even a log.
    // Block cache, indexes, filters and what is not flushed yet, together. Beyond it: about 40 MiB.
    std::size_t cache_bytes = std::size_t{64} << 20U;
    rocksdb::Env* env = nullptr;  // For tests that need a disk with faults. Outlives the store.
    // How long going on after a full disk may take before it is given up: see commit.
    std::chrono::milliseconds resume_max{30'000};
  };

  // Errors, each naming the folder: kNotFound (no state there, and not asked to create one),
  // kStateInUse (another process, or this one, has it open), kPrivilege (the folder is another
  // user's, open to other users, or not writable), kStateForeign (made by a newer Couplet),
  // kStateCorrupt (damaged: nothing was changed on disk, so a repair finds it as it was),
  // kDiskFull.
  static Result<std::unique_ptr<RocksdbStateStore>> open(const std::filesystem::path& folder,
                                                         const Settings& settings);

  // Makes all that was committed durable, so that opening again has nothing to recover.
  ~RocksdbStateStore() override;
  RocksdbStateStore(const RocksdbStateStore&) = delete;
  RocksdbStateStore& operator=(const RocksdbStateStore&) = delete;

  // After kDiskFull the same batch may be committed again: it goes through once there is space. In
  // the rare case that RocksDB does not find back by itself (see resume.h) that is kDiskFull too,
  // with the code kOpenAnew; until then it can be read. An empty synced batch makes what was
  // committed before durable.
  Result<void> commit(const StateBatch& batch, Durability durability) override;
  [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                       std::string_view key) const override;
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> get_many(
      Family family, std::span<const std::string> keys) const override;
  // Must not outlive the store.
  [[nodiscard]] std::unique_ptr<StateCursor> cursor(Family family) const override;
  [[nodiscard]] std::unique_ptr<StateCursor> long_cursor(Family family) const override;
  [[nodiscard]] std::uint64_t bytes() const override;
  [[nodiscard]] Result<std::vector<std::string>> verify() const override;

 private:
  class Database;
  explicit RocksdbStateStore(std::unique_ptr<Database> database);

  std::unique_ptr<Database> database_;
};

}  // namespace couplet
