// Identity keys whose values that differ are one to their source.
#include <fmt/format.h>

#include "connectors/postgres/sql_text.h"
#include "engine/app/doctor/checks.h"

namespace couplet {
namespace {

using postgres::qualified;
using postgres::quote_identifier;

// What makes the source tell apart what Couplet tells apart. SQLite cannot change a column's
// collation: the values have to be of one form.
std::string fix_of(const SourceDefinition& source, const TableInfo& table,
                   const ColumnInfo& column) {
  constexpr std::string_view kIndex = " of unique index ";
  if (const std::size_t at = column.equated_by.find(kIndex); at != std::string::npos) {
    return "make index " + column.equated_by.substr(at + kIndex.size()) +
           " anew, over the column without another collation";
  }
  const std::string name = quote_identifier(column.name);
  if (source.type == SourceType::kPostgres) {
    const bool type = column.equated_by.starts_with("type ");
    return fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {}", qualified(table.name), name,
                       type ? "text" : column.type_name + " COLLATE \"C\"");
  }
  return fmt::format("UPDATE {0} SET {1} = {2}({1}) WHERE {1} COLLATE BINARY <> {2}({1})",
                     quote_identifier(table.name.table), name,
                     column.equated_by == "collation RTRIM" ? "rtrim" : "lower");
}

}  // namespace

Findings check_keys(const Definition& definition, const Examined& source, const Access& access,
                    const std::map<std::pair<std::size_t, TableName>, TableInfo>& tables) {
  Findings findings;
  const SourceDefinition& examined = definition.sources[source.index];
  for (const auto& [name, table] : access) {
    const auto described = tables.find(name);
    if (name.first != source.index || described == tables.end()) {
      continue;
    }
    for (const auto& [key, mapping] : table.keys) {
      const ColumnInfo* column = described->second.column(key);
      if (column == nullptr || column->equated_by.empty()) {
        continue;
      }
      findings.push_back(
          {Finding::Level::kWarning, examined.name, "loose_key",
           fmt::format(
               "{}.{}, an identity key of mapping {}, is compared there by {}: what differs "
               "to Couplet, which compares code points (\"Ab\" and \"ab\"), may be one "
               "there; then no counterpart is found, and the create is refused and parked{}",
               to_string(described->second.name), key, mapping, column->equated_by,
               examined.type == SourceType::kSqlite
                   ? ". This is told as long as the column has the collation; once all of its "
                     "values have one form, on both sides, nothing is in the way"
                   : ""),
           fix_of(examined, described->second, *column)});
    }
  }
  return findings;
}

}  // namespace couplet
