#pragma once

#include <string>
#include <string_view>

#include "engine/model/result.h"
#include "engine/sync/report.h"

// JSON Lines, each without its line feed, as DESIGN section 4 and REFERENCE section 2 have them.
namespace couplet {

std::string operation_json(const OperationReport& report, std::string_view mapping);
std::string summary_json(const Summary& summary);
std::string error_json(const Error& error);

}  // namespace couplet
