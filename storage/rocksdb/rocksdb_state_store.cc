#include "storage/rocksdb/rocksdb_state_store.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <mutex>
#include <system_error>
#include <utility>

#include "engine/model/planted_bug.h"
#include "storage/rocksdb/cursor_ahead.h"
#include "storage/rocksdb/database_files.h"
#include "storage/rocksdb/database_options.h"
#include "storage/rocksdb/open_database.h"
#include "storage/rocksdb/resume.h"
#include "storage/rocksdb/state_folder.h"
#include "storage/rocksdb/status_error.h"
#include "storage/rocksdb/synced_mark.h"

namespace couplet {
namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

Error exception_error(const std::exception& exception) {
  return {ErrorKind::kInternal,
          fmt::format("the state store failed: {}", exception.what()),
          {},
          {},
          {},
          {}};
}

// Exceptions (of memory, of a library) stop here.
template <typename Work>
auto guarded(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return fail(exception_error(exception));
  }
}

// Both are checked whenever a database was opened: see SyncedMark.
Result<void> check_reaches(const std::filesystem::path& folder, const OpenDatabase& database,
                           std::uint64_t synced) {
  const std::uint64_t recovered = database->GetLatestSequenceNumber();
  if (recovered >= synced || planted("lost_tail_is_ignored")) {
    return {};
  }
  return fail(corrupt_error(
      folder, fmt::format("changes up to number {} were synced, only those up to {} are readable "
                          "(a log or manifest is damaged, cut off, or older than the rest)",
                          synced, recovered)));
}

Result<std::uint64_t> read_mark(const std::filesystem::path& folder) {
  auto synced = SyncedMark::read(folder);
  if (!synced && (synced.error().kind == ErrorKind::kNotFound ||
                  synced.error().kind == ErrorKind::kStateCorrupt)) {
    return fail(corrupt_error(
        folder, fmt::format("its file {} is missing or not readable", SyncedMark::kFileName)));
  }
  return synced;
}

// Opens for reading, while another process may be writing. RocksDB does not promise that this
// works, so it is made sure of: as long as the manifest did not grow while we opened, no file it
// names can have been deleted and no log it still needs can have been flushed.
Result<std::unique_ptr<OpenDatabase>> open_for_reading(const std::filesystem::path& folder,
                                                       const DatabaseOptions& options) {
  constexpr int kAttempts = 20;  // A manifest grows once per flush, some seconds apart.
  std::optional<Error> error;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    COUPLET_ASSIGN(const std::uint64_t synced, read_mark(folder));
    const ManifestFingerprint before = ManifestFingerprint::of(folder);
    std::unique_ptr<OpenDatabase> database;
    const rocksdb::Status status = OpenDatabase::open(folder, options, Access::kReadOnly, database);
    const bool stable = before == ManifestFingerprint::of(folder);
    if (status.ok()) {
      auto reaches = check_reaches(folder, *database, synced);
      if (stable && reaches) {
        return database;
      }
      error = reaches ? Error{ErrorKind::kTransient,
                              fmt::format("the state in {} is being written too fast to be read",
                                          folder.string()),
                              "Ask the process that has it open.",
                              {},
                              {},
                              {}}
                      : reaches.error();
    } else {
      error = state_error(status, folder);
    }
    if (stable) {
      break;
    }
  }
  return fail(std::move(*error));
}

// Stands in where no cursor could be made, or none is needed.
class NoCursor final : public StateCursor {
 public:
  explicit NoCursor(Result<void> status) : status_(std::move(status)) {}
  void seek(std::string_view /*key*/) override {}
  [[nodiscard]] bool valid() const override { return false; }
  void next() override { COUPLET_CHECK(valid()); }
  [[nodiscard]] std::string_view key() const override { return {}; }
  [[nodiscard]] std::string_view value() const override { return {}; }
  [[nodiscard]] Result<void> status() const override { return status_; }

 private:
  Result<void> status_;
};

class DatabaseCursor final : public StateCursor {
 public:
  using Report = std::function<Error(const rocksdb::Status&)>;
  DatabaseCursor(std::unique_ptr<rocksdb::Iterator> iterator, Report report)
      : iterator_(std::move(iterator)), report_(std::move(report)) {}

  void seek(std::string_view key) override { iterator_->Seek(slice(key)); }
  [[nodiscard]] bool valid() const override { return iterator_->Valid(); }
  void next() override {
    COUPLET_CHECK(iterator_->Valid());
    iterator_->Next();
  }
  [[nodiscard]] std::string_view key() const override {
    COUPLET_CHECK(iterator_->Valid());
    return view(iterator_->key());
  }
  [[nodiscard]] std::string_view value() const override {
    COUPLET_CHECK(iterator_->Valid());
    return view(iterator_->value());
  }
  [[nodiscard]] Result<void> status() const override {
    const rocksdb::Status status = iterator_->status();
    if (status.ok()) {
      return {};
    }
    return fail(report_(status));
  }

 private:
  std::unique_ptr<rocksdb::Iterator> iterator_;
  Report report_;
};

}  // namespace

class RocksdbStateStore::Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& folder,
                                                const Settings& settings);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<void> commit(const StateBatch& batch, Durability durability);
  Result<std::optional<std::string>> get(Family family, std::string_view key);
  Result<std::vector<std::optional<std::string>>> get_many(Family family,
                                                           std::span<const std::string> keys);
  std::unique_ptr<StateCursor> cursor(Family family, const rocksdb::ReadOptions& options);
  Result<std::vector<std::string>> verify();
  [[nodiscard]] std::uint64_t bytes() const { return bytes_of_files(folder_); }

 private:
  Database(std::filesystem::path folder, const Settings& settings)
      : folder_(std::move(folder)), env_(settings.env), resume_max_(settings.resume_max) {}

  static Result<std::unique_ptr<Database>> open_to_read(const std::filesystem::path& folder,
                                                        const Settings& settings);
  static Result<std::unique_ptr<Database>> open_to_write(const std::filesystem::path& folder,
                                                         const Settings& settings);
  Result<void> write(const StateBatch& batch, Durability durability);
  Result<void> recover_from_full_disk();
  // Turns a failed status into an error and remembers what must stop further writes.
  Error report(const rocksdb::Status& status);

  const std::filesystem::path folder_;
  rocksdb::Env* const env_;
  const std::chrono::milliseconds resume_max_;
  // Nothing is written once this is set: not even what was committed before is known to be good.
  std::atomic<bool> damaged_ = false;
  const std::shared_ptr<FullDiskWatch> disk_ = std::make_shared<FullDiskWatch>();
  std::mutex recovery_;
  bool stuck_ = false;  // Behind `recovery_`: nothing is written until the state is opened anew.
  // In this order: the lock is let go of last. Both are null in a store that only reads.
  std::unique_ptr<StateFolder> claim_;
  std::unique_ptr<SyncedMark> mark_;
  std::unique_ptr<OpenDatabase> database_;
};

Result<std::unique_ptr<RocksdbStateStore::Database>> RocksdbStateStore::Database::open(
    const std::filesystem::path& folder, const Settings& settings) {
  return settings.read_only ? open_to_read(folder, settings) : open_to_write(folder, settings);
}

Result<std::unique_ptr<RocksdbStateStore::Database>> RocksdbStateStore::Database::open_to_read(
    const std::filesystem::path& folder, const Settings& settings) {
  COUPLET_ASSIGN(const Presence presence, look_for_database(folder));
  if (presence == Presence::kNone) {
    return fail(ErrorKind::kNotFound, fmt::format("there is no state in {}", folder.string()));
  }
  const auto options = make_database_options(settings.cache_bytes, Access::kReadOnly, settings.env);
  std::unique_ptr<Database> opened(new Database(folder, settings));
  COUPLET_ASSIGN(opened->database_, open_for_reading(folder, options));
  return opened;
}

Result<std::unique_ptr<RocksdbStateStore::Database>> RocksdbStateStore::Database::open_to_write(
    const std::filesystem::path& folder, const Settings& settings) {
  std::unique_ptr<Database> opened(new Database(folder, settings));
  if (!settings.create) {  // Leaves nothing behind in a folder that holds no state.
    COUPLET_ASSIGN(const Presence presence, look_for_database(folder));
    if (presence == Presence::kNone) {
      return fail(ErrorKind::kNotFound, fmt::format("there is no state in {}", folder.string()));
    }
  }
  COUPLET_ASSIGN(auto claim, StateFolder::claim(folder, settings.create));
  opened->claim_ = std::make_unique<StateFolder>(std::move(claim));

  COUPLET_ASSIGN(const Presence presence, look_for_database(folder));
  if (presence == Presence::kNone) {
    COUPLET_TRY(SyncedMark::create(folder));
  } else {
    // First without writing: opening for writing replays and then drops the logs, and with a
    // damaged one that would take from the folder what a repair could still use.
    const auto options =
        make_database_options(settings.cache_bytes, Access::kReadOnly, settings.env);
    if (auto readable = open_for_reading(folder, options);
        !readable && readable.error().kind != ErrorKind::kNotFound) {
      return fail(std::move(readable.error()));
    }
  }

  auto options = make_database_options(settings.cache_bytes, Access::kReadWrite, settings.env);
  options.database.listeners.push_back(opened->disk_);
  const rocksdb::Status status =
      OpenDatabase::open(folder, options, Access::kReadWrite, opened->database_);
  if (!status.ok()) {
    return fail(opened->report(status));
  }
  COUPLET_ASSIGN(const std::uint64_t synced, read_mark(folder));
  COUPLET_TRY(check_reaches(folder, *opened->database_, synced));
  COUPLET_ASSIGN(opened->mark_, SyncedMark::open(folder));
  return opened;
}

RocksdbStateStore::Database::~Database() {
  if (!mark_ || !database_ || damaged_) {
    return;
  }
  // So that the next opening has no log to replay, and none that could be damaged meanwhile.
  const std::uint64_t committed = (*database_)->GetLatestSequenceNumber();
  if ((*database_)->Flush(rocksdb::FlushOptions(), database_->handles()).ok() &&
      (*database_)->SyncWAL().ok()) {
    mark_->advance(committed);
  }
}

Error RocksdbStateStore::Database::report(const rocksdb::Status& status) {
  Error error = state_error(status, folder_);
  if (error.kind == ErrorKind::kStateCorrupt) {
    damaged_ = true;
  } else if (error.kind == ErrorKind::kDiskFull) {
    disk_->set_full(true);
  }
  return error;
}

Result<void> RocksdbStateStore::Database::commit(const StateBatch& batch, Durability durability) {
  if (!mark_) {
    return fail(ErrorKind::kInternal,
                fmt::format("the state in {} was opened for reading", folder_.string()));
  }
  if (damaged_) {
    return fail(corrupt_error(folder_, "nothing more is written after damage was found"));
  }
  if (disk_->is_full()) {
    COUPLET_TRY(recover_from_full_disk());
  }
  return write(batch, durability);
}

Result<void> RocksdbStateStore::Database::recover_from_full_disk() {
  const std::lock_guard lock(recovery_);
  if (!disk_->is_full()) {
    return {};
  }
  if (!stuck_) {
    // Starts a new log and flushes: a log whose end failed to be written is not written on.
    const auto status = resume(*database_->get(), database_->handles(), resume_max_);
    if (status && !status->ok()) {
      return fail(report(*status));
    }
    stuck_ = !status;
  }
  if (stuck_) {
    return fail({ErrorKind::kDiskFull,
                 fmt::format("the disk was full, and the state in {} cannot go on by itself",
                             folder_.string()),
                 "Start again: what was committed is there.",
                 {},
                 kOpenAnew,
                 {}});
  }
  disk_->set_full(false);
  return {};
}

Result<void> RocksdbStateStore::Database::write(const StateBatch& batch, Durability durability) {
  const bool synced = durability == Durability::kSynced;
  // Of what is visible now; our batch gets numbers above, and whatever has lower ones is before it
  // in the log.
  const std::uint64_t committed = (*database_)->GetLatestSequenceNumber();
  rocksdb::Status status;
  if (batch.empty()) {
    status = synced ? (*database_)->FlushWAL(true) : rocksdb::Status::OK();
  } else {
    rocksdb::WriteBatch changes;
    for (const StateBatch::Change& change : batch.changes()) {
      rocksdb::ColumnFamilyHandle* handle = database_->handle(change.family);
      if (change.value && database_->is_empty(change.family)) {
        database_->will_fill(change.family);
      }
      status = change.value ? changes.Put(handle, change.key, *change.value)
                            : changes.Delete(handle, change.key);
      if (!status.ok()) {
        return fail(report(status));
      }
    }
    rocksdb::WriteOptions options;
    options.sync = synced;
    status = (*database_)->Write(options, &changes);
  }
  if (!status.ok()) {
    return fail(report(status));
  }
  if (synced) {
    mark_->advance(committed + batch.changes().size());
  }
  return {};
}

Result<std::optional<std::string>> RocksdbStateStore::Database::get(Family family,
                                                                    std::string_view key) {
  if (database_->is_empty(family)) {
    return std::nullopt;
  }
  std::string value;
  const rocksdb::Status status =
      (*database_)->Get(rocksdb::ReadOptions(), database_->handle(family), slice(key), &value);
  if (status.ok()) {
    return value;
  }
  if (status.IsNotFound()) {
    return std::nullopt;
  }
  return fail(report(status));
}

Result<std::vector<std::optional<std::string>>> RocksdbStateStore::Database::get_many(
    Family family, std::span<const std::string> keys) {
  // A bound on the blocks that are held in memory at once.
  constexpr std::size_t kKeysAtOnce = 1024;
  std::vector<std::optional<std::string>> answers(keys.size());
  if (database_->is_empty(family)) {
    return answers;
  }
  const bool sorted = std::is_sorted(keys.begin(), keys.end());
  const std::size_t most = std::min(keys.size(), kKeysAtOnce);
  std::vector<rocksdb::Slice> slices(most);
  std::vector<rocksdb::PinnableSlice> values(most);
  std::vector<rocksdb::Status> statuses(most);
  for (std::size_t first = 0; first < keys.size(); first += kKeysAtOnce) {
    const std::size_t count = std::min(kKeysAtOnce, keys.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      slices[i] = slice(keys[first + i]);
      values[i].Reset();
    }
    (*database_)
        ->MultiGet(rocksdb::ReadOptions(), database_->handle(family), count, slices.data(),
                   values.data(), statuses.data(), sorted);
    for (std::size_t i = 0; i < count; ++i) {
      if (statuses[i].ok()) {
        answers[first + i].emplace(values[i].data(), values[i].size());
      } else if (!statuses[i].IsNotFound()) {
        return fail(report(statuses[i]));
      }
    }
  }
  return answers;
}

std::unique_ptr<StateCursor> RocksdbStateStore::Database::cursor(
    Family family, const rocksdb::ReadOptions& options) {
  if (database_->is_empty(family)) {
    return std::make_unique<NoCursor>(Result<void>{});
  }
  return std::make_unique<DatabaseCursor>(
      std::unique_ptr<rocksdb::Iterator>(
          (*database_)->NewIterator(options, database_->handle(family))),
      [this](const rocksdb::Status& status) { return report(status); });
}

Result<std::vector<std::string>> RocksdbStateStore::Database::verify() {
  std::vector<std::string> problems;
  // File by file, so that every damaged one is named, not only the first.
  std::vector<rocksdb::LiveFileMetaData> files;
  (*database_)->GetLiveFilesMetaData(&files);
  rocksdb::Options options;
  if (env_ != nullptr) {
    options.env = env_;
  }
  for (const rocksdb::LiveFileMetaData& file : files) {
    rocksdb::SstFileReader reader(options);
    rocksdb::Status status = reader.Open(file.directory + "/" + file.relative_filename);
    if (status.ok()) {
      status = reader.VerifyChecksum();
    }
    if (!status.ok()) {
      damaged_ = true;
      problems.push_back(fmt::format("file {} of family {}: {}", file.relative_filename,
                                     file.column_family_name, status.ToString()));
    }
  }
  // Then as a reader sees it: this goes through the indexes, and through what is in memory.
  for (std::size_t i = 0; i < kFamilies; ++i) {
    const auto family = static_cast<Family>(i);
    rocksdb::ReadOptions read;
    read.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> iterator(
        (*database_)->NewIterator(read, database_->handle(family)));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    }
    if (const rocksdb::Status status = iterator->status(); !status.ok()) {
      damaged_ = true;
      problems.push_back(fmt::format("family {} cannot be read to its end: {}", name_of(family),
                                     status.ToString()));
    }
  }
  // A file's end and padding have no block checksum; the manifest has one of each whole file.
  if (problems.empty()) {
    if (const rocksdb::Status status = (*database_)->VerifyFileChecksums(rocksdb::ReadOptions());
        !status.ok()) {
      damaged_ = true;
      problems.push_back(status.ToString());
    }
  }
  // Manifest and log were read when we opened and are only written since: read them as a process
  // that comes later would.
  constexpr std::size_t kCacheBytes = std::size_t{4} << 20U;
  if (auto again =
          open_for_reading(folder_, make_database_options(kCacheBytes, Access::kReadOnly, env_));
      !again) {
    damaged_ = damaged_ || again.error().kind == ErrorKind::kStateCorrupt;
    problems.push_back(again.error().message);
  }
  return problems;
}

RocksdbStateStore::RocksdbStateStore(std::unique_ptr<Database> database)
    : database_(std::move(database)) {}
RocksdbStateStore::~RocksdbStateStore() = default;

Result<std::unique_ptr<RocksdbStateStore>> RocksdbStateStore::open(
    const std::filesystem::path& folder, const Settings& settings) {
  return guarded([&]() -> Result<std::unique_ptr<RocksdbStateStore>> {
    COUPLET_ASSIGN(auto database, Database::open(folder, settings));
    return std::unique_ptr<RocksdbStateStore>(new RocksdbStateStore(std::move(database)));
  });
}

Result<void> RocksdbStateStore::commit(const StateBatch& batch, Durability durability) {
  return guarded([&] { return database_->commit(batch, durability); });
}

Result<std::optional<std::string>> RocksdbStateStore::get(Family family,
                                                          std::string_view key) const {
  return guarded([&] { return database_->get(family, key); });
}

Result<std::vector<std::optional<std::string>>> RocksdbStateStore::get_many(
    Family family, std::span<const std::string> keys) const {
  return guarded([&] { return database_->get_many(family, keys); });
}

std::unique_ptr<StateCursor> RocksdbStateStore::cursor(Family family) const {
  try {
    return database_->cursor(family, {});  // Its read-ahead grows as a longer range is read.
  } catch (const std::exception& exception) {
    return std::make_unique<NoCursor>(fail(exception_error(exception)));
  }
}

std::unique_ptr<StateCursor> RocksdbStateStore::long_cursor(Family family) const {
  constexpr std::size_t kReadAhead = std::size_t{1} << 20U;
  rocksdb::ReadOptions options;
  options.readahead_size = kReadAhead;
  options.fill_cache = false;
  try {
    return std::make_unique<CursorAhead>(database_->cursor(family, options));
  } catch (const std::exception& exception) {
    return std::make_unique<NoCursor>(fail(exception_error(exception)));
  }
}

std::uint64_t RocksdbStateStore::bytes() const { return database_->bytes(); }

Result<std::vector<std::string>> RocksdbStateStore::verify() const {
  return guarded([&] { return database_->verify(); });
}

}  // namespace couplet
