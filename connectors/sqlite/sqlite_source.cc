#include "connectors/sqlite/sqlite_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "connectors/sqlite/id_reserve.h"
#include "connectors/sqlite/log_facts.h"
#include "connectors/sqlite/reader.h"
#include "connectors/sqlite/scan.h"
#include "connectors/sqlite/select_text.h"
#include "connectors/sqlite/sqlite_stream.h"
#include "connectors/sqlite/writer.h"

namespace couplet {

struct SqliteSource::Parts {
  explicit Parts(SqliteSourceSettings given)
      : settings(std::move(given)),
        reader(settings, statements),
        writer(settings, reader, statements) {}

  SqliteSourceSettings settings;
  std::uint64_t statements = 0;
  sqlite::Reader reader;
  sqlite::Writer writer;
};

SqliteSource::SqliteSource(SqliteSourceSettings settings)
    : parts_(std::make_unique<Parts>(std::move(settings))) {}

SqliteSource::~SqliteSource() = default;

Result<std::string> SqliteSource::identity() {
  // Opened first: it says what is wrong with the file.
  COUPLET_TRY(parts_->reader.database());
  struct statx found {};
  if (statx(AT_FDCWD, parts_->settings.path.c_str(), 0, STATX_INO | STATX_BTIME, &found) != 0) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("source {}: the file cannot be looked at", parts_->settings.name));
  }
  // A device's number may be another after a restart; an inode's birth tells it from its successor.
  return fmt::format("sqlite:{}/{}.{:09}", found.stx_ino, found.stx_btime.tv_sec,
                     found.stx_btime.tv_nsec);
}

Result<std::vector<TableInfo>> SqliteSource::describe(std::span<const TableName> names) {
  std::vector<TableInfo> result;
  if (names.empty()) {
    return result;
  }
  COUPLET_ASSIGN(const sqlite::Catalog* const catalog, parts_->reader.read_catalog());
  for (const TableName& name : names) {
    if (const sqlite::Relation* relation = catalog->find(name)) {
      result.push_back(relation->info);
    }
  }
  return result;
}

Result<std::vector<TableName>> SqliteSource::tables() {
  COUPLET_ASSIGN(const sqlite::Catalog* const catalog, parts_->reader.read_catalog());
  std::vector<TableName> names;
  for (const auto& [name, relation] : catalog->relations()) {
    if (relation.info.kind != TableInfo::Kind::kOther && !relation.change_log) {
      names.push_back(relation.info.name);
    }
  }
  return names;
}

Result<void> SqliteSource::check_condition(const TableName& table, const SqlCondition& condition) {
  return parts_->reader.check(table, condition);
}

Result<std::unique_ptr<Scan>> SqliteSource::scan(const Projection& projection) {
  COUPLET_ASSIGN(const sqlite::Catalog* const catalog, parts_->reader.catalog());
  COUPLET_ASSIGN(const sqlite::Relation* const relation, catalog->at(projection.table));
  return sqlite::SqliteScan::start(parts_->settings, sqlite::scan_text(*relation, projection),
                                   projection, parts_->statements);
}

Result<void> SqliteSource::fetch(const Projection& projection, std::span<const ObjectKey> keys,
                                 RowBatch& out) {
  return parts_->reader.fetch(projection, keys, out);
}

Result<void> SqliteSource::find(const Projection& projection, std::span<const std::size_t> by,
                                const ValueTable& wanted, RowBatch& out) {
  return parts_->reader.find(projection, by, wanted, out);
}

Result<std::optional<RowBatch>> SqliteSource::reserve_ids(const TableInfo& table,
                                                          std::span<const std::string> id,
                                                          std::span<const Type> id_types,
                                                          std::size_t count) {
  COUPLET_ASSIGN(const sqlite::Catalog* const catalog, parts_->reader.catalog());
  COUPLET_ASSIGN(const sqlite::Relation* const relation, catalog->at(table.name));
  COUPLET_ASSIGN(sqlite::Database* const writer, parts_->writer.database());
  return sqlite::reserve_ids(*writer, *relation, id, id_types, count);
}

Result<std::optional<BatchNumber>> SqliteSource::attach_mark(const std::string& /*name*/) {
  return std::nullopt;
}

Result<bool> SqliteSource::mark_exists(const std::string& name) {
  const std::string& log = parts_->settings.log;
  if (log.empty() || !name.starts_with(sqlite::trigger_prefix(log))) {
    return false;
  }
  COUPLET_ASSIGN(sqlite::Database* const database, parts_->reader.database());
  return sqlite::log_was_read(*database, log);
}

Result<std::unique_ptr<ChangeStream>> SqliteSource::changes(const StreamRequest& request) {
  return sqlite::SqliteStream::open(parts_->settings, request);
}

Result<void> SqliteSource::submit(const WriteBatch& batch) { return parts_->writer.submit(batch); }

Result<WriteOutcome> SqliteSource::collect() { return parts_->writer.collect(); }

std::uint64_t SqliteSource::statements() const { return parts_->statements; }

}  // namespace couplet
