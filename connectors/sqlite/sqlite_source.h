#pragma once

#include "connectors/sqlite/settings.h"
#include "engine/ports/source.h"

namespace couplet {

// A SQLite database file (library 3.38 or newer) as a system of record. Opens it when first asked
// something.
//
// Promise of delivery: a batch is one transaction with a durable commit, run when it is submitted;
// one that fails wrote nothing. There are no marks: nothing is installed in the file, so after a
// crash the engine looks before it repeats. Changes are told where `setup` has made a change log.
//
// Row versions are digests of what is stored in the row: a write that leaves a row as it was is not
// seen, and need not be, since what was decided on it still holds.
class SqliteSource final : public Source {
 public:
  explicit SqliteSource(SqliteSourceSettings settings);
  ~SqliteSource() override;
  SqliteSource(const SqliteSource&) = delete;
  SqliteSource& operator=(const SqliteSource&) = delete;

  // "sqlite:<inode>/<time of birth>": of the file, wherever it is moved to within its file system.
  // A copy is another database, and so is a file that was put in its place.
  Result<std::string> identity() override;
  Result<std::vector<TableInfo>> describe(std::span<const TableName> names) override;
  Result<std::vector<TableName>> tables() override;
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
  // In place of a mark: whether the deployment's change log was read before. There is a state then,
  // or was.
  Result<bool> mark_exists(const std::string& name) override;
  Result<std::unique_ptr<ChangeStream>> changes(const StreamRequest& request) override;
  Result<void> submit(const WriteBatch& batch) override;
  Result<WriteOutcome> collect() override;
  // Statements prepared and run; one that is run for each row of a group counts once.
  [[nodiscard]] std::uint64_t statements() const override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace couplet
