#include "connectors/postgres/inspector.h"

#include <fmt/format.h>

#include <map>
#include <pqxx/pqxx>
#include <utility>

#include "connectors/postgres/catalog_session.h"
#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

// The clock counts from 2000-01-01, as ours does.
constexpr const char* kServer = R"(
select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1),
       current_setting('server_version_num')::int,
       d.datname, current_user, pg_encoding_to_char(d.encoding),
       r.rolsuper, r.rolbypassrls,
       pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on',
       (extract(epoch from clock_timestamp() - timestamptz '2000-01-01 00:00:00+00') * 1000000)::bigint
  from pg_database d
  join pg_roles r on r.rolname = current_user
 where d.datname = current_database())";

constexpr const char* kSettings = R"(
select name, setting from pg_settings
 where name = 'max_replication_slots')";

// What mark.cc calls.
constexpr const char* kForbiddenFunctions = R"(
select p.oid::regprocedure::text
  from pg_proc p
 where p.pronamespace = 'pg_catalog'::regnamespace
   and p.proname in ('pg_replication_origin_oid', 'pg_replication_origin_create',
                     'pg_replication_origin_session_setup', 'pg_replication_origin_session_progress',
                     'pg_replication_origin_xact_setup')
   and not has_function_privilege(p.oid, 'EXECUTE')
 order by p.proname)";

// $1, $2: schemas and names. A schema that our role may not use is skipped by the search path.
constexpr const char* kHiddenSchemas = R"(
select distinct n.nspname
  from unnest($1::text[], $2::text[]) as w(schema, name)
  join pg_class c on c.relname = w.name and c.relkind in ('r', 'p', 'v', 'm', 'f')
  join pg_namespace n on n.oid = c.relnamespace and w.schema in ('', n.nspname)
 where not has_schema_privilege(n.oid, 'USAGE') and n.nspname not like 'pg\_%'
 order by n.nspname)";

// {}: hides_rows_text.
constexpr const char* kGuardedTables = R"(
select w.i, c.oid, n.nspname, c.relname,
       case when c.reltuples > 0 then c.reltuples::bigint end,
       {}
  from unnest($1::text[], $2::text[]) with ordinality as w(schema, name, i)
  join pg_namespace n on n.nspname = case w.schema when '' then current_schema() else w.schema end
  join pg_class c on c.relnamespace = n.oid and c.relname = w.name
 where c.relkind in ('r', 'p', 'v', 'm', 'f')
 order by w.i)";

// $1: relations. One row per column that leads an index, plain or without its blanks at the end, up
// to the first other expression.
constexpr const char* kIndexes = R"(
select x.indrelid, x.indexrelid, c.relname,
       x.indisunique and x.indimmediate and x.indexprs is null,
       a.attname, k.attnum = 0
  from pg_index x
  join pg_class c on c.oid = x.indexrelid
  join lateral unnest(x.indkey::int2[]) with ordinality as k(attnum, i) on k.i <= x.indnkeyatts
  left join pg_attribute a on a.attrelid = x.indrelid and a.attnum > 0 and not a.attisdropped
       and (a.attnum = k.attnum
            or k.attnum = 0 and pg_get_indexdef(x.indexrelid, k.i::int, true) in
               (format('rtrim(%I, '' ''::text)', a.attname),
                format('rtrim(%I::text, '' ''::text)', a.attname)))
 where x.indrelid = any($1::oid[]) and x.indisvalid and x.indpred is null
   and c.relam in (select oid from pg_am where amname in ('btree', 'hash'))
 order by x.indrelid, not x.indisprimary, c.relname, k.i)";

constexpr const char* kTriggers = R"(
select t.relid, g.tgname
  from (select r.oid as relid, p.relid as part
          from unnest($1::oid[]) as r(oid), pg_partition_tree(r.oid) p
        union select r.oid, r.oid from unnest($1::oid[]) as r(oid)) as t
  join pg_trigger g on g.tgrelid = t.part
 where not g.tgisinternal and g.tgenabled in ('O', 'A') and g.tgparentid = 0
 group by t.relid, g.tgname
 order by t.relid, g.tgname)";

constexpr int kTriggerParentsSince = 130000;

void read_server(CatalogSession& session, Inspection& found) {
  const pqxx::row row = session.run(kServer)[0];
  found.product = text(row[0]);
  found.version = row[1].as<int>();
  found.database = text(row[2]);
  found.role = text(row[3]);
  found.encoding = text(row[4]);
  found.superuser = truth(row[5]);
  found.sees_hidden_rows = truth(row[5]) || truth(row[6]);
  found.read_only = truth(row[7]);
  found.now = Timestamp{row[8].as<std::int64_t>()};
  for (const auto& line : session.run(kSettings)) {
    found.settings[text(line[0])] = text(line[1]);
  }
  for (const auto& line : session.run(kForbiddenFunctions)) {
    found.forbidden_functions.push_back(text(line[0]));
  }
}

// Tables by the text of their OID: what further rows hang on.
using ByRelation = std::map<std::string, TableInspection>;

void read_indexes(CatalogSession& session, const std::string& oids, ByRelation& tables) {
  std::string last;
  bool ended = false;  // At an expression that says nothing to us.
  for (const auto& row : session.run(kIndexes, oids)) {
    TableInspection& table = tables.at(text(row[0]));
    const bool first = text(row[1]) != last;
    last = text(row[1]);
    ended = row[4].is_null() || (ended && !first);
    if (ended) {
      continue;
    }
    if (first) {
      table.indexes.push_back({text(row[2]), {}, truth(row[3])});
    }
    table.indexes.back().columns.push_back(text(row[4]));
    if (truth(row[5])) {
      table.indexes.back().trimmed.insert(text(row[4]));
    }
  }
}

std::vector<TableInspection> read_tables(CatalogSession& session, const std::string& schemas,
                                         const std::string& names) {
  std::vector<std::string> order;
  ByRelation tables;
  for (const auto& row :
       session.run(fmt::format(kGuardedTables, hides_rows_text()), schemas, names)) {
    const std::string oid = text(row[1]);
    order.push_back(oid);
    TableInspection table;
    table.name = {text(row[2]), text(row[3])};
    if (!row[4].is_null()) {
      table.row_count = row[4].as<std::uint64_t>();
    }
    table.rows_hidden = truth(row[5]);
    tables.emplace(oid, std::move(table));
  }
  const std::string oids = array_literal(order);
  read_indexes(session, oids, tables);
  // Before 13 a clone of a partitioned table's trigger did not tell of its origin.
  std::string triggers = kTriggers;
  if (session.server_version() < kTriggerParentsSince) {
    triggers.erase(triggers.find(" and g.tgparentid = 0"), 21);
  }
  for (const auto& row : session.run(triggers, oids)) {
    tables.at(text(row[0])).triggers.push_back(text(row[1]));
  }
  std::vector<TableInspection> found;
  found.reserve(order.size());
  for (const std::string& oid : order) {
    found.push_back(tables.at(oid));  // A table may be asked for twice.
  }
  return found;
}

}  // namespace

Result<Inspection> inspect(const PostgresSourceSettings& settings, std::span<const TableName> names,
                           std::uint64_t& statements) {
  std::vector<std::string> schemas;
  std::vector<std::string> tables;
  for (const TableName& name : names) {
    schemas.push_back(name.schema.empty() ? settings.schema : name.schema);
    tables.push_back(name.table);
  }
  return ask(settings, statements, [&](CatalogSession& session) {
    Inspection found;
    read_server(session, found);
    for (const auto& row :
         session.run(kHiddenSchemas, array_literal(schemas), array_literal(tables))) {
      found.hidden_schemas.push_back(text(row[0]));
    }
    found.tables = read_tables(session, array_literal(schemas), array_literal(tables));
    return found;
  });
}

}  // namespace couplet::postgres
