#include "engine/definition/grants.h"

#include <fmt/format.h>

#include <algorithm>

namespace couplet {
namespace {

// As SQL has it, for every name: one that is reserved or holds capitals among them.
std::string sql_name(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) {
    text += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return text + "\"";
}

std::string sql_name(const TableName& name) {
  return name.schema.empty() ? sql_name(name.table)
                             : sql_name(name.schema) + "." + sql_name(name.table);
}

struct Right {
  const char* privilege;
  const char* what;
  bool whole;  // on all columns, as far as each says so itself
  bool ColumnInfo::*column;
};

void add_missing(const TableInfo& table, const std::set<std::string>& wanted, const Right& right,
                 std::vector<MissingRight>& found) {
  std::vector<std::string> names;
  std::vector<std::string> columns;
  for (const std::string& name : wanted) {
    const ColumnInfo* column = table.column(name);
    if (column != nullptr && !(right.whole && column->*right.column)) {
      names.push_back(name);
      columns.push_back(sql_name(name));
    }
  }
  if (names.empty()) {
    return;
  }
  const bool reading = right.column == &ColumnInfo::may_select;
  if (reading && !right.whole && table.kind != TableInfo::Kind::kView) {
    names.emplace_back("xmin");  // A row's version is a column, too.
    columns.emplace_back("xmin");
  }
  const std::string message = fmt::format("our role may not {} {} ({})", right.what,
                                          to_string(table.name), fmt::join(names, ", "));
  if (table.role.empty()) {
    found.push_back({message, ""});
    return;
  }
  found.push_back(
      {message, fmt::format("GRANT {} ({}) ON {} TO {}", right.privilege, fmt::join(columns, ", "),
                            sql_name(table.name), sql_name(table.role))});
}

// An identity column takes its own sequence without asking for rights.
MissingRight missing_sequence(const TableInfo& table, const SequenceInfo& sequence) {
  return {fmt::format("our role may not use sequence {}, which gives {}.{} its values{}",
                      to_string(sequence.name), to_string(table.name), sequence.column,
                      sequence.identity ? ": ids of new rows are not known before they are written"
                                        : ": rows cannot be created"),
          table.role.empty() ? std::string()
                             : fmt::format("GRANT USAGE ON SEQUENCE {} TO {}",
                                           sql_name(sequence.name), sql_name(table.role)),
          !sequence.identity};
}

// What creates bring along themselves, no sequence gives.
bool brought(const TableAccess& access, const std::string& column) {
  const bool of_id = std::find(access.id.begin(), access.id.end(), column) != access.id.end();
  return of_id ? access.id_is_mapped : access.insert.contains(column);
}

}  // namespace

std::vector<MissingRight> missing_rights(const TableInfo& table, const TableAccess& access) {
  std::vector<MissingRight> found;
  add_missing(table, access.read, {"SELECT", "read", table.may_select, &ColumnInfo::may_select},
              found);
  add_missing(table, access.insert,
              {"INSERT", "insert into", table.may_insert, &ColumnInfo::may_insert}, found);
  add_missing(table, access.update, {"UPDATE", "update", table.may_update, &ColumnInfo::may_update},
              found);
  for (const SequenceInfo& sequence : table.sequences) {
    if (!sequence.may_use && !access.insert.empty() && !brought(access, sequence.column)) {
      found.push_back(missing_sequence(table, sequence));
    }
  }
  return found;
}

std::string grant_to_write(const TableInfo& table) {
  return table.role.empty() || table.kind == TableInfo::Kind::kView
             ? std::string()
             : fmt::format("GRANT INSERT, UPDATE ON {} TO {}", sql_name(table.name),
                           sql_name(table.role));
}

MissingRight missing_schema(const std::string& schema, const std::string& role) {
  return {"our role may not look into schema " + schema + ", so its tables are not seen",
          fmt::format("GRANT USAGE ON SCHEMA {} TO {}", sql_name(schema), sql_name(role))};
}

}  // namespace couplet
