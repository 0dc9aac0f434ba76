#pragma once

#include <memory>

#include "connectors/postgres/settings.h"
#include "engine/ports/source.h"

namespace couplet {

// A PostgreSQL database (12 or newer) as a system of record. Connects when first asked something.
//
// Promise of delivery: a batch is one transaction with synchronous commit; a failure that leaves
// open whether it happened is kCommitUnknown, and then the mark knows, where one is attached. A
// session that the server ended is made anew by the next call.
//
// Row versions are xmin. Those of views and foreign tables are hashes of the row; after a write
// through them the outcome's version is not the one that a fetch then shows, so that the next write
// is refused once and read again.
class PostgresSource final : public Source {
 public:
  explicit PostgresSource(PostgresSourceSettings settings);
  ~PostgresSource() override;
  PostgresSource(const PostgresSource&) = delete;
  PostgresSource& operator=(const PostgresSource&) = delete;

  Result<std::string> identity() override;
  Result<std::vector<TableInfo>> describe(std::span<const TableName> names) override;
  Result<std::vector<TableName>> tables() override;
  Result<Inspection> inspect(std::span<const TableName> names) override;
  Result<void> check_condition(const TableName& table, const SqlCondition& condition) override;
  Result<std::unique_ptr<Scan>> scan(const Projection& projection) override;
  Result<void> fetch(const Projection& projection, std::span<const ObjectKey> keys,
                     RowBatch& out) override;
  Result<void> find(const Projection& projection, std::span<const std::size_t> by,
                    const ValueTable& wanted, RowBatch& out) override;
  Result<std::optional<RowBatch>> reserve_ids(const TableInfo& table,
                                              std::span<const std::string> id,
                                              std::span<const Type> id_types,
                                              std::size_t count) override;
  Result<std::optional<BatchNumber>> attach_mark(const std::string& name) override;
  Result<bool> mark_exists(const std::string& name) override;
  Result<std::unique_ptr<ChangeStream>> changes(const StreamRequest& request) override;
  Result<void> ask_visible(std::span<const std::uint64_t> transactions) override;
  Result<bool> are_visible() override;
  Result<Position> position() override;
  Result<void> submit(const WriteBatch& batch) override;
  Result<WriteOutcome> collect() override;
  // Executions; preparing a statement runs nothing and is not counted.
  [[nodiscard]] std::uint64_t statements() const override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace couplet
