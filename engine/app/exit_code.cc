#include "engine/app/exit_code.h"

#include <algorithm>

namespace couplet {
namespace {

const char* name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
      return "invalid_argument";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kUnsupported:
      return "not_supported";
    case ErrorKind::kTransient:
      return "connection_lost";
    case ErrorKind::kRowFault:
      return "row_refused";
    case ErrorKind::kCommitUnknown:
      return "commit_unknown";
    case ErrorKind::kSchema:
      return "schema";
    case ErrorKind::kPrivilege:
      return "privilege";
    case ErrorKind::kAuthentication:
      return "authentication";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kDiskFull:
      return "disk_full";
    case ErrorKind::kStateInUse:
      return "state_in_use";
    case ErrorKind::kStateForeign:
      return "state_foreign";
    case ErrorKind::kStateCorrupt:
      return "state_corrupt";
    case ErrorKind::kInterrupted:
      return "interrupted";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

bool is_identifier(const std::string& code) {
  return !code.empty() && std::all_of(code.begin(), code.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

}  // namespace

ExitCode exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidArgument:
    case ErrorKind::kUnsupported:
      return ExitCode::kUsage;
    case ErrorKind::kTransient:
    case ErrorKind::kCommitUnknown:
    case ErrorKind::kPrivilege:
    case ErrorKind::kAuthentication:
    case ErrorKind::kUnavailable:
    case ErrorKind::kDiskFull:
    case ErrorKind::kStateInUse:
    case ErrorKind::kStateForeign:
    case ErrorKind::kStateCorrupt:
      return ExitCode::kEnvironment;
    case ErrorKind::kNotFound:
    case ErrorKind::kRowFault:
    case ErrorKind::kSchema:
    case ErrorKind::kInterrupted:
    case ErrorKind::kInternal:
      return ExitCode::kFailed;
  }
  return ExitCode::kFailed;
}

std::string code_of(const Error& error) {
  return is_identifier(error.code) ? error.code : name_of(error.kind);
}

}  // namespace couplet
