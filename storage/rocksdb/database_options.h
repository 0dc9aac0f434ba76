#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "engine/ports/state_store.h"

namespace couplet {

// RocksDB's options for a state, with the reason of each that is not its default.
struct DatabaseOptions {
  rocksdb::DBOptions database;
  // RocksDB's "default", which stays empty, then one by each Family in order of its number.
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
};

enum class Access { kReadOnly, kReadWrite };

DatabaseOptions make_database_options(std::size_t cache_bytes, Access access, rocksdb::Env* env);

// Whether RocksDB met a full disk, in a write or behind our back in a flush or a compaction.
//
// RocksDB would look every five seconds whether there is space again and refuse an asked-for
// Resume meanwhile; we resume when there is something to write, so that is turned off here.
class FullDiskWatch final : public rocksdb::EventListener {
 public:
  [[nodiscard]] bool is_full() const { return full_; }
  void set_full(bool full) { full_ = full; }

  // NOLINTBEGIN(readability-identifier-naming): RocksDB's names.
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* auto_recovery) override;
  // NOLINTEND(readability-identifier-naming)

 private:
  std::atomic<bool> full_ = false;
};

}  // namespace couplet
