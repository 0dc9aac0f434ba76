#pragma once

#include <string_view>

#include "engine/model/result.h"

namespace couplet {

// What happens with an error of a source or the state (DESIGN section 10). The one place that says.
enum class FailureAction {
  kRetry,        // Nothing is wrong with the work: again, after a while.
  kLookAgain,    // It may have been done: recover what was intended, then again.
  kPark,         // One object's own fault.
  kStopMapping,  // The mapping cannot go on until somebody mends something; others can.
  kStopRun,      // Nothing can go on.
};
FailureAction action_on(ErrorKind kind);

// True for the SQLSTATE of a constraint that another row's write may satisfy: unique, foreign key,
// exclusion.
bool is_clash(std::string_view code);
bool is_unique_violation(std::string_view code);
// True for that of a foreign key.
bool is_missing_reference(std::string_view code);

}  // namespace couplet
