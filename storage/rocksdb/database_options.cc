#include "storage/rocksdb/database_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <cstdarg>
#include <cstdint>

namespace couplet {
namespace {

constexpr std::size_t kKiB = std::size_t{1} << 10U;
constexpr std::size_t kMiB = std::size_t{1} << 20U;

// RocksDB's own log file is not written: on a full disk the library ends the process when it fails
// to write there (7.8, an assertion that Debian's build keeps), and a reader must leave a writer's
// alone.
class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}  // NOLINT(readability-*)
};

rocksdb::BlockBasedTableOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  // Indexes and filters are counted in the cache, so that memory does not grow with the links.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // Half of all look-ups are for keys that are not there (a row that was never linked); a filter
  // answers those 3.6 times as fast. Whole keys: ranges are read by cursor, which no filter helps.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.whole_key_filtering = true;
  // Keys of one entity share a long prefix; blocks store it once per restart point, and the hash
  // index spares the binary search inside a block.
  table.block_size = 4 * kKiB;
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  table.format_version = 5;  // What 7.8 and everything newer read; written down, as it is a format.
  table.checksum = rocksdb::kXXH3;
  return table;
}

// These hold a record per link or per object; the others are work-lists, mostly short.
bool is_large(Family family) {
  return family == Family::kLinks || family == Family::kLinksRight || family == Family::kTopics;
}

// Few threads use it, so few shards will do; and a block that is larger than a shard is not cached
// at all. A file of 64 MiB has a filter of more than 1 MiB: in the 64 shards that are the default,
// each look-up would read it from the file again.
std::shared_ptr<rocksdb::Cache> make_cache(std::size_t bytes) {
  constexpr int kShardBits = 1;
  return rocksdb::NewLRUCache(bytes, kShardBits);
}

}  // namespace

DatabaseOptions make_database_options(std::size_t cache_bytes, Access access, rocksdb::Env* env) {
  const auto cache = make_cache(cache_bytes);
  const std::size_t unflushed_bytes_max = std::clamp(cache_bytes / 4, 4 * kMiB, 64 * kMiB);

  DatabaseOptions options;
  rocksdb::DBOptions& database = options.database;
  if (env != nullptr) {
    database.env = env;
  }
  database.create_if_missing = access == Access::kReadWrite;
  database.create_missing_column_families = access == Access::kReadWrite;
  database.paranoid_checks = true;

  // Recovery ends at the last point up to which the log is whole. The stricter modes refuse a tail
  // that a loss of power left half written, though nothing that was promised is missing; and
  // kTolerateCorruptedTailRecords goes on to the next log after a torn one, which makes a hole.
  // That promised changes are missing is found by SyncedMark, and for logs that are no longer
  // written also by the sizes that the manifest keeps of them.
  database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  database.track_and_verify_wals_in_manifest = true;
  database.verify_sst_unique_id_in_manifest = true;
  database.flush_verify_memtable_count = true;
  // A checksum of each whole file in the manifest: it covers what no block's checksum does.
  database.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();

  // Bounds what waits in memory, over all families, and what recovery has to replay: a family that
  // is seldom written would else keep every log since its last flush.
  database.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(unflushed_bytes_max, cache);
  database.max_total_wal_size = std::max(4 * unflushed_bytes_max, 32 * kMiB);
  database.max_manifest_file_size = 16 * kMiB;
  database.manifest_preallocation_size = 64 * kKiB;
  // Writes to disk in the background as it goes, so that a sync does not meet a mountain.
  database.bytes_per_sync = 1 * kMiB;
  database.max_background_jobs = 2;
  database.max_file_opening_threads = 2;

  database.info_log = std::make_shared<SilentLogger>();
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;

  // A reader beside a writer must hold what it has found open: the writer may delete it. Files are
  // of 64 MiB, so there are few.
  database.max_open_files = access == Access::kReadOnly ? -1 : 256;

  rocksdb::ColumnFamilyOptions family_options;
  family_options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(cache)));
  family_options.compression = rocksdb::kLZ4Compression;
  family_options.bottommost_compression = rocksdb::kLZ4Compression;
  family_options.target_file_size_base = 64 * kMiB;
  // What has changed is merged through levels that grow tenfold, of which the first is small: a few
  // changes do not have the whole of a state of some 100 MiB written anew.
  family_options.level_compaction_dynamic_level_bytes = true;
  family_options.max_bytes_for_level_base = 16 * kMiB;
  family_options.force_consistency_checks = true;
  family_options.max_write_buffer_number = 2;
  options.families.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options);
  for (std::size_t i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    family_options.write_buffer_size =
        is_large(family) ? unflushed_bytes_max / 2 : std::min(unflushed_bytes_max / 2, 4 * kMiB);
    // Most of what is looked up has not just been written: a filter of the unflushed spares it the
    // search through them.
    family_options.memtable_whole_key_filtering = is_large(family);
    family_options.memtable_prefix_bloom_size_ratio = is_large(family) ? 0.05 : 0;
    // Small beside the buffer: each has a block from the start.
    family_options.arena_block_size =
        is_large(family) ? std::min(1 * kMiB, family_options.write_buffer_size / 8) : 64 * kKiB;
    options.families.emplace_back(name_of(family), family_options);
  }
  return options;
}

// NOLINTBEGIN(readability-identifier-naming)
void FullDiskWatch::OnBackgroundError(rocksdb::BackgroundErrorReason /*reason*/,
                                      rocksdb::Status* error) {
  if (error->IsNoSpace()) {
    full_ = true;
  }
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): RocksDB's signature.
void FullDiskWatch::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/,
                                         rocksdb::Status error, bool* auto_recovery) {
  if (error.IsNoSpace()) {
    *auto_recovery = false;
  }
}
// NOLINTEND(readability-identifier-naming)

}  // namespace couplet
