#include "connectors/postgres/visibility.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "connectors/postgres/array_parameter.h"
#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

// A commit is seen some microseconds after it is durable, unless a standby has to confirm it.
constexpr std::chrono::microseconds kFirstPause{50};
constexpr std::chrono::microseconds kLongestPause{100'000};

constexpr const char* kPosition =
    "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() "
    "else pg_current_wal_insert_lsn() end";

}  // namespace

std::string extended_id_text(const std::string& id, const std::string& next) {
  return fmt::format("({1} + (({0} - {1} + 2147483648) & 4294967295) - 2147483648)", id, next);
}

std::string visibility_text() {
  return fmt::format(
      "select count(*) filter (where not pg_visible_in_snapshot({}::text::xid8, now.snapshot)) "
      "from (select s as snapshot, pg_snapshot_xmax(s)::text::int8 as next "
      "from pg_current_snapshot() as s) as now, unnest($1) as t(id)",
      extended_id_text("t.id", "now.next"));
}

Result<void> await_visible(Reader& reader, const std::string& source_name,
                           std::span<const std::uint64_t> transactions,
                           std::chrono::milliseconds wait) {
  if (transactions.empty()) {
    return {};
  }
  ArrayParameter ids(oid::kInt8);
  for (const std::uint64_t transaction : transactions) {
    push_int8(ids, static_cast<std::int64_t>(transaction & 0xFFFF'FFFFU));
  }
  Parameters parameters;
  parameters.add(oid::kInt8Array, ids.take());
  const std::string sql = visibility_text();
  const auto deadline = std::chrono::steady_clock::now() + wait;
  std::chrono::microseconds pause = kFirstPause;
  while (true) {
    COUPLET_ASSIGN(const Answer answer, reader.ask_prepared(sql, parameters));
    const auto unseen = wire::read<std::int64_t>(answer.bytes(0, 0).data());
    if (unseen == 0) {
      return {};
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(ErrorKind::kTransient,
                  fmt::format("source {}: {} of {} committed transactions cannot be seen yet",
                              source_name, unseen, transactions.size()),
                  "Does the server wait for a synchronous standby that is away "
                  "(synchronous_standby_names)?");
    }
    // The server tells nobody when a commit is seen: asking again is all there is.
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

Result<Position> position(Reader& reader) {
  COUPLET_ASSIGN(const Answer answer, reader.ask_prepared(kPosition));
  return Position(Lsn{wire::read<std::uint64_t>(answer.bytes(0, 0).data())});
}

}  // namespace couplet::postgres
