#include "connectors/postgres/catalog.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <pqxx/pqxx>

#include "connectors/postgres/catalog_session.h"
#include "connectors/postgres/catalog_types.h"
#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

// $1, $2: names. A schema that is not given is the first of the search path; where our role may
// look into none of them, the first that is there, so that what it lacks can be told.
// {}: hides_rows_text.
constexpr const char* kRelations = R"(
select w.i, c.oid, n.nspname, c.relname, c.relkind,
       {},
       exists (select from pg_partition_tree(c.oid) p
                 join pg_trigger g on g.tgrelid = p.relid
                where not g.tgisinternal and g.tgenabled in ('O', 'A'))
         or exists (select from pg_trigger g where g.tgrelid = c.oid
                       and not g.tgisinternal and g.tgenabled in ('O', 'A'))
         or exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_type <> '1'
                       and r.ev_enabled in ('O', 'A')),
       has_schema_privilege(n.oid, 'USAGE') as usable,
       has_table_privilege(c.oid, 'SELECT') or (c.relkind in ('r', 'p', 'm')
         and has_any_column_privilege(c.oid, 'SELECT') and has_column_privilege(c.oid, 'xmin'::name, 'SELECT')),
       has_table_privilege(c.oid, 'INSERT') or has_any_column_privilege(c.oid, 'INSERT'),
       has_table_privilege(c.oid, 'UPDATE') or has_any_column_privilege(c.oid, 'UPDATE'),
       has_table_privilege(c.oid, 'DELETE'),
       current_user
  from unnest($1::text[], $2::text[]) with ordinality as w(schema, name, i)
  join pg_namespace n on n.nspname = case w.schema when '' then coalesce(current_schema(),
    (select s.nspname
       from unnest(string_to_array(current_setting('search_path'), ',')) with ordinality as p(name, i)
       join pg_namespace s
         on s.nspname = replace(btrim(p.name, ' "'), '$user', current_user)
      order by p.i limit 1)) else w.schema end
  join pg_class c on c.relnamespace = n.oid and c.relname = w.name
 where c.relkind in ('r', 'p', 'v', 'm', 'f')
 order by w.i)";

// $1: relations. Domains are followed to their base type for what they forbid and give.
constexpr const char* kColumns = R"(
with recursive base as (
  select a.attrelid, a.attnum, a.atttypid as type, false as not_null, false as has_default
    from pg_attribute a
   where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
  union all
  select b.attrelid, b.attnum, t.typbasetype,
         b.not_null or t.typnotnull, b.has_default or t.typdefault is not null
    from base b join pg_type t on t.oid = b.type
   where t.typtype = 'd')
select b.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid, a.atttypmod,
       not (a.attnotnull or b.not_null),
       a.atthasdef or a.attidentity <> '' or b.has_default,
       a.attgenerated <> '', a.attidentity = 'a',
       coalesce('collation ' || case when not l.collisdeterministic then l.collname end, ''),
       has_column_privilege(b.attrelid, b.attnum, 'SELECT'),
       has_column_privilege(b.attrelid, b.attnum, 'INSERT'),
       has_column_privilege(b.attrelid, b.attnum, 'UPDATE'),
       b.attnum
  from base b
  join pg_type t on t.oid = b.type and t.typtype <> 'd'
  join pg_attribute a on a.attrelid = b.attrelid and a.attnum = b.attnum
  left join pg_collation l on l.oid = a.attcollation
 order by b.attrelid, b.attnum)";

// $1: relations. The types of their columns and all that these are made of. An array is what its
// element names as its array: other types have elements too. The parameters of the text are the
// expressions for multiranges, which servers before 14 do not have.
constexpr const char* kTypes = R"(
with recursive needed(type) as (
  select a.atttypid from pg_attribute a
   where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
  union
  select p.part
    from needed n
    join pg_type t on t.oid = n.type
    left join pg_type e on e.oid = t.typelem and e.typarray = t.oid
    left join pg_range r on r.rngtypid = t.oid or {0} = t.oid
    left join pg_attribute a on a.attrelid = t.typrelid and t.typtype = 'c'
                            and a.attnum > 0 and not a.attisdropped
   cross join lateral (values (case t.typtype when 'd' then t.typbasetype end),
                              (e.oid), (r.rngsubtype), (r.rngtypid), (a.atttypid)) as p(part)
   where p.part <> 0)
select t.oid, t.typname, format_type(t.oid, -1), t.typtype, t.typarray,
       case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod,
       coalesce(e.oid, 0),
       coalesce(case when r.rngtypid = t.oid then r.rngsubtype end, 0),
       coalesce(r.rngcanonical <> 0, false),
       coalesce(case when {0} = t.oid then r.rngtypid end, 0),
       scale('0'::money::numeric)
  from needed n
  join pg_type t on t.oid = n.type
  left join pg_type e on e.oid = t.typelem and e.typarray = t.oid
  left join pg_range r on r.rngtypid = t.oid or {0} = t.oid)";

// $1: composite types.
constexpr const char* kFields = R"(
select t.oid, a.attname, a.atttypid, a.atttypmod
  from pg_type t
  join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
 where t.oid = any($1::oid[])
 order by t.oid, a.attnum)";

constexpr const char* kLabels = R"(
select enumtypid, enumlabel from pg_enum where enumtypid = any($1::oid[])
 order by enumtypid, enumsortorder)";

// One row per column of each unique index over plain columns. The second parameter is the
// expression for NULLS NOT DISTINCT, which servers before 15 do not have.
constexpr const char* kUniqueIndexes = R"(
select x.indrelid, x.indexrelid, c.relname, a.attname, not x.indimmediate, x.indisprimary, {},
       coalesce('collation ' || l.collname || ' of unique index ' || c.relname, '')
  from pg_index x
  join pg_class c on c.oid = x.indexrelid
  join lateral unnest(x.indkey::int2[], x.indcollation::oid[])
       with ordinality as k(attnum, coll, i) on k.i <= x.indnkeyatts
  join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum
  left join pg_collation l on l.oid = k.coll and not l.collisdeterministic
 where x.indrelid = any($1::oid[]) and x.indisunique and x.indisvalid
   and x.indpred is null and x.indexprs is null
 order by x.indrelid, not x.indisprimary, c.relname, k.i)";

// Clones that partitioning makes of a table's own key are left out.
constexpr const char* kForeignKeys = R"(
select f.conrelid, f.oid, f.conname, f.condeferrable, n.nspname, t.relname, a.attname, ta.attname
  from pg_constraint f
  join pg_class t on t.oid = f.confrelid
  join pg_namespace n on n.oid = t.relnamespace
  join lateral unnest(f.conkey, f.confkey) with ordinality as k(attnum, target, i) on true
  join pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum
  join pg_attribute ta on ta.attrelid = f.confrelid and ta.attnum = k.target
 where f.contype = 'f' and f.conrelid = any($1::oid[])
   and not exists (select from pg_constraint p
                    where p.oid = f.conparentid and p.conrelid = f.conrelid)
 order by f.conrelid, f.conname, k.i)";

// $1: relations. What gives their columns values of its own.
constexpr const char* kSequences = R"(
select a.attrelid, a.attname, n.nspname, s.relname, a.attidentity <> '',
       (n.oid = t.relnamespace or has_schema_privilege(n.oid, 'USAGE'))
         and has_sequence_privilege(s.oid, 'USAGE')
  from pg_attribute a
  join pg_class t on t.oid = a.attrelid
  left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
  join pg_depend d on
       (d.classid = 'pg_attrdef'::regclass and d.objid = f.oid and d.refclassid = 'pg_class'::regclass)
    or (a.attidentity <> '' and d.classid = 'pg_class'::regclass and d.deptype = 'i'
        and d.refclassid = 'pg_class'::regclass and d.refobjid = a.attrelid
        and d.refobjsubid = a.attnum)
  join pg_class s on s.relkind = 'S'
   and s.oid = case when d.classid = 'pg_attrdef'::regclass then d.refobjid else d.objid end
  join pg_namespace n on n.oid = s.relnamespace
 where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
 order by a.attrelid, a.attnum, s.relname)";

constexpr const char* kTables = R"(
select n.nspname, c.relname
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
   and n.nspname <> 'information_schema' and n.nspname not like 'pg\_%'
   and c.relpersistence <> 't'
   and has_schema_privilege(n.oid, 'USAGE') and has_any_column_privilege(c.oid, 'SELECT')
 order by n.nspname <> current_schema(), n.nspname collate "C", c.relname collate "C")";

constexpr int kNullsNotDistinctSince = 150000;
constexpr int kMultirangesSince = 140000;

TypeRow to_type_row(const pqxx::row& row) {
  TypeRow type;
  type.type = row[0].as<Oid>();
  type.name = row[1].c_str();
  type.spelling = row[2].c_str();
  type.kind = row[3].c_str()[0];
  type.array = row[4].as<Oid>();
  type.base = row[5].as<Oid>();
  type.modifier = row[6].as<std::int32_t>();
  type.element = row[7].as<Oid>();
  type.subtype = row[8].as<Oid>();
  type.discrete = row[9].c_str()[0] == 't';
  type.range = row[10].as<Oid>();
  type.money_digits = row[11].as<std::int32_t>();
  return type;
}

TableInfo::Kind to_kind(char relkind) {
  switch (relkind) {
    case 'r':
      return TableInfo::Kind::kTable;
    case 'p':
      return TableInfo::Kind::kPartitionedTable;
    case 'v':
      return TableInfo::Kind::kView;
    default:
      return TableInfo::Kind::kOther;
  }
}

// The types of the columns of `relations`.
CatalogTypes types_of(CatalogSession& session, const std::string& relations) {
  const auto list = [](const std::vector<Oid>& ids) {
    std::vector<std::string> texts;
    for (const Oid id : ids) {
      texts.push_back(std::to_string(id));
    }
    return array_literal(texts);
  };
  CatalogTypes types;
  const char* multirange =
      session.server_version() >= kMultirangesSince ? "r.rngmultitypid" : "null::oid";
  for (const auto& row : session.run(fmt::format(fmt::runtime(kTypes), multirange), relations)) {
    types.add(to_type_row(row));
  }
  if (const std::vector<Oid> enums = types.of_kind('e'); !enums.empty()) {
    for (const auto& row : session.run(kLabels, list(enums))) {
      types.add_label(row[0].as<Oid>(), row[1].c_str());
    }
  }
  if (const std::vector<Oid> composites = types.of_kind('c'); !composites.empty()) {
    for (const auto& row : session.run(kFields, list(composites))) {
      types.add_field(row[0].as<Oid>(), row[1].c_str(), row[2].as<Oid>(),
                      row[3].as<std::int32_t>());
    }
  }
  return types;
}

// What is being described, by the relation's OID.
class Description {
 public:
  void add_relation(const pqxx::row& row) {
    Relation relation;
    TableInfo& info = relation.info;
    info.name = {text(row[2]), text(row[3])};
    const char relkind = row[4].c_str()[0];
    info.kind = to_kind(relkind);
    relation.has_xmin = relkind == 'r' || relkind == 'p' || relkind == 'm';
    info.row_security = truth(row[5]);
    info.user_triggers = truth(row[6]);
    info.role = text(row[12]);
    info.may_use_schema = truth(row[7]);
    info.may_select = truth(row[8]);
    info.may_insert = truth(row[9]);
    info.may_update = truth(row[10]);
    info.may_delete = truth(row[11]);
    const std::string oid = text(row[1]);
    order_.push_back(oid);
    relations_.emplace(oid, std::move(relation));
  }
  void add_column(const pqxx::row& row, const CatalogTypes& types) {
    Relation& relation = relations_.at(text(row[0]));
    ColumnInfo column;
    column.name = text(row[1]);
    column.type_name = text(row[2]);
    const Oid type = row[3].as<Oid>();
    column.type = types.type(type, row[4].as<std::int32_t>(), column.type_name);
    column.nullable = truth(row[5]);
    column.has_default = truth(row[6]);
    column.generated = truth(row[7]);
    column.identity_always = truth(row[8]);
    column.equated_by = types.is_loosely_compared(type) ? "type " + column.type_name : text(row[9]);
    relation.traits[column.name] = {!column.equated_by.empty(), types.cast(type)};
    column.may_select = relation.info.may_select && truth(row[10]);
    column.may_insert = relation.info.may_insert && truth(row[11]);
    column.may_update = relation.info.may_update && truth(row[12]);
    column.number = row[13].as<std::uint32_t>();
    relation.info.columns.push_back(std::move(column));
  }
  void add_unique_indexes(const pqxx::result& rows) {
    std::string last;
    for (const auto& row : rows) {
      Relation& relation = relations_.at(text(row[0]));
      if (text(row[1]) != last) {
        last = text(row[1]);
        UniqueKey key;
        key.name = text(row[2]);
        key.deferrable = truth(row[4]);
        key.primary = truth(row[5]);
        relation.info.unique_keys.push_back(std::move(key));
        relation.unique_indexes.push_back({{}, truth(row[6])});
      }
      relation.info.unique_keys.back().columns.push_back(text(row[3]));
      relation.unique_indexes.back().columns.push_back(text(row[3]));
      note_collation(relation.info, text(row[3]), text(row[7]));
      if (relation.info.unique_keys.back().primary) {
        relation.info.primary_key.push_back(text(row[3]));
      }
    }
  }
  void add_foreign_keys(const pqxx::result& rows) {
    std::string last;
    for (const auto& row : rows) {
      TableInfo& info = relations_.at(text(row[0])).info;
      if (text(row[1]) != last) {
        last = text(row[1]);
        ForeignKey key;
        key.constraint = text(row[2]);
        key.deferrable = truth(row[3]);
        key.table = {text(row[4]), text(row[5])};
        info.foreign_keys.push_back(std::move(key));
      }
      info.foreign_keys.back().columns.push_back(text(row[6]));
      info.foreign_keys.back().target_columns.push_back(text(row[7]));
    }
  }
  void add_sequence(const pqxx::row& row) {
    relations_.at(text(row[0]))
        .info.sequences.push_back(
            {text(row[1]), {text(row[2]), text(row[3])}, truth(row[4]), truth(row[5])});
  }
  [[nodiscard]] std::string oids() const { return array_literal(order_); }
  [[nodiscard]] bool empty() const { return order_.empty(); }
  [[nodiscard]] std::vector<Relation> take() const {
    std::vector<Relation> result;
    result.reserve(order_.size());
    for (const std::string& oid : order_) {
      result.push_back(relations_.at(oid));  // A table may be asked for twice.
    }
    return result;
  }

 private:
  // Of a unique index, which may have one of its own.
  static void note_collation(TableInfo& info, const std::string& name, std::string equated_by) {
    for (ColumnInfo& column : info.columns) {
      if (column.name == name && column.equated_by.empty()) {
        column.equated_by = std::move(equated_by);
        return;
      }
    }
  }

  std::vector<std::string> order_;
  std::map<std::string, Relation> relations_;
};

}  // namespace

Result<std::vector<Relation>> Catalog::describe(std::span<const TableName> names) {
  std::vector<std::string> schemas;
  std::vector<std::string> tables;
  for (const TableName& name : names) {
    schemas.push_back(name.schema.empty() ? settings_.schema : name.schema);
    tables.push_back(name.table);
  }
  return ask(settings_, statements_, [&](CatalogSession& session) {
    Description description;
    for (const auto& row : session.run(fmt::format(kRelations, hides_rows_text()),
                                       array_literal(schemas), array_literal(tables))) {
      description.add_relation(row);
    }
    if (description.empty()) {
      return description.take();
    }
    const std::string oids = description.oids();
    const CatalogTypes types = types_of(session, oids);
    for (const auto& row : session.run(kColumns, oids)) {
      description.add_column(row, types);
    }
    const char* nulls_equal =
        session.server_version() >= kNullsNotDistinctSince ? "x.indnullsnotdistinct" : "false";
    description.add_unique_indexes(
        session.run(fmt::format(fmt::runtime(kUniqueIndexes), nulls_equal), oids));
    description.add_foreign_keys(session.run(kForeignKeys, oids));
    for (const auto& row : session.run(kSequences, oids)) {
      description.add_sequence(row);
    }
    return description.take();
  });
}

Result<std::vector<TableName>> Catalog::tables() {
  return ask(settings_, statements_, [](CatalogSession& session) {
    std::vector<TableName> result;
    for (const auto& row : session.run(kTables)) {
      result.push_back({text(row[0]), text(row[1])});
    }
    return result;
  });
}

}  // namespace couplet::postgres
