#include "tests/integration/postgres/stream_scene.h"

#include <fmt/format.h>

#include "engine/model/literal.h"

namespace couplet::test {
namespace {

constexpr std::chrono::seconds kLong{60};

Lsn lsn_of(const Position& position) {
  const auto* lsn = std::get_if<Lsn>(&position);
  return lsn == nullptr ? Lsn{} : *lsn;
}

}  // namespace

StreamScene::StreamScene(PostgresCluster& cluster)
    : database_(cluster), slot_("couplet_x_" + database_.name()) {
  for (const char* setting : {"synchronous_commit = on", "logical_decoding_work_mem = '64kB'"}) {
    database_.exec(
        fmt::format("alter database {} set {}", test::quoted(database_.name()), setting));
  }
  database_.exec("create table fence (id int primary key)");
  source_ = std::make_unique<PostgresSource>(settings());
}

StreamScene::~StreamScene() {
  stream_.reset();
  drop_slot();
}

PostgresSourceSettings StreamScene::settings(const std::string& user) const {
  PostgresSourceSettings settings;
  settings.name = "daphne";
  settings.url = database_.url(user);
  settings.slot = slot_;
  settings.publication = slot_;
  settings.own_marks = "couplet_x_daphne_";
  return settings;
}

void StreamScene::publish(const std::string& tables, const std::string& with) {
  database_.exec(fmt::format("create publication {} for table fence, {} {}", slot_, tables, with));
  make_slot();
}

void StreamScene::make_slot() {
  database_.exec(fmt::format("select pg_create_logical_replication_slot('{}', 'pgoutput')", slot_));
}

// The server may take a moment to see that its reader is gone.
void StreamScene::drop_slot() {
  database_.exec(fmt::format(
      "select pg_terminate_backend(active_pid, 10000) from pg_replication_slots "
      "where slot_name = '{0}' and active_pid is not null;"
      "select pg_drop_replication_slot('{0}') from pg_replication_slots where slot_name = '{0}'",
      slot_));
}

StreamRequest StreamScene::request(const std::vector<std::string>& tables, Position from) {
  StreamRequest request;
  request.deployment = "x";
  request.from = std::move(from);
  std::vector<TableName> names{{"", "fence"}};
  for (const std::string& table : tables) {
    names.push_back({"", table});
  }
  const auto described = source().describe(names);
  EXPECT_TRUE(described.has_value()) << described.error().message;
  for (const TableInfo& info : described ? *described : std::vector<TableInfo>()) {
    StreamedTable table{info.name, info.primary_key, {}};
    for (const std::string& column : info.primary_key) {
      table.id_types.push_back(*info.column(column)->type);
    }
    request.tables.push_back(std::move(table));
  }
  EXPECT_EQ(request.tables.size(), names.size());
  return request;
}

Result<std::unique_ptr<ChangeStream>> StreamScene::try_open(const StreamRequest& request) {
  return source().changes(request);
}

void StreamScene::open(const StreamRequest& request) {
  close();
  unfinished_ = {};
  told_of_.clear();
  request_ = request;
  // The session before may hold the slot for a moment.
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  auto opened = try_open(request);
  while (!opened && opened.error().code == "55006" && std::chrono::steady_clock::now() < deadline) {
    opened = try_open(request);
  }
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  stream_ = std::move(*opened);
}

std::string StreamScene::shown(const ChangeEvent& event) const {
  const StreamedTable& table = request_.tables.at(event.table);
  const auto named = [&](const ObjectKey& key) { return format_key(table.id_types, key); };
  const std::string& name = table.table.table;
  switch (event.kind) {
    case ChangeEvent::Kind::kInsert:
      return fmt::format("insert {}/{}", name, named(event.key));
    case ChangeEvent::Kind::kUpdate:
      return fmt::format("update {}/{}{}", name, named(event.key),
                         event.before ? fmt::format(" (was {})", named(*event.before)) : "");
    case ChangeEvent::Kind::kDelete:
      return fmt::format("delete {}/{}", name, named(event.key));
    case ChangeEvent::Kind::kTruncate:
      return "truncate " + name;
    case ChangeEvent::Kind::kTable:
      return "table " + name;
    case ChangeEvent::Kind::kUnnamed:
      return "unnamed " + name;
  }
  return {};
}

std::vector<StreamScene::Told> StreamScene::told_until(
    const std::function<bool(const Told&)>& done) {
  std::vector<Told> all;
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto batch = stream().next(std::chrono::seconds(1));
    if (!batch) {
      ADD_FAILURE() << batch.error().message;
      return all;
    }
    bool finished = false;
    for (const ChangeTransaction& transaction : batch->transactions) {
      for (const ChangeEvent& event : transaction.events) {
        const bool first =
            event.kind == ChangeEvent::Kind::kTable && told_of_.insert(event.table).second;
        if (!first) {
          unfinished_.events.push_back(shown(event));
        }
      }
      ++unfinished_.parts;
      unfinished_.transaction = transaction.transaction;
      unfinished_.ours = transaction.ours;
      if (transaction.ended) {
        unfinished_.end = lsn_of(transaction.end);
        finished = finished || done(unfinished_);
        all.push_back(std::move(unfinished_));
        unfinished_ = {};
      }
    }
    if (finished) {
      return all;
    }
  }
  ADD_FAILURE() << "what was waited for did not come";
  return all;
}

std::vector<StreamScene::Told> StreamScene::told() {
  const int fence = ++fences_;
  database_.exec(fmt::format("insert into fence values ({})", fence));
  const std::string last = fmt::format("insert fence/{}", fence);
  std::vector<Told> all =
      told_until([&](const Told& one) { return one.events == std::vector<std::string>{last}; });
  if (!all.empty()) {
    all.pop_back();
  }
  return all;
}

std::vector<std::string> StreamScene::events() {
  std::vector<std::string> all;
  for (const Told& transaction : told()) {
    all.insert(all.end(), transaction.events.begin(), transaction.events.end());
  }
  return all;
}

Error StreamScene::error_of_stream() {
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto batch = stream().next(std::chrono::seconds(1));
    if (!batch) {
      return batch.error();
    }
  }
  ADD_FAILURE() << "the stream has no error";
  return {};
}

void StreamScene::wait_for(const std::string& query) {
  const auto deadline = std::chrono::steady_clock::now() + kLong;
  while (database_.query(query).empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << query;
  }
}

Lsn StreamScene::lsn(const std::string& query) {
  const auto rows = database_.query(fmt::format("select (({})::pg_lsn - '0/0')::text", query));
  return Lsn{std::stoull(rows.at(0).at(0).value())};
}

}  // namespace couplet::test
