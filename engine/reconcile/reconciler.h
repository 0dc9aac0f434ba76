#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/reconcile/comparer.h"
#include "engine/sync/compared.h"
#include "engine/sync/rounds.h"

namespace couplet {

// A full reconcile, to convergence, in one call: per mapping compare and sync what differs, then go
// round again with whatever that made dirty, until nothing is (DESIGN sections 5.6, 7).
class Reconciler final : private Rounds::Feeder {
 public:
  struct Settings {
    std::vector<std::size_t> mappings;  // act under these only; empty: all
    bool dry_run = false;
    // A state that was empty beside marks of this deployment is a lost one: creates are held,
    // unless this says to go on as on a first run.
    bool rebuild_state = false;
    // Keeps which mappings it is done with, and goes on behind those that the last one was done
    // with, if that did not come to its end (engine/sync/compared). For who is told of what changes
    // meanwhile.
    bool resumes = false;
    std::string spool_folder;
    std::function<bool()> stop_requested = [] { return false; };
    // Also called behind each page of a scan, by one of the threads that scan, while the others do
    // no more than scan.
    Rounds::GiveWay give_way = [](std::uint64_t /*objects*/) { return Rounds::GaveWay::kGoOn; };
  };
  using Report = Rounds::Report;

  // `syncer` has recovered. All referents must outlive this.
  Reconciler(const BoundDefinition& definition, State& state, std::vector<Source*> sources,
             Syncer& syncer, Clock& clock, Observer& observer, Settings settings);

  // Errors: what stops a run (DESIGN section 10); what was written until then stays recorded.
  Result<Report> run();

 private:
  // What a run knows of one mapping, beside its queue.
  struct Work {
    bool scanned = false;
    bool rescan = true;
    std::uint64_t rows = 0;  // of the larger side
  };

  Result<void> begin_turn(std::size_t mapping) override;
  Result<void> queue_standing(std::size_t mapping, bool progressed) override;
  Result<void> begin_writing(std::size_t mapping) override;
  Result<void> end_turn(std::size_t mapping, bool left) override;
  [[nodiscard]] bool has_more(std::size_t mapping) const override;
  [[nodiscard]] bool takes_dirty(std::size_t mapping) const override;
  void readers_unknown(std::size_t mapping) override;
  Result<std::uint64_t> objects_of(std::size_t mapping) override;
  void took(std::size_t mapping, const Syncer::Outcome& outcome) override;

  Result<void> go_on();
  Result<void> scan(std::size_t mapping);
  Result<void> queue_all(std::size_t mapping, NomineeSpool& nominees);
  Result<void> set_recreate_rail(std::size_t mapping, Side side, Comparer::SideResult& compared);
  Result<void> tell_what_stands(Summary& summary);
  Result<void> record_run(const Report& report, Timestamp started_at);

  const BoundDefinition& definition_;
  State& state_;
  std::vector<Source*> sources_;
  Syncer& syncer_;
  Clock& clock_;
  Observer& observer_;
  Settings settings_;
  Rounds rounds_;
  std::vector<Work> works_;
  std::set<std::size_t> compared_;  // as the state has it
  std::uint64_t objects_ = 0;       // compared
};

}  // namespace couplet
