#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "connectors/memory/memory_database.h"
#include "engine/ports/source.h"

namespace couplet::memory {

// A session of a MemoryDatabase. Destroying it is what a crash of the process is to a server: what
// was submitted and has not run yet never will; the mark that it held is free.
//
// A batch runs when it is submitted, and its outcome waits for collect; MemoryFaults may put it off
// until then. Breaking the rules of the port (three batches in flight, one row in two of them,
// collect without submit, absent cells) is a CHECK: this source is there to find such mistakes.
class MemorySource final : public Source {
 public:
  explicit MemorySource(std::shared_ptr<MemoryDatabase> database);
  ~MemorySource() override;
  MemorySource(const MemorySource&) = delete;
  MemorySource& operator=(const MemorySource&) = delete;

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
  [[nodiscard]] std::uint64_t statements() const override { return statements_; }

 private:
  using RowName = std::pair<TableName, std::string>;
  struct InFlight {
    WriteBatch batch;
    std::set<RowName> rows;
    std::optional<Result<WriteOutcome>> outcome;  // nullopt: not run yet.
  };

  void run(InFlight& flight);
  static std::set<RowName> rows_of(const WriteBatch& batch);

  std::shared_ptr<MemoryDatabase> database_;
  std::deque<InFlight> in_flight_;
  std::optional<std::string> mark_;
  std::vector<std::uint64_t> asked_;  // whether these are visible
  bool broken_ = false;               // Since a commit was lost, until nothing is in flight.
  std::uint64_t statements_ = 0;
};

}  // namespace couplet::memory

namespace couplet {
using memory::MemorySource;
}  // namespace couplet
