#include "connectors/postgres/stream_facts.h"

#include <map>
#include <pqxx/pqxx>
#include <utility>

#include "connectors/postgres/catalog_session.h"
#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

// A managed server grants a role of its own in place of the attribute.
constexpr const char* kStreamServer = R"(
select current_database(), current_user, current_setting('wal_level'), pg_is_in_recovery(),
       r.rolsuper or r.rolreplication
         or exists (select from pg_roles m where m.rolname = 'rds_replication'
                     and pg_has_role(m.oid, 'MEMBER')),
       has_database_privilege(current_database(), 'CREATE'),
       (select count(*) from pg_replication_slots), current_setting('max_replication_slots')::int,
       (select count(*) from pg_stat_replication), current_setting('max_wal_senders')::int,
       (select nullif(setting, '-1')::bigint from pg_settings where name = 'max_slot_wal_keep_size'),
       pg_backend_pid(), current_setting('application_name')
  from pg_roles r where r.rolname = current_user)";

// $1: its name. Columns that some versions lack are asked for by way of JSON.
constexpr const char* kSlot = R"(
select s.slot_type = 'logical', s.temporary, s.plugin, s.database, s.active_pid, a.application_name,
       s.slot_type <> 'logical' or s.confirmed_flush_lsn is not null,
       j ->> 'wal_status' = 'lost' or j ->> 'invalidation_reason' is not null
         or coalesce((j ->> 'conflicting')::boolean, false),
       j ->> 'wal_status', (j ->> 'safe_wal_size')::bigint,
       pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn()
                            else pg_current_wal_lsn() end, s.restart_lsn)::bigint
  from pg_replication_slots s
  left join pg_stat_activity a on a.pid = s.active_pid
  cross join lateral to_jsonb(s) j
 where s.slot_name = $1)";

// $1: its name.
constexpr const char* kPublication = R"(
select p.puballtables, p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate,
       coalesce((to_jsonb(p) ->> 'pubviaroot')::boolean, false), pg_has_role(p.pubowner, 'USAGE'),
       pg_get_userbyid(p.pubowner)
  from pg_publication p where p.pubname = $1)";

constexpr const char* kPublished = R"(
select n.nspname, c.relname, j ->> 'prqual' is not null or j ->> 'prattrs' is not null
  from pg_publication p
  join pg_publication_rel r on r.prpubid = p.oid
  join pg_class c on c.oid = r.prrelid
  join pg_namespace n on n.oid = c.relnamespace
  cross join lateral to_jsonb(r) j
 where p.pubname = $1
 order by n.nspname, c.relname)";

constexpr int kPublishedSchemasSince = 150000;
constexpr const char* kPublishedSchemas = R"(
select n.nspname
  from pg_publication p
  join pg_publication_namespace s on s.pnpubid = p.oid
  join pg_namespace n on n.oid = s.pnnspid
 where p.pubname = $1)";

// $1, $2, $3: schemas, names and ids, these as text of arrays. A row for each part of a table that
// holds rows: the log names a row by what its own part says.
constexpr const char* kStreamedTables = R"(
select w.i, n.nspname, c.relname, pg_get_userbyid(c.relowner), pg_has_role(c.relowner, 'USAGE'),
       c.relkind in ('r', 'p') and c.relpersistence = 'p', c.relkind = 'p',
       ln.nspname, l.relname,
       case when l.relreplident = 'f' then 2
            when k.columns is null then 0
            when w.id::text[] <@ k.columns then 2 else 1 end,
       (select ic.relname from pg_index x join pg_class ic on ic.oid = x.indexrelid
         where x.indrelid = l.oid and x.indisunique and x.indimmediate and x.indisvalid
           and x.indpred is null and x.indexprs is null and x.indnkeyatts = cardinality(w.id::text[])
           and not exists (select from unnest(x.indkey::int2[]) with ordinality as u(attnum, o)
                             join pg_attribute a on a.attrelid = l.oid and a.attnum = u.attnum
                            where o <= x.indnkeyatts
                              and not (a.attnotnull and a.attname = any(w.id::text[])))
         order by ic.relname limit 1)
  from unnest($1::text[], $2::text[], $3::text[]) with ordinality as w(schema, name, id, i)
  join pg_namespace n on n.nspname = w.schema
  join pg_class c on c.relnamespace = n.oid and c.relname = w.name
  left join lateral (select t.relid from pg_partition_tree(c.oid) t where t.isleaf) leaf on true
  join pg_class l on l.oid = coalesce(leaf.relid, c.oid)
  join pg_namespace ln on ln.oid = l.relnamespace
  left join lateral (
    select array_agg(a.attname::text) as columns
      from pg_index x
      join pg_attribute a on a.attrelid = x.indrelid and a.attnum = any(x.indkey)
     where x.indrelid = l.oid and x.indisvalid
       and (l.relreplident = 'd' and x.indisprimary or l.relreplident = 'i' and x.indisreplident)
  ) k on true
 order by w.i, 10, ln.nspname, l.relname)";

// $1: their beginning. What follows is a number.
constexpr const char* kMarks = R"(
select roname from pg_replication_origin
 where starts_with(roname, $1) and substr(roname, length($1) + 1) ~ '^[0-9]+$'
 order by roname)";

std::optional<std::int64_t> number(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(field.as<std::int64_t>());
}

void read_stream_server(CatalogSession& session, StreamFacts& facts) {
  const pqxx::row row = session.run(kStreamServer)[0];
  facts.database = text(row[0]);
  facts.role = text(row[1]);
  facts.wal_level = text(row[2]);
  facts.standby = truth(row[3]);
  facts.may_replicate = truth(row[4]);
  facts.may_create = truth(row[5]);
  facts.slots = row[6].as<std::int64_t>();
  facts.slots_max = row[7].as<std::int64_t>();
  facts.senders = row[8].as<std::int64_t>();
  facts.senders_max = row[9].as<std::int64_t>();
  facts.slot_log_max_mib = number(row[10]);
  // A pooler hands out numbers of its own, so that a cancel comes to it.
  facts.pooled = row[11].as<int>() != session.backend_pid();
  facts.application = text(row[12]);
}

std::optional<SlotFacts> read_slot(CatalogSession& session, const std::string& name) {
  const pqxx::result found = session.run(kSlot, name);
  if (found.empty()) {
    return std::nullopt;
  }
  const pqxx::row row = found[0];
  SlotFacts slot;
  slot.logical = truth(row[0]);
  slot.temporary = truth(row[1]);
  slot.plugin = text(row[2]);
  slot.database = text(row[3]);
  slot.active_pid = number(row[4]).value_or(0);
  slot.application = text(row[5]);
  slot.made = truth(row[6]);
  slot.lost = truth(row[7]);
  slot.wal_status = text(row[8]);
  slot.safe_bytes = number(row[9]);
  slot.retained_bytes = number(row[10]);
  return slot;
}

std::optional<PublicationFacts> read_publication(CatalogSession& session, const std::string& name) {
  const pqxx::result found = session.run(kPublication, name);
  const pqxx::result tables = session.run(kPublished, name);
  const pqxx::result schemas = session.server_version() < kPublishedSchemasSince
                                   ? pqxx::result()
                                   : session.run(kPublishedSchemas, name);
  if (found.empty()) {
    return std::nullopt;
  }
  PublicationFacts publication;
  publication.all_tables = truth(found[0][0]);
  publication.all_changes = truth(found[0][1]);
  publication.via_root = truth(found[0][2]);
  publication.ours = truth(found[0][3]);
  publication.owner = text(found[0][4]);
  for (const auto& row : tables) {
    publication.tables.push_back({{text(row[0]), text(row[1])}, truth(row[2])});
  }
  for (const auto& row : schemas) {
    publication.schemas.push_back(text(row[0]));
  }
  return publication;
}

std::vector<TableFacts> read_streamed_tables(CatalogSession& session, const StreamNeeds& needs) {
  std::vector<std::string> schemas;
  std::vector<std::string> names;
  std::vector<std::string> ids;
  for (const StreamNeeds::Table& table : needs.tables) {
    schemas.push_back(table.name.schema);
    names.push_back(table.name.table);
    ids.push_back(array_literal(table.id));
  }
  std::vector<TableFacts> found;
  std::string last;
  for (const auto& row : session.run(kStreamedTables, array_literal(schemas), array_literal(names),
                                     array_literal(ids))) {
    if (text(row[0]) == last) {
      continue;  // Parts that fit less come first.
    }
    last = text(row[0]);
    TableFacts table;
    table.name = {text(row[1]), text(row[2])};
    table.owner = text(row[3]);
    table.ours = truth(row[4]);
    table.publishable = truth(row[5]);
    table.partitioned = truth(row[6]);
    table.part = {text(row[7]), text(row[8])};
    table.identity = static_cast<TableFacts::Identity>(row[9].as<int>());
    table.own_index = text(row[10]);
    found.push_back(std::move(table));
  }
  return found;
}

}  // namespace

Result<StreamFacts> read_stream_facts(const PostgresSourceSettings& settings,
                                      const StreamNeeds& needs, std::uint64_t& statements) {
  return ask(settings, statements, [&](CatalogSession& session) {
    StreamFacts facts;
    read_stream_server(session, facts);
    facts.slot = read_slot(session, needs.slot);
    facts.publication = read_publication(session, needs.publication);
    facts.tables = read_streamed_tables(session, needs);
    for (const auto& row : session.run(kMarks, needs.mark_prefix)) {
      facts.marks.push_back(text(row[0]));
    }
    return facts;
  });
}

}  // namespace couplet::postgres
