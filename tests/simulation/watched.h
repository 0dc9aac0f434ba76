#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "engine/ports/source.h"
#include "storage/memory/memory_state_store.h"

// The ports as the engine sees them in a simulation: each call is a moment at which something may
// happen, before the call and, of a commit of the state, after it too.
namespace couplet::simulation {

// Called with what is about to happen. May throw: the process is killed there.
using Moment = std::function<void(const char* what)>;

// Called with how far a source is told that all is durable. False: it never hears of it.
using Acknowledged = std::function<bool(const Position& position)>;

class WatchedSource final : public Source {
 public:
  WatchedSource(
      Source& source, const Moment& moment,
      Acknowledged acknowledged = [](const Position&) { return true; })
      : source_(source), moment_(moment), acknowledged_(std::move(acknowledged)) {}

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
  Result<bool> mark_exists(const std::string& name) override;
  Result<std::unique_ptr<ChangeStream>> changes(const StreamRequest& request) override;
  Result<void> ask_visible(std::span<const std::uint64_t> transactions) override;
  Result<bool> are_visible() override;
  Result<Position> position() override;
  Result<void> submit(const WriteBatch& batch) override;
  Result<WriteOutcome> collect() override;
  [[nodiscard]] std::uint64_t statements() const override { return source_.statements(); }

 private:
  Source& source_;
  const Moment& moment_;
  Acknowledged acknowledged_;
};

// A state whose later batches are lost with the power unless a synced one came behind them.
class WatchedStore final : public StateStore {
 public:
  WatchedStore(MemoryStateStore& store, const Moment& moment) : store_(store), moment_(moment) {}

  // Called when all that was committed has become durable.
  std::function<void()> on_synced = [] {};
  // The power is gone: the store below is as the last synced batch left it.
  void lose_power();

  Result<void> commit(const StateBatch& batch, Durability durability) override;
  [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                       std::string_view key) const override {
    return store_.get(family, key);
  }
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> get_many(
      Family family, std::span<const std::string> keys) const override {
    return store_.get_many(family, keys);
  }
  [[nodiscard]] std::unique_ptr<StateCursor> cursor(Family family) const override {
    return store_.cursor(family);
  }
  [[nodiscard]] std::uint64_t bytes() const override { return store_.bytes(); }
  [[nodiscard]] Result<std::vector<std::string>> verify() const override { return store_.verify(); }

 private:
  MemoryStateStore& store_;
  const Moment& moment_;
  std::vector<StateBatch::Change> undo_;  // back to the last synced batch, the latest last
};

}  // namespace couplet::simulation
