#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/app/verbs/verbs.h"
#include "engine/app/version.h"
#include "engine/sync/state.h"

namespace couplet {
namespace {

Result<ExitCode> run_version(const Invocation& invocation, Console& console) {
  if (invocation.json) {
    const nlohmann::ordered_json json = {
        {"version", kVersion}, {"commit", commit()}, {"state_format", State::kFormatVersion}};
    console.data(json.dump());
  } else if (invocation.quiet) {
    console.data(kVersion);
  } else {
    console.data(
        fmt::format("couplet {} ({}), state format {}", kVersion, commit(), State::kFormatVersion));
  }
  return ExitCode::kDone;
}

}  // namespace

VerbSpec version_verb() {
  VerbSpec verb;
  verb.name = "version";
  verb.summary = "print the version";
  verb.doc =
      "Prints the version, the commit it was built from and the format of the state it writes.";
  verb.run = run_version;
  verb.takes_config = false;
  verb.examples = {{{"couplet version", "for people"}, {"couplet version --json", "for programs"}}};
  return verb;
}

}  // namespace couplet
