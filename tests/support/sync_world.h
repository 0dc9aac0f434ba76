#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/memory/memory_database.h"
#include "connectors/memory/memory_source.h"
#include "engine/definition/load.h"
#include "engine/reconcile/reconciler.h"
#include "engine/sync/object_sync.h"
#include "storage/memory/memory_state_store.h"
#include "tests/unit/definition/described_tables.h"

namespace couplet::test {

// A clock that only moves when told.
class ManualClock final : public Clock {
 public:
  Timestamp now() override { return {time_us_ + off_us_}; }
  std::int64_t monotonic_us() override { return time_us_; }
  void sleep_us(std::int64_t duration) override { time_us_ += duration; }
  void set(std::int64_t time_us) { time_us_ = time_us; }
  // Somebody sets the wall clock: forward, or back.
  void jump_us(std::int64_t by) { off_us_ += by; }

 private:
  std::int64_t time_us_ = 820'000'000'000'000;  // late in 2025
  std::int64_t off_us_ = 0;
};

class CountingRandom final : public Random {
 public:
  std::uint64_t next() override {
    return state_ = state_ * 6364136223846793005U + 1442695040888963407U;
  }

 private:
  std::uint64_t state_ = 1;
};

// Two databases in memory, `left` and `right`, a definition and a state: everything that a
// reconcile needs, and the operations that it reports.
class SyncWorld : public Observer {
 public:
  using Cells = memory::Cells;

  // marks: false as where roles may not make replication origins.
  explicit SyncWorld(bool marks = true);

  std::shared_ptr<MemoryDatabase> left;
  std::shared_ptr<MemoryDatabase> right;
  ManualClock clock;
  std::unique_ptr<MemoryStateStore> store = std::make_unique<MemoryStateStore>();
  CrashPoints crash_points;
  // Of the syncer: as a signal would say. A reconcile asks its own settings besides.
  std::function<bool()> stop_requested = [] { return false; };
  std::size_t batch_rows = tuning::kBatchRows;  // of the engine's batches
  DoAll do_all = one_after_the_other;
  std::string right_options;  // of the right source, as the file has them: "stream: true"

  // A bigint id that stands alone counts up by itself.
  void create(MemoryDatabase& database, const DescribedTable& table);
  // `body` is what comes after `sources:`: entities and mappings. CHECKs that it loads and binds.
  void define(const std::string& body);
  // The same again: what the catalogs say now.
  void rebind() { define(std::string(body_)); }

  // What was told so far is forgotten.
  void forget_what_was_told();
  // A new process each time: state, sources and syncer are opened anew.
  Reconciler::Report reconcile(const Reconciler::Settings& settings = {});
  Result<Reconciler::Report> try_reconcile(const Reconciler::Settings& settings = {});
  Reconciler::Report plan();
  // A hand-run sync of these objects, "left.people/7".
  Rounds::Report sync(const std::vector<std::string>& names, bool dry_run = false);
  Result<Rounds::Report> try_sync(const std::vector<std::string>& names, bool dry_run = false);
  // The same for what people change by hand: state and sources, opened anew.
  using HandWork = std::function<Result<void>(State&, const std::vector<Source*>&)>;
  Result<void> by_hand(const HandWork& work);

  [[nodiscard]] const BoundDefinition& definition() const { return *definition_; }
  // As it was read, before it was bound.
  [[nodiscard]] const Definition& parsed() const { return *parsed_; }
  [[nodiscard]] Random& random() { return random_; }
  // Of the last run: "create absent people: left.people/1 -> right.people/1".
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  [[nodiscard]] const std::vector<OperationReport>& operations() const { return operations_; }
  [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }
  // The source sessions' statements in the last run.
  std::array<std::uint64_t, 2> statements{};

  void on_operation(const OperationReport& report) override;
  void on_progress(std::size_t mapping, const char* phase, std::uint64_t done,
                   std::uint64_t total) override;
  void on_notice(const std::string& sentence) override;

 private:
  using Work = std::function<Result<Rounds::Report>(State&, const std::vector<Source*>&, Syncer&)>;
  Result<Rounds::Report> in_a_new_process(bool dry_run, const Work& work);

  CountingRandom random_;
  std::string body_;
  std::optional<Definition> parsed_;
  std::optional<BoundDefinition> definition_;
  std::vector<std::string> lines_;
  std::vector<OperationReport> operations_;
  std::vector<std::string> notices_;
};

// A column of a table's rows, sorted: names in order of id and the like.
std::vector<std::string> column(const MemoryDatabase& database, const std::string& table,
                                const std::string& name);

}  // namespace couplet::test
