#include <nlohmann/json.hpp>

#include "engine/admin/control_socket.h"
#include "engine/app/output/live_status.h"
#include "engine/app/output/status_report.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/definition_file.h"
#include "engine/app/wiring/state_overview.h"
#include "engine/definition/load.h"

namespace couplet {
namespace {

// Of a `couplet run`, which answers at once.
constexpr std::chrono::seconds kPatience{2};

Result<ExitCode> run_status(const Invocation& invocation, Console& console) {
  // The databases are not asked, so nobody needs their passwords.
  LoadOptions options;
  options.resolve_secrets = false;
  const LoadResult loaded = load_definition(invocation.config, options);
  COUPLET_TRY(print_findings(loaded.diagnostics, invocation.config, false, console));

  // First: what it says of itself is then no newer than what the state says.
  const auto told = ask_who_has(loaded.definition->state, kPatience);
  COUPLET_ASSIGN(const auto store, open_state_to_read(loaded.definition->state));
  std::optional<StateOverview> overview;
  if (store) {
    COUPLET_ASSIGN(overview, overview_of(*store, *loaded.definition));
  }
  const StatusReport report(*loaded.definition, std::move(overview),
                            told ? LiveStatus::parse(*told) : std::nullopt);
  std::string text =
      invocation.json
          ? report.json().dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
          : report.text(invocation.quiet);
  if (text.ends_with('\n')) {
    text.pop_back();
  }
  console.data(text);
  return invocation.check && !report.healthy() ? ExitCode::kFinding : ExitCode::kDone;
}

}  // namespace

VerbSpec status_verb() {
  VerbSpec verb;
  verb.name = "status";
  verb.summary = "tell how things stand";
  verb.doc =
      "Reads the state, and asks the `couplet run` that has it, if one does; no database: links\n"
      "and worklists of each mapping, the last reconcile, whether sources are followed, and what\n"
      "is wrong, worst first; also that the last run failed, if only because a source was down.";
  verb.run = run_status;
  verb.flags = {{"--check", &Invocation::check, "Exit 4 if unhealthy."}};
  verb.examples = {
      {{"couplet status", "how do things stand?"},
       {"couplet status --check -q", "for a monitor: exit 4 and the problems if unhealthy"}}};
  return verb;
}

}  // namespace couplet
