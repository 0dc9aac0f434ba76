#include "engine/app/wiring/set_up_streams.h"

#include <algorithm>
#include <utility>

#include "engine/app/doctor/checks.h"
#include "engine/definition/stream_needs.h"
#include "engine/definition/suggestion.h"

namespace couplet {
namespace {

std::string why_idle(const SourceDefinition& source) {
  return source.stream().value_or(true) ? "no mapping reads from it" : "`stream` is false";
}

const char* shell_of(SourceType type) { return type == SourceType::kPostgres ? "psql" : "sqlite3"; }

// Our role's rights, as `doctor` tells them.
Result<void> look_at_rights(const Definition& definition, Source& source, const Access& access,
                            const DescribedTables& tables, StreamSource& found) {
  std::vector<TableName> names;
  for (const auto& [name, table] : access) {
    if (name.first == found.index) {
      names.push_back(name.second);
    }
  }
  Examined examined;
  examined.index = found.index;
  COUPLET_ASSIGN(examined.found, source.inspect(names));
  found.database = examined.found.database;
  for (Finding& finding : check_access(definition, examined, access, tables)) {
    if (!finding.fix.empty()) {
      found.grants.push_back({std::move(finding.message), std::move(finding.fix)});
    }
  }
  if (is_written(examined, access) && !examined.found.forbidden_functions.empty()) {
    found.grants.push_back({"our role may not make marks, by which a crash is told what it left",
                            grant_of_marks(examined.found)});
  }
  return {};
}

}  // namespace

const StreamProblem* StreamSource::blocker() const {
  const auto found = std::find_if(plan.problems.begin(), plan.problems.end(),
                                  [](const StreamProblem& problem) { return problem.blocks; });
  return found == plan.problems.end() ? nullptr : &*found;
}

Result<std::vector<std::size_t>> chosen_sources(const Definition& definition,
                                                std::span<const std::string> names) {
  std::vector<std::size_t> chosen;
  std::vector<std::string> known;
  for (std::size_t i = 0; i < definition.sources.size(); ++i) {
    const std::string& name = definition.sources[i].name;
    known.push_back(name);
    if (names.empty() || std::find(names.begin(), names.end(), name) != names.end()) {
      chosen.push_back(i);
    }
  }
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string hint = did_you_mean(name, known);
      if (hint.empty()) {
        for (const std::string& other : known) {
          hint += (hint.empty() ? "sources: " : ", ") + other;
        }
      }
      return fail(Error{ErrorKind::kInvalidArgument,
                        "there is no source \"" + name + "\"",
                        std::move(hint),
                        {},
                        "unknown_source",
                        {}});
    }
  }
  return chosen;
}

Result<std::vector<StreamSource>> plan_setups(const Definition& definition,
                                              const std::vector<std::unique_ptr<Source>>& sources,
                                              const BindResult& bound,
                                              const DescribedTables& tables,
                                              std::span<const std::size_t> chosen) {
  std::vector<StreamSource> found;
  for (const std::size_t index : chosen) {
    StreamSource one;
    one.index = index;
    one.name = definition.sources[index].name;
    one.type = definition.sources[index].type;
    const StreamNeeds needs = stream_needs(definition, *bound.definition, index);
    one.setup = make_stream_setup(definition, index);
    if (needs.tables.empty()) {
      one.idle = why_idle(definition.sources[index]);
    }
    COUPLET_ASSIGN(one.identity, sources[index]->identity());
    if (one.type == SourceType::kPostgres) {
      COUPLET_TRY(look_at_rights(definition, *sources[index], bound.access, tables, one));
    } else {
      one.database = definition.sources[index].sqlite.path.string();
    }
    COUPLET_ASSIGN(one.plan, one.setup->plan_setup(needs));
    one.done.resize(one.plan.steps.size());
    found.push_back(std::move(one));
  }
  return found;
}

Result<std::vector<StreamSource>> plan_teardowns(
    const Definition& definition, const std::vector<std::unique_ptr<Source>>& sources,
    std::span<const std::size_t> chosen) {
  std::vector<StreamSource> found;
  for (const std::size_t index : chosen) {
    StreamSource one;
    one.index = index;
    one.name = definition.sources[index].name;
    one.type = definition.sources[index].type;
    one.setup = make_stream_setup(definition, index);
    COUPLET_ASSIGN(one.identity, sources[index]->identity());
    if (one.type == SourceType::kPostgres) {
      COUPLET_ASSIGN(const Inspection inspection, sources[index]->inspect({}));
      one.database = inspection.database;
    } else {
      one.database = definition.sources[index].sqlite.path.string();
    }
    COUPLET_ASSIGN(one.plan, one.setup->plan_teardown(
                                 stream_names(definition.name, definition.sources[index])));
    one.done.resize(one.plan.steps.size());
    found.push_back(std::move(one));
  }
  return found;
}

void carry_out(StreamSource& source, bool going,
               const std::function<void(const SetupStep&)>& before) {
  if (const StreamProblem* blocker = source.blocker()) {
    const bool role =
        blocker->kind == StreamProblem::Kind::kOwner || blocker->kind == StreamProblem::Kind::kRole;
    source.error = Error{role ? ErrorKind::kPrivilege : ErrorKind::kUnavailable,
                         "source " + source.name + ": " + blocker->message,
                         blocker->fix,
                         {},
                         role ? "privilege" : "stream_blocked",
                         {}};
    return;
  }
  for (std::size_t i = 0; i < source.plan.steps.size(); ++i) {
    const SetupStep& step = source.plan.steps[i];
    before(step);
    const Result<void> carried = source.setup->carry_out(step);
    source.done[i] = carried.has_value();
    if (carried) {
      continue;
    }
    if (!source.error) {
      source.error = carried.error();
      if (carried.error().kind == ErrorKind::kPrivilege && source.error->hint.empty()) {
        source.error->hint = std::string("couplet ") + (going ? "teardown" : "setup") +
                             " --dry-run " + source.name + " | " + shell_of(source.type) +
                             " …, as who may";
      }
    }
    if (!going || step.part == SetupStep::Part::kSlot ||
        carried.error().kind != ErrorKind::kPrivilege) {
      return;
    }
  }
}

}  // namespace couplet
