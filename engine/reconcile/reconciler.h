#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/reconcile/comparer.h"
#include "engine/reconcile/nominee_spool.h"
#include "engine/sync/syncer.h"

namespace couplet {

// A full reconcile, to convergence, in one call: per mapping compare and sync what differs, then go
// round again with whatever that made dirty, until nothing is (DESIGN sections 5.6, 7).
class Reconciler {
 public:
  struct Settings {
    std::vector<std::size_t> mappings;  // act under these only; empty: all
    bool dry_run = false;
    // A state that was empty beside marks of this deployment is a lost one: creates are held,
    // unless this says to go on as on a first run.
    bool rebuild_state = false;
    std::string spool_folder;
    std::function<bool()> stop_requested = [] { return false; };
  };
  struct Stopped {
    std::size_t mapping = 0;
    Error error;
  };
  struct Report {
    Summary summary;
    std::vector<Stopped> stopped;  // mappings that could not go on
    bool interrupted = false;
  };

  // `syncer` has recovered. All referents must outlive this.
  Reconciler(const BoundDefinition& definition, State& state, std::vector<Source*> sources,
             Syncer& syncer, Clock& clock, Observer& observer, Settings settings);

  // Errors: what stops a run (DESIGN section 10); what was written until then stays recorded.
  Result<Report> run();

 private:
  // What a run knows of one mapping.
  struct Work {
    bool selected = true;
    bool stopped = false;
    bool scanned = false;
    bool rescan = true;
    NomineeSpool spool;
    Permissions permissions;
    std::vector<Subject> clashes;
  };

  Result<void> work_on(std::size_t mapping, bool worklists);
  Result<void> scan(std::size_t mapping);
  Result<void> set_recreate_rail(std::size_t mapping, Side side,
                                 const Comparer::SideResult& compared, NomineeSpool& missing);
  Result<void> rehearse(std::size_t mapping, const std::array<Comparer::SideResult, 2>& compared);
  Result<void> add_worklists(std::size_t mapping);
  Result<void> drain(std::size_t mapping);
  Result<void> retry_clashes(std::size_t mapping);
  Result<Syncer::Outcome> sync_batch(std::size_t mapping, std::span<const Nominee> nominees,
                                     bool clashing);
  Result<void> take_over(std::size_t mapping, const Syncer::Outcome& outcome);
  Result<void> finish(Report& report);
  Result<void> report_standing(std::size_t mapping, Family family);
  [[nodiscard]] bool anything_left() const;
  [[nodiscard]] Result<bool> anyone_stands() const;
  [[nodiscard]] std::string limit_reason(std::size_t mapping, LimitClass limit_class,
                                         std::uint64_t count, std::uint64_t of) const;

  const BoundDefinition& definition_;
  State& state_;
  std::vector<Source*> sources_;
  Syncer& syncer_;
  Clock& clock_;
  Observer& observer_;
  Settings settings_;
  std::vector<Work> works_;
  std::vector<Stopped> stopped_;
  std::uint32_t round_ = 0;
  std::uint64_t operations_in_round_ = 0;
  std::uint64_t objects_ = 0;  // compared
};

}  // namespace couplet
