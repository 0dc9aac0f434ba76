#include "engine/app/output/setup_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectors/postgres/sql_text.h"
#include "engine/app/output/json_parts.h"
#include "engine/app/output/printable.h"
#include "engine/definition/secret.h"

namespace couplet {
namespace {

using postgres::quote_identifier;
using postgres::quote_literal;

// Names may hold line feeds, which would end a comment.
std::string comment(const std::string& text) { return "-- " + mask(printable(text)) + "\n"; }

const char* name_of(SetupStep::Part part) {
  switch (part) {
    case SetupStep::Part::kPublication:
      return "publication";
    case SetupStep::Part::kSlot:
      return "slot";
    case SetupStep::Part::kMark:
      return "origin";
    case SetupStep::Part::kLog:
      return "log";
    case SetupStep::Part::kTrigger:
      return "trigger";
  }
  return "";
}

// A database of the same name on another server must not get what is meant for this one.
std::string guard(const StreamSource& source) {
  return fmt::format(
      "DO $couplet$ BEGIN IF NOT EXISTS (SELECT FROM pg_control_system(), pg_database d WHERE "
      "d.datname = current_database() AND 'postgres:' || system_identifier || '/' || d.oid = {}) "
      "THEN RAISE EXCEPTION 'this is not the database of source {}'; END IF; END $couplet$;\n",
      quote_literal(source.identity), source.name);
}

std::string problem_text(const StreamProblem& problem) {
  std::string text = comment(problem.message);
  if (problem.is_sql && !problem.fix.empty() && problem.blocks) {
    return text + problem.fix + ";\n" +
           (problem.restarts ? comment("then restart the server") : std::string());
  }
  return problem.fix.empty() ? text : text + comment("  " + problem.fix);
}

}  // namespace

std::string step_text(const SetupStep& step) { return comment(step.why) + step.sql + ";"; }

std::string notes_text(const StreamSource& source) {
  std::string text;
  for (const StreamProblem& problem : source.plan.problems) {
    text += problem_text(problem);
  }
  return text;
}

bool for_psql(std::span<const StreamSource> sources) {
  return std::any_of(sources.begin(), sources.end(), [](const StreamSource& source) {
    return source.type == SourceType::kPostgres;
  });
}

std::string script_head(std::span<const StreamSource> sources) {
  return for_psql(sources) ? "\\set ON_ERROR_STOP on" : ".bail on";
}

std::string script_text(const StreamSource& source, bool psql) {
  const bool undone = std::find(source.done.begin(), source.done.end(), false) != source.done.end();
  std::string text;
  if (!undone && source.grants.empty()) {
    text =
        comment(source.name + (source.blocker() != nullptr ? ": in the way" : ": nothing to do") +
                (source.idle.empty() ? "" : ", as " + source.idle));
    for (const StreamProblem& problem : source.plan.problems) {
      if (problem.kind != StreamProblem::Kind::kLogUnbounded) {  // It was told with the slot.
        text += problem_text(problem);
      }
    }
    return text;
  }
  if (source.type == SourceType::kSqlite) {
    text = comment(source.name + ": the file " + source.database);
    if (psql) {
      return text +
             comment("is not for psql: `couplet setup` or `couplet teardown` with --dry-run " +
                     source.name + " prints what is for sqlite3");
    }
  } else {
    text = comment(source.name) + "\\connect " + quote_identifier(source.database) + "\n" +
           guard(source);
  }
  for (const LackingGrant& grant : source.grants) {
    text += comment(grant.message) + grant.sql + ";\n";
  }
  bool restarts = false;
  for (const StreamProblem& problem : source.plan.problems) {
    // Who runs the script may do what our role may not.
    if (problem.kind != StreamProblem::Kind::kOwner) {
      text += problem_text(problem);
      restarts = restarts || (problem.blocks && problem.restarts);
    }
  }
  for (std::size_t i = 0; i < source.plan.steps.size(); ++i) {
    const SetupStep& step = source.plan.steps[i];
    if (source.done[i]) {
      continue;
    }
    if (restarts && step.part == SetupStep::Part::kSlot) {
      text += comment(step.why + "; after the restart:") + comment("  " + step.sql + ";");
    } else {
      text += step_text(step) + "\n";
    }
  }
  return text;
}

std::size_t steps_of(const std::vector<StreamSource>& sources) {
  std::size_t steps = 0;
  for (const StreamSource& source : sources) {
    steps += source.plan.steps.size();
  }
  return steps;
}

std::size_t done_of(const std::vector<StreamSource>& sources) {
  std::size_t done = 0;
  for (const StreamSource& source : sources) {
    done += static_cast<std::size_t>(std::count(source.done.begin(), source.done.end(), true));
  }
  return done;
}

Json setup_json(const std::vector<StreamSource>& sources, const std::string& left) {
  Json all = Json::object();
  for (const StreamSource& source : sources) {
    Json steps = Json::array();
    for (std::size_t i = 0; i < source.plan.steps.size(); ++i) {
      const SetupStep& step = source.plan.steps[i];
      steps.push_back({{"part", name_of(step.part)},
                       {"why", step.why},
                       {"sql", step.sql},
                       {"done", static_cast<bool>(source.done[i])}});
    }
    Json problems = Json::array();
    for (const StreamProblem& problem : source.plan.problems) {
      problems.push_back({{"message", problem.message},
                          {"fix", name_or_null(problem.fix)},
                          {"blocks", problem.blocks}});
    }
    Json grants = Json::array();
    for (const LackingGrant& grant : source.grants) {
      grants.push_back({{"message", grant.message}, {"sql", grant.sql}});
    }
    all[source.name] = {{"idle", name_or_null(source.idle)},
                        {"steps", std::move(steps)},
                        {"problems", std::move(problems)},
                        {"grants", std::move(grants)}};
  }
  return {{"sources", std::move(all)}, {"left", name_or_null(left)}};
}

}  // namespace couplet
