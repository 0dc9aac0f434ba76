// What our role may do, against what the definition does.
#include <algorithm>

#include "engine/app/doctor/checks.h"
#include "engine/definition/grants.h"

namespace couplet {
namespace {

using Level = Finding::Level;

class AccessCheck {
 public:
  AccessCheck(const Definition& definition, const Examined& source)
      : definition_(definition), source_(source) {}

  void check_schemas() {
    for (const std::string& schema : source_.found.hidden_schemas) {
      add(Level::kError, missing_schema(schema, source_.found.role));
    }
  }

  void check_table(const TableInfo& table, const TableAccess& access) {
    for (MissingRight& missing : missing_rights(table, access)) {
      add(Level::kError, std::move(missing));
    }
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
      add(sequence.identity ? Level::kWarning : Level::kError,
          missing_sequence(sequence.name, table.name, sequence.column, sequence.identity,
                           source_.found.role));
    }
  }

  Findings take() { return std::move(findings_); }

 private:
  void add(Level level, MissingRight missing) {
    findings_.push_back({level, definition_.sources[source_.index].name, "missing_grant",
                         std::move(missing.message), std::move(missing.grant)});
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
