#include "tests/simulation/deployment.h"

#include <algorithm>

#include "engine/admin/link_index.h"
#include "engine/definition/followed.h"
#include "engine/sync/object_name.h"

namespace couplet::simulation {
namespace {

// Thrown where the process is killed: sessions end, what the state has committed stays.
struct Killed {};
// Thrown where a life goes on and on.
struct Restless {};
// Faults by chance last for so many moments: then what they were in the way of is to come to its
// end.
constexpr const char* kDeployment = "simulation";  // `name` of every definition
constexpr int kFaultsPass = 400;
constexpr int kRestless = 20'000;

std::string hex(std::string_view bytes) {
  static constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kDigits[value >> 4U];
    text += kDigits[value & 15U];
  }
  return text;
}

}  // namespace

Deployment::Deployment(const Shape& shape, bool live) : shape_(shape) {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    databases_[index_of(side)] = std::make_shared<MemoryDatabase>(
        memory::DatabaseSettings{.identity = std::string("memory:") + couplet::name_of(side),
                                 .stored_apart_bytes = shape.stored_apart_bytes,
                                 .transactions_overlap = shape.transactions_overlap,
                                 .marks = shape.marks});
    if (live) {
      make_slot(side);
    }
  }
  for (const Table& table : shape.tables) {
    create(database(table.side), table);
  }
}

bool Deployment::define(std::string& why) {
  LoadResult loaded = parse_definition(shape_.definition(), "/etc/couplet/couplet.yaml");
  if (!loaded.definition) {
    why = loaded.diagnostics.render();
    return false;
  }
  parsed_ = std::move(loaded.definition);
  std::array<MemorySource, 2> sources{MemorySource(databases_[0]), MemorySource(databases_[1])};
  auto bound = bind(
      *parsed_,
      [&](std::size_t source, std::span<const TableName> names) {
        return sources.at(source).describe(names);
      },
      [&](std::size_t source) { return sources.at(source).tables(); });
  if (!bound || !bound->definition) {
    why = bound ? bound->diagnostics.render() : bound.error().message;
    return false;
  }
  bound_ = std::move(bound->definition);
  return true;
}

void Deployment::set_faults(const Step& step) const {
  for (const Side side : {Side::kLeft, Side::kRight}) {
    memory::MemoryFaults& faults = database(side).faults();
    faults.heal();
    if (step.lost_reply[index_of(side)] != 0) {
      faults.lose_commit(step.took_effect, step.lost_reply[index_of(side)] - 1);
    }
    if (step.transient_percent != 0) {
      faults.randomise(step.seed + index_of(side),
                       {.transient = static_cast<double>(step.transient_percent) / 100});
    }
    faults.execute_at_collect(step.late_writes);
    database(side).set_stream_batch_events(step.stream_events != 0 ? step.stream_events
                                                                   : tuning::kBatchRows);
  }
}

RunEnd Deployment::in_a_new_process(const Step& step, const Intrude& intrude,
                                    const std::function<Result<void>(const World&)>& work) {
  operations_.clear();
  set_faults(step);
  RunEnd end;
  int moments = 0;
  bool looked = true;
  const Moment moment = [&](const char* what) {
    ++moments;
    const std::string_view call = what;
    looked = call != "changes next" && (looked || call == "scan" || call == "fetch");
    end.unread += call == "submit" && !looked ? 1 : 0;
    if (observe) {
      observe(what);
    }
    if (tell) {
      tell("  " + std::to_string(moments) + " " + what);
    }
    for (const Step::Intrusion& intrusion : step.intrusions) {
      if (intrusion.moment == moments) {
        intrude(intrusion);
      }
    }
    if (step.crash == moments) {
      throw Killed();
    }
    if (step.kind == Step::Kind::kLive && moments == kFaultsPass) {
      set_faults({});
    }
    if (step.kind == Step::Kind::kLive && moments == kRestless) {
      throw Restless();
    }
  };
  WatchedStore store(*store_, moment);
  store.on_synced = [&] { note_durable(); };
  note_durable();
  try {
    std::array<MemorySource, 2> sessions{MemorySource(databases_[0]), MemorySource(databases_[1])};
    const auto watched = [&](Side side) {
      return WatchedSource(sessions[index_of(side)], moment, [&, side](const Position& position) {
        return acknowledged(step, side, position, end);
      });
    };
    WatchedSource left = watched(Side::kLeft);
    WatchedSource right = watched(Side::kRight);
    CrashPoints crash_points;
    crash_points.reached = moment;
    if (auto done = work({store, {&left, &right}, crash_points, moments, end}); !done) {
      end.kind = RunEnd::Kind::kFailed;
      end.error = done.error();
    }
  } catch (const Killed&) {
    end.kind = RunEnd::Kind::kKilled;
    if (step.power_loss) {
      store.lose_power();
    }
  } catch (const Restless&) {
    end.restless = true;
  }
  set_faults({});
  end.operations = std::move(operations_);
  if (tell) {
    tell(end.kind == RunEnd::Kind::kKilled   ? "  killed"
         : end.kind == RunEnd::Kind::kFailed ? "  failed: " + end.error.message
                                             : "  done: " + to_json(end.summary).dump());
  }
  return end;
}

RunEnd Deployment::by_hand(const Step& step, const Intrude& intrude, const Work& work) {
  return in_a_new_process(step, intrude, [&](const World& world) -> Result<void> {
    std::vector<std::string> identities;
    for (Source* source : world.sources) {
      COUPLET_ASSIGN(identities.emplace_back(), source->identity());
    }
    COUPLET_ASSIGN(const auto state, State::open(world.store, *bound_, identities, random_));
    Syncer::Settings settings;
    settings.crash_points = world.crash_points;
    settings.batch_rows = shape_.batch_rows;
    Syncer syncer(*bound_, *state, world.sources, clock_, *this, settings);
    COUPLET_TRY(syncer.recover());
    COUPLET_ASSIGN(const Rounds::Report report, work(*state, world.sources, syncer));
    world.end.summary = report.summary;
    return report.stopped.empty() ? Result<void>{} : fail(Error(report.stopped.back().error));
  });
}

RunEnd Deployment::run(const Step& step, const Intrude& intrude) {
  if (step.kind == Step::Kind::kLive) {
    return live(step, intrude);
  }
  if (step.kind == Step::Kind::kReconcile) {
    Reconciler::Settings settings;
    settings.rebuild_state = step.rebuild;
    return by_hand(
        step, intrude, [&](State& state, const std::vector<Source*>& sources, Syncer& syncer) {
          return Reconciler(*bound_, state, sources, syncer, clock_, *this, settings).run();
        });
  }
  std::vector<std::string> names;
  for (const auto& [chosen, row] : step.objects) {
    const std::size_t table = chosen % shape_.tables.size();
    const auto rows = database(shape_.tables[table].side).rows(shape_.tables[table].name);
    if (!rows.empty()) {
      names.push_back(name_of_row(table, rows[row % rows.size()]));
    }
  }
  return sync(step, names, intrude);
}

RunEnd Deployment::sync_everything() {
  std::vector<std::string> names;
  for (std::size_t table = 0; table < shape_.tables.size(); ++table) {
    for (const memory::Cells& row :
         database(shape_.tables[table].side).rows(shape_.tables[table].name)) {
      names.push_back(name_of_row(table, row));
    }
  }
  return sync({}, names, [](const Step::Intrusion&) {});
}

RunEnd Deployment::sync(const Step& step, const std::vector<std::string>& names,
                        const Intrude& intrude) {
  std::vector<NamedObject> objects;
  for (const std::string& name : names) {
    if (auto object = parse_object(*bound_, name)) {  // An entity that nobody maps has no name.
      objects.push_back(std::move(*object));
    }
  }
  return by_hand(
      step, intrude, [&](State& state, const std::vector<Source*>& sources, Syncer& syncer) {
        return ObjectSync(*bound_, state, sources, syncer, clock_, *this, {}).sync(objects);
      });
}

void Deployment::make_slot(Side side) const { database(side).make_slot(kDeployment); }

bool Deployment::is_followed(std::size_t table) const {
  const Table& of = shape_.tables[table];
  const std::vector<Followed> followed = followed_tables(*bound_, index_of(of.side));
  return std::any_of(followed.begin(), followed.end(),
                     [&](const Followed& one) { return one.table.table.table == of.name; });
}

void Deployment::lose_state() { store_ = std::make_unique<MemoryStateStore>(); }

std::string Deployment::name_of_row(std::size_t table, const memory::Cells& row) const {
  const Table& of = shape_.tables[table];
  return std::string(couplet::name_of(of.side)) + "." + of.name + "/" +
         row.at(of.natural_id ? of.columns.front().name : "id").value_or("");
}

void Deployment::read_state(const std::function<void(const State&)>& read) {
  MemoryStateStore overlay(static_cast<const StateStore&>(*store_));
  const std::array<std::string, 2> identities{database(Side::kLeft).identity(),
                                              database(Side::kRight).identity()};
  const auto state = State::open(overlay, *bound_, identities, random_);
  COUPLET_CHECK(state.has_value());
  read(**state);
}

std::vector<std::string> Deployment::link_faults() const {
  const auto faults = verify_link_index(*store_);
  COUPLET_CHECK(faults.has_value());
  return *faults;
}

std::map<std::string, std::map<std::string, std::string>> Deployment::links() {
  std::map<std::string, std::map<std::string, std::string>> found;
  read_state([&](const State& state) {
    for (const BoundMapping& mapping : bound_->mappings) {
      const Pair& pair = bound_->pairs[mapping.pair];
      const auto name = [&](Side side, const ObjectKey& key) {
        return object_name(bound_->entities[pair.entities[index_of(side)]], key);
      };
      State::LinkCursor cursor = state.link_cursor(mapping.pair, pair.many.value_or(Side::kLeft));
      for (; cursor.valid(); cursor.next()) {
        const ObjectKey own{std::string(cursor.key())};
        if (pair.many) {
          const auto contribution = decode_contribution(cursor.value());
          COUPLET_CHECK(contribution.has_value());
          found[mapping.name][name(*pair.many, own)] =
              name(other(*pair.many), contribution->target);
        } else {
          Link link;
          COUPLET_CHECK(state.decode_link_of(mapping.pair, cursor.key(), cursor.value(), link));
          found[mapping.name][name(Side::kLeft, own)] = name(Side::kRight, link.right);
        }
      }
    }
  });
  return found;
}

bool Deployment::anyone_is_parked() {
  bool parked = false;
  read_state([&](const State& state) {
    for (std::size_t mapping = 0; mapping < bound_->mappings.size(); ++mapping) {
      const auto first = state.worklist(mapping, Family::kParked, std::nullopt, 1);
      COUPLET_CHECK(first.has_value());
      parked = parked || !first->empty();
    }
  });
  return parked;
}

std::vector<Conflict> Deployment::conflicts() {
  std::vector<Conflict> found;
  read_state([&](const State& state) {
    for (std::size_t mapping = 0; mapping < bound_->mappings.size(); ++mapping) {
      const auto entries = state.conflicts(mapping, std::nullopt, 1'000'000);
      COUPLET_CHECK(entries.has_value());
      for (const State::ConflictEntry& entry : *entries) {
        found.push_back(entry.conflict);
      }
    }
  });
  return found;
}

std::vector<Conflict> Deployment::promised_conflicts() {
  std::vector<Conflict> found;
  read_state([&](const State& state) {
    const auto intents = state.intents();
    COUPLET_CHECK(intents.has_value());
    for (const Intent& intent : *intents) {
      for (const Intent::Entry& entry : intent.entries) {
        for (const StateBatch::Change& change : entry.changes) {
          if (change.family == Family::kConflicts && change.value) {
            const auto conflict = decode_conflict(*change.value);
            COUPLET_CHECK(conflict.has_value());
            found.push_back(*conflict);
          }
        }
      }
    }
  });
  return found;
}

std::string Deployment::state_bytes() const {
  std::string text;
  for (std::size_t family = 0; family < kFamilies; ++family) {
    const auto cursor = store_->cursor(static_cast<Family>(family));
    for (cursor->seek(""); cursor->valid(); cursor->next()) {
      text += std::string(couplet::name_of(static_cast<Family>(family))) + " " +
              hex(cursor->key()) + " " + hex(cursor->value()) + "\n";
    }
  }
  return text;
}

void Deployment::on_operation(const OperationReport& report) {
  operations_.push_back(report);
  if (living_ != nullptr) {
    ++living_->summary.count(report.operation);
  }
  if (!tell) {
    return;
  }
  std::string line = std::string("  ") + couplet::name_of(report.operation) + " " +
                     couplet::name_of(report.situation) + " " +
                     bound_->mappings[report.mapping].name + ": " + report.from + " -> " +
                     report.to;
  for (const AttributeChange& change : report.attributes) {
    line += " " + change.name + "=" + change.old_value.dump() + "=>" + change.new_value.dump();
  }
  if (!report.reason.empty()) {
    line += " (" + report.reason + ")";
  }
  for (const std::string& link : report.waits_for) {
    line += " waits for " + link;
  }
  tell(line);
}

void Deployment::on_notice(const std::string& sentence) {
  if (living_ != nullptr) {
    living_->reconciled = living_->reconciled || sentence.starts_with("reconciling: ");
    living_->stopped = living_->stopped || sentence.find("' is stopped: ") != std::string::npos;
  }
  if (tell) {
    tell("  notice: " + sentence);
  }
}

}  // namespace couplet::simulation
