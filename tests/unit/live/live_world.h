#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "engine/app/daemon.h"
#include "tests/support/people_world.h"

namespace couplet::test {

// Thrown where a real process would be killed.
struct Killed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A state whose disk loses power: what was not synced is gone with it.
class PowerStore final : public StateStore {
 public:
  // What is visible is in `seen`, which must outlive this.
  explicit PowerStore(std::unique_ptr<MemoryStateStore>& seen) : seen_(seen) {}

  Result<void> commit(const StateBatch& batch, Durability durability) override;
  [[nodiscard]] Result<std::optional<std::string>> get(Family family,
                                                       std::string_view key) const override {
    return seen_->get(family, key);
  }
  [[nodiscard]] Result<std::vector<std::optional<std::string>>> get_many(
      Family family, std::span<const std::string> keys) const override {
    return seen_->get_many(family, keys);
  }
  [[nodiscard]] std::unique_ptr<StateCursor> cursor(Family family) const override {
    return seen_->cursor(family);
  }
  [[nodiscard]] std::uint64_t bytes() const override { return 0; }
  [[nodiscard]] Result<std::vector<std::string>> verify() const override {
    return std::vector<std::string>{};
  }

  std::function<void()> before_commit = [] {};
  // What the next commit ends in, once.
  std::optional<Error> failure;
  void lose_power();
  // How far a source's changes are done, as of what is on disk.
  [[nodiscard]] Lsn durable(const std::string& source) const;
  [[nodiscard]] int syncs() const { return syncs_; }

 private:
  std::unique_ptr<MemoryStateStore>& seen_;
  std::vector<StateBatch> on_disk_;
  std::vector<StateBatch> later_;
  int syncs_ = 0;
};

// Two databases whose changes are kept, and processes that follow them: deterministic, no threads.
class LiveWorld : public PeopleWorld {
 public:
  explicit LiveWorld(bool marks = true);

  PowerStore disk{store};
  std::optional<ReconcileOptions> schedule;
  std::function<Result<void>()> set_up = [] { return Result<void>{}; };
  std::function<void(const Daemon::Standing&)> on_standing = [](const Daemon::Standing&) {};

  // A process from its start until nothing comes any more, then stopped. CHECKs that it can.
  void live();
  Result<void> try_live();
  // One that is killed at the `nth` passage of the point. False if it never gets there.
  bool live_until(const std::string& point, int nth);
  // Acts once, after that many steps of the next process.
  void after_steps(int steps, std::function<void()> action);
  // Both ends hold the same people, and neither a replay nor a reconcile finds anything to do.
  void expect_in_step();

  [[nodiscard]] std::size_t count_lines(const std::string& part) const;
  [[nodiscard]] bool told(const std::string& part) const;

 private:
  int steps_ = 0;
  std::vector<std::pair<int, std::function<void()>>> actions_;
};

}  // namespace couplet::test
