#pragma once

#include <string>

#include "engine/model/result.h"

namespace couplet {

// The script that makes a shell complete what the verb table has: verbs, options, files behind
// --config, mappings as the file at hand names them. `shell`: bash, zsh or fish. Errors:
// kInvalidArgument for another.
Result<std::string> completion_script(const std::string& shell);

}  // namespace couplet
