#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/app/doctor/finding.h"
#include "engine/definition/access.h"
#include "engine/definition/bound.h"
#include "engine/definition/definition.h"
#include "engine/ports/inspection.h"
#include "engine/ports/stream_setup.h"

// What `doctor` looks at. Each check turns facts into findings and asks nobody, so that it can be
// tested without a server; only the state's folder is looked into. Fixes in SQL quote every name.
namespace couplet {

// A source that answered, and when it was asked.
struct Examined {
  std::size_t index = 0;  // into Definition::sources
  Inspection found;
  Timestamp before;  // our clock
  Timestamp after;
};

// Whether the definition writes there.
bool is_written(const Examined& source, const Access& access);
// What lets our role make marks there.
std::string grant_of_marks(const Inspection& found);

// Version, role, encoding, settings. `access` is empty where the file could not be bound.
Findings check_server(const Definition& definition, const Examined& source, const Access& access);
// Whether a state that is lost would be seen as that.
Findings check_marks(const Definition& definition, const std::vector<Examined>& sources,
                     const Access& access);
// Clocks of the sources against ours and against each other.
Findings check_clocks(const Definition& definition, const std::vector<Examined>& sources);
// What our role may not do and has to. `tables`: as the source described them to our role.
Findings check_access(const Definition& definition, const Examined& source, const Access& access,
                      const std::map<std::pair<std::size_t, TableName>, TableInfo>& tables);
// Identity keys that a source compares more loosely than Couplet does.
Findings check_keys(const Definition& definition, const Examined& source, const Access& access,
                    const std::map<std::pair<std::size_t, TableName>, TableInfo>& tables);
// Indexes, triggers, hidden rows.
Findings check_tables(const Definition& definition, const Examined& source, const Access& access);
// What a change stream lacks there. Notes as long as nothing is set up for one: reconcile does
// without. `source`: index into Definition::sources.
Findings check_stream(const Definition& definition, std::size_t source, const StreamPlan& plan);
// The state's folder: whose it is, whether it can be written, space, format.
Findings check_state(const Definition& definition);
// Whether the state belongs to these databases. `identities` in the order of the sources.
Findings check_state_owner(const Definition& definition, const BoundDefinition& bound,
                           std::span<const std::string> identities, bool marks_exist);

}  // namespace couplet
