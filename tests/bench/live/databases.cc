#include "tests/bench/live/databases.h"

#include <fmt/format.h>

#include <stdexcept>
#include <thread>

namespace couplet::bench {
namespace {

constexpr std::uint64_t kLargestId = 1'000'000'000'000;
constexpr std::uint64_t kHotKeys = 1000;
constexpr int kRowsOfTransaction = 1000;
constexpr std::chrono::milliseconds kPoll{2};

test::PostgresSettings settings() {
  test::PostgresSettings settings;
  settings.durable = true;
  // Autovacuum would come when it likes. A subscription waits up to 5 s before it starts, unless it
  // is told not to.
  settings.parameters = {
      {"shared_buffers", "512MB"}, {"max_wal_size", "8GB"}, {"checkpoint_timeout", "30min"},
      {"autovacuum", "off"},       {"jit", "off"},          {"wal_retrieve_retry_interval", "1ms"}};
  return settings;
}

std::string with_database(const test::PostgresCluster& cluster, const char* name) {
  cluster.create_database(name);
  return cluster.socket_url(name);
}

}  // namespace

Session::Session(const std::string& url) : connection_(PQconnectdb(url.c_str()), &PQfinish) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  exec("set client_min_messages = warning");
}

void Session::exec(const std::string& sql) { value(sql); }

std::string Session::value(const std::string& sql) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection_.get(), sql.c_str()),
                                                             &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(fmt::format("{}: {}", sql, PQerrorMessage(connection_.get())));
  }
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

Databases::Databases(std::uint64_t rows)
    : rows_(rows),
      source_(settings()),
      target_(settings()),
      origin_(with_database(source_, "origin")),
      native_(with_database(target_, "native")),
      synced_(with_database(target_, "synced")) {
  for (Session* session : {&origin_, &native_, &synced_}) {
    fill(*session, "things");
  }
  allow_work(origin_, "things");
  origin_.exec("create publication bench for table things");
  native_.exec(
      fmt::format("create subscription bench connection '{}' publication bench "
                  "with (copy_data = false, enabled = false, binary = true)",
                  origin_url()));
}

void Databases::fill(Session& session, const std::string& table) const {
  session.exec(fmt::format("create table {} (id bigint primary key, {})", table, kColumns));
  session.exec(
      fmt::format("insert into {} select n, 'name of ' || n, n % 1000, n * 7, "
                  "timestamptz '2025-01-01' + n % 1000000 * interval '1 second', "
                  "(n % 1000000) / 100.0 "
                  "from (select generate_series(1, {}) union all select {}) s (n)",
                  table, rows_, kLargestId));
}

void Databases::allow_work(Session& session, const std::string& table) {
  session.exec(fmt::format(
      "create procedure insert_{0}(first bigint, total bigint) language plpgsql as $$ begin "
      "for i in 0 .. total / {1} - 1 loop "
      "insert into {0} select n, 'name of ' || n, n % 1000, n * 7, "
      "timestamptz '2025-01-01' + n * interval '1 second', (n % 100000) / 100.0 "
      "from generate_series(first + i * {1}, first + i * {1} + {1} - 1) n; "
      "commit; end loop; end $$",
      table, kRowsOfTransaction));
  session.exec(fmt::format(
      "create procedure bulk_{0}(keys bigint, total bigint) language plpgsql as $$ begin "
      "for i in 0 .. total / {1} - 1 loop "
      "update {0} set b = b + 1, d = d + interval '1 second' "
      "where id between 1 + (i * {1}) % keys and (i * {1}) % keys + {1}; "
      "commit; end loop; end $$",
      table, kRowsOfTransaction));
  session.exec(fmt::format(
      "create procedure update_{0}(keys bigint, total bigint) language plpgsql as $$ begin "
      "for i in 1 .. total loop "
      "update {0} set b = b + 1, d = d + interval '1 second' where id = 1 + (i * 7919) % keys; "
      "commit; end loop; end $$",
      table));
}

void Databases::write(Session& session, const std::string& table, Work work, std::uint64_t events) {
  session.exec("set synchronous_commit = off");
  switch (work) {
    case Work::kInserts:
      session.exec(fmt::format("call insert_{}({}, {})", table, 10 * rows_ + inserted_, events));
      inserted_ += events;
      break;
    case Work::kBulkUpdates:
      session.exec(fmt::format("call bulk_{}({}, {})", table, rows_, events));
      break;
    case Work::kUpdates:
      session.exec(fmt::format("call update_{}({}, {})", table, rows_, events));
      break;
    case Work::kHotUpdates:
      session.exec(fmt::format("call update_{}({}, {})", table, kHotKeys, events));
      break;
    case Work::kOneUpdate:
      session.exec(
          fmt::format("update {} set b = b + 1, d = d + interval '1 second' "
                      "where id <= {}",
                      table, events));
      break;
  }
  session.exec("set synchronous_commit = on");
}

std::uint64_t Databases::tick(Session& session, const std::string& table) {
  // Of those that both columns `b` and its like can hold; never a value that was there.
  session.exec(fmt::format("update {} set b = {} where id = {}", table, ++ticks_, kLargestId));
  return ticks_;
}

bool Databases::has_come(Session& session, const std::string& table, const std::string& column,
                         std::uint64_t tick) {
  if (session.value(fmt::format("select {} from {} where id = {}", column, table, kLargestId)) ==
      std::to_string(tick)) {
    return true;
  }
  std::this_thread::sleep_for(kPoll);
  return false;
}

void Databases::settle(const std::string& table) {
  for (Session* session : {&origin_, &native_, &synced_}) {
    if (!session->value(fmt::format("select to_regclass('{}')", table)).empty()) {
      session->exec("vacuum " + table);
    }
    session->exec("checkpoint");
  }
}

void Databases::start_native() { native_.exec("alter subscription bench enable"); }

void Databases::stop_native() {
  native_.exec("alter subscription bench disable");
  while (native_process() != 0) {
    std::this_thread::sleep_for(kPoll);
  }
}

int Databases::native_process() {
  const std::string process =
      native_.value("select pid from pg_stat_subscription where subname = 'bench'");
  return process.empty() ? 0 : std::stoi(process);
}

std::string Databases::sum(Session& session, const std::string& table) {
  return session.value(fmt::format(
      "select count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) from {} t", table));
}

}  // namespace couplet::bench
