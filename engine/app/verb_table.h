#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/app/verb.h"

namespace couplet {

// The one table of what the command line takes, in the order of the help.
std::span<const VerbSpec> verbs();
std::span<const FlagSpec> common_flags();
// The verb's options that have a value, --config among them where it takes one.
std::vector<OptionSpec> valued_options(const VerbSpec& verb);

// Verbs of a later version: refused as such, and known to suggestions.
std::span<const std::string_view> later_verbs();

}  // namespace couplet
