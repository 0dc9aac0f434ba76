#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/ports/clock.h"
#include "engine/sync/applier.h"
#include "engine/sync/fast_way.h"
#include "engine/sync/read_horizon.h"
#include "engine/sync/report.h"

namespace couplet {

// The fast lane (DESIGN section 5.1): objects whose row an event has brought, under one mapping. No
// row is read. The other end is what the state says it was when we looked last, and the write names
// that version; an object without a link is made there unless one stands there already. Takes only
// what comes to a plain update or a plain create; the rest goes through the full
// lane, as does what the write refuses: so this lane is never different, only faster.
//
// Batches are written one after the other, each while its intents are synced, the one before it is
// recorded and the one behind it decided: one sync of the state for each. Intents, marks and
// records are those of the Applier (DESIGN section 6), so that a crash anywhere is mended by the
// same recovery.
class FastLane {
 public:
  // An object by the last event of it. Borrowed.
  struct Event {
    const ObjectKey* key = nullptr;
    std::string_view cells;  // as ChangeEvent has them, of FastWay::columns
    RowVersion version;
    const Position* at = nullptr;  // ChangeTransaction::begins_at
  };
  struct Outcome {
    std::vector<std::size_t> refused;  // indexes of events: to be synced like any other object
    std::vector<Subject> woken;        // held because of one of these
    Summary summary;                   // of operations
    bool recorded = false;             // something of the state has changed
  };

  FastLane(const BoundDefinition& definition, State& state, const std::vector<Source*>& sources,
           const std::vector<MappingPlan>& plans, WriterState& writers, const ReadHorizon& horizon,
           Clock& clock, Observer& observer, const CrashPoints& crash_points)
      : definition_(definition),
        state_(state),
        sources_(sources),
        plans_(plans),
        writers_(writers),
        horizon_(horizon),
        clock_(clock),
        observer_(observer),
        crash_points_(crash_points) {}

  // Whether reads of the source see what the events tell of. Before that nothing is committed: the
  // state would be ahead of what a look finds.
  using Visible = std::function<Result<bool>()>;

  // No object twice among them. `creates`: objects may be made where the way says so. Errors: those
  // of the store, and of the target what leaves open whether a batch was committed: recover.
  Result<Outcome> sync(const FastWay& way, std::span<const Event> events, bool creates,
                       const Visible& visible);

 private:
  class Run;

  const BoundDefinition& definition_;
  State& state_;
  const std::vector<Source*>& sources_;
  const std::vector<MappingPlan>& plans_;
  WriterState& writers_;
  const ReadHorizon& horizon_;
  Clock& clock_;
  Observer& observer_;
  const CrashPoints& crash_points_;
};

}  // namespace couplet
