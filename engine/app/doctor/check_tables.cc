// Tables as they are: indexes, triggers, hidden rows.
#include <fmt/format.h>

#include <algorithm>

#include "connectors/postgres/sql_text.h"
#include "engine/app/doctor/checks.h"

namespace couplet {
namespace {

using Level = Finding::Level;
using postgres::qualified;
using postgres::quote_identifier;

constexpr std::uint64_t kSmallTable = 10'000;  // rows: reading it whole costs next to nothing

// What is searched by, as an index has to have it.
std::string indexed_by(const Search& search) {
  std::string list;
  for (const std::string& column : search.columns) {
    const std::string name = quote_identifier(column);
    list += (list.empty() ? "" : ", ") +
            (search.trimmed.contains(column) ? "rtrim(" + name + ", ' ')" : name);
  }
  return list;
}

// An index serves if the columns are its first ones, in any order, or if it finds one row at most
// by some of them; each in the form that it is searched in.
bool serves(const IndexInfo& index, const Search& search) {
  const std::set<std::string>& columns = search.columns;
  const auto wanted = [&](const std::string& column) {
    return columns.contains(column) &&
           search.trimmed.contains(column) == index.trimmed.contains(column);
  };
  if (index.unique && std::all_of(index.columns.begin(), index.columns.end(), wanted)) {
    return true;
  }
  return index.columns.size() >= columns.size() &&
         std::all_of(index.columns.begin(),
                     index.columns.begin() + static_cast<std::ptrdiff_t>(columns.size()), wanted);
}

class TableCheck {
 public:
  TableCheck(const Definition& definition, const Examined& source, const TableInspection& table,
             const TableAccess& access, Findings& findings)
      : definition_(definition),
        source_(source),
        table_(table),
        access_(access),
        findings_(findings) {}

  void check() {
    check_indexes();
    if (table_.rows_hidden) {
      add(Level::kWarning, "row_security",
          "policies of " + name() +
              " may hide rows from our role: a hidden row looks as if it were not there, so that "
              "no delete there is believed without an event, and what has no counterpart there is "
              "held, not created, unless a unique key within its identity key refuses a second one",
          fmt::format("CREATE POLICY {0} ON {1} TO {0} USING (true) WITH CHECK (true)",
                      quote_identifier(source_.found.role), qualified(table_.name)));
    }
    const bool written = !access_.update.empty() || !access_.insert.empty();
    if (written && !table_.triggers.empty()) {
      add(Level::kNote, "triggers",
          fmt::format(
              "{} has triggers ({}): what they make of a value that is written is taken as "
              "the target's form of it; what they change besides counts as any change there, "
              "and is copied back where the attribute goes both ways",
              name(), fmt::join(table_.triggers, ", ")),
          "");
    }
    if (!access_.id.empty() && access_.times_decide && !access_.has_change_time) {
      add(Level::kNote, "no_change_time",
          name() +
              " has no `updated_at` in the file: where both sides changed, `tie` decides, not the "
              "newer change",
          "entities: { …: { updated_at: COLUMN } }, or conflict: left_wins, right_wins or hold");
    }
  }

 private:
  void add(Level level, std::string code, std::string message, std::string fix) {
    findings_.push_back({level, definition_.sources[source_.index].name, std::move(code),
                         std::move(message), std::move(fix)});
  }
  [[nodiscard]] std::string name() const { return to_string(table_.name); }

  void check_indexes() {
    for (const Search& search : access_.searches) {
      if (std::any_of(table_.indexes.begin(), table_.indexes.end(),
                      [&](const IndexInfo& index) { return serves(index, search); })) {
        continue;
      }
      const bool small = table_.row_count && *table_.row_count < kSmallTable;
      add(small ? Level::kNote : Level::kWarning, "missing_index",
          fmt::format("no index of {} serves a search by {} ({}){}", name(),
                      fmt::join(search.columns, ", "), search.why,
                      search.trimmed.empty()
                          ? ""
                          : fmt::format(": {} is compared without its blanks at the end, as the "
                                        "other side's char(n) is",
                                        fmt::join(search.trimmed, ", "))),
          fmt::format("CREATE INDEX ON {} ({})", qualified(table_.name), indexed_by(search)));
    }
  }

  const Definition& definition_;
  const Examined& source_;
  const TableInspection& table_;
  const TableAccess& access_;
  Findings& findings_;
};

}  // namespace

Findings check_tables(const Definition& definition, const Examined& source, const Access& access) {
  Findings findings;
  for (const TableInspection& table : source.found.tables) {
    if (const auto found = access.find({source.index, table.name}); found != access.end()) {
      TableCheck(definition, source, table, found->second, findings).check();
    }
  }
  return findings;
}

}  // namespace couplet
