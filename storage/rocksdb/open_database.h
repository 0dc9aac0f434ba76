#pragma once

#include <rocksdb/db.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "engine/ports/state_store.h"
#include "storage/rocksdb/database_options.h"

namespace couplet {

// A RocksDB database that was opened, with a column family for each Family; closes both. As safe
// for threads as rocksdb::DB.
class OpenDatabase {
 public:
  using Handles = std::vector<rocksdb::ColumnFamilyHandle*>;

  // `options` are those made for `access`. `opened` is set where the status is ok.
  static rocksdb::Status open(const std::filesystem::path& folder, const DatabaseOptions& options,
                              Access access, std::unique_ptr<OpenDatabase>& opened);
  ~OpenDatabase();
  OpenDatabase(const OpenDatabase&) = delete;
  OpenDatabase& operator=(const OpenDatabase&) = delete;

  rocksdb::DB* operator->() const { return database_.get(); }
  [[nodiscard]] rocksdb::DB* get() const { return database_.get(); }
  // The first handle is that of RocksDB's own "default".
  [[nodiscard]] rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<std::size_t>(family) + 1];
  }
  [[nodiscard]] const Handles& handles() const { return handles_; }

  // True if a family is known to hold nothing, and nobody else writes: it need not be searched.
  // Most are empty for as long as nothing goes wrong, and each object asks several of them. One
  // that was emptied counts as filled until the next opening.
  [[nodiscard]] bool is_empty(Family family) const {
    return empty_[static_cast<std::size_t>(family)].load(std::memory_order_acquire);
  }
  // To be told before something is put into a family.
  void will_fill(Family family) {
    empty_[static_cast<std::size_t>(family)].store(false, std::memory_order_release);
  }

 private:
  OpenDatabase(rocksdb::DB* database, Handles handles);
  [[nodiscard]] bool holds_nothing(Family family) const;

  std::unique_ptr<rocksdb::DB> database_;
  Handles handles_;
  std::array<std::atomic<bool>, kFamilies> empty_;
};

}  // namespace couplet
