#include "connectors/postgres/postgres_source.h"

#include <fmt/format.h>

#include "connectors/postgres/catalog.h"
#include "connectors/postgres/id_reserve.h"
#include "connectors/postgres/inspector.h"
#include "connectors/postgres/mark.h"
#include "connectors/postgres/postgres_stream.h"
#include "connectors/postgres/reader.h"
#include "connectors/postgres/relation_cache.h"
#include "connectors/postgres/scan.h"
#include "connectors/postgres/select_text.h"
#include "connectors/postgres/visibility.h"
#include "connectors/postgres/writer.h"

namespace couplet {

struct PostgresSource::Parts {
  explicit Parts(PostgresSourceSettings given)
      : settings(std::move(given)),
        catalog(settings, statements),
        relations(catalog),
        reader(settings, relations, statements),
        ids(reader),
        writer(
            settings, relations,
            [this](const std::string& sql, const postgres::Parameters& parameters) {
              return reader.ask(sql, parameters);
            },
            statements) {}

  PostgresSourceSettings settings;
  std::uint64_t statements = 0;
  postgres::Catalog catalog;
  postgres::RelationCache relations;
  postgres::Reader reader;
  postgres::IdReserve ids;
  postgres::Writer writer;
};

PostgresSource::PostgresSource(PostgresSourceSettings settings)
    : parts_(std::make_unique<Parts>(std::move(settings))) {}

PostgresSource::~PostgresSource() = default;

Result<std::string> PostgresSource::identity() {
  COUPLET_ASSIGN(const postgres::Answer answer,
                 parts_->reader.ask("select 'postgres:' || system_identifier || '/' || d.oid "
                                    "from pg_control_system(), pg_database d "
                                    "where d.datname = current_database()"));
  return std::string(answer.bytes(0, 0));
}

Result<std::vector<TableInfo>> PostgresSource::describe(std::span<const TableName> names) {
  if (names.empty()) {
    return std::vector<TableInfo>();
  }
  COUPLET_ASSIGN(const std::vector<postgres::Relation> relations, parts_->catalog.describe(names));
  std::vector<TableInfo> result;
  for (const postgres::Relation& relation : relations) {
    parts_->relations.put(relation.info.name, relation);
    result.push_back(relation.info);
  }
  return result;
}

Result<std::vector<TableName>> PostgresSource::tables() { return parts_->catalog.tables(); }

Result<Inspection> PostgresSource::inspect(std::span<const TableName> names) {
  return postgres::inspect(parts_->settings, names, parts_->statements);
}

Result<void> PostgresSource::check_condition(const TableName& table,
                                             const SqlCondition& condition) {
  return parts_->reader.check(postgres::condition_probe(table, condition));
}

Result<std::unique_ptr<Scan>> PostgresSource::scan(const Projection& projection) {
  COUPLET_ASSIGN(const postgres::Relation* relation, parts_->relations.of(projection));
  return postgres::PostgresScan::start(parts_->settings, postgres::scan_text(*relation, projection),
                                       parts_->statements);
}

Result<void> PostgresSource::fetch(const Projection& projection, std::span<const ObjectKey> keys,
                                   RowBatch& out) {
  return parts_->reader.fetch(projection, keys, out);
}

Result<void> PostgresSource::find(const Projection& projection, std::span<const std::size_t> by,
                                  const ValueTable& wanted, RowBatch& out) {
  return parts_->reader.find(projection, by, wanted, out);
}

Result<std::optional<RowBatch>> PostgresSource::reserve_ids(const TableInfo& table,
                                                            std::span<const std::string> id,
                                                            std::span<const Type> id_types,
                                                            std::size_t count) {
  return parts_->ids.take(table, id, id_types, count);
}

Result<std::optional<BatchNumber>> PostgresSource::attach_mark(const std::string& name) {
  return parts_->writer.attach_mark(name);
}

Result<bool> PostgresSource::mark_exists(const std::string& name) {
  postgres::Parameters parameters;
  parameters.add_text(name);
  // The catalog, not pg_replication_origin_oid: that function is the superuser's.
  COUPLET_ASSIGN(
      const postgres::Answer answer,
      parts_->reader.ask("select from pg_replication_origin where roname = $1", parameters));
  return answer.rows() > 0;
}

Result<std::unique_ptr<ChangeStream>> PostgresSource::changes(const StreamRequest& request) {
  return postgres::PostgresStream::open(parts_->settings, request);
}

Result<void> PostgresSource::ask_visible(std::span<const std::uint64_t> transactions) {
  return postgres::ask_visible(parts_->reader, transactions);
}

Result<bool> PostgresSource::are_visible() { return postgres::are_visible(parts_->reader); }

Result<Position> PostgresSource::position() { return postgres::position(parts_->reader); }

Result<void> PostgresSource::submit(const WriteBatch& batch) {
  return parts_->writer.submit(batch);
}

Result<WriteOutcome> PostgresSource::collect() { return parts_->writer.collect(); }

std::uint64_t PostgresSource::statements() const { return parts_->statements; }

}  // namespace couplet
