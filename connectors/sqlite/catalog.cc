#include "connectors/sqlite/catalog.h"

#include <fmt/format.h>

#include <cctype>

#include "connectors/sqlite/declared_type.h"
#include "connectors/sqlite/log_text.h"
#include "connectors/sqlite/sql_text.h"

namespace couplet::sqlite {
namespace {

// ASCII alone, as SQLite compares names.
bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         sqlite3_strnicmp(a.data(), b.data(), static_cast<int>(a.size())) == 0;
}

// One read of the whole catalog.
class CatalogReader {
 public:
  CatalogReader(Database& database, std::map<std::string, Relation>& relations)
      : database_(database), relations_(relations) {}

  Result<void> read() {
    COUPLET_TRY(read_tables());
    COUPLET_TRY(read_columns("m.type = 'table'"));
    read_views();
    COUPLET_TRY(read_indexes());
    COUPLET_TRY(read_foreign_keys());
    COUPLET_TRY(read_triggers());
    for (auto& [name, relation] : relations_) {
      COUPLET_TRY(finish(relation));
    }
    return {};
  }

 private:
  // Every row of an answer.
  template <typename Visit>
  Result<void> each(const std::string& sql, Visit visit) {
    COUPLET_ASSIGN(Statement rows, database_.prepare(sql));
    while (true) {
      COUPLET_ASSIGN(const bool more, rows.step());
      if (!more) {
        return {};
      }
      visit(rows);
    }
  }
  // Every row about a table that is known, which the first column names.
  template <typename Visit>
  Result<void> each_of_known(const std::string& sql, Visit visit) {
    return each(sql, [&](const Statement& row) {
      if (const auto found = relations_.find(row.text(0)); found != relations_.end()) {
        visit(found->second, row);
      }
    });
  }

  Result<void> read_tables() {
    // Shadow tables are the insides of virtual ones.
    return each(
        "SELECT name, type, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE "
        "'sqlite\\_%' ESCAPE '\\'",
        [&](const Statement& row) {
          const std::string type = row.text(1);
          Relation& relation = relations_[row.text(0)];
          relation.info.name.table = row.text(0);
          relation.info.kind = type == "table"  ? TableInfo::Kind::kTable
                               : type == "view" ? TableInfo::Kind::kView
                                                : TableInfo::Kind::kOther;
          relation.strict = row.integer(2) != 0;
        });
  }

  // Each by itself: one whose table is gone fails, and says nothing against the others.
  void read_views() {
    for (auto& [name, relation] : relations_) {
      if (relation.info.kind == TableInfo::Kind::kView &&
          !read_columns("m.name = " + quote_literal(name))) {
        relation.info.columns.clear();
        relation.info.kind = TableInfo::Kind::kOther;
      }
    }
  }

  Result<void> read_columns(const std::string& which) {
    return each_of_known(
        "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden FROM "
        "pragma_table_list AS m, pragma_table_xinfo(m.name) AS c WHERE m.schema = 'main' AND " +
            which + " ORDER BY m.name, c.cid",
        [&](Relation& relation, const Statement& row) { add_column(relation, row); });
  }

  void add_column(Relation& relation, const Statement& row) {
    ColumnInfo column;
    column.name = row.text(1);
    const std::string declared = row.text(2);
    column.type = to_type(declared);
    column.type_name = declared.empty() ? "none" : declared;
    column.nullable = row.integer(3) == 0;
    column.has_default = !row.is_null(4);
    if (column.has_default) {
      relation.defaults[column.name] = row.text(4);
    }
    constexpr std::int64_t kVirtual = 2;
    constexpr std::int64_t kStored = 3;
    column.generated = row.integer(6) == kVirtual || row.integer(6) == kStored;
    column.has_default = column.has_default || column.generated;
    if (!column.generated) {
      relation.row_columns.push_back(column.name);
    }
    const Affinity affinity = affinity_of(declared);
    if (affinity == Affinity::kNumeric || affinity == Affinity::kInteger ||
        affinity == Affinity::kReal) {
      relation.numeric.insert(column.name);
    }
    if (const auto place = static_cast<std::size_t>(row.integer(5)); place > 0) {
      auto& key = relation.info.primary_key;
      key.resize(std::max(key.size(), place));
      key[place - 1] = column.name;
      // The letter of SQLite lets a null into most primary keys; a row that has one is no object,
      // and reading it fails (docs/reference/sqlite.md, "Ids").
      column.nullable = false;
    }
    relation.info.columns.push_back(std::move(column));
  }

  Result<void> read_indexes() {
    std::string last;
    return each_of_known(
        "SELECT m.name, i.name, i.\"unique\", i.origin, i.partial, c.name, c.coll FROM "
        "pragma_table_list AS m, pragma_index_list(m.name) AS i, pragma_index_xinfo(i.name) AS c "
        "WHERE m.schema = 'main' AND m.type = 'table' AND c.key ORDER BY m.name, i.seq, c.seqno",
        [&](Relation& relation, const Statement& row) {
          if (row.text(1) != last) {
            last = row.text(1);
            relation.indexes.emplace_back();
            start_key(relation, row);
          }
          // Of an expression there is no name: the index is of no use beyond it.
          relation.indexes.back().push_back(row.text(5));
          if (in_key_) {
            relation.info.unique_keys.back().columns.push_back(row.text(5));
            note_collation(relation, row.text(5), row.text(6), row.text(1));
            if (row.is_null(5)) {
              relation.info.unique_keys.pop_back();
              in_key_ = false;
            }
          }
        });
  }

  void start_key(Relation& relation, const Statement& row) {
    const bool partial = row.integer(4) != 0;
    if (partial) {
      relation.indexes.back().emplace_back();  // Never used for a look-up.
    }
    in_key_ = row.integer(2) != 0 && !partial;
    if (in_key_) {
      UniqueKey key;
      key.primary = row.text(3) == "pk";
      key.name = row.text(1);
      relation.info.unique_keys.push_back(std::move(key));
    }
  }

  Result<void> read_foreign_keys() {
    std::string last;
    return each_of_known(
        "SELECT m.name, f.id, f.\"table\", f.\"from\", f.\"to\" FROM pragma_table_list AS m, "
        "pragma_foreign_key_list(m.name) AS f WHERE m.schema = 'main' AND m.type = 'table' "
        "ORDER BY m.name, f.id DESC, f.seq",
        [&](Relation& relation, const Statement& row) {
          auto& keys = relation.info.foreign_keys;
          if (const std::string key = row.text(0) + '\n' + row.text(1); key != last) {
            last = key;
            keys.emplace_back();
            keys.back().table.table = spelled(row.text(2));
            // Checked when the transaction commits, since we ask for it (writer.cc).
            keys.back().deferrable = true;
          }
          keys.back().columns.push_back(spelled(relation, row.text(3)));
          if (!row.is_null(4)) {
            keys.back().target_columns.push_back(row.text(4));
          }
        });
  }

  Result<void> read_triggers() {
    return each(
        "SELECT tbl_name, name, sql, type FROM sqlite_schema WHERE type IN ('trigger', 'table') "
        "AND sql IS NOT NULL",
        [&](const Statement& row) {
          const auto found = relations_.find(spelled(row.text(0)));
          if (found == relations_.end()) {
            return;
          }
          if (row.text(3) == "table") {
            found->second.change_log = is_log_table(row.text(1), row.text(2));
          } else if (!is_log_trigger(row.text(1), row.text(2))) {
            found->second.info.user_triggers = true;
          }
        });
  }

  // SQLite names no constraint in its catalog: they are called as PostgreSQL would by itself.
  static std::string name_of(const Relation& relation, std::span<const std::string> columns,
                             const char* suffix) {
    std::string name = relation.info.name.table;
    for (const std::string& column : columns) {
      name += "_" + column;
    }
    return name + suffix;
  }

  Result<void> finish(Relation& relation) {
    TableInfo& info = relation.info;
    bool primary_index = false;
    for (UniqueKey& key : info.unique_keys) {
      primary_index = primary_index || key.primary;
      if (key.primary) {
        key.name = info.name.table + "_pkey";
      } else if (key.name.starts_with("sqlite_autoindex_")) {
        key.name = name_of(relation, key.columns, "_key");
      }
    }
    if (info.kind != TableInfo::Kind::kTable) {
      info.may_insert = info.may_update = info.may_delete = false;
      return {};
    }
    // A key that needs no index is the rowid itself.
    if (info.primary_key.size() == 1 && !primary_index) {
      relation.rowid = info.primary_key.front();
      info.unique_keys.push_back({info.name.table + "_pkey", info.primary_key, false, true});
      for (ColumnInfo& column : info.columns) {
        column.has_default = column.has_default || column.name == *relation.rowid;
      }
    }
    for (ForeignKey& key : info.foreign_keys) {
      key.constraint = name_of(relation, key.columns, "_fkey");
      const auto target = relations_.find(key.table.table);
      if (target == relations_.end()) {
        continue;
      }
      if (key.target_columns.empty()) {
        key.target_columns = target->second.info.primary_key;
      }
      for (std::string& column : key.target_columns) {
        column = spelled(target->second, column);
      }
    }
    // To a table that is not there, or that has no such key, there is no way.
    std::erase_if(info.foreign_keys, [](const ForeignKey& key) {
      return key.columns.size() != key.target_columns.size();
    });
    return read_metadata(relation);
  }

  // Of a column, or of a unique index over it; SQLite has it as it was written.
  static void note_collation(Relation& relation, const std::string& name, std::string collation,
                             const std::string& index = {}) {
    for (char& c : collation) {
      c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    for (ColumnInfo& column : relation.info.columns) {
      if (column.name == name && collation != "BINARY") {
        column.equated_by =
            "collation " + collation + (index.empty() ? "" : " of unique index " + index);
      }
    }
  }

  // What no pragma tells.
  Result<void> read_metadata(Relation& relation) {
    for (const ColumnInfo& column : relation.info.columns) {
      const char* collation = nullptr;
      int autoincrement = 0;
      const int asked = sqlite3_table_column_metadata(
          database_.native(), "main", relation.info.name.table.c_str(), column.name.c_str(),
          nullptr, &collation, nullptr, nullptr, &autoincrement);
      if (asked != SQLITE_OK) {
        return fail(database_.error());
      }
      relation.autoincrement = relation.autoincrement || autoincrement != 0;
      if (collation != nullptr && !same_name(collation, "BINARY")) {
        relation.loosely_compared.insert(column.name);
        note_collation(relation, column.name, collation);
      }
    }
    return {};
  }

  // As the catalog spells it: names in a foreign key or a trigger may differ in case.
  [[nodiscard]] std::string spelled(const std::string& table) const {
    for (const auto& [name, relation] : relations_) {
      if (same_name(name, table)) {
        return name;
      }
    }
    return table;
  }
  static std::string spelled(const Relation& relation, const std::string& column) {
    for (const ColumnInfo& info : relation.info.columns) {
      if (same_name(info.name, column)) {
        return info.name;
      }
    }
    return column;
  }

  Database& database_;
  std::map<std::string, Relation>& relations_;
  bool in_key_ = false;  // The index being read is a unique key.
};

}  // namespace

Result<void> Catalog::read(Database& database) {
  std::map<std::string, Relation> relations;
  const bool inside = database.in_transaction();
  COUPLET_TRY(inside ? Result<void>() : database.execute("BEGIN"));
  auto done = CatalogReader(database, relations).read();
  if (!inside) {
    database.roll_back();
  }
  COUPLET_TRY(std::move(done));
  relations_ = std::move(relations);
  return {};
}

const Relation* Catalog::find(const TableName& name) const {
  const auto found = relations_.find(name.table);
  return found == relations_.end() || !name.schema.empty() ? nullptr : &found->second;
}

Result<const Relation*> Catalog::at(const TableName& name) const {
  const Relation* found = find(name);
  if (found == nullptr) {
    return fail(ErrorKind::kSchema, fmt::format("there is no table {}", to_string(name)));
  }
  return found;
}

}  // namespace couplet::sqlite
