#pragma once

#include <string>

#include "engine/model/result.h"

namespace couplet {

// What the process tells its caller (DESIGN section 4).
enum class ExitCode : int {
  kDone = 0,
  kFailed = 1,       // Did not converge, was interrupted, or ended on an error of none below.
  kUsage = 2,        // The command line or couplet.yaml is wrong.
  kEnvironment = 3,  // Database, disk or state.
  kFinding = 4,      // Only with --exit-code or --check.
};

ExitCode exit_code_of(ErrorKind kind);

// The error's name for programs: its own short identifier, else one made from its kind. Never an
// SQLSTATE: those belong to one kind of source.
std::string code_of(const Error& error);

}  // namespace couplet
