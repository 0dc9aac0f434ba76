#include "tests/simulation/watched.h"

namespace couplet::simulation {
namespace {

class WatchedScan final : public Scan {
 public:
  WatchedScan(std::unique_ptr<Scan> scan, const Moment& moment)
      : scan_(std::move(scan)), moment_(moment) {}
  Result<bool> next(RowBatch& out) override {
    moment_("scan next");
    return scan_->next(out);
  }

 private:
  std::unique_ptr<Scan> scan_;
  const Moment& moment_;
};

class WatchedStream final : public ChangeStream {
 public:
  WatchedStream(std::unique_ptr<ChangeStream> stream, const Moment& moment,
                const Acknowledged& acknowledged)
      : stream_(std::move(stream)), moment_(moment), acknowledged_(acknowledged) {}
  [[nodiscard]] std::optional<StreamGap> gap() const override { return stream_->gap(); }
  [[nodiscard]] Position begins_at() const override { return stream_->begins_at(); }
  [[nodiscard]] Position opened_at() const override { return stream_->opened_at(); }
  [[nodiscard]] std::string terms() const override { return stream_->terms(); }
  Result<bool> has_lapsed() override {
    moment_("changes lapsed");
    return stream_->has_lapsed();
  }
  Result<ChangeBatch> next(std::chrono::milliseconds wait) override {
    moment_("changes next");
    return stream_->next(wait);
  }
  void acknowledge(const Position& position) override {
    moment_("acknowledge");
    if (acknowledged_(position)) {
      stream_->acknowledge(position);
    }
  }

 private:
  std::unique_ptr<ChangeStream> stream_;
  const Moment& moment_;
  const Acknowledged& acknowledged_;
};

}  // namespace

Result<std::string> WatchedSource::identity() { return source_.identity(); }

Result<std::vector<TableInfo>> WatchedSource::describe(std::span<const TableName> names) {
  return source_.describe(names);
}

Result<std::vector<TableName>> WatchedSource::tables() { return source_.tables(); }

Result<void> WatchedSource::check_condition(const TableName& table, const SqlCondition& condition) {
  return source_.check_condition(table, condition);
}

Result<std::unique_ptr<Scan>> WatchedSource::scan(const Projection& projection) {
  moment_("scan");
  COUPLET_ASSIGN(auto scan, source_.scan(projection));
  return std::make_unique<WatchedScan>(std::move(scan), moment_);
}

Result<void> WatchedSource::fetch(const Projection& projection, std::span<const ObjectKey> keys,
                                  RowBatch& out) {
  moment_("fetch");
  return source_.fetch(projection, keys, out);
}

Result<void> WatchedSource::find(const Projection& projection, std::span<const std::size_t> by,
                                 const ValueTable& wanted, RowBatch& out) {
  moment_("find");
  return source_.find(projection, by, wanted, out);
}

Result<std::optional<RowBatch>> WatchedSource::reserve_ids(const TableInfo& table,
                                                           std::span<const std::string> id,
                                                           std::span<const Type> id_types,
                                                           std::size_t count) {
  moment_("reserve ids");
  return source_.reserve_ids(table, id, id_types, count);
}

Result<std::optional<BatchNumber>> WatchedSource::attach_mark(const std::string& name) {
  moment_("attach mark");
  return source_.attach_mark(name);
}

Result<bool> WatchedSource::mark_exists(const std::string& name) {
  moment_("mark exists");
  return source_.mark_exists(name);
}

Result<std::unique_ptr<ChangeStream>> WatchedSource::changes(const StreamRequest& request) {
  moment_("changes");
  COUPLET_ASSIGN(auto stream, source_.changes(request));
  return std::make_unique<WatchedStream>(std::move(stream), moment_, acknowledged_);
}

Result<void> WatchedSource::ask_visible(std::span<const std::uint64_t> transactions) {
  moment_("ask visible");
  return source_.ask_visible(transactions);
}

Result<bool> WatchedSource::are_visible() {
  moment_("are visible");
  return source_.are_visible();
}

Result<Position> WatchedSource::position() {
  moment_("position");
  return source_.position();
}

Result<void> WatchedSource::submit(const WriteBatch& batch) {
  moment_("submit");
  WriteBatch watched = batch;
  watched.before_commit = [&]() -> Result<void> {
    COUPLET_TRY(batch.before_commit());
    moment_("commit");
    return {};
  };
  return source_.submit(watched);
}

Result<WriteOutcome> WatchedSource::collect() {
  moment_("collect");
  return source_.collect();
}

Result<void> WatchedStore::commit(const StateBatch& batch, Durability durability) {
  const bool synced = durability == Durability::kSynced;
  moment_(synced ? "state, synced" : "state");
  for (const StateBatch::Change& change : batch.changes()) {
    COUPLET_ASSIGN(auto before, store_.get(change.family, change.key));
    undo_.push_back({change.family, change.key, std::move(before)});
  }
  COUPLET_TRY(store_.commit(batch, durability));
  if (synced) {
    undo_.clear();
    on_synced();
  }
  moment_("state is committed");
  return {};
}

void WatchedStore::lose_power() {
  StateBatch back;
  for (auto change = undo_.rbegin(); change != undo_.rend(); ++change) {
    if (change->value) {
      back.put(change->family, change->key, *change->value);
    } else {
      back.erase(change->family, change->key);
    }
  }
  COUPLET_CHECK(store_.commit(back, Durability::kSynced).has_value());
  undo_.clear();
}

}  // namespace couplet::simulation
