#include "connectors/postgres/mark.h"

#include <fmt/format.h>

#include <thread>

#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

constexpr std::chrono::milliseconds kFirstPause{10};
constexpr std::chrono::milliseconds kLongestPause{500};
constexpr const char* kObjectInUse = "55006";
constexpr const char* kDuplicateObject = "42710";
constexpr std::string_view kHeld("\1", 1);

// The role may not, the server is set up without origins (max_replication_slots = 0), or all of
// their places are taken: a commit without a mark is looked for instead.
bool has_none_for_us(const Error& error) {
  return error.kind == ErrorKind::kPrivilege || error.code == "55000" || error.code == "53400";
}

Parameters named(const std::string& origin) {
  Parameters parameters;
  parameters.add_text(origin);
  return parameters;
}

Result<void> create_if_missing(Connection& connection, const std::string& origin) {
  COUPLET_ASSIGN(const Answer found,
                 connection.execute("select pg_replication_origin_oid($1)", named(origin)));
  if (!found.at(0, 0).is_null()) {
    return {};
  }
  const Result<Answer> created =
      connection.execute("select pg_replication_origin_create($1)", named(origin));
  // Another process may have made it in between.
  if (!created && created.error().code != kDuplicateObject) {
    return fail(created.error());
  }
  return {};
}

// Until `attempt` says that it is ours. The server tells nobody when a session ends: asking again
// is all there is.
template <typename Attempt>
Result<void> wait_for(const std::string& what, const std::string& source_name,
                      std::chrono::milliseconds wait, Attempt attempt) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  std::chrono::milliseconds pause = kFirstPause;
  while (true) {
    COUPLET_ASSIGN(const bool ours, attempt());
    if (ours) {
      return {};
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      Error error;
      error.kind = ErrorKind::kUnavailable;
      error.code = kObjectInUse;
      error.message =
          fmt::format("source {}: {} is still held by another session after {} s", source_name,
                      what, std::chrono::duration_cast<std::chrono::seconds>(wait).count());
      error.hint =
          "Is another couplet of this name running? Else the server has not yet noticed that the "
          "earlier one is gone: wait, or end its session with pg_terminate_backend.";
      return fail(std::move(error));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

Result<void> set_up(Connection& connection, const std::string& source_name,
                    const std::string& origin, std::chrono::milliseconds wait) {
  return wait_for("replication origin " + origin, source_name, wait, [&]() -> Result<bool> {
    const Result<Answer> done =
        connection.execute("select pg_replication_origin_session_setup($1)", named(origin));
    if (!done && done.error().code != kObjectInUse) {
      return fail(done.error());
    }
    return done.has_value();
  });
}

}  // namespace

Result<void> hold_name(Connection& connection, const std::string& source_name,
                       const std::string& name, std::chrono::milliseconds wait) {
  return wait_for("the advisory lock for " + name, source_name, wait, [&]() -> Result<bool> {
    const Result<Answer> held =
        connection.execute("select pg_try_advisory_lock(hashtextextended($1, 0))", named(name));
    if (!held) {
      return held.error().kind == ErrorKind::kPrivilege ? Result<bool>(true) : fail(held.error());
    }
    return held->at(0, 0).bytes() == kHeld;
  });
}

Result<std::optional<BatchNumber>> attach_origin(Connection& connection,
                                                 const std::string& source_name,
                                                 const std::string& origin,
                                                 std::chrono::milliseconds wait) {
  COUPLET_TRY(hold_name(connection, source_name, origin, wait));
  Result<void> attached = create_if_missing(connection, origin);
  if (attached) {
    attached = set_up(connection, source_name, origin, wait);
  }
  if (!attached && has_none_for_us(attached.error())) {
    return std::optional<BatchNumber>();
  }
  COUPLET_TRY(attached);
  // Flushed: what it names is durable, even under synchronous_commit off.
  COUPLET_ASSIGN(const Answer progress,
                 connection.execute("select pg_replication_origin_session_progress(true)"));
  const Value lsn = progress.at(0, 0);
  return std::optional<BatchNumber>(
      BatchNumber{lsn.is_null() ? 0 : wire::read<std::uint64_t>(lsn.bytes().data())});
}

std::string version_text(bool with_mark) {
  return with_mark ? "select pg_current_xact_id(), pg_replication_origin_xact_setup($1, now())"
                   : "select pg_current_xact_id()";
}

std::string mark_parameter(BatchNumber number) {
  std::string bytes;
  wire::append<std::uint64_t>(bytes, number.value);
  return bytes;
}

}  // namespace couplet::postgres
