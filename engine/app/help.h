#pragma once

#include <string>

#include "engine/app/verb.h"

namespace couplet {

// The text of `couplet --help`, and of `couplet VERB --help`.
std::string help_text();
std::string help_text(const VerbSpec& verb);

}  // namespace couplet
