#pragma once

#include <string>
#include <vector>

#include "engine/sync/explainer.h"

namespace couplet {

// `mappings`: their names, by index. Row values are shown: that is what an explanation is for.
std::string explanation_text(const Explanation& explanation,
                             const std::vector<std::string>& mappings);
// The object of docs/reference/verbs.md, "JSON".
std::string explanation_json(const Explanation& explanation,
                             const std::vector<std::string>& mappings);

}  // namespace couplet
