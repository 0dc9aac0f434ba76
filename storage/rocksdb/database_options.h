#pragma once

#include <rocksdb/db.h>
#include <rocksdb/options.h>

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

}  // namespace couplet
