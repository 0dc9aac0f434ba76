#include "connectors/sqlite/log_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectors/sqlite/sql_text.h"

namespace couplet::sqlite {
namespace {

constexpr std::string_view kPrefix = "couplet_";

// Of the next entry. 'now' stands still within a statement, and a clock may be set back. Rounded: a
// Julian day is a double, and cut off it would give some milliseconds twice.
std::string next_seq(const std::string& log) {
  return fmt::format(
      "max(ifnull((SELECT max(seq) FROM {}), 0) + 1, "
      "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000)",
      quote_identifier(log));
}

std::string columns_text(char letter, std::size_t count) {
  std::string text;
  for (std::size_t i = 1; i <= count; ++i) {
    text += fmt::format(", {}{}", letter, i);
  }
  return text;
}

// `, NEW."a", NEW."b"`
std::string values_text(std::string_view row, const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns) {
    text += fmt::format(", {}{}{}", row, row.empty() ? "" : ".", quote_identifier(column));
  }
  return text;
}

class TriggerWriter {
 public:
  TriggerWriter(const std::string& log, const LoggedTable& table) : log_(log), table_(table) {}

  [[nodiscard]] std::vector<LogObject> all() const {
    std::vector<LogObject> made;
    made.push_back(trigger("insert", "AFTER INSERT", entry("insert", "NEW", false)));
    made.push_back(trigger("update", "AFTER UPDATE", entry("update", "NEW", true)));
    made.push_back(trigger("delete", "AFTER DELETE", entry("delete", "OLD", false)));
    std::string on_insert;
    std::string on_update;
    std::vector<std::string> columns;
    for (const UniqueColumns& unique : table_.unique) {
      // The row that has the id of the new one is told of with it.
      if (std::is_permutation(unique.columns.begin(), unique.columns.end(), table_.id.begin(),
                              table_.id.end())) {
        continue;
      }
      on_insert += replaced(unique, "NEW");
      on_update += replaced(unique, "OLD");
      for (const std::string& column : unique.columns) {
        if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
          columns.push_back(column);
        }
      }
    }
    if (!columns.empty()) {
      made.push_back(trigger("replacing", "BEFORE INSERT", on_insert));
      made.push_back(trigger("moving", "BEFORE UPDATE OF " + quoted_list(columns), on_update));
    }
    return made;
  }

 private:
  [[nodiscard]] LogObject trigger(std::string_view kind, const std::string& when,
                                  const std::string& body) const {
    const std::string name = fmt::format("{}{}_{}", trigger_prefix(log_), kind, table_.name);
    return {name, fmt::format("CREATE TRIGGER {} {} ON {} BEGIN {}END", quote_identifier(name),
                              when, quote_identifier(table_.name), body)};
  }

  [[nodiscard]] std::string head(bool before) const {
    return fmt::format("INSERT INTO {} (seq, \"table\", change{}{})", quote_identifier(log_),
                       columns_text('k', table_.id.size()),
                       before ? columns_text('b', table_.id.size()) : std::string());
  }

  [[nodiscard]] std::string entry(std::string_view change, std::string_view row,
                                  bool before) const {
    return fmt::format("{} VALUES ({}, {}, '{}'{}{}); ", head(before), next_seq(log_),
                       quote_literal(table_.name), change, values_text(row, table_.id),
                       before ? values_text("OLD", table_.id) : std::string());
  }

  // The other row that has these values, of which there is no more than one. `self`: what is not
  // another.
  [[nodiscard]] std::string replaced(const UniqueColumns& unique, std::string_view self) const {
    std::string same;
    for (std::size_t i = 0; i < unique.columns.size(); ++i) {
      const std::string column = quote_identifier(unique.columns[i]);
      same += fmt::format("{}{} = NEW.{} COLLATE {}", i == 0 ? "" : " AND ", column, column,
                          quote_identifier(unique.collations[i]));
    }
    std::string itself;
    for (const std::string& column : table_.id) {
      itself += fmt::format("{}{} IS {}.{}", itself.empty() ? "" : " AND ",
                            quote_identifier(column), self, quote_identifier(column));
    }
    return fmt::format("{} SELECT {}, {}, 'replace'{} FROM {} WHERE {} AND NOT ({}) LIMIT 1; ",
                       head(false), next_seq(log_), quote_literal(table_.name),
                       values_text("", table_.id), quote_identifier(table_.name), same, itself);
  }

  const std::string& log_;
  const LoggedTable& table_;
};

}  // namespace

LogObject log_table(const std::string& log, std::size_t id_columns) {
  return {log, fmt::format("CREATE TABLE {} (seq INTEGER PRIMARY KEY, \"table\" TEXT NOT NULL, "
                           "change TEXT NOT NULL{}{})",
                           quote_identifier(log), columns_text('k', id_columns),
                           columns_text('b', id_columns))};
}

std::vector<LogObject> log_triggers(const std::string& log, const LoggedTable& table) {
  return TriggerWriter(log, table).all();
}

LogObject log_seal(const std::string& log) {
  const std::string name = log + "_sealed";
  return {name, fmt::format("CREATE TRIGGER {} BEFORE UPDATE ON {} BEGIN SELECT raise(ABORT, "
                            "'entries of a change log are not changed'); END",
                            quote_identifier(name), quote_identifier(log))};
}

std::string begin_text(const std::string& log) {
  return fmt::format("INSERT INTO {} (seq, \"table\", change) VALUES ({}, '', 'begin')",
                     quote_identifier(log), next_seq(log));
}

std::string trigger_prefix(const std::string& log) { return log + "_"; }

bool is_log_trigger(std::string_view name, std::string_view sql) {
  return name.starts_with(kPrefix) &&
         (sql.find(" BEGIN INSERT INTO \"couplet_") != std::string_view::npos ||
          sql.find("'entries of a change log are not changed'") != std::string_view::npos);
}

bool is_log_table(std::string_view name, std::string_view sql) {
  return name.starts_with(kPrefix) &&
         sql.find(
             "\" (seq INTEGER PRIMARY KEY, \"table\" TEXT NOT NULL, change TEXT NOT NULL, k1") !=
             std::string_view::npos;
}

std::string entries_text(const std::string& log, std::size_t id_columns) {
  return fmt::format(
      "SELECT seq, \"table\", change{}{} FROM {} WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT "
      "?3",
      columns_text('k', id_columns), columns_text('b', id_columns), quote_identifier(log));
}

}  // namespace couplet::sqlite
