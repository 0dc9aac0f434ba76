#pragma once

#include <rocksdb/db.h>

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

 private:
  OpenDatabase(rocksdb::DB* database, Handles handles);

  std::unique_ptr<rocksdb::DB> database_;
  Handles handles_;
};

}  // namespace couplet
