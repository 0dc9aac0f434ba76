#include "tests/support/sync_world.h"

#include <cstdio>

namespace couplet::test {

SyncWorld::SyncWorld(bool marks)
    : left(std::make_shared<MemoryDatabase>(
          memory::DatabaseSettings{.identity = "memory:left", .marks = marks})),
      right(std::make_shared<MemoryDatabase>(
          memory::DatabaseSettings{.identity = "memory:right", .marks = marks})) {}

void SyncWorld::create(MemoryDatabase& database, const DescribedTable& table) {
  const TableInfo info = table.made();
  database.create_table(info);
  if (info.primary_key.size() == 1) {
    const ColumnInfo* id = info.column(info.primary_key[0]);
    if (id->has_default) {
      database.set_default(info.name.table, id->name, memory::SequenceDefault{});
    }
  }
}

void SyncWorld::define(const std::string& body) {
  body_ = body;
  const std::string text =
      "version: 1\nname: test\nstate: /nowhere\nsources:\n"
      "  left: { type: postgres, url: postgresql://left }\n"
      "  right: { type: postgres, url: postgresql://right" +
      (right_options.empty() ? "" : ", " + right_options) + " }\n" + body;
  LoadResult loaded = parse_definition(text, "/etc/couplet/couplet.yaml");
  if (!loaded.definition) {
    std::fputs(loaded.diagnostics.render().c_str(), stderr);
  }
  COUPLET_CHECK(loaded.definition.has_value());
  parsed_ = std::move(loaded.definition);
  std::array<MemorySource, 2> sources{MemorySource(left), MemorySource(right)};
  auto bound = bind(
      *parsed_,
      [&](std::size_t source, std::span<const TableName> names) {
        return sources.at(source).describe(names);
      },
      [&](std::size_t source) { return sources.at(source).tables(); });
  COUPLET_CHECK(bound.has_value());
  if (!bound->definition) {
    std::fputs(bound->diagnostics.render().c_str(), stderr);
  }
  COUPLET_CHECK(bound->definition.has_value());
  definition_ = std::move(bound->definition);
}

Reconciler::Report SyncWorld::reconcile(const Reconciler::Settings& settings) {
  auto report = try_reconcile(settings);
  if (!report) {
    std::fprintf(stderr, "reconcile: %s\n", report.error().message.c_str());
  }
  COUPLET_CHECK(report.has_value());
  return std::move(*report);
}

void SyncWorld::forget_what_was_told() {
  lines_.clear();
  operations_.clear();
  notices_.clear();
}

Reconciler::Report SyncWorld::plan() {
  Reconciler::Settings settings;
  settings.dry_run = true;
  return reconcile(settings);
}

Result<Rounds::Report> SyncWorld::in_a_new_process(bool dry_run, const Work& work) {
  clock.sleep_us(1);  // No two runs begin at one time.
  forget_what_was_told();
  MemorySource left_source(left);
  MemorySource right_source(right);
  MemoryStateStore overlay(static_cast<const StateStore&>(*store));
  StateStore& used = dry_run ? static_cast<StateStore&>(overlay) : *store;
  COUPLET_ASSIGN(const std::string left_identity, left_source.identity());
  COUPLET_ASSIGN(const std::string right_identity, right_source.identity());
  const std::array<std::string, 2> identities{left_identity, right_identity};
  COUPLET_ASSIGN(const auto state, State::open(used, *definition_, identities, random_));
  const std::vector<Source*> sources{&left_source, &right_source};
  Syncer syncer(*definition_, *state, sources, clock, *this,
                {dry_run, crash_points, stop_requested, do_all, batch_rows});
  COUPLET_TRY(syncer.recover());
  auto report = work(*state, sources, syncer);
  statements = {left_source.statements(), right_source.statements()};
  return report;
}

Result<void> SyncWorld::by_hand(const HandWork& work) {
  MemorySource left_source(left);
  MemorySource right_source(right);
  COUPLET_ASSIGN(const std::string left_identity, left_source.identity());
  COUPLET_ASSIGN(const std::string right_identity, right_source.identity());
  const std::array<std::string, 2> identities{left_identity, right_identity};
  COUPLET_ASSIGN(const auto state, State::open(*store, *definition_, identities, random_));
  auto done = work(*state, {&left_source, &right_source});
  statements = {left_source.statements(), right_source.statements()};
  return done;
}

Result<Reconciler::Report> SyncWorld::try_reconcile(const Reconciler::Settings& settings) {
  return in_a_new_process(
      settings.dry_run, [&](State& state, const std::vector<Source*>& sources, Syncer& syncer) {
        return Reconciler(*definition_, state, sources, syncer, clock, *this, settings).run();
      });
}

Rounds::Report SyncWorld::sync(const std::vector<std::string>& names, bool dry_run) {
  auto report = try_sync(names, dry_run);
  if (!report) {
    std::fprintf(stderr, "sync: %s\n", report.error().message.c_str());
  }
  COUPLET_CHECK(report.has_value());
  return std::move(*report);
}

Result<Rounds::Report> SyncWorld::try_sync(const std::vector<std::string>& names, bool dry_run) {
  std::vector<NamedObject> objects;
  for (const std::string& name : names) {
    COUPLET_ASSIGN(objects.emplace_back(), parse_object(*definition_, name));
  }
  return in_a_new_process(dry_run, [&](State& state, const std::vector<Source*>& sources,
                                       Syncer& syncer) {
    ObjectSync::Settings settings;
    settings.dry_run = dry_run;
    return ObjectSync(*definition_, state, sources, syncer, clock, *this, settings).sync(objects);
  });
}

void SyncWorld::on_operation(const OperationReport& report) {
  std::string line = name_of(report.operation);
  line += " ";
  line += name_of(report.situation);
  line += " " + definition_->mappings[report.mapping].name + ": " + report.from;
  if (!report.to.empty()) {
    line += " -> " + report.to;
  }
  for (const AttributeChange& change : report.attributes) {
    line += " " + change.name + "=" + change.old_value.dump() + "=>" + change.new_value.dump();
  }
  if (!report.reason.empty()) {
    line += " (" + report.reason + ")";
  }
  for (const std::string& link : report.waits_for) {
    line += " waits for " + link;
  }
  lines_.push_back(std::move(line));
  operations_.push_back(report);
}

void SyncWorld::on_progress(std::size_t /*mapping*/, const char* /*phase*/, std::uint64_t /*done*/,
                            std::uint64_t /*total*/) {}

void SyncWorld::on_notice(const std::string& sentence) { notices_.push_back(sentence); }

std::vector<std::string> column(const MemoryDatabase& database, const std::string& table,
                                const std::string& name) {
  std::vector<std::string> found;
  for (const auto& row : database.rows(table)) {
    found.push_back(row.at(name).value_or("null"));
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace couplet::test
