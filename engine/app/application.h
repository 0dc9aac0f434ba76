#pragma once

#include <span>
#include <string>

namespace couplet {

// The whole program, from the words after its name to its exit code.
int run_application(std::span<const std::string> words);

}  // namespace couplet
