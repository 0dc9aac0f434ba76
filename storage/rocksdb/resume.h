#pragma once

#include <rocksdb/db.h>

#include <chrono>
#include <optional>
#include <vector>

namespace couplet {

// Makes a database write again that stopped at a full disk: RocksDB's Resume, then a flush of all
// `families`, so that nothing that waited is left behind.
//
// nullopt: it did not come to an end within `most`. RocksDB (7.8, DBImpl::BackgroundFlush) forgets
// a flush that was handed to its thread, but had not begun, when writing stopped: who waits for
// that flush then waits for ever. The database is told to stop working in the background, which
// ends the waiting; from then on it can be read and closed, no more. What was committed is in the
// log, and opening anew replays it.
std::optional<rocksdb::Status> resume(rocksdb::DB& database,
                                      const std::vector<rocksdb::ColumnFamilyHandle*>& families,
                                      std::chrono::milliseconds most);

}  // namespace couplet
