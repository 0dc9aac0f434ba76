#include "storage/rocksdb/resume.h"

#include <rocksdb/convenience.h>

#include <future>

namespace couplet {

std::optional<rocksdb::Status> resume(rocksdb::DB& database,
                                      const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                                      std::chrono::milliseconds most) {
  auto resumed = std::async(std::launch::async, [&] {
    rocksdb::Status status = database.Resume();
    if (status.ok()) {
      rocksdb::FlushOptions options;
      options.allow_write_stall = true;
      status = database.Flush(options, families);
    }
    return status;
  });
  if (resumed.wait_for(most) == std::future_status::ready) {
    return resumed.get();
  }
  rocksdb::CancelAllBackgroundWork(&database, /*wait=*/false);
  static_cast<void>(resumed.get());  // "Shutdown in progress".
  return std::nullopt;
}

}  // namespace couplet
