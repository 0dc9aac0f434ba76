#include "engine/sync/failure_policy.h"

namespace couplet {

FailureAction action_on(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kTransient:
      return FailureAction::kRetry;
    case ErrorKind::kCommitUnknown:
      return FailureAction::kLookAgain;
    case ErrorKind::kRowFault:
      return FailureAction::kPark;
    case ErrorKind::kSchema:
    case ErrorKind::kPrivilege:
    case ErrorKind::kUnsupported:
      return FailureAction::kStopMapping;
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kNotFound:
    case ErrorKind::kAuthentication:
    case ErrorKind::kUnavailable:
    case ErrorKind::kDiskFull:
    case ErrorKind::kStateInUse:
    case ErrorKind::kStateForeign:
    case ErrorKind::kStateCorrupt:
    case ErrorKind::kInterrupted:
    case ErrorKind::kInternal:
      return FailureAction::kStopRun;
  }
  return FailureAction::kStopRun;
}

bool is_clash(std::string_view code) {
  return is_unique_violation(code) || code == "23P01" || is_missing_reference(code);
}

bool is_unique_violation(std::string_view code) { return code == "23505"; }

bool is_missing_reference(std::string_view code) { return code == "23503"; }

}  // namespace couplet
