// What our role may do, against what the definition does.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/postgres/sql_text.h"
#include "engine/app/doctor/checks.h"

namespace couplet {
namespace {

using Level = Finding::Level;
using postgres::qualified;
using postgres::quote_identifier;

class AccessCheck {
 public:
  AccessCheck(const Definition& definition, const Examined& source)
      : definition_(definition), source_(source) {}

  void check_schemas() {
    for (const std::string& schema : source_.found.hidden_schemas) {
      add(Level::kError, "missing_grant",
          "our role may not look into schema " + schema + ", so its tables are not seen",
          fmt::format("GRANT USAGE ON SCHEMA {} TO {}", quote_identifier(schema), role()));
    }
  }

  void check_table(const TableInfo& table, const TableAccess& access) {
    const auto& hidden = source_.found.hidden_schemas;
    if (std::find(hidden.begin(), hidden.end(), table.name.schema) != hidden.end()) {
      return;  // Nothing below it counts before that is granted.
    }
    check_right(table, access.read, "SELECT", "read", table.may_select, &ColumnInfo::may_select);
    check_right(table, access.insert, "INSERT", "insert into", table.may_insert,
                &ColumnInfo::may_insert);
    check_right(table, access.update, "UPDATE", "update", table.may_update,
                &ColumnInfo::may_update);
  }

  void check_sequences(const TableInspection& table, const TableAccess& access) {
    for (const SequenceInfo& sequence : table.sequences) {
      const bool of_id =
          std::find(access.id.begin(), access.id.end(), sequence.column) != access.id.end();
      const bool brought = of_id ? access.id_is_mapped : access.insert.contains(sequence.column);
      if (sequence.may_use || access.insert.empty() || brought) {
        continue;
      }
      // An identity column takes its own sequence without asking for rights.
      add(sequence.identity ? Level::kWarning : Level::kError, "missing_grant",
          fmt::format("our role may not use sequence {}, which gives {}.{} its values{}",
                      to_string(sequence.name), to_string(table.name), sequence.column,
                      sequence.identity ? ": ids of new rows are not known before they are written"
                                        : ": rows cannot be created"),
          fmt::format("GRANT USAGE ON SEQUENCE {} TO {}", qualified(sequence.name), role()));
    }
  }

  Findings take() { return std::move(findings_); }

 private:
  void add(Level level, std::string code, std::string message, std::string fix) {
    findings_.push_back({level, definition_.sources[source_.index].name, std::move(code),
                         std::move(message), std::move(fix)});
  }
  [[nodiscard]] std::string role() const { return quote_identifier(source_.found.role); }

  void check_right(const TableInfo& table, const std::set<std::string>& wanted,
                   const std::string& right, const std::string& what, bool whole,
                   bool ColumnInfo::*may) {
    std::vector<std::string> missing;
    std::string quoted;
    for (const std::string& name : wanted) {
      const ColumnInfo* column = table.column(name);
      if (column == nullptr || (whole && column->*may)) {
        continue;
      }
      missing.push_back(name);
      quoted += (quoted.empty() ? "" : ", ") + quote_identifier(name);
    }
    if (missing.empty()) {
      return;
    }
    // A row's version is a column, too.
    const bool version = right == "SELECT" && !whole && table.kind != TableInfo::Kind::kView;
    add(Level::kError, "missing_grant",
        fmt::format("our role may not {} {} ({}{})", what, to_string(table.name),
                    fmt::join(missing, ", "), version ? ", xmin" : ""),
        fmt::format("GRANT {} ({}{}) ON {} TO {}", right, quoted, version ? ", xmin" : "",
                    qualified(table.name), role()));
  }

  const Definition& definition_;
  const Examined& source_;
  Findings findings_;
};

}  // namespace

Findings check_access(const Definition& definition, const Examined& source, const Access& access,
                      const std::map<std::pair<std::size_t, TableName>, TableInfo>& tables) {
  AccessCheck check(definition, source);
  check.check_schemas();
  for (const auto& [name, table] : access) {
    const auto described = tables.find(name);
    if (name.first == source.index && described != tables.end()) {
      check.check_table(described->second, table);
    }
  }
  for (const TableInspection& table : source.found.tables) {
    if (const auto found = access.find({source.index, table.name}); found != access.end()) {
      check.check_sequences(table, found->second);
    }
  }
  return check.take();
}

}  // namespace couplet
