#include "connectors/sqlite/sqlite_stream.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "connectors/sqlite/log_plan.h"
#include "connectors/sqlite/log_text.h"
#include "connectors/sqlite/sql_text.h"
#include "engine/ports/tuning.h"

namespace couplet::sqlite {
namespace {

// More entries than this are told as several transactions, so that what is done of a long backlog
// is done for good. Nothing rests on a place that is inside one of a user: objects are read again.
constexpr std::int64_t kTogetherMost = 100'000;
// Removing entries is a write, with its sync, to a file that others write.
constexpr std::chrono::milliseconds kForgetEvery{1'000};
// So many in one transaction: others wait for it.
constexpr int kForgetMost = 10'000;
// From 1970 to 2000, where a Timestamp begins.
constexpr std::int64_t kEpochUs = 946'684'800'000'000;

// Whoever holds the lock is not waited for any longer: other streams are asked in turn, and the
// next look comes soon.
constexpr int kPatienceMs = 20;

constexpr int kTable = 1;  // Columns of an entry.
constexpr int kChange = 2;
constexpr int kKey = 3;

bool is_locked(const Error& error) { return error.code == "55P03"; }

std::string stat_failure(const std::string& path) {
  return "there is no file " + path + " any more";
}

}  // namespace

SqliteStream::SqliteStream(SqliteSourceSettings settings, StreamRequest request)
    : settings_(std::move(settings)), request_(std::move(request)) {
  needs_.slot = settings_.log;
  for (const StreamedTable& table : request_.tables) {
    needs_.tables.push_back({table.table, table.id});
    id_columns_ = std::max(id_columns_, table.id.size());
  }
}

SqliteStream::~SqliteStream() {
  // What was acknowledged last: it comes again if that fails, which does no harm.
  forget_at_ = {};
  if (database_) {
    static_cast<void>(forget());
  }
}

Result<std::unique_ptr<ChangeStream>> SqliteStream::open(const SqliteSourceSettings& settings,
                                                         const StreamRequest& request) {
  if (settings.log.empty()) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("source {}: a change stream needs a change log", settings.name));
  }
  std::unique_ptr<SqliteStream> stream(new SqliteStream(settings, request));
  COUPLET_TRY(stream->begin());
  return stream;
}

Result<void> SqliteStream::begin() {
  COUPLET_ASSIGN(database_, Database::open(settings_, Purpose::kWrite, statements_));
  struct stat found {};
  if (::stat(settings_.path.c_str(), &found) != 0) {
    return fail(ErrorKind::kUnavailable, fmt::format("source {}: {}", settings_.name,
                                                     stat_failure(settings_.path.string())));
  }
  file_ = {found.st_dev, found.st_ino};
  COUPLET_ASSIGN(const std::string mended, mend());
  COUPLET_TRY(find_place());
  if (!mended.empty()) {
    gap_ = StreamGap{"its change log was begun anew: " + mended};
  }
  sqlite3_busy_timeout(database_->native(), kPatienceMs);
  return {};
}

// Why it had to; empty: there was nothing to mend.
Result<std::string> SqliteStream::mend() {
  const auto facts_of_log = [&] {
    return read_log_facts(*database_, settings_.log, needs_.tables);
  };
  COUPLET_ASSIGN(LogFacts facts, facts_of_log());
  if (!is_log_table(settings_.log, facts.log_sql)) {
    return fail(ErrorKind::kSchema, "change log " + settings_.log + " is missing");
  }
  if (!log_lapse(needs_, facts)) {
    return std::string();
  }
  COUPLET_TRY(database_->execute("BEGIN IMMEDIATE"));
  const auto carry_out = [&]() -> Result<std::string> {
    COUPLET_ASSIGN(facts, facts_of_log());
    const std::string why = log_lapse(needs_, facts).value_or("");
    for (const SetupStep& step : log_setup_plan(needs_, facts).steps) {
      COUPLET_TRY(database_->execute(step.sql));
    }
    COUPLET_TRY(database_->execute("COMMIT"));
    return why;
  };
  auto mended = carry_out();
  database_->roll_back();
  return mended;
}

Result<void> SqliteStream::find_place() {
  const std::string log = quote_identifier(settings_.log);
  COUPLET_ASSIGN(const std::int64_t first, number("SELECT min(seq) FROM " + log));
  COUPLET_ASSIGN(const std::int64_t last, number("SELECT max(seq) FROM " + log));
  given_ = static_cast<std::uint64_t>(first);
  opened_at_ = static_cast<std::uint64_t>(last);
  if (const Lsn* from = std::get_if<Lsn>(&request_.from)) {
    COUPLET_ASSIGN(const std::int64_t there,
                   number("SELECT count(*) FROM " + log + " WHERE seq = ?1",
                          static_cast<std::int64_t>(from->value)));
    if (there != 0) {
      given_ = from->value;
    } else if (from->value < given_) {
      gap_ = StreamGap{"its change log begins behind where we were: it was begun anew"};
    } else {
      gap_ = StreamGap{
          "its change log does not have the entry up to which it was read: the file was restored "
          "from a copy, or the log was emptied"};
    }
  }
  end_ = begins_at_ = given_;
  return {};
}

Result<std::int64_t> SqliteStream::number(const std::string& sql, std::int64_t bound) {
  COUPLET_ASSIGN(Statement statement, database_->prepare(sql));
  if (sql.find("?1") != std::string::npos) {
    statement.bind(1, StoredValue::of(bound));
  }
  COUPLET_ASSIGN(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

Result<ChangeBatch> SqliteStream::next(std::chrono::milliseconds wait) {
  ChangeBatch batch;
  if (given_ == end_) {
    const auto until = std::min(look_at_, Clock::now() + wait);
    std::this_thread::sleep_until(until);
    if (Clock::now() < look_at_) {
      return batch;
    }
    const auto looked = look(batch);
    if (!looked && is_locked(looked.error())) {
      return ChangeBatch{};
    }
    COUPLET_TRY(looked);
  }
  if (given_ != end_) {
    const auto read = this->read(batch);
    if (!read && !is_locked(read.error())) {
      return fail(read.error());
    }
  }
  if (given_ == end_ && !more_ && idle_ != given_) {
    idle_ = given_;
    batch.idle_at = Lsn{given_};
  }
  return batch;
}

// What the log holds now, and whether it still is ours.
Result<void> SqliteStream::look(ChangeBatch& batch) {
  look_at_ = Clock::now() + settings_.poll;
  COUPLET_TRY(check_file());
  COUPLET_TRY(forget());
  COUPLET_ASSIGN(const std::int64_t version, number("PRAGMA data_version"));
  if (version == seen_version_ && !more_) {
    return {};
  }
  const auto in_snapshot = [&]() -> Result<void> {
    COUPLET_TRY(database_->execute("BEGIN"));
    COUPLET_TRY(check_tables(batch));
    const std::string log = quote_identifier(settings_.log);
    COUPLET_ASSIGN(const std::int64_t there,
                   number("SELECT count(*) FROM " + log + " WHERE seq = ?1",
                          static_cast<std::int64_t>(given_)));
    if (there == 0) {
      return fail(ErrorKind::kTransient,
                  fmt::format("source {}: change log {} was begun anew, or the file was restored "
                              "from a copy",
                              settings_.name, settings_.log));
    }
    COUPLET_ASSIGN(const std::int64_t last, number("SELECT max(seq) FROM " + log));
    COUPLET_ASSIGN(const std::int64_t end,
                   number(fmt::format("SELECT max(seq) FROM (SELECT seq FROM {} WHERE seq >= ?1 "
                                      "ORDER BY seq LIMIT {})",
                                      log, kTogetherMost + 1),
                          static_cast<std::int64_t>(given_)));
    end_ = static_cast<std::uint64_t>(end);
    more_ = end < last;
    return {};
  };
  auto looked = in_snapshot();
  database_->roll_back();
  COUPLET_TRY(std::move(looked));
  seen_version_ = version;
  if (more_) {
    look_at_ = {};
  }
  return {};
}

// Another file in its place has changes of which this one never hears.
Result<void> SqliteStream::check_file() const {
  struct stat found {};
  const bool there = ::stat(settings_.path.c_str(), &found) == 0;
  if (there && file_ == std::pair<std::uint64_t, std::uint64_t>(found.st_dev, found.st_ino)) {
    return {};
  }
  const std::string path = settings_.path.string();
  return fail(ErrorKind::kUnavailable,
              fmt::format("source {}: {}", settings_.name,
                          there ? "another file stands at " + path : stat_failure(path)));
}

Result<void> SqliteStream::check_tables(ChangeBatch& batch) {
  COUPLET_ASSIGN(const std::int64_t schema, number("PRAGMA schema_version"));
  if (schema == seen_schema_) {
    return {};
  }
  COUPLET_ASSIGN(const LogFacts facts, read_log_facts(*database_, settings_.log, needs_.tables));
  if (!is_log_table(settings_.log, facts.log_sql)) {
    return fail(ErrorKind::kSchema, "change log " + settings_.log + " is missing");
  }
  if (const auto lapse = log_lapse(needs_, facts)) {
    return fail(ErrorKind::kTransient, fmt::format("source {}: {}", settings_.name, *lapse));
  }
  // The first time all of them: how they were when the definition was bound to them is not known.
  ChangeTransaction altered;
  for (std::size_t i = 0; i < request_.tables.size(); ++i) {
    const auto found = facts.tables.find(request_.tables[i].table.table);
    const std::string now = found == facts.tables.end() ? std::string() : found->second.sql;
    const auto [seen, first] = seen_tables_.try_emplace(request_.tables[i].table.table);
    if (first || seen->second != now) {
      altered.events.push_back({ChangeEvent::Kind::kTable, i, {}, {}});
      seen->second = now;
    }
  }
  seen_schema_ = schema;
  if (!altered.events.empty()) {
    altered.transaction = given_;
    altered.committed_at = {static_cast<std::int64_t>(given_) - kEpochUs};
    altered.ended = true;
    altered.end = Lsn{given_};
    batch.transactions.push_back(std::move(altered));
  }
  return {};
}

Result<void> SqliteStream::read(ChangeBatch& batch) {
  COUPLET_ASSIGN(Statement entries, database_->prepare(entries_text(settings_.log, id_columns_)));
  entries.bind(1, StoredValue::of(static_cast<std::int64_t>(given_)));
  entries.bind(2, StoredValue::of(static_cast<std::int64_t>(end_)));
  entries.bind(3, StoredValue::of(static_cast<std::int64_t>(tuning::kBatchRows)));
  ChangeTransaction transaction;
  std::size_t count = 0;
  std::uint64_t last = given_;
  while (true) {
    COUPLET_ASSIGN(const bool more, entries.step());
    if (!more) {
      break;
    }
    ++count;
    last = static_cast<std::uint64_t>(entries.integer(0));
    if (auto event = event_of(entries)) {
      transaction.events.push_back(std::move(*event));
    }
  }
  // Were entries removed behind our back, the next look finds it.
  given_ = count < tuning::kBatchRows ? end_ : last;
  transaction.transaction = end_;
  transaction.committed_at = {static_cast<std::int64_t>(end_) - kEpochUs};
  transaction.ended = given_ == end_;
  transaction.end = Lsn{given_};
  if (!transaction.events.empty() || (transaction.ended && told_part_)) {
    told_part_ = !transaction.ended;
    batch.transactions.push_back(std::move(transaction));
  }
  return {};
}

// nullopt: of a table that is not asked for.
std::optional<ChangeEvent> SqliteStream::event_of(const Statement& entry) const {
  using Kind = ChangeEvent::Kind;
  const std::string name = entry.text(kTable);
  const auto table =
      std::find_if(request_.tables.begin(), request_.tables.end(),
                   [&](const StreamedTable& one) { return one.table.table == name; });
  if (table == request_.tables.end()) {
    return std::nullopt;
  }
  const std::string change = entry.text(kChange);
  ChangeEvent event;
  event.table = static_cast<std::size_t>(table - request_.tables.begin());
  event.kind = change == "insert"   ? Kind::kInsert
               : change == "update" ? Kind::kUpdate
                                    : Kind::kDelete;
  // A null, or what is no value of its type, names no row.
  const auto key_at = [&](std::size_t first) -> std::optional<ObjectKey> {
    RowBatch id;
    id.reset(table->id.size());
    id.begin_row();
    for (std::size_t i = 0; i < table->id.size(); ++i) {
      const int column = static_cast<int>(first + i);
      if (entry.is_null(column) || !entry.push(column, table->id_types[i], id)) {
        return std::nullopt;
      }
    }
    return key_of_row(id, 0, table->id_types);
  };
  auto key = key_at(kKey);
  if (!key) {
    event.kind = Kind::kUnnamed;
    return event;
  }
  event.key = std::move(*key);
  if (event.kind == Kind::kUpdate) {
    event.before = key_at(kKey + id_columns_);
    if (event.before == event.key) {
      event.before.reset();
    }
  }
  return event;
}

void SqliteStream::acknowledge(const Position& position) {
  const Lsn* lsn = std::get_if<Lsn>(&position);
  std::uint64_t now = acknowledged_;
  while (lsn != nullptr && now < lsn->value &&
         !acknowledged_.compare_exchange_weak(now, lsn->value)) {
  }
}

// Removes what was acknowledged, but for the last of it: that is our place.
Result<void> SqliteStream::forget() {
  const std::uint64_t acknowledged = acknowledged_;
  if (acknowledged <= forgotten_ || Clock::now() < forget_at_) {
    return {};
  }
  forget_at_ = Clock::now() + kForgetEvery;
  const std::string log = quote_identifier(settings_.log);
  COUPLET_ASSIGN(Statement removal,
                 database_->prepare(fmt::format(
                     "DELETE FROM {0} WHERE seq < ?1 AND seq < ifnull((SELECT seq FROM {0} ORDER "
                     "BY seq LIMIT 1 OFFSET {1}), ?1)",
                     log, kForgetMost)));
  removal.bind(1, StoredValue::of(static_cast<std::int64_t>(acknowledged)));
  const auto removed = removal.run();
  if (!removed) {
    return is_locked(removed.error()) ? Result<void>{} : removed;
  }
  if (sqlite3_changes(database_->native()) < kForgetMost) {
    forgotten_ = acknowledged;
  } else {
    forget_at_ = {};
  }
  return {};
}

}  // namespace couplet::sqlite
