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
    : database_(database), handles_(std::move(handles)) {}

OpenDatabase::~OpenDatabase() {
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    database_->DestroyColumnFamilyHandle(handle);
  }
  database_->Close();
}

}  // namespace couplet
