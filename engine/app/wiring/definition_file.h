#pragma once

#include <filesystem>

#include "engine/app/output/console.h"
#include "engine/definition/definition.h"
#include "engine/definition/diagnostic.h"
#include "engine/model/result.h"

namespace couplet {

// The code of the error that stands for findings which were printed already.
inline constexpr const char* kInvalidDefinition = "invalid_definition";

// Prints what was found, errors first and their number last; `warnings`: those too.
void tell_findings(const Diagnostics& found, const std::filesystem::path& file, bool warnings,
                   Console& console);

// The same. An error (kInvalidArgument, kInvalidDefinition) if there are
// errors among it.
Result<void> print_findings(const Diagnostics& found, const std::filesystem::path& file,
                            bool warnings, Console& console);

// The definition in `file`, secrets resolved. `warnings`: print those too.
Result<Definition> load_definition_file(const std::filesystem::path& file, bool warnings,
                                        Console& console);

}  // namespace couplet
