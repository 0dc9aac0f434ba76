#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/definition/bound.h"
#include "engine/definition/definition.h"
#include "engine/live/live_sync.h"
#include "engine/live/table_fit.h"
#include "engine/live/told_once.h"
#include "engine/ports/clock.h"
#include "engine/ports/tuning.h"
#include "engine/reconcile/pace.h"
#include "engine/reconcile/reconciler.h"

namespace couplet {

// What `couplet run` does for as long as it is let: a reconcile where something went by that nobody
// is told of any more, then the change streams, and beside them the reconciles on schedule, which
// take turns with them. What passes is waited for, without end. All memory of it may go at any
// time: what it goes on from is in the state. Where a table is another than it was, the life at
// hand ends, and the next is bound to it as it is.
class Daemon {
 public:
  // How it stands with its sources.
  struct Standing {
    enum class Phase { kStarting, kSnapshot, kStreaming };
    struct Trouble {
      Timestamp since;
      Error error;
    };
    Phase phase = Phase::kStarting;
    std::set<std::size_t> followed;  // Sources whose streams are open.
    std::optional<Trouble> trouble;  // It passes by itself, and is waited for.
  };
  struct Settings {
    std::optional<ReconcileOptions> schedule;
    // Makes what streams need and what is missing at their sources, as far as our role may. Asked
    // before they are opened, each time.
    std::function<Result<void>(Observer&)> set_up = [](Observer& /*observer*/) {
      return Result<void>{};
    };
    std::string spool_folder;
    DoAll do_all = one_after_the_other;
    std::size_t batch_rows = tuning::kBatchRows;
    // How long streams are waited for, while nothing comes of any.
    std::chrono::milliseconds wait{0};
    std::function<bool()> stop_requested = [] { return false; };
    CrashPoints crash_points;
    std::function<void(const LiveSync::Step&)> after_step = [](const LiveSync::Step&) {};
    // Whenever it is another.
    std::function<void(const Standing&)> on_standing = [](const Standing&) {};
  };

  // `definition`: `given` as it was bound to the catalogs at first. All referents must outlive
  // this. Nobody else opens the state meanwhile.
  Daemon(const Definition& given, BoundDefinition definition, StateStore& store,
         std::vector<Source*> sources, Clock& clock, Random& random, Observer& observer,
         Settings settings);

  // Until a stop is asked for; what is at hand then is finished and recorded. Errors: what nobody
  // but a person can mend (a password, what a stream needs at its source, the state), and
  // kOpenAnew: then another one goes on with the state opened anew.
  Result<void> run();

 private:
  // A process's beginning: what the state says, and an end to what a crash left.
  struct Work {
    std::unique_ptr<State> state;
    std::unique_ptr<Syncer> syncer;
    // Mappings that do not fit their tables as these are by now, and why. Not reconciled: what they
    // would read is not what they were bound to.
    std::map<std::size_t, std::string> unfit;
  };
  Result<void> keep_up_with_tables();
  Result<bool> is_altered() const;
  Result<Work> begin();
  Result<std::vector<LiveSync::Tail>> open_streams();
  Result<std::string> why_reconcile(State& state, const std::vector<LiveSync::Tail>& tails) const;
  Result<void> note_gaps(const State& state, std::vector<LiveSync::Tail>& tails);
  [[nodiscard]] bool are_all_followed(const std::vector<LiveSync::Tail>& tails) const;
  Result<Reconciler::Report> reconcile(const Work& work, const std::string& why,
                                       Rounds::GiveWay give_way);
  void put_next(StateBatch& changes, Timestamp started) const;
  void tell_reconciled(const Reconciler::Report& report);
  Result<bool> reconcile_before(const Work& work, std::vector<LiveSync::Tail>& tails,
                                const std::string& why);
  Result<bool> reconcile_beside(const Work& work, LiveSync& live);
  Rounds::GaveWay rest(const Pace::Turn& turn);
  Result<Rounds::GaveWay> live_turn(LiveSync& live, const Pace::Turn& turn);
  Result<void> serve();
  Result<void> follow(const Work& work, std::vector<LiveSync::Tail> tails);
  void tell_followed(const std::vector<LiveSync::Tail>& tails);
  Result<LiveSync::Step> step(LiveSync& live, std::chrono::milliseconds wait);
  Result<std::optional<Timestamp>> next_scheduled();
  bool is_gone_again();
  void went_well(const LiveSync::Step& step);
  void trouble_is_over();
  void back_off(const Error& error);
  void stand(Standing::Phase phase, const std::vector<LiveSync::Tail>& tails);

  const Definition& given_;
  BoundDefinition definition_;  // another one between two lives, where a table is another
  SeenTables seen_;             // when it was bound, as they were
  std::map<std::size_t, std::string> unfit_;
  StateStore& store_;
  std::vector<Source*> sources_;
  Clock& clock_;
  Random& random_;
  ToldOnce observer_;  // until a life has got somewhere
  Settings settings_;
  Router router_;
  Standing standing_;
  int failures_ = 0;                     // in a row
  bool disk_is_full_ = false;            // the last time that something was written
  bool followed_ = false;                // since the last time that something was missing
  std::optional<std::int64_t> gone_us_;  // when something was, last
};

}  // namespace couplet
