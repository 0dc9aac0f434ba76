#pragma once

#include <string>
#include <string_view>

#include "engine/sync/report.h"

namespace couplet {

// Whether the values of rows may be shown: only by verbs whose purpose it is.
enum class Values { kHidden, kShown };

// One operation as one line:
//   ~ provider  daphne.VlanServiceProvider/2 → desire.CloudServiceProvider/2  matched: name
std::string operation_line(const OperationReport& report, std::string_view mapping, Values values,
                           bool colors);

// Why an object is parked; before it the attributes that it does not name itself.
std::string parked_reason(const std::vector<std::string>& refused, const std::string& reason);

// The last line of a run, for people.
//   3 operations: 1 create, 2 link. 1 deferred. 12 objects in 2 rounds, 0.4 s. Converged.
std::string summary_line(const Summary& summary, bool dry_run);

}  // namespace couplet
