#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/app/output/json_parts.h"
#include "engine/app/output/setup_output.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/definition_file.h"
#include "engine/app/wiring/set_up_streams.h"
#include "engine/app/wiring/state_overview.h"

namespace couplet {
namespace {

// Marks tell which of the writes that a crash cut off were committed: while somebody has to know,
// they stay.
Result<void> check_intents(const Definition& definition) {
  COUPLET_ASSIGN(const auto store, open_state_to_read(definition.state));
  if (!store) {
    return {};
  }
  COUPLET_ASSIGN(const StateOverview overview, overview_of(*store, definition));
  if (overview.intents == 0) {
    return {};
  }
  return fail(Error{
      ErrorKind::kStateInUse,
      fmt::format("the state in {} has {} write{} whose end is not recorded yet, and "
                  "the marks tell it",
                  definition.state.string(), overview.intents, overview.intents == 1 ? "" : "s"),
      "if a run is going on, stop it; else `couplet reconcile` records it",
      {},
      "writes_open",
      {}});
}

Result<ExitCode> run_teardown(const Invocation& invocation, Console& console) {
  COUPLET_ASSIGN(const Definition definition,
                 load_definition_file(invocation.config, false, console));
  COUPLET_ASSIGN(const std::vector<std::size_t> chosen,
                 chosen_sources(definition, invocation.words));
  COUPLET_TRY(check_intents(definition));
  const auto sources = make_sources(definition);
  COUPLET_ASSIGN(std::vector<StreamSource> found, plan_teardowns(definition, sources, chosen));

  const bool told = !invocation.json && !invocation.quiet;
  std::vector<Error> errors;
  if (invocation.dry_run && told) {
    console.data(script_head(found));
  }
  for (StreamSource& source : found) {
    if (!invocation.dry_run) {
      carry_out(source, true, [&](const SetupStep& step) {
        if (told) {
          console.data(step_text(step));
          console.flush();
        }
      });
    }
    if (told && (invocation.dry_run || source.error || source.plan.steps.empty())) {
      if (source.error) {
        console.data(fmt::format("-- {}: what is left, for who may do it:", source.name));
        console.data(script_head({&source, 1}));
      }
      const bool psql = invocation.dry_run ? for_psql(found) : source.type == SourceType::kPostgres;
      std::string text = script_text(source, psql);
      text.pop_back();
      console.data(text);
    }
    if (source.error) {
      errors.push_back(*source.error);
    }
  }
  std::error_code ignored;
  const bool state = std::filesystem::exists(definition.state, ignored);
  if (invocation.json) {
    console.data(dump(setup_json(found, state ? definition.state.string() : "")));
  } else {
    console.data(steps_of(found) == 0 ? "-- there is nothing to take away"
                 : invocation.dry_run
                     ? fmt::format("-- statements to run: {}", steps_of(found))
                     : fmt::format("-- statements run: {} of {}", done_of(found), steps_of(found)));
    if (state && told) {
      console.data("-- left, with all links: the state folder " + definition.state.string());
    }
  }
  for (std::size_t i = 0; i + 1 < errors.size(); ++i) {
    console.talk("couplet: " + errors[i].message + "\n  " + errors[i].hint);
  }
  if (!errors.empty()) {
    return fail(errors.back());
  }
  return ExitCode::kDone;
}

}  // namespace

VerbSpec teardown_verb() {
  VerbSpec verb;
  verb.name = "teardown";
  verb.summary = "take away what setup and runs have made in the databases";
  verb.doc =
      "Prints and runs what takes away slot, publication and replication origins of this file's\n"
      "name, in this order; of a SQLite file its triggers and change log. A slot that is being\n"
      "read is left, with the name of who reads it. The state's folder stays; links are in it.\n"
      "Run again it does nothing. Do it before a deployment is given up: a slot that nobody\n"
      "reads holds the server's log back until its disk is full.";
  verb.run = run_teardown;
  verb.words = "[SOURCE...]";
  verb.words_most = kAnyNumber;
  verb.flags = {{"--dry-run", &Invocation::dry_run,
                 "Change nothing: print it all as a script for psql, or sqlite3."}};
  verb.examples = {{{"couplet teardown --dry-run", "what would go?"},
                    {"couplet teardown crm", "of one source"}}};
  return verb;
}

}  // namespace couplet
