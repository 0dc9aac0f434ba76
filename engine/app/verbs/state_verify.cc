#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/admin/link_index.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/definition_file.h"
#include "engine/app/wiring/state_overview.h"
#include "engine/definition/load.h"

namespace couplet {
namespace {

// What is wrong with the state, as sentences. Errors: what keeps us from looking.
Result<std::vector<std::string>> problems_of(const Definition& definition) {
  auto store = open_state_to_read(definition.state);
  if (!store && store.error().kind == ErrorKind::kStateCorrupt) {
    return std::vector<std::string>{store.error().message};
  }
  if (!store) {
    return fail(std::move(store.error()));
  }
  if (!*store) {
    return fail(ErrorKind::kNotFound, "there is no state in " + definition.state.string(),
                "`couplet reconcile` makes one");
  }
  COUPLET_ASSIGN(const std::vector<std::string> problems, (*store)->verify());
  if (!problems.empty()) {
    return problems;
  }
  // Bytes that are as they were written must also mean something, and agree with each other.
  auto overview = overview_of(**store, definition);
  auto index = overview ? verify_link_index(**store)
                        : Result<std::vector<std::string>>(fail(std::move(overview.error())));
  if (index || index.error().kind != ErrorKind::kStateCorrupt) {
    return index;
  }
  return std::vector<std::string>{index.error().message};
}

Result<ExitCode> run_state_verify(const Invocation& invocation, Console& console) {
  LoadOptions options;
  options.resolve_secrets = false;
  const LoadResult loaded = load_definition(invocation.config, options);
  COUPLET_TRY(print_findings(loaded.diagnostics, invocation.config, false, console));
  const std::string folder = loaded.definition->state.string();

  COUPLET_ASSIGN(const auto problems, problems_of(*loaded.definition));
  if (invocation.json) {
    const nlohmann::ordered_json json = {{"ok", problems.empty()}, {"problems", problems}};
    console.data(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else if (problems.empty()) {
    if (!invocation.quiet) {
      console.data("the state in " + folder + " is whole");
    }
  } else {
    for (const std::string& problem : problems) {
      console.data("! " + problem);
    }
    console.talk(
        fmt::format("couplet: the state in {} is damaged\n  restore it from a backup, or "
                    "move it away and run `couplet reconcile --rebuild-state`",
                    folder));
  }
  return problems.empty() ? ExitCode::kDone : ExitCode::kEnvironment;
}

}  // namespace

VerbSpec state_verify_verb() {
  VerbSpec verb;
  verb.name = "state verify";
  verb.summary = "read the whole state back against its checksums";
  verb.doc =
      "Reads every record of the state and reports what is damaged, and which links are not found\n"
      "from both ends. May run beside another couplet; changes nothing. Exits 3 if there is "
      "damage.";
  verb.run = run_state_verify;
  verb.examples = {
      {{"couplet state verify", "is the state whole?"},
       {"couplet state verify --json -c /etc/couplet.yaml", "the same, for a program"}}};
  return verb;
}

}  // namespace couplet
