#include "storage/rocksdb/open_database.h"

#include <utility>

namespace couplet {

rocksdb::Status OpenDatabase::open(const std::filesystem::path& folder,
                                   const DatabaseOptions& options, Access access,
                                   std::unique_ptr<OpenDatabase>& opened) {
  rocksdb::DB* database = nullptr;
  Handles handles;
  rocksdb::Status status = access == Access::kReadOnly
                               ? rocksdb::DB::OpenForReadOnly(options.database, folder.string(),
                                                              options.families, &handles, &database)
                               : rocksdb::DB::Open(options.database, folder.string(),
                                                   options.families, &handles, &database);
  if (status.ok()) {
    opened.reset(new OpenDatabase(database, std::move(handles)));
  }
  return status;
}

OpenDatabase::OpenDatabase(rocksdb::DB* database, Handles handles)
    : database_(database), handles_(std::move(handles)) {
  for (std::size_t i = 0; i < kFamilies; ++i) {
    empty_[i].store(holds_nothing(static_cast<Family>(i)), std::memory_order_relaxed);
  }
}

// False where it would take long to find out, or an error is in the way: who reads will be told.
bool OpenDatabase::holds_nothing(Family family) const {
  rocksdb::ReadOptions options;
  options.max_skippable_internal_keys = 1000;
  const std::unique_ptr<rocksdb::Iterator> iterator(
      database_->NewIterator(options, handle(family)));
  iterator->SeekToFirst();
  return !iterator->Valid() && iterator->status().ok();
}

OpenDatabase::~OpenDatabase() {
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    database_->DestroyColumnFamilyHandle(handle);
  }
  database_->Close();
}

}  // namespace couplet
