#include "tests/bench/reconcile/state_tables.h"

#include <rocksdb/db.h>
#include <rocksdb/table_properties.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace couplet::bench {
namespace {

void check(const rocksdb::Status& status) {
  if (!status.ok()) {
    throw std::runtime_error(status.ToString());
  }
}

}  // namespace

double opened_into_cache_mib(const std::string& folder) {
  std::vector<std::string> names;
  check(rocksdb::DB::ListColumnFamilies({}, folder, &names));
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) {
    families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  check(rocksdb::DB::OpenForReadOnly({}, folder, families, &handles, &opened));
  const std::unique_ptr<rocksdb::DB> database(opened);
  std::uint64_t bytes = 0;
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    rocksdb::TablePropertiesCollection files;
    check(database->GetPropertiesOfAllTables(handle, &files));
    for (const auto& [file, properties] : files) {
      bytes += properties->index_size + properties->filter_size;
    }
    check(database->DestroyColumnFamilyHandle(handle));
  }
  return static_cast<double>(bytes) / (1U << 20U);
}

}  // namespace couplet::bench
