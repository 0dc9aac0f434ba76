#pragma once

#include <string>
#include <vector>

#include "engine/sync/explainer.h"

namespace couplet {

// A mapping as its file has it.
struct MappingShown {
  std::string name;
  bool turned = false;  // the file's left is the engine's right
};

// `mappings` by index. Row values are shown: that is what an explanation is for.
std::string explanation_text(const Explanation& explanation,
                             const std::vector<MappingShown>& mappings);
// The object of docs/reference/verbs.md, "JSON".
std::string explanation_json(const Explanation& explanation,
                             const std::vector<MappingShown>& mappings);

}  // namespace couplet
