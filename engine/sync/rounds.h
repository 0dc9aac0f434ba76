#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/sync/fan_out.h"
#include "engine/sync/hourly_budget.h"
#include "engine/sync/nominee_spool.h"
#include "engine/sync/rails.h"
#include "engine/sync/syncer.h"

namespace couplet {

// The loop that a reconcile and a hand-run sync share: a queue per mapping, worked off parents
// first; what that makes dirty is queued again, until nothing is left (DESIGN sections 5.1, 5.6).
class Rounds {
 public:
  // What came of it that others had their turn.
  enum class GaveWay : std::uint8_t {
    kGoOn,
    kTheyWrote,  // what was read ahead may be older than what they have recorded
    kStop,       // the run is interrupted
  };
  // Called where nothing of the run is at work, with the number of objects that it has looked at or
  // is about to look at, each once: others may use the sources, the state and the syncer meanwhile,
  // as runs of their own (Syncer::suspend_run).
  using GiveWay = std::function<GaveWay(std::uint64_t objects)>;

  struct Settings {
    std::vector<std::size_t> mappings;  // act under these only; empty: all
    bool dry_run = false;
    // A state that was empty beside marks of this deployment is a lost one: creates are held,
    // unless this says to go on as on a first run.
    bool rebuild_state = false;
    // Whether the feeder answers too many readers with a scan. Else they are followed as far as
    // memory allows.
    bool scans = false;
    // Where it is not known whether something was written it is looked up, and the run goes on.
    // Else that ends the run: what was written is followed by whoever hears of it as of a change.
    bool recovers = true;
    std::string spool_folder;
    std::function<bool()> stop_requested = [] { return false; };
    GiveWay give_way = [](std::uint64_t /*objects*/) { return GaveWay::kGoOn; };
    // Classes that are budgeted by deciding a turn's objects once before its first write.
    std::vector<LimitClass> rehearsed = {LimitClass::kCreate, LimitClass::kUpdate};
    // Whether a mapping that stops is told of. Else by who asked: its table may be another by now.
    bool tells_stops = true;
    // Of a live step: what those before it have written counts beside what it is to write.
    HourlyBudget* hour = nullptr;
  };
  struct Stopped {
    std::size_t mapping = 0;
    Error error;
  };
  struct Report {
    Summary summary;               // of operations; what stands at the end is counted by the caller
    std::vector<Stopped> stopped;  // mappings that could not go on, in this or an earlier run
    bool interrupted = false;
  };

  // What a kind of run adds to the loop.
  class Feeder {
   public:
    virtual ~Feeder() = default;
    // A mapping's turn begins: queues what is to be looked at, beside what others have queued.
    virtual Result<void> begin_turn(std::size_t mapping) = 0;
    // Then: queues who stands on its worklists and is to be decided again. `progressed`: something
    // was written in the last round, or this is the first.
    virtual Result<void> queue_standing(std::size_t mapping, bool progressed) = 0;
    // Before anything of its turn is written.
    virtual Result<void> begin_writing(std::size_t /*mapping*/) { return {}; }
    // Its turn has ended. `left`: it has to come again.
    virtual Result<void> end_turn(std::size_t /*mapping*/, bool /*left*/) { return {}; }
    // True if begin_turn has more to put there than what others queue.
    [[nodiscard]] virtual bool has_more(std::size_t mapping) const = 0;
    // True if what becomes dirty under a mapping is queued; false: its own turn comes to it.
    [[nodiscard]] virtual bool takes_dirty(std::size_t mapping) const = 0;
    // Who reads what was changed is not looked at one by one: they are too many, or it is not
    // known what was written before a reply was lost.
    virtual void readers_unknown(std::size_t mapping) = 0;
    // What a rail's percentage is of.
    virtual Result<std::uint64_t> objects_of(std::size_t mapping) = 0;
    virtual void took(std::size_t mapping, const Syncer::Outcome& outcome) = 0;
  };

  // For people.
  static std::string text_of(const Stopped& stopped, const BoundDefinition& definition);

  // `syncer` has recovered. All referents must outlive this.
  Rounds(const BoundDefinition& definition, State& state, std::vector<Source*> sources,
         Syncer& syncer, Clock& clock, Observer& observer, Feeder& feeder, Settings settings);

  // Goes round until nothing is left, or it does not come to rest. Errors: what stops a run
  // (DESIGN section 10); what was written until then stays recorded.
  Result<Report> run();

  Result<void> queue(std::size_t mapping, const Nominee& nominee);
  // Queues everyone on that worklist of the mapping that `counts`.
  Result<void> queue_worklist(
      std::size_t mapping, Family worklist,
      const std::function<bool(const Subject&, const State::Standing&)>& counts =
          [](const auto&, const auto&) { return true; });
  // Queues who reads these rows through a path. A mapping whose readers cannot be asked for stops.
  // `told`: somebody else has changed them.
  Result<void> wake_readers(std::span<const Syncer::Changed> changed, bool told = false);
  // Queues who has a reference that is translated through one of these links.
  Result<void> wake_referring(std::span<const Syncer::Relinked> relinked);
  // Queues these, of any mapping that this run acts under.
  Result<void> queue(std::span<const Subject> subjects);
  // Does `work` again, after a growing pause each, as long as it ends in what passes: the one way
  // to do with sources what may be repeated (DESIGN section 10).
  template <typename T>
  Result<T> retried(const std::function<Result<T>()>& work);
  [[nodiscard]] NomineeSpool& spool(std::size_t mapping) { return queues_[mapping].spool; }
  [[nodiscard]] Permissions& permissions(std::size_t mapping) {
    return queues_[mapping].permissions;
  }
  [[nodiscard]] RailCounts& rehearsed(std::size_t mapping) { return queues_[mapping].rehearsed; }
  [[nodiscard]] bool selected(std::size_t mapping) const { return queues_[mapping].selected; }
  // Whether what one mapping links or writes may make something of another dirty, or of itself.
  [[nodiscard]] bool rests_on(std::size_t reader, std::size_t writer) const;
  [[nodiscard]] std::uint32_t round() const { return round_; }

 private:
  struct Queue {
    bool selected = true;
    bool stopped = false;
    NomineeSpool spool;
    Permissions permissions;
    std::vector<Clash> clashes;
    std::size_t followed = 0;  // changed objects and their readers, since its turn began
    RailCounts rehearsed{};    // in this run
  };

  void hold_creates_if_lost();
  Result<void> turn(std::size_t mapping, bool progressed);
  Result<bool> all_turns(bool progressed);
  [[nodiscard]] std::size_t first_waiting(std::size_t at) const;
  void stop(std::size_t mapping, Error error);
  // Before a batch. True if others have written since the last one.
  Result<bool> before_batch(std::size_t objects) const;
  Result<bool> pause(const Error& error, int attempt);
  Result<void> rehearse(std::size_t mapping);
  [[nodiscard]] std::uint64_t spent(std::size_t mapping, const Rail& rail) const;
  Result<std::vector<Rail>> rails_that_may_trip(std::size_t mapping);
  Result<void> trip_rails(std::size_t mapping, std::span<const Rail> watched);
  Result<void> drain(std::size_t mapping);
  Result<void> retry_clashes(std::size_t mapping);
  Result<Syncer::Outcome> sync_batch(std::size_t mapping, std::span<const Nominee> nominees,
                                     bool clashing, const Syncer::Ahead& ahead = {});
  Result<void> take_over(std::size_t mapping, const Syncer::Outcome& outcome);
  Result<void> wake(const FanOut::Way& way, std::size_t entity, std::span<const ObjectKey> keys,
                    bool told);
  Result<void> wake_part(const FanOut::Way& way, std::size_t entity,
                         std::span<const ObjectKey> keys, bool told);
  [[nodiscard]] bool anything_left() const;
  [[nodiscard]] Result<bool> anyone_stands() const;

  const BoundDefinition& definition_;
  State& state_;
  Syncer& syncer_;
  Clock& clock_;
  Observer& observer_;
  Feeder& feeder_;
  Settings settings_;
  FanOut fan_out_;
  std::vector<Queue> queues_;
  std::vector<Stopped> stopped_;
  std::uint32_t round_ = 0;
  std::uint64_t operations_in_round_ = 0;
};

template <typename T>
Result<T> Rounds::retried(const std::function<Result<T>()>& work) {
  for (int attempt = 0;; ++attempt) {
    auto done = work();
    if (done) {
      return done;
    }
    COUPLET_ASSIGN(const bool again, pause(done.error(), attempt));
    if (!again) {
      return done;
    }
  }
}

}  // namespace couplet
