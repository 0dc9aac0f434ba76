#pragma once

#include <span>
#include <string>
#include <variant>

#include "engine/app/verb.h"
#include "engine/model/result.h"

namespace couplet {

struct HelpRequest {
  std::string text;
  bool asked = true;  // False: no verb was given, which is an error that help answers best.
};

// Reads the words after the program's name. Errors: kInvalidArgument (code "usage") with the
// nearest right word as the hint; kUnsupported for verbs of a later version.
Result<std::variant<Invocation, HelpRequest>> parse_command_line(
    std::span<const std::string> words);

// Whether --json stands anywhere in it: an error is then told in JSON too, even one of the command
// line itself.
bool asks_for_json(std::span<const std::string> words);

}  // namespace couplet
