#include "engine/live/live_sync.h"

#include <algorithm>
#include <map>

#include "engine/model/planted_bug.h"

namespace couplet {
namespace {

// A position that only idleness has moved is synced so seldom: an idle source costs no disk.
constexpr std::int64_t kIdleRecordUs = 10'000'000;
// One of several streams is waited for so long, where they cannot all ring.
constexpr std::chrono::milliseconds kTurn{5};
// Between looks whether a transaction is visible: it is a matter of a commit's last microseconds,
// or of a standby's answer. One that takes long is told of.
constexpr std::int64_t kVisibleFirstUs = 50;
constexpr std::int64_t kVisibleMostUs = 100'000;
constexpr std::int64_t kVisibleToldUs = 10'000'000;

}  // namespace

Error named_if_missing(Error error, const std::string& source) {
  if (error.kind == ErrorKind::kSchema) {
    error.kind = ErrorKind::kPrivilege;               // An environment that lacks something.
    if (error.code.empty() || error.code[0] < 'a') {  // An SQLSTATE is no name of ours.
      error.code = "stream_missing";
    }
    error.message = "source '" + source + "' has no stream for us: " + error.message;
    if (error.hint.empty()) {
      error.hint = "`couplet setup` makes what is missing";
    }
  }
  return error;
}

LiveSync::LiveSync(const BoundDefinition& definition, State& state, std::vector<Source*> sources,
                   Syncer& syncer, Clock& clock, Observer& observer, std::vector<Tail> tails,
                   Settings settings)
    : definition_(definition),
      state_(state),
      sources_(std::move(sources)),
      syncer_(syncer),
      clock_(clock),
      observer_(observer),
      told_once_(observer),
      hour_(definition, clock, observer),
      settings_(std::move(settings)),
      router_(definition),
      recorded_us_(clock.monotonic_us() - kIdleRecordUs) {
  for (const auto& [mapping, why] : settings_.unfit) {
    stop_mapping(mapping, why);
  }
  for (Tail& tail : tails) {
    Followed followed;
    followed.horizon = {tail.progress.received, tail.stream->opened_at()};
    all_ring_ = tail.stream->ring_for(bell_) && all_ring_;
    followed.tail = std::move(tail);
    followed_.push_back(std::move(followed));
  }
}

Result<LiveSync::Step> LiveSync::step(std::chrono::milliseconds wait) {
  Step step;
  if (!begun_) {
    COUPLET_TRY(load_hour());
  }
  std::vector<Received> received;
  if (!all_synced()) {
    COUPLET_ASSIGN(received, receive(std::chrono::milliseconds(0)));
    if (received.empty()) {
      COUPLET_TRY(record(Sync::kNow));
    }
  }
  if (received.empty()) {
    COUPLET_ASSIGN(received, receive(begun_ ? wait : std::chrono::milliseconds(0)));
  }
  step.idle = received.empty();
  if (step.idle && begun_) {
    COUPLET_TRY(record(Sync::kSeldom));
    return step;
  }
  COUPLET_ASSIGN(Routed routed, route(received));
  if (settings_.stop_requested()) {
    step.interrupted = true;
    return step;
  }
  if (!routed.renamed.empty() || !routed.altered.empty()) {
    COUPLET_ASSIGN(step.interrupted, await_visible());
    if (step.interrupted) {
      return step;
    }
  }
  COUPLET_TRY(rename(routed.renamed));
  COUPLET_ASSIGN(step.interrupted, are_altered(routed.altered));
  if (step.interrupted) {
    return step;
  }
  tell_of_tables(routed);
  COUPLET_ASSIGN(const bool recorded, sync_fast(routed, step));
  if (recorded) {  // Behind a sync, which covers what was recorded before.
    acknowledge_synced();
  }
  routed.told.standing = !begun_;
  const bool looks = !routed.told.changed.empty() || !routed.told.woken.empty() ||
                     !routed.unnamed.empty() || !begun_;
  if (looks) {
    COUPLET_ASSIGN(step.interrupted, await_visible());
    if (!step.interrupted) {
      COUPLET_ASSIGN(step.interrupted, sync(routed.told, step));
    }
    if (step.interrupted && !planted("stopped_is_done")) {
      return step;
    }
    if (planted("dirty_again_is_dropped")) {  // What came while we were at work.
      COUPLET_TRY(receive(std::chrono::milliseconds(0)));
    }
    settings_.crash_points.reached("live_synced");
  }
  begun_ = true;
  COUPLET_TRY(record(looks ? Sync::kNow : recorded ? Sync::kWithNext : Sync::kSeldom));
  return step;
}

// What every stream has; if none has anything, what the first of them comes to have.
Result<std::vector<LiveSync::Received>> LiveSync::receive(std::chrono::milliseconds wait) {
  std::vector<Received> received;
  const auto ask = [&](std::size_t tail, std::chrono::milliseconds patience) -> Result<void> {
    auto batch = followed_[tail].tail.stream->next(patience);
    if (!batch) {
      return fail(named_if_missing(std::move(batch.error()),
                                   definition_.sources[followed_[tail].tail.source]));
    }
    if (!batch->empty()) {
      received.push_back({tail, std::move(*batch)});
    }
    return {};
  };
  const auto ask_all = [&](std::chrono::milliseconds patience) -> Result<void> {
    for (std::size_t tail = 0; tail < followed_.size(); ++tail) {
      COUPLET_TRY(ask(tail, received.empty() ? patience : std::chrono::milliseconds(0)));
    }
    return {};
  };
  COUPLET_TRY(ask_all(std::chrono::milliseconds(0)));
  if (received.empty() && wait.count() > 0 && !followed_.empty()) {
    if (all_ring_) {
      bell_.wait(wait);
      COUPLET_TRY(ask_all(std::chrono::milliseconds(0)));
    } else {
      COUPLET_TRY(ask_all(followed_.size() == 1 ? wait : std::min(wait, kTurn)));
    }
  }
  return received;
}

// Effects may follow: from here on it is durable before any of them that this has come.
Result<Routed> LiveSync::route(std::span<const Received> received) {
  Routed all;
  unseen_.clear();
  bool further = false;
  for (const Received& one : received) {
    Followed& followed = followed_[one.tail];
    Routed routed = std::move(all);
    routed.transactions.clear();
    if (!one.batch.transactions.empty()) {  // Those behind it come later.
      syncer_.horizon().pass(followed.tail.source, one.batch.transactions.front().begins_at);
    }
    std::size_t unfinished = one.batch.transactions.size();  // those from there on
    while (unfinished > 0 && !one.batch.transactions[unfinished - 1].ended) {
      --unfinished;
    }
    for (const ChangeTransaction& transaction : one.batch.transactions) {
      const bool whole = &transaction < one.batch.transactions.data() + unfinished;
      router_.route(followed.tail.source, transaction, whole, followed.horizon, routed);
      followed.open = !transaction.ended;
      if (planted("acknowledged_at_receipt")) {
        followed.tail.stream->acknowledge(transaction.end);
      }
      if (transaction.ended || planted("position_inside_transaction")) {
        followed.moved = transaction.end;
      }
      const Position& came = transaction.ended ? transaction.end : transaction.begins_at;
      if (is_known_position(came) && !reaches(followed.tail.progress.received, came)) {
        followed.tail.progress.received = came;
        further = true;
      }
    }
    const Position& reached =
        is_known_position(followed.moved) ? followed.moved : followed.recorded;
    if (one.batch.idle_at && !followed.open && !reaches(reached, *one.batch.idle_at)) {
      followed.moved = *one.batch.idle_at;
    }
    if (!routed.transactions.empty() && !planted("read_before_visible")) {
      auto& unseen = unseen_[followed.tail.source];
      unseen.insert(unseen.end(), routed.transactions.begin(), routed.transactions.end());
    }
    all = std::move(routed);
  }
  if (further && !planted("received_is_not_noted") &&
      (!all.told.changed.empty() || !all.renamed.empty() || !all.images.empty())) {
    COUPLET_TRY(note_received());
  }
  settings_.crash_points.reached("live_received");
  for (const auto& [source, transactions] : unseen_) {
    COUPLET_TRY(sources_[source]->ask_visible(transactions));
  }
  return all;
}

Result<void> LiveSync::note_received() {
  StateBatch changes;
  for (const Followed& followed : followed_) {
    put_progress(changes, definition_.sources[followed.tail.source], followed.tail.progress);
  }
  return state_.store().commit(changes, Durability::kLater);
}

// As far as was asked last.
Result<bool> LiveSync::is_visible(std::size_t source) {
  if (!unseen_.contains(source)) {
    return true;
  }
  COUPLET_ASSIGN(const bool visible, sources_[source]->are_visible());
  if (visible) {
    unseen_.erase(source);
  }
  return visible;
}

// Of all sources. True if a stop was asked for meanwhile.
Result<bool> LiveSync::await_visible() {
  const std::int64_t began = clock_.monotonic_us();
  std::int64_t pause = kVisibleFirstUs;
  while (!unseen_.empty()) {
    if (settings_.stop_requested()) {
      return true;
    }
    const std::size_t source = unseen_.begin()->first;
    COUPLET_ASSIGN(const bool visible, is_visible(source));
    if (visible) {
      continue;
    }
    if (clock_.monotonic_us() - began > kVisibleToldUs) {
      told_once_.on_notice("source '" + definition_.sources[source] +
                           "': transactions that its log tells of are not visible to reads yet, "
                           "and all wait for that: is a synchronous standby away "
                           "(synchronous_standby_names)?");
    }
    clock_.sleep_us(pause);
    pause = std::min(pause * 2, kVisibleMostUs);
    COUPLET_TRY(sources_[source]->ask_visible(unseen_.at(source)));
  }
  return false;
}

// By key: whether any pair remembers an object of this id.
Result<std::vector<bool>> LiveSync::are_known(std::size_t entity,
                                              std::span<const ObjectKey> keys) const {
  std::vector<bool> known(keys.size());
  const auto add = [&](const auto& found) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      known[i] = known[i] || found[i].has_value();
    }
  };
  for (std::size_t pair = 0; pair < definition_.pairs.size(); ++pair) {
    const std::optional<Side> many = definition_.pairs[pair].many;
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (definition_.pairs[pair].entities[index_of(side)] != entity) {
        continue;
      }
      if (!many) {
        COUPLET_ASSIGN(const auto found, state_.links(pair, side, keys));
        add(found);
      } else if (*many == side) {
        COUPLET_ASSIGN(const auto found, state_.contributions(pair, keys));
        add(found);
      } else {
        COUPLET_ASSIGN(const auto found, state_.targets(pair, keys));
        add(found);
      }
      COUPLET_ASSIGN(const auto tombstones, state_.tombstones(pair, side, keys));
      add(tombstones);
    }
  }
  return known;
}

// By key: whether the row that is there now is the very one that a link was recorded of, so that it
// is not of one who has left the id before.
Result<std::vector<bool>> LiveSync::are_those_linked(std::size_t entity,
                                                     std::span<const ObjectKey> keys) {
  std::vector<bool> linked(keys.size());
  std::vector<RowVersion> versions(keys.size());
  bool read = false;
  for (const MappingPlan& plan : syncer_.plans()) {
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (plan.entities->entities[index_of(side)] != entity) {
        continue;
      }
      if (!read) {
        RowBatch rows;
        COUPLET_TRY(sources_[definition_.entities[entity].source]->fetch(plan.side(side).projection,
                                                                         keys, rows));
        for (std::size_t row = 0; row < rows.rows(); ++row) {
          versions[rows.ordinal(row)] = rows.version(row);
        }
        read = true;
      }
      const auto note = [&](const auto& found) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
          linked[i] =
              linked[i] || (versions[i] != RowVersion{} && found[i] &&
                            found[i]->agreement.ends[index_of(side)].version == versions[i]);
        }
      };
      if (!plan.entities->many) {
        COUPLET_ASSIGN(const auto links, state_.links(plan.pair, side, keys));
        note(links);
      } else if (*plan.entities->many != side) {
        COUPLET_ASSIGN(const auto targets, state_.targets(plan.pair, keys));
        note(targets);
      }
    }
  }
  return linked;
}

// What is remembered of an object goes with its id. In parts that can be looked up at once: of one
// entity, no id twice, no two that may be linked to each other.
Result<void> LiveSync::rename(std::span<const Routed::Renamed> renamed) {
  while (!renamed.empty() && !planted("new_id_is_a_new_object")) {
    const std::size_t entity = renamed.front().entity;
    const bool with_itself = std::any_of(
        definition_.pairs.begin(), definition_.pairs.end(),
        [&](const Pair& pair) { return pair.entities[0] == entity && pair.entities[1] == entity; });
    std::set<ObjectKey> ids;
    std::size_t count = 0;
    while (count < renamed.size() && renamed[count].entity == entity &&
           !ids.contains(renamed[count].before) && !ids.contains(renamed[count].after) &&
           (count == 0 || !with_itself)) {
      ids.insert(renamed[count].before);
      ids.insert(renamed[count].after);
      ++count;
    }
    COUPLET_TRY(rename_apart(renamed.first(count)));
    renamed = renamed.subspan(count);
  }
  return {};
}

// Where something stands at the new id already, or another at the old one by now, both are looked
// at like any: who has taken whose place is told by their identity keys.
Result<void> LiveSync::rename_apart(std::span<const Routed::Renamed> renamed) {
  constexpr auto kNoPair = static_cast<std::size_t>(-1);
  const std::size_t entity = renamed.front().entity;
  std::vector<ObjectKey> before;
  std::vector<ObjectKey> after;
  for (const Routed::Renamed& one : renamed) {
    before.push_back(one.before);
    after.push_back(one.after);
  }
  COUPLET_ASSIGN(const auto taken, are_known(entity, after));
  COUPLET_ASSIGN(const auto stays, are_those_linked(entity, before));
  std::vector<Rekeyed> rekeyed;
  for (std::size_t i = 0; i < renamed.size(); ++i) {
    if (!taken[i] && (!stays[i] || planted("an_old_renaming_is_news"))) {
      rekeyed.push_back({renamed[i].before, renamed[i].after});
    }
  }
  StateBatch changes;
  COUPLET_TRY(state_.rekey(changes, entity, rekeyed, kNoPair));
  return changes.empty() ? Result<void>{} : state_.store().commit(changes, Durability::kLater);
}

void LiveSync::tell_of_tables(const Routed& routed) {
  for (const std::size_t entity : routed.truncated) {
    observer_.on_notice("table " + to_string(definition_.entities[entity].table.name) + " of " +
                        definition_.sources[definition_.entities[entity].source] +
                        " was truncated, which is no evidence of deletes: what its rows were "
                        "linked to stays");
  }
  for (const std::size_t entity : routed.unnamed) {
    const BoundEntity& bound = definition_.entities[entity];
    for (std::size_t mapping = 0; mapping < definition_.mappings.size(); ++mapping) {
      if (has_to_do_with(definition_, mapping, bound.source, bound.table.name)) {
        missed_.insert(mapping);
      }
    }
    told_once_.on_notice("an object of table " + to_string(bound.table.name) + " of " +
                         definition_.sources[bound.source] +
                         " was changed or deleted, and its log does not tell which "
                         "(`couplet doctor`: replica_identity): a reconcile finds it");
  }
}

Result<bool> LiveSync::are_altered(const std::set<std::size_t>& entities) {
  if (entities.empty()) {
    return false;
  }
  COUPLET_ASSIGN(const SeenTables now, look_at_tables(definition_, sources_, entities));
  return std::any_of(now.begin(), now.end(), [&](const auto& table) {
    const auto seen = settings_.seen.find(table.first);
    return seen == settings_.seen.end() || seen->second != table.second;
  });
}

Result<bool> LiveSync::is_altered() { return are_altered(all_entities(definition_)); }

// What the fast lane does not take goes to the others. True if the state has changed.
Result<bool> LiveSync::sync_fast(Routed& routed, Step& step) {
  bool recorded = false;
  for (const auto& [entity, images] : routed.images) {
    const std::vector<FastLane::Event> events = images.events();
    const FastWay& way = *router_.way(entity);
    bool open = !events.empty() && !stopped_.contains(way.mapping) && !observer_.wants_values();
    if (open) {
      COUPLET_ASSIGN(open, syncer_.fast_lane_is_open(way.mapping));
    }
    FastLane::Outcome outcome;
    if (open) {
      const std::size_t source = definition_.entities[entity].source;
      COUPLET_TRY(syncer_.horizon().place(source, *sources_[source]));
      COUPLET_ASSIGN(outcome, syncer_.sync_fast(way, events, [&] { return is_visible(source); }));
      step.operations += outcome.summary.operations();
      recorded = recorded || outcome.recorded;
    } else {
      for (std::size_t i = 0; i < events.size(); ++i) {
        outcome.refused.push_back(i);
      }
    }
    for (const std::size_t refused : outcome.refused) {
      routed.told.changed.insert({entity, *events[refused].key});
    }
    routed.told.woken.insert(routed.told.woken.end(), outcome.woken.begin(), outcome.woken.end());
  }
  return recorded;
}

void LiveSync::stop_mapping(std::size_t mapping, const std::string& why) {
  observer_.on_notice("mapping '" + definition_.mappings[mapping].name + "' is stopped: " + why +
                      "; it goes on once that is undone, or once the file fits and `couplet run` "
                      "is started again");
  stopped_.insert(mapping);
  missed_.insert(mapping);
}

// True if it was interrupted.
Result<bool> LiveSync::sync(const ObjectSync::Told& told, Step& step) {
  ObjectSync::Settings settings;
  settings.recovers = false;  // Streams that begin anew tell of what we have written.
  settings.tells_stops = false;
  settings.spool_folder = settings_.spool_folder;
  settings.stop_requested = settings_.stop_requested;
  settings.hour = &hour_;
  for (std::size_t mapping = 0; mapping < definition_.mappings.size(); ++mapping) {
    if (!stopped_.contains(mapping)) {
      settings.mappings.push_back(mapping);
    }
  }
  missed_.insert(stopped_.begin(), stopped_.end());
  if (settings.mappings.empty()) {
    return false;
  }
  ObjectSync objects(definition_, state_, sources_, syncer_, clock_, told_once_, settings);
  auto synced = objects.sync(told);
  for (const auto& [mapping, counts] : objects.counts()) {
    hour_.add(mapping, counts);
  }
  if (!synced || synced->interrupted) {  // What it has written counts all the same.
    auto noted = note_hour();
    if (!synced || !noted) {
      return fail(std::move(synced ? noted.error() : synced.error()));
    }
  }
  const ObjectSync::Report& report = *synced;
  step.operations += report.summary.operations();
  if (!report.stopped.empty() || report.summary.count(Operation::kPark) > 0) {
    COUPLET_ASSIGN(const bool altered, is_altered());
    if (altered) {  // That may be why: the next life tries again.
      COUPLET_TRY(note_hour());
      return true;
    }
  }
  for (const Rounds::Stopped& stopped : report.stopped) {
    told_once_.on_notice(Rounds::text_of(stopped, definition_));
    stopped_.insert(stopped.mapping);
    missed_.insert(stopped.mapping);
  }
  missed_.insert(objects.not_followed().begin(), objects.not_followed().end());
  if (!report.interrupted && !report.summary.converged && report.stopped.empty() &&
      objects.not_followed().empty()) {
    missed_.insert(settings.mappings.begin(), settings.mappings.end());
  }
  return report.interrupted;
}

bool LiveSync::all_synced() const {
  return std::none_of(followed_.begin(), followed_.end(), [](const Followed& followed) {
    return is_known_position(followed.unsynced);
  });
}

void LiveSync::acknowledge_synced() {
  if (all_synced()) {
    return;
  }
  for (Followed& followed : followed_) {
    if (is_known_position(followed.unsynced)) {
      followed.tail.stream->acknowledge(followed.unsynced);
      followed.unsynced = {};
    }
  }
  settings_.crash_points.reached("live_acknowledged");
}

Result<void> LiveSync::record(Sync sync) {
  const bool moved = std::any_of(followed_.begin(), followed_.end(), [&](const Followed& followed) {
    return is_known_position(followed.moved) || syncer_.horizon().is_unsaved(followed.tail.source);
  });
  const std::int64_t now = clock_.monotonic_us();
  const bool seldom = sync == Sync::kSeldom && now - recorded_us_ < kIdleRecordUs;
  if (seldom || (!moved && hour_.unsaved().empty() && (sync == Sync::kWithNext || all_synced()))) {
    return {};
  }
  recorded_us_ = now;
  StateBatch changes;
  for (const Followed& followed : followed_) {
    COUPLET_TRY(syncer_.horizon().place(followed.tail.source, *sources_[followed.tail.source]));
  }
  syncer_.horizon().put(changes);
  for (Followed& followed : followed_) {
    if (is_known_position(followed.moved)) {
      followed.tail.progress.done = followed.moved;
      followed.recorded = followed.unsynced = followed.moved;
      followed.moved = {};
    }
    if (is_known_position(followed.unsynced)) {
      put_progress(changes, definition_.sources[followed.tail.source], followed.tail.progress);
    }
  }
  for (const std::size_t mapping : missed_) {
    if (!planted("missed_is_forgotten")) {
      put_missed(changes, state_, mapping);
    }
  }
  put_hour(changes);
  const bool later = sync == Sync::kWithNext || planted("position_is_not_synced");
  COUPLET_TRY(state_.store().commit(changes, later ? Durability::kLater : Durability::kSynced));
  settings_.crash_points.reached("live_recorded");
  if (sync != Sync::kWithNext || planted("acknowledged_before_the_sync")) {
    acknowledge_synced();
  }
  return {};
}

Result<void> LiveSync::load_hour() {
  for (std::size_t mapping = 0; mapping < definition_.mappings.size(); ++mapping) {
    COUPLET_ASSIGN(auto written, hour_of(state_, mapping));
    hour_.load(mapping, std::move(written));
  }
  return {};
}

void LiveSync::put_hour(StateBatch& changes) {
  for (const std::size_t mapping : hour_.unsaved()) {
    if (!planted("hour_is_forgotten")) {
      couplet::put_hour(changes, state_, mapping, hour_.of(mapping));
    }
  }
  hour_.saved();
}

// Where no position moves.
Result<void> LiveSync::note_hour() {
  StateBatch changes;
  put_hour(changes);
  return changes.empty() ? Result<void>{} : state_.store().commit(changes, Durability::kLater);
}

Result<void> LiveSync::settle() { return record(Sync::kNow); }

Result<bool> LiveSync::has_lapsed() {
  for (Followed& followed : followed_) {
    COUPLET_ASSIGN(const bool lapsed, followed.tail.stream->has_lapsed());
    if (lapsed) {
      return true;
    }
  }
  return false;
}

}  // namespace couplet
