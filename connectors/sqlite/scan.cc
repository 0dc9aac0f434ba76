#include "connectors/sqlite/scan.h"

#include <fmt/format.h>

#include "connectors/sqlite/reader.h"
#include "engine/ports/tuning.h"

namespace couplet::sqlite {

SqliteScan::SqliteScan(std::unique_ptr<Database> database, Statement rows,
                       const Projection& projection)
    : database_(std::move(database)),
      rows_(std::move(rows)),
      table_(projection.table),
      types_(types_of(projection)),
      ids_(projection.id.size()) {}

Result<std::unique_ptr<Scan>> SqliteScan::start(const SqliteSourceSettings& settings,
                                                const std::string& sql,
                                                const Projection& projection,
                                                std::uint64_t& statements) {
  COUPLET_ASSIGN(std::unique_ptr<Database> database,
                 Database::open(settings, Purpose::kScan, statements));
  COUPLET_ASSIGN(Statement mode, database->prepare("PRAGMA journal_mode"));
  COUPLET_ASSIGN(const bool answered, mode.step());
  const bool wal = answered && mode.text(0) == "wal";
  mode.reset();
  COUPLET_ASSIGN(Statement rows,
                 wal ? database->prepare(sql) : copied(*database, sql, projection.width()));
  return std::unique_ptr<Scan>(new SqliteScan(std::move(database), std::move(rows), projection));
}

Result<Statement> SqliteScan::copied(Database& database, const std::string& sql,
                                     std::size_t width) {
  // Without types: values are kept as they are.
  std::string columns;
  for (std::size_t i = 0; i < width; ++i) {
    columns += fmt::format("{}c{}", i == 0 ? "" : ", ", i);
  }
  COUPLET_TRY(database.execute(fmt::format("CREATE TEMP TABLE couplet_copy ({})", columns)));
  COUPLET_TRY(database.execute("INSERT INTO temp.couplet_copy " + sql));
  return database.prepare(fmt::format("SELECT {} FROM temp.couplet_copy ORDER BY rowid", columns));
}

Result<bool> SqliteScan::next(RowBatch& out) {
  out.reset(types_.size());
  while (!ended_ && out.rows() < tuning::kBatchRows && out.bytes() < tuning::kBatchBytes) {
    COUPLET_ASSIGN(const bool more, rows_.step());
    if (!more) {
      ended_ = true;
      break;
    }
    out.begin_row();
    COUPLET_TRY(push_row(rows_, 0, types_, ids_, database_->source_name(), table_, out));
  }
  return !out.empty();
}

}  // namespace couplet::sqlite
