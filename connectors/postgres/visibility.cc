#include "connectors/postgres/visibility.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "connectors/postgres/array_parameter.h"
#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

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

Result<void> ask_visible(Reader& reader, std::span<const std::uint64_t> transactions) {
  COUPLET_CHECK(!transactions.empty());
  ArrayParameter ids(oid::kInt8);
  for (const std::uint64_t transaction : transactions) {
    push_int8(ids, static_cast<std::int64_t>(transaction & 0xFFFF'FFFFU));
  }
  Parameters parameters;
  parameters.add(oid::kInt8Array, ids.take());
  return reader.send(visibility_text(), std::move(parameters));
}

Result<bool> are_visible(Reader& reader) {
  COUPLET_ASSIGN(const std::optional<Answer> answer, reader.receive());
  return !answer || wire::read<std::int64_t>(answer->bytes(0, 0).data()) == 0;
}

Result<Position> position(Reader& reader) {
  COUPLET_ASSIGN(const Answer answer, reader.ask_prepared(kPosition));
  return Position(Lsn{wire::read<std::uint64_t>(answer.bytes(0, 0).data())});
}

}  // namespace couplet::postgres
