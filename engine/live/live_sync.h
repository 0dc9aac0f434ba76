#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/live/progress.h"
#include "engine/live/router.h"
#include "engine/live/table_fit.h"
#include "engine/live/told_once.h"
#include "engine/ports/clock.h"
#include "engine/sync/hourly_budget.h"
#include "engine/sync/object_sync.h"

namespace couplet {

// Of an error of a stream: what it needs is not there at its source (kSchema), which is nobody's
// failure and does not pass by itself. Others stay as they are.
Error named_if_missing(Error error, const std::string& source);

// Follows the change streams of a definition: receive, route, queue, sync, record, acknowledge
// (DESIGN section 9), a step at a time. It has no thread and no memory that matters: after an error
// it is thrown away, and another one made over streams that begin where all was durable.
//
// Order of durability, in a step: what was received, before any effect of it can commit; the
// effects (Applier); how far everything is done, synced with them; then the source is told. Where
// the fast lane alone was at work that sync is the one of the next batch's intents, if more has
// come by then, else one of its own.
class LiveSync {
 public:
  // A source that is followed.
  struct Tail {
    std::size_t source = 0;
    std::unique_ptr<ChangeStream> stream;
    StreamProgress progress;  // as the state has it
  };
  struct Settings {
    std::string spool_folder;
    std::function<bool()> stop_requested = [] { return false; };
    CrashPoints crash_points;
    std::map<std::size_t, std::string> unfit = {};  // mappings that are stopped from the start: why
    // Tables as they were when the definition was last bound. One that is another ends this.
    SeenTables seen = {};
  };
  // `syncer` has recovered. All referents must outlive this.
  LiveSync(const BoundDefinition& definition, State& state, std::vector<Source*> sources,
           Syncer& syncer, Clock& clock, Observer& observer, std::vector<Tail> tails,
           Settings settings);

  struct Step {
    bool idle = true;  // nothing had come
    // A stop was asked for, or a table is another than it was: what was at hand comes again.
    bool interrupted = false;
    std::uint64_t operations = 0;
  };
  // Works off what has come; waits about `wait` for the first of it. The first step also decides
  // everyone again who waits or is held: who was to be woken when the last process ended is not
  // known. Errors, each of which ends this: those of streams and sources that no mapping alone is
  // to blame for.
  Result<Step> step(std::chrono::milliseconds wait);
  // Whether a source tells under other terms by now: another life has to find what was not told.
  Result<bool> has_lapsed();
  // Whether any table is another than it was: another life has to be bound to it.
  Result<bool> is_altered();
  // Before a stop: what only idleness has moved is made durable and acknowledged.
  Result<void> settle();

  // Mappings of which events have gone by since this was made: a reconcile is due.
  [[nodiscard]] const std::set<std::size_t>& missed() const { return missed_; }

 private:
  struct Followed {
    Tail tail;
    Horizon horizon;
    Position recorded;  // in this life; monostate: nothing yet
    Position unsynced;  // recorded, but not known to be durable; monostate: all is
    Position moved;     // to where it is done, but not recorded yet; monostate: nowhere
    bool open = false;  // parts of a transaction have come, its end has not
  };
  struct Received {
    std::size_t tail = 0;
    ChangeBatch batch;
  };

  Result<std::vector<Received>> receive(std::chrono::milliseconds wait);
  Result<Routed> route(std::span<const Received> received);
  Result<void> note_received();
  Result<bool> is_visible(std::size_t source);
  Result<bool> await_visible();
  Result<void> rename(std::span<const Routed::Renamed> renamed);
  Result<void> rename_apart(std::span<const Routed::Renamed> renamed);
  Result<std::vector<bool>> are_those_linked(std::size_t entity, std::span<const ObjectKey> keys);
  Result<std::vector<bool>> are_known(std::size_t entity, std::span<const ObjectKey> keys) const;
  void tell_of_tables(const Routed& routed);
  Result<bool> are_altered(const std::set<std::size_t>& entities);
  Result<bool> sync_fast(Routed& routed, Step& step);
  void stop_mapping(std::size_t mapping, const std::string& why);
  Result<bool> sync(const ObjectSync::Told& told, Step& step);
  enum class Sync : std::uint8_t {
    kNow,
    kWithNext,  // what rests on it is recorded, and intents that come next are synced in any case
    kSeldom,    // nothing rests on it
  };
  Result<void> record(Sync sync);
  Result<void> load_hour();
  void put_hour(StateBatch& changes);
  Result<void> note_hour();
  [[nodiscard]] bool all_synced() const;
  void acknowledge_synced();

  const BoundDefinition& definition_;
  State& state_;
  std::vector<Source*> sources_;
  Syncer& syncer_;
  Clock& clock_;
  Observer& observer_;
  ToldOnce told_once_;
  HourlyBudget hour_;
  Settings settings_;
  Router router_;
  Bell bell_;  // outlives the streams
  bool all_ring_ = true;
  std::vector<Followed> followed_;
  // By source, transactions of the step that reads may not see yet.
  std::map<std::size_t, std::vector<std::uint64_t>> unseen_;
  std::set<std::size_t> stopped_;
  std::set<std::size_t> missed_;
  bool begun_ = false;
  std::int64_t recorded_us_ = 0;
};

}  // namespace couplet
