#pragma once

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/sync/object_name.h"
#include "engine/sync/rounds.h"

namespace couplet {

// The hand-run sync: brings named objects into step, and follows what that wakes until nothing is
// left. The same path as a reconcile, without its scans: so nobody has seen a whole table, what is
// not there is reported and its link left alone, and a rail's percentage is of the links.
class ObjectSync final : private Rounds::Feeder {
 public:
  struct Settings {
    std::vector<std::size_t> mappings;  // act under these only; empty: all
    bool dry_run = false;
    bool recovers = true;     // as of Rounds
    bool tells_stops = true;  // the same
    std::string spool_folder;
    std::function<bool()> stop_requested = [] { return false; };
    HourlyBudget* hour = nullptr;  // as of Rounds
  };
  // `summary` counts what is deferred, held, parked or reported on among the objects looked at;
  // `objects` are those, once under each mapping and time. Not converged, beside a reconcile's
  // reasons, where more objects read a changed one through a path than memory has room for.
  using Report = Rounds::Report;

  // `syncer` has recovered. All referents must outlive this, which is for one call.
  ObjectSync(const BoundDefinition& definition, State& state, std::vector<Source*> sources,
             Syncer& syncer, Clock& clock, Observer& observer, const Settings& settings);

  // What one look lets the decider conclude.
  static Permissions permissions_of_a_look();

  // Each under every mapping that it takes part in; who reads it through a path is looked at too,
  // even if nothing is written: somebody says that it has changed. Errors: kNotFound, before
  // anything is written, if one has neither a row nor a trace in the state; else as of
  // Rounds::run.
  Result<Report> sync(std::span<const NamedObject> objects);
  // What change streams tell. Nothing is refused: what is not there may have come and gone.
  struct Told {
    std::set<Syncer::Changed> changed;  // each under every mapping, and who reads it through a path
    std::set<Syncer::Changed> deleted;  // of these: a delete was the last that was told of them
    // Of these: it may be told for the second time, and what came of the first time may not have
    // been followed to its end. Who refers to them is looked at too.
    std::set<Syncer::Changed> again;
    std::set<Syncer::Changed> ours;  // of these: nobody else is known to have changed it
    std::vector<Subject> woken;      // besides: each under its own mapping
    bool standing = false;           // look at everyone on a worklist as well
  };
  Result<Report> sync(const Told& told);
  // Mappings with more objects that read what has changed than were followed.
  [[nodiscard]] const std::set<std::size_t>& not_followed() const { return too_many_; }
  // By mapping: what was written, also where that ended in an error.
  [[nodiscard]] const std::map<std::size_t, RailCounts>& counts() const { return counts_; }
  // Entries of worklists, each under its own mapping. `next` gives some of them at a time, and none
  // at the end; all are asked for before anything is written.
  using NextSubjects = std::function<Result<std::vector<Subject>>()>;
  Result<Report> sync(const NextSubjects& next);

 private:
  Result<void> begin_turn(std::size_t mapping) override;
  Result<void> queue_standing(std::size_t mapping, bool progressed) override;
  [[nodiscard]] bool has_more(std::size_t mapping) const override;
  [[nodiscard]] bool takes_dirty(std::size_t mapping) const override;
  void readers_unknown(std::size_t mapping) override;
  Result<std::uint64_t> objects_of(std::size_t mapping) override;
  void took(std::size_t mapping, const Syncer::Outcome& outcome) override;

  Result<void> check_known(std::span<const NamedObject> objects);
  Result<void> queue_everywhere(const Syncer::Changed& object);
  Result<Report> run();
  [[nodiscard]] bool made_room(std::size_t mapping, std::string_view code) const;
  Result<bool> queue_clashes();
  Result<void> tell_what_stands(Summary& summary);

  const BoundDefinition& definition_;
  State& state_;
  std::vector<Source*> sources_;
  Syncer& syncer_;
  Observer& observer_;
  bool dry_run_;
  HourlyBudget* hour_;
  Rounds rounds_;
  std::vector<std::set<Subject>> standing_;  // by mapping, of those looked at
  std::set<Subject> bystanders_;             // clashed before, and are tried again unasked
  std::set<std::size_t> written_;            // entities, since clashes were last tried again
  std::set<std::size_t> too_many_;           // mappings with readers that were not followed
  std::map<std::size_t, RailCounts> counts_;
  std::uint64_t looked_at_ = 0;
};

}  // namespace couplet
