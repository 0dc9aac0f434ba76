#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/definition/bind.h"
#include "engine/definition/definition.h"
#include "engine/model/result.h"
#include "engine/ports/source.h"

namespace couplet {

// The definition's sources, in its order. Nothing is connected yet.
std::vector<std::unique_ptr<Source>> make_sources(const Definition& definition);

// Connects to each and asks which database it is.
Result<std::vector<std::string>> identify(const std::vector<std::unique_ptr<Source>>& sources);

// Binds the definition to what the sources say of their tables, SQL conditions included. Errors:
// the sources'; what is wrong with the file is in the diagnostics.
Result<BindResult> bind_to_sources(const Definition& definition,
                                   const std::vector<std::unique_ptr<Source>>& sources);

}  // namespace couplet
