#include "connectors/postgres/stream_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/stream_facts.h"
#include "connectors/postgres/stream_plan.h"

namespace couplet {
namespace postgres {
namespace {

constexpr std::chrono::milliseconds kLongestWait{60'000};
constexpr std::size_t kNamedMost = 5;

// Whoever has written something and has not ended, in any database. pg_locks hides nothing from a
// role that may not look into others' sessions.
constexpr const char* kOpenWriters = R"(
select coalesce(l.pid::text, ''), coalesce(x.gid, ''),
       concat_ws(', ', 'role ' || a.usename, 'database ' || a.datname,
                 'application ' || nullif(a.application_name, ''), a.state)
  from pg_locks l
  left join pg_stat_activity a on a.pid = l.pid
  left join pg_prepared_xacts x on x.transaction = l.transactionid
 where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.granted
   and l.pid is distinct from pg_backend_pid()
 order by a.xact_start nulls last, l.pid)";

bool timed_out(const Error& error) {
  return error.code == "55P03" || error.code == "57014";  // lock_timeout, statement_timeout
}

// What the server's "canceling statement due to lock timeout" does not say.
Error in_the_way(Connection& connection, const std::string& source, const Error& error,
                 std::chrono::milliseconds waited) {
  Error told = error;
  const Result<Answer> open = connection.execute(kOpenWriters);
  std::vector<std::string> who;
  std::vector<std::string> ends;
  for (std::size_t row = 0; open && row < open->rows() && row < kNamedMost; ++row) {
    const std::string pid(open->bytes(row, 0));
    const std::string prepared(open->bytes(row, 1));
    who.push_back(pid.empty() ? "prepared transaction " + prepared
                              : fmt::format("session {} ({})", pid, open->bytes(row, 2)));
    ends.push_back(pid.empty() ? "ROLLBACK PREPARED '" + prepared + "'"
                               : fmt::format("SELECT pg_terminate_backend({})", pid));
  }
  if (!who.empty()) {
    told.message = fmt::format(
        "source {}: a slot is made only when every transaction that was writing has ended; after "
        "{:.1f} s these were still open: {}{}",
        source, static_cast<double>(waited.count()) / 1000, fmt::join(who, ", "),
        open->rows() > kNamedMost ? ", …" : "");
    told.hint =
        fmt::format("let them end, or end them ({}), then run it again", fmt::join(ends, "; "));
  }
  return told;
}

}  // namespace
}  // namespace postgres

Result<StreamPlan> PostgresStreamSetup::plan_setup(const StreamNeeds& needs) {
  COUPLET_ASSIGN(const postgres::StreamFacts facts,
                 postgres::read_stream_facts(settings_, needs, statements_));
  return postgres::setup_plan(settings_.name, needs, facts);
}

Result<StreamPlan> PostgresStreamSetup::plan_teardown(const StreamNeeds& needs) {
  COUPLET_ASSIGN(const postgres::StreamFacts facts,
                 postgres::read_stream_facts(settings_, needs, statements_));
  return postgres::teardown_plan(settings_.name, needs, facts);
}

Result<void> PostgresStreamSetup::carry_out(const SetupStep& step) {
  PostgresSourceSettings settings = settings_;
  if (settings.statement_timeout.count() == 0) {
    settings.statement_timeout = postgres::kLongestWait;
  }
  // It is the server that waits, not a statement that works: told by its own name.
  settings.lock_timeout = settings.statement_timeout;
  COUPLET_ASSIGN(const auto connection,
                 postgres::Connection::open(settings, postgres::Purpose::kLookUp, statements_));
  const Result<postgres::Answer> done = connection->execute(step.sql);
  if (done) {
    return {};
  }
  if (step.part == SetupStep::Part::kSlot && postgres::timed_out(done.error()) &&
      connection->usable()) {
    return fail(
        postgres::in_the_way(*connection, settings.name, done.error(), settings.statement_timeout));
  }
  return fail(done.error());
}

}  // namespace couplet
