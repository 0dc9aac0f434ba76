#include "connectors/sqlite/log_facts.h"

#include <fmt/format.h>

#include "connectors/sqlite/sql_text.h"

namespace couplet::sqlite {
namespace {

class FactsReader {
 public:
  FactsReader(Database& database, const std::string& log,
              std::span<const StreamNeeds::Table> tables)
      : database_(database), log_(log), tables_(tables) {}

  Result<LogFacts> read() {
    COUPLET_TRY(read_schema());
    if (is_log_table(log_, facts_.log_sql)) {
      COUPLET_TRY(each(fmt::format("SELECT 1 FROM {} LIMIT 1", quote_identifier(log_)),
                       [&](const Statement& /*row*/) { facts_.begun = true; }));
    }
    COUPLET_TRY(read_keys());
    COUPLET_TRY(read_indexes());
    return std::move(facts_);
  }

 private:
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
  // Every row about a table that is asked for, which the first column names.
  template <typename Visit>
  Result<void> each_of_asked(const std::string& sql, Visit visit) {
    return each(sql, [&](const Statement& row) {
      const auto found = facts_.tables.find(row.text(0));
      if (found != facts_.tables.end() && !found->second.view) {
        visit(found->second.unique, row);
      }
    });
  }

  Result<void> read_schema() {
    return each("SELECT type, name, sql, rowid FROM sqlite_schema WHERE sql IS NOT NULL",
                [&](const Statement& row) {
                  const std::string type = row.text(0);
                  const std::string name = row.text(1);
                  if (type == "trigger") {
                    if (name.starts_with(trigger_prefix(log_)) &&
                        is_log_trigger(name, row.text(2)) &&
                        row.text(2).find(quote_identifier(log_)) != std::string::npos) {
                      facts_.triggers[name] = {row.text(2), row.integer(3)};
                    }
                    return;
                  }
                  if (name == log_) {
                    facts_.log_sql = row.text(2);
                  }
                  for (const StreamNeeds::Table& table : tables_) {
                    if ((type == "table" || type == "view") && table.name.table == name) {
                      facts_.tables[name] = {type == "view", row.text(2), {}};
                    }
                  }
                });
  }

  // A key that is the rowid has no index.
  Result<void> read_keys() {
    std::map<std::string, UniqueColumns> keys;
    COUPLET_TRY(
        each("SELECT m.name, c.name FROM pragma_table_list AS m, "
             "pragma_table_xinfo(m.name) AS c WHERE m.schema = 'main' AND m.type = 'table' "
             "AND c.pk AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) AS i WHERE "
             "i.origin = 'pk') ORDER BY m.name, c.pk",
             [&](const Statement& row) {
               keys[row.text(0)].columns.push_back(row.text(1));
               keys[row.text(0)].collations.emplace_back("BINARY");
             }));
    for (auto& [name, key] : keys) {
      const auto found = facts_.tables.find(name);
      if (found != facts_.tables.end() && !found->second.view) {
        found->second.unique.push_back(std::move(key));
      }
    }
    return {};
  }

  // Of an index over an expression, or over a part of the rows, no column tells which row goes.
  Result<void> read_indexes() {
    std::string last;
    return each_of_asked(
        "SELECT m.name, i.name, c.name, c.coll FROM pragma_table_list AS m, "
        "pragma_index_list(m.name) AS i, pragma_index_xinfo(i.name) AS c WHERE m.schema = 'main' "
        "AND m.type = 'table' AND i.\"unique\" AND NOT i.partial AND c.key AND NOT EXISTS (SELECT "
        "1 FROM pragma_index_xinfo(i.name) AS e WHERE e.key AND e.name IS NULL) ORDER BY m.name, "
        "i.seq, c.seqno",
        [&](std::vector<UniqueColumns>& unique, const Statement& row) {
          if (row.text(1) != last) {
            last = row.text(1);
            unique.emplace_back();
          }
          unique.back().columns.push_back(row.text(2));
          unique.back().collations.push_back(row.text(3));
        });
  }

  Database& database_;
  const std::string& log_;
  std::span<const StreamNeeds::Table> tables_;
  LogFacts facts_;
};

}  // namespace

Result<LogFacts> read_log_facts(Database& database, const std::string& log,
                                std::span<const StreamNeeds::Table> tables) {
  const bool inside = database.in_transaction();
  COUPLET_TRY(inside ? Result<void>() : database.execute("BEGIN"));
  auto facts = FactsReader(database, log, tables).read();
  if (!inside) {
    database.roll_back();
  }
  return facts;
}

Result<bool> log_was_read(Database& database, const std::string& log) {
  COUPLET_ASSIGN(Statement made,
                 database.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = " +
                                  quote_literal(log)));
  COUPLET_ASSIGN(const bool there, made.step());
  if (!there || !is_log_table(log, made.text(0))) {
    return false;
  }
  COUPLET_ASSIGN(Statement first,
                 database.prepare(fmt::format("SELECT change FROM {} ORDER BY seq LIMIT 1",
                                              quote_identifier(log))));
  COUPLET_ASSIGN(const bool begun, first.step());
  return begun && first.text(0) != "begin";
}

}  // namespace couplet::sqlite
