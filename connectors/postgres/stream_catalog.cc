#include "connectors/postgres/stream_catalog.h"

#include <algorithm>

#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

// $1: a table; gone or no partition: no rows. The nearest first.
constexpr const char* kAncestors = R"(
select n.nspname::text, c.relname::text
  from pg_partition_ancestors($1) with ordinality as a(relation, depth)
  join pg_class c on c.oid = a.relation
  join pg_namespace n on n.oid = c.relnamespace
 where a.depth > 1
 order by a.depth)";

// $1: a type. One that is gone: no rows.
constexpr const char* kBaseType = R"(
with recursive base(type) as (
  select $1
  union all
  select t.typbasetype from base b join pg_type t on t.oid = b.type where t.typtype = 'd')
select b.type from base b join pg_type t on t.oid = b.type where t.typtype <> 'd')";

}  // namespace

StreamCatalogSession::StreamCatalogSession(PostgresSourceSettings settings,
                                           std::chrono::milliseconds longest)
    : settings_(std::move(settings)) {
  settings_.statement_timeout = longest;
  settings_.lock_timeout = longest;
  settings_.connect_timeout = longest;
}

Result<Answer> StreamCatalogSession::ask(const std::string& sql, Oid oid) {
  if (!connection_ || !connection_->usable()) {
    connection_.reset();
    COUPLET_ASSIGN(connection_, Connection::open(settings_, Purpose::kLookUp, statements_));
  }
  Parameters parameters;
  std::string bytes;
  wire::append<std::uint32_t>(bytes, oid);
  parameters.add(oid::kOid, std::move(bytes));
  return connection_->execute(sql, parameters);
}

StreamCatalog StreamCatalogSession::questions() {
  StreamCatalog catalog;
  catalog.ancestors = [this](Oid relation) -> Result<std::vector<TableName>> {
    COUPLET_ASSIGN(const Answer answer, ask(kAncestors, relation));
    std::vector<TableName> names;
    for (std::size_t row = 0; row < answer.rows(); ++row) {
      names.push_back({std::string(answer.bytes(row, 0)), std::string(answer.bytes(row, 1))});
    }
    return names;
  };
  catalog.base_type = [this](Oid type) -> Result<Oid> {
    COUPLET_ASSIGN(const Answer answer, ask(kBaseType, type));
    return answer.rows() == 0 ? type : wire::read<Oid>(answer.bytes(0, 0).data());
  };
  return catalog;
}

}  // namespace couplet::postgres
