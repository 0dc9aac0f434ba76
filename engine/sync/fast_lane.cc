#include "engine/sync/fast_lane.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <tuple>

#include "engine/model/planted_bug.h"
#include "engine/ports/tuning.h"
#include "engine/sync/fast_look.h"
#include "engine/sync/object_name.h"
#include "engine/sync/row_writes.h"

namespace couplet {

// One call's work.
class FastLane::Run {
 public:
  Run(FastLane& lane, const FastWay& way, std::span<const Event> events, bool creates,
      const Visible& visible)
      : lane_(lane),
        plan_(lane.plans_[way.mapping]),
        from_(way.from),
        to_(other(way.from)),
        target_(plan_.side(to_)),
        source_(*lane.sources_[target_.entity->source]),
        writer_(lane.writers_.sources[target_.entity->source]),
        name_(lane.definition_.sources[target_.entity->source]),
        creates_(creates && way.creates),
        events_(events),
        visible_(visible),
        look_(lane.definition_, lane.state_, plan_, lane.writers_, lane.horizon_, from_,
              lane.clock_.now()),
        returned_(plan_, to_, lane.state_.digester()) {
    for (const std::string& id : target_.entity->id) {
      for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
        const auto& columns = plan_.slot(use).end(to_).columns;
        for (std::size_t i = 0; i < columns.size(); ++i) {
          if (columns[i].column == id) {
            id_from_.emplace_back(use, i);
          }
        }
      }
    }
  }

  // Nothing is in flight any more when it is back.
  Result<Outcome> over() {
    auto outcome = pass();
    if (flying_) {  // What became of it, its intent tells the next process.
      (void)source_.collect();
    }
    return outcome;
  }

 private:
  using Write = FastLook::Write;
  struct Flight {
    BatchNumber number;
    WriteBatch batch;
    std::vector<Write> writes;
    std::vector<std::vector<std::size_t>> order;  // by group, by row: index in `writes`
  };

  void refuse(std::size_t event) { outcome_.refused.push_back(event); }
  // What is made has the id that its values say.
  [[nodiscard]] bool id_is_mapped() const { return id_from_.size() == target_.entity->id.size(); }
  [[nodiscard]] const std::vector<BoundMapping::Written>& fixed() const {
    return plan_.bound->create_values[index_of(to_)];
  }
  static bool has(const Write& write, std::size_t use) {
    return (write.uses & FastLook::bit(use)) != 0;
  }

  Result<Outcome> pass();
  Result<void> choose_keys(std::span<Write* const> created);
  Result<void> name_created(std::vector<Write>& writes);
  std::optional<ObjectKey> chosen_key(std::size_t row);
  [[nodiscard]] WriteGroup group_of(const Write& write) const;
  bool add_row(const Write& write, WriteGroup& group);
  void fill(Flight& flight);
  void put_intent(Flight& flight);
  void put_link(const Write& write, StateBatch& batch) const;
  Result<void> promise();
  Result<void> fly(Flight flight);
  Result<void> land();
  Result<void> give_up(const Flight& flight, const Error& error);
  void take(Flight& flight, const WriteOutcome& written);
  void read_back(const RowBatch& rows);
  bool take_row(std::size_t row, Write& write) const;
  void report(const Write& write);
  Result<void> wake();

  FastLane& lane_;
  const MappingPlan& plan_;
  const Side from_;
  const Side to_;
  const SidePlan& target_;
  Source& source_;
  WriterState::PerSource& writer_;
  const std::string& name_;
  bool creates_;
  std::span<const Event> events_;
  const Visible& visible_;
  std::optional<bool> seen_;                                  // nullopt: not asked yet
  std::vector<std::pair<std::size_t, std::size_t>> id_from_;  // use and column of it

  FastLook look_;
  SlotReader returned_;
  std::vector<SlotState> held_;  // what rows that came back hold: by row, by use
  std::optional<Flight> flying_;
  StateBatch pending_;  // goes out with the next intent
  std::vector<PairEnd> touched_;
  Outcome outcome_;
};

Result<FastLane::Outcome> FastLane::sync(const FastWay& way, std::span<const Event> events,
                                         bool creates, const Visible& visible) {
  return Run(*this, way, events, creates, visible).over();
}

Result<FastLane::Outcome> FastLane::Run::pass() {
  if (creates_) {
    COUPLET_ASSIGN(const bool apart, lane_.state_.any_separations(plan_.pair));
    creates_ = !apart;
  }
  for (std::size_t first = 0; first < events_.size(); first += tuning::kBatchRows) {
    const std::size_t last = std::min(first + tuning::kBatchRows, events_.size());
    if (!seen_.value_or(true)) {
      for (std::size_t event = first; event < last; ++event) {
        refuse(event);
      }
      continue;
    }
    COUPLET_ASSIGN(FastLook::Looked looked, look_.look(events_, first, last, creates_));
    outcome_.refused.insert(outcome_.refused.end(), looked.refused.begin(), looked.refused.end());
    Flight next;
    next.writes = std::move(looked.writes);
    COUPLET_TRY(name_created(next.writes));
    fill(next);
    if (!next.batch.groups.empty()) {
      COUPLET_TRY(fly(std::move(next)));
    }
  }
  COUPLET_TRY(land());
  if (!pending_.empty()) {
    outcome_.recorded = true;
    COUPLET_TRY(lane_.state_.store().commit(pending_, Durability::kLater));
    lane_.crash_points_.reached("after_results");
  }
  COUPLET_TRY(wake());
  return std::move(outcome_);
}

// Where values choose the ids of rows that are made. Not one that a link leads to: what becomes of
// that the full lane finds out.
Result<void> FastLane::Run::choose_keys(std::span<Write* const> created) {
  std::vector<ObjectKey> keys;
  for (Write* write : created) {
    auto key = chosen_key(write->row);
    keys.push_back(key ? std::move(*key) : ObjectKey());
  }
  COUPLET_ASSIGN(const auto links, lane_.state_.links(plan_.pair, to_, keys));
  for (std::size_t i = 0; i < created.size(); ++i) {
    if (!links[i] || planted("an_id_is_never_used_again")) {
      created[i]->link.end(to_) = std::move(keys[i]);
    }
  }
  return {};
}

// The ids of rows that are made: chosen by their values, or taken from the database. Without one a
// crash could not be mended by the intent alone; why there is none the full lane finds out.
Result<void> FastLane::Run::name_created(std::vector<Write>& writes) {
  std::vector<Write*> created;
  for (Write& write : writes) {
    if (write.create) {
      created.push_back(&write);
    }
  }
  if (id_is_mapped()) {
    COUPLET_TRY(choose_keys(created));
  } else if (!created.empty()) {
    const BoundEntity& entity = *target_.entity;
    const auto ids = source_.reserve_ids(entity.table, entity.id, entity.id_types, created.size());
    for (std::size_t i = 0; ids && *ids && i < created.size() && i < (*ids)->rows(); ++i) {
      created[i]->link.end(to_) = key_of_row(**ids, i, entity.id_types);
    }
  }
  std::erase_if(writes, [&](const Write& write) {
    if (write.link.end(to_).empty()) {
      refuse(write.event);
      return true;
    }
    return false;
  });
  return {};
}

std::optional<ObjectKey> FastLane::Run::chosen_key(std::size_t row) {
  ObjectKey key;
  for (std::size_t i = 0; i < id_from_.size(); ++i) {
    const auto& [use, column] = id_from_[i];
    const auto cells = look_.send(row, use);
    if (!cells ||
        !append_key({&target_.entity->id_types[i], 1}, cells->subspan(column, 1), key.bytes)) {
      return std::nullopt;
    }
  }
  return key;
}

WriteGroup FastLane::Run::group_of(const Write& write) const {
  WriteGroup group;
  const BoundEntity& entity = *target_.entity;
  group.operation = write.create ? WriteGroup::Operation::kCreate : WriteGroup::Operation::kUpdate;
  group.table = entity.table.name;
  group.id = entity.id;
  group.id_types = entity.id_types;
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    for (const ColumnPath& column : plan_.slot(use).end(to_).columns) {
      if (has(write, use)) {
        group.columns.push_back(column.column);
        group.column_types.push_back(column.type);
      }
    }
  }
  if (write.create) {
    for (const BoundMapping::Written& fixed : fixed()) {
      group.columns.push_back(fixed.column);
      group.column_types.push_back(fixed.type);
    }
    add_probe(plan_, to_, group);
  }
  if (write.times) {
    group.columns.push_back(*entity.updated_at);
    group.column_types.push_back(entity.updated_at_type);
  }
  for (const ColumnPath& column : target_.projection.columns) {
    group.returning.push_back(column.column);
    group.returning_types.push_back(column.type);
  }
  group.rows.reset(group.id.size() + group.columns.size());
  return group;
}

// False, and nothing is added, where the other side cannot hold a value.
bool FastLane::Run::add_row(const Write& write, WriteGroup& group) {
  group.rows.begin_row(write.link.agreement.ends[index_of(to_)].version,
                       static_cast<std::uint32_t>(group.rows.rows()));
  if (write.create && id_is_mapped()) {
    for (std::size_t i = 0; i < group.id.size(); ++i) {
      group.rows.push_absent();
    }
  } else {
    std::string arena;
    std::vector<Value> id;
    const auto decoded = decode_key(group.id_types, write.link.end(to_).bytes, arena, id);
    COUPLET_CHECK(decoded.has_value());
    for (const Value& cell : id) {
      group.rows.push(cell);
    }
  }
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    if (!has(write, use)) {
      continue;
    }
    const auto cells = look_.send(write.row, use);
    if (!cells) {
      group.rows.drop_last();
      return false;
    }
    for (const Value& cell : *cells) {
      group.rows.push(cell);
    }
  }
  if (write.create) {
    for (const BoundMapping::Written& fixed : fixed()) {
      group.rows.push(fixed.value ? Value(std::string_view(*fixed.value)) : Value::null());
    }
  }
  if (write.times) {
    group.rows.push(Value(std::string_view(timestamp_bytes(*write.carried))));
  }
  return true;
}

// Locks in one order, clustered pages.
void FastLane::Run::fill(Flight& flight) {
  std::sort(flight.writes.begin(), flight.writes.end(), [&](const Write& a, const Write& b) {
    return std::tie(a.create, a.uses, a.times, a.link.end(to_)) <
           std::tie(b.create, b.uses, b.times, b.link.end(to_));
  });
  const Write* before = nullptr;
  for (std::size_t i = 0; i < flight.writes.size(); ++i) {
    const Write& write = flight.writes[i];
    if (before == nullptr || before->create != write.create || before->uses != write.uses ||
        before->times != write.times) {
      flight.batch.groups.push_back(group_of(write));
      flight.order.emplace_back();
    }
    before = &write;
    if (add_row(write, flight.batch.groups.back())) {
      flight.order.back().push_back(i);
    } else {
      refuse(write.event);
    }
  }
  for (std::size_t group = flight.order.size(); group-- > 0;) {
    if (flight.order[group].empty()) {
      flight.order.erase(flight.order.begin() + static_cast<std::ptrdiff_t>(group));
      flight.batch.groups.erase(flight.batch.groups.begin() + static_cast<std::ptrdiff_t>(group));
    }
  }
}

void FastLane::Run::put_link(const Write& write, StateBatch& batch) const {
  if (write.create) {
    lane_.state_.put(batch, plan_.pair, write.link);
  } else {
    lane_.state_.put_record(batch, plan_.pair, write.link);
  }
}

// And what is to be recorded if it is committed, in the links.
void FastLane::Run::put_intent(Flight& flight) {
  flight.number = {++writer_.last.value};
  flight.batch.number = flight.number;
  std::size_t entries = 0;
  for (const auto& rows : flight.order) {
    entries += rows.size();
  }
  IntentWriter intent(name_, flight.number, writer_.marked, entries);
  StateBatch changes;
  for (const auto& rows : flight.order) {
    for (const std::size_t place : rows) {
      Write& write = flight.writes[place];
      Agreement& agreement = write.link.agreement;
      intent.entry(plan_.bound->name, to_, write.create ? Operation::kCreate : Operation::kUpdate,
                   write.link.end(to_), {}, static_cast<std::size_t>(std::popcount(write.uses)));
      for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
        if (has(write, use)) {
          BaseSlot& base = agreement.base[plan_.uses[use]->slot];
          const Digest digest = look_.state(write.row, use).digest;
          intent.written(plan_.slot(use).name, digest, base.digests[index_of(to_)]);
          base = BaseSlot{true, {digest, digest}};
        }
      }
      agreement.ends[index_of(to_)].version = {};  // Not known before it is written.
      changes.clear();
      put_link(write, changes);
      intent.changes(changes.changes());
    }
  }
  State::put_intent(pending_, name_, flight.number, intent.take());
}

// The results of the batch before the last become durable with the intent of this one.
Result<void> FastLane::Run::promise() {
  lane_.crash_points_.reached("before_intent");
  COUPLET_TRY(lane_.state_.store().commit(pending_, Durability::kSynced));
  pending_.clear();
  outcome_.recorded = true;
  lane_.crash_points_.reached("after_intent");
  return {};
}

Result<void> FastLane::Run::fly(Flight flight) {
  put_intent(flight);
  std::optional<Flight> landed = std::exchange(flying_, std::nullopt);
  WriteOutcome written;
  if (landed) {
    auto collected = source_.collect();
    lane_.crash_points_.reached("after_commit");
    if (collected) {
      written = std::move(*collected);
    } else {
      COUPLET_TRY(give_up(*landed, collected.error()));
      landed.reset();
    }
  }
  Result<void> promised;
  flight.batch.before_commit = [&]() -> Result<void> {
    promised = promise();
    COUPLET_TRY(promised);
    if (!seen_) {
      COUPLET_ASSIGN(seen_, visible_());
    }
    return *seen_ ? Result<void>{} : fail(ErrorKind::kTransient, "not visible yet");
  };
  const auto submitted = source_.submit(flight.batch);
  flight.batch.before_commit = {};
  COUPLET_TRY(promised);
  if (!submitted) {
    COUPLET_TRY(give_up(flight, submitted.error()));
  } else {
    lane_.crash_points_.reached("after_submit");
    flying_ = std::move(flight);
  }
  if (landed) {
    take(*landed, written);
  }
  return {};
}

Result<void> FastLane::Run::land() {
  if (!flying_) {
    return {};
  }
  Flight landed = std::move(*flying_);
  flying_.reset();
  auto collected = source_.collect();
  lane_.crash_points_.reached("after_commit");
  if (!collected) {
    return give_up(landed, collected.error());
  }
  take(landed, *collected);
  return {};
}

// A batch that failed wrote nothing: the full lane finds out why. Its intent goes at once, before a
// later number can commit and seem to vouch for it.
Result<void> FastLane::Run::give_up(const Flight& flight, const Error& error) {
  if (error.kind == ErrorKind::kCommitUnknown) {
    return fail(error);
  }
  for (const Write& write : flight.writes) {
    refuse(write.event);
  }
  State::erase(pending_, name_, flight.number);
  COUPLET_TRY(lane_.state_.store().commit(pending_, Durability::kSynced));
  pending_.clear();
  outcome_.recorded = true;
  return {};
}

void FastLane::Run::read_back(const RowBatch& rows) {
  const std::size_t uses = plan_.uses.size();
  held_.assign(rows.rows() * uses, {});
  ObjectKey reference;
  for (std::size_t use = 0; use < uses && rows.rows() > 0; ++use) {
    if (returned_.read_column(use, rows, 0, rows.rows(), std::span(held_).subspan(use), uses)) {
      continue;
    }
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      SlotState& held = held_[row * uses + use];
      held = returned_.read(use, rows, row, reference);
      if (!reference.empty()) {
        returned_.resolve(use, reference, nullptr, nullptr, held);
      }
    }
  }
}

// What the row holds now is what is remembered. False: the database has changed more of it than was
// written, which is a change of that side like any.
bool FastLane::Run::take_row(std::size_t row, Write& write) const {
  bool alone = true;
  for (std::size_t use = 0; use < plan_.uses.size(); ++use) {
    const SlotState& held = held_[row * plan_.uses.size() + use];
    Digest& known = write.link.agreement.base[plan_.uses[use]->slot].digests[index_of(to_)];
    if (held.holds() && held.digest != known) {
      if (has(write, use)) {
        known = held.digest;
      } else {
        alone = false;
      }
    }
  }
  return alone;
}

void FastLane::Run::take(Flight& flight, const WriteOutcome& written) {
  RowVersion version;
  for (std::size_t group = 0; group < flight.order.size(); ++group) {
    const RowBatch& rows = written.groups[group].written;
    read_back(rows);
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      Write& write = flight.writes[flight.order[group][rows.ordinal(row)]];
      write.done = true;
      if (!take_row(row, write)) {
        refuse(write.event);
      }
      if (rows.version(row) != version) {
        version = rows.version(row);
        writer_.versions.insert(version);
      }
      write.link.agreement.ends[index_of(to_)].version = version;
      put_link(write, pending_);
      ++outcome_.summary.count(write.create ? Operation::kCreate : Operation::kUpdate);
      touched_.push_back({lane_.state_.pair_id(plan_.pair), to_, write.link.end(to_)});
      if (lane_.observer_.wants_operations()) {
        report(write);
      }
    }
    for (const std::size_t place : flight.order[group]) {
      if (!flight.writes[place].done) {
        refuse(flight.writes[place].event);
      }
    }
  }
  State::erase(pending_, name_, flight.number);
}

void FastLane::Run::report(const Write& write) {
  OperationReport report;
  report.operation = write.create ? Operation::kCreate : Operation::kUpdate;
  report.situation = write.create ? Situation::kAbsent : Situation::kSourceChanged;
  report.mapping = plan_.mapping;
  report.from = object_name(plan_, from_, write.link.end(from_));
  report.to = object_name(plan_, to_, write.link.end(to_));
  for (std::size_t use = 0; use < plan_.uses.size() && !write.create; ++use) {
    if (has(write, use)) {
      report.attributes.push_back({plan_.slot(use).end(to_).text, {}, {}});
    }
  }
  lane_.observer_.on_operation(report);
}

// Who is held for one of these objects.
Result<void> FastLane::Run::wake() {
  COUPLET_ASSIGN(const bool anyone, lane_.state_.anyone_is_held_by_another());
  if (!anyone) {
    return {};
  }
  for (const Event& event : events_) {
    touched_.push_back({lane_.state_.pair_id(plan_.pair), from_, *event.key});
  }
  COUPLET_ASSIGN(outcome_.woken, lane_.state_.held_by(std::move(touched_)));
  return {};
}

}  // namespace couplet
