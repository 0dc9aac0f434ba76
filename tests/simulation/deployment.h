#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/memory/memory_source.h"
#include "engine/definition/bind.h"
#include "engine/reconcile/reconciler.h"
#include "tests/simulation/script.h"
#include "tests/simulation/watched.h"
#include "tests/support/sync_world.h"

namespace couplet::simulation {

// How a run of the engine came out.
struct RunEnd {
  enum class Kind : std::uint8_t { kDone, kKilled, kFailed };
  Kind kind = Kind::kDone;
  Error error;  // of kFailed
  Summary summary;
  // --- of a life
  int steps = 0;            // that it got to
  bool reconciled = false;  // it has begun a reconcile
  bool stopped = false;     // a mapping was
  bool restless = false;    // it never came to idle
  int unread = 0;           // batches it wrote by what events told alone: in the fast lane
  // What it told a source to forget though it was not durable; empty: nothing.
  std::string told_too_early;
  std::vector<OperationReport> operations;  // with what stands at the end
};

// Two databases, a definition, a state and the engine over them: each run is a process of its own.
class Deployment final : private Observer {
 public:
  // `live`: the databases keep their changes.
  Deployment(const Shape& shape, bool live);

  // False where the definition is refused, and says why.
  bool define(std::string& why);

  using Intrude = std::function<void(const Step::Intrusion&)>;
  // `intrude` does what happens between two of the engine's steps.
  RunEnd run(const Step& step, const Intrude& intrude);
  // Every object of the rows that are there, synced by hand.
  RunEnd sync_everything();
  void lose_state();
  void make_slot(Side side) const;
  // Whether the engine is told of what users write there.
  [[nodiscard]] bool is_followed(std::size_t table) const;

  [[nodiscard]] MemoryDatabase& database(Side side) const { return *databases_[index_of(side)]; }
  [[nodiscard]] const BoundDefinition& definition() const { return *bound_; }
  test::ManualClock& clock() { return clock_; }
  // "left.l0/7"
  [[nodiscard]] std::string name_of_row(std::size_t table, const memory::Cells& row) const;
  bool anyone_is_parked();
  // What the conflict log holds.
  std::vector<Conflict> conflicts();
  // What the next run would add to it for one that was killed between a write and its record.
  std::vector<Conflict> promised_conflicts();
  // What is wrong with the links as seen from their right ends.
  [[nodiscard]] std::vector<std::string> link_faults() const;
  // By mapping: which left object is linked to which right one.
  std::map<std::string, std::map<std::string, std::string>> links();
  // All that the state holds, as text.
  [[nodiscard]] std::string state_bytes() const;

  // Called at each moment, before anything else happens there, with what is about to happen.
  std::function<void(std::string_view moment)> observe;
  // Where moments, operations and errors are told, if anybody wants to know.
  std::function<void(const std::string& line)> tell;

 private:
  // What a process has of the world.
  struct World {
    WatchedStore& store;
    std::vector<Source*> sources;
    CrashPoints crash_points;
    const int& moments;  // since its start
    RunEnd& end;
  };
  RunEnd in_a_new_process(const Step& step, const Intrude& intrude,
                          const std::function<Result<void>(const World&)>& work);
  using Work = std::function<Result<Rounds::Report>(State&, const std::vector<Source*>&, Syncer&)>;
  RunEnd by_hand(const Step& step, const Intrude& intrude, const Work& work);
  RunEnd sync(const Step& step, const std::vector<std::string>& names, const Intrude& intrude);
  // life.cc
  RunEnd live(const Step& step, const Intrude& intrude);
  bool acknowledged(const Step& step, Side side, const Position& position, RunEnd& end);
  void note_durable();
  void set_faults(const Step& step) const;
  // The state as it is, without a change to it.
  void read_state(const std::function<void(const State&)>& read);

  void on_operation(const OperationReport& report) override;
  // A life takes the fast lane wherever that is open, as `couplet run` does.
  [[nodiscard]] bool wants_values() const override { return living_ == nullptr; }
  void on_progress(std::size_t /*mapping*/, const char* /*phase*/, std::uint64_t /*done*/,
                   std::uint64_t /*total*/) override {}
  void on_notice(const std::string& sentence) override;

  const Shape& shape_;
  std::array<std::shared_ptr<MemoryDatabase>, 2> databases_;
  test::ManualClock clock_;
  Dice random_{1};
  Dice acknowledgements_{1};
  std::array<Position, 2> durable_;  // how far each side is done, on disk
  std::unique_ptr<MemoryStateStore> store_ = std::make_unique<MemoryStateStore>();
  std::optional<Definition> parsed_;
  std::optional<BoundDefinition> bound_;
  std::vector<OperationReport> operations_;
  RunEnd* living_ = nullptr;  // of the life that is on
};

}  // namespace couplet::simulation
