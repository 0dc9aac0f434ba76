#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/definition_file.h"
#include "engine/definition/load.h"

namespace couplet {
namespace {

std::string count(std::size_t number, const char* word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

// REFERENCE section 2, with the keys in its order.
nlohmann::ordered_json in_order(const nlohmann::json& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const nlohmann::json& finding : findings) {
    nlohmann::ordered_json one;
    for (const char* key : {"code", "file", "line", "column", "message", "hint"}) {
      one[key] = finding.at(key);
    }
    list.push_back(std::move(one));
  }
  return list;
}

Result<ExitCode> run_validate(const Invocation& invocation, Console& console) {
  LoadOptions options;
  options.resolve_secrets = !invocation.no_secrets;
  options.file_alone = true;
  const LoadResult loaded = load_definition(invocation.config, options);
  const Diagnostics& found = loaded.diagnostics;
  const ExitCode code = found.has_errors() ? ExitCode::kUsage : ExitCode::kDone;
  if (invocation.json) {
    const nlohmann::json told = found.to_json();
    const nlohmann::ordered_json json = {{"valid", told.at("valid")},
                                         {"errors", in_order(told.at("errors"))},
                                         {"warnings", in_order(told.at("warnings"))}};
    console.data(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return code;
  }
  tell_findings(found, invocation.config, !invocation.quiet, console);
  if (!found.has_errors() && !invocation.quiet) {
    const std::string warnings =
        found.warnings() == 0 ? "" : ", " + count(found.warnings(), "warning");
    const Definition& definition = *loaded.definition;
    console.data(fmt::format(
        "{} is valid: {}, {}, {}{}", invocation.config, count(definition.sources.size(), "source"),
        definition.entities.size() == 1 ? "1 entity"
                                        : fmt::format("{} entities", definition.entities.size()),
        count(definition.mappings.size(), "mapping"), warnings));
  }
  return code;
}

}  // namespace

VerbSpec validate_verb() {
  VerbSpec verb;
  verb.name = "validate";
  verb.summary = "check couplet.yaml, offline";
  verb.doc =
      "Reads the file and reports every error in it at once. No database is asked: what the file\n"
      "says of tables and columns is checked by `plan`.";
  verb.run = run_validate;
  verb.flags = {{"--no-secrets", &Invocation::no_secrets,
                 "Leave references to secrets alone: for a check before deployment."}};
  verb.examples = {{{"couplet validate", "check ./couplet.yaml"},
                    {"couplet validate -c deploy/couplet.yaml --no-secrets --json",
                     "in a pipeline that has no secrets"}}};
  return verb;
}

}  // namespace couplet
