#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/app/verbs/verbs.h"
#include "engine/app/version.h"
#include "engine/sync/state.h"

namespace couplet {

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

}  // namespace couplet
