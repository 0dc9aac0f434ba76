// What our role may do, against what the definition does.
#include "engine/app/doctor/checks.h"
#include "engine/definition/grants.h"

namespace couplet {
namespace {

class AccessCheck {
 public:
  AccessCheck(const Definition& definition, const Examined& source)
      : definition_(definition), source_(source) {}

  void check_schemas() {
    for (const std::string& schema : source_.found.hidden_schemas) {
      add(missing_schema(schema, source_.found.role));
    }
  }

  void check_table(const TableInfo& table, const TableAccess& access) {
    for (MissingRight& missing : missing_rights(table, access)) {
      add(std::move(missing));
    }
  }

  Findings take() { return std::move(findings_); }

 private:
  void add(MissingRight missing) {
    findings_.push_back({missing.needed ? Finding::Level::kError : Finding::Level::kWarning,
                         definition_.sources[source_.index].name, "missing_grant",
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
  return check.take();
}

}  // namespace couplet
