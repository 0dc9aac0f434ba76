#include "storage/rocksdb/status_error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <string>

namespace couplet {
namespace {

constexpr const char* kDamagedHint =
    "Restore the folder from a backup; or move it away and run `couplet reconcile "
    "--rebuild-state`: objects are linked again by their identity keys, and nothing is deleted.";

// RocksDB gives a kind to few of the system's errors; the others are in the text alone.
bool mentions(const std::string& text, std::initializer_list<int> errors) {
  for (const int error : errors) {
    if (text.find(std::strerror(error)) != std::string::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

Error corrupt_error(const std::filesystem::path& folder, const std::string& fact) {
  return {ErrorKind::kStateCorrupt,
          fmt::format("the state in {} is damaged: {}", folder.string(), fact),
          kDamagedHint,
          {},
          {},
          {}};
}

Error state_error(const rocksdb::Status& status, const std::filesystem::path& folder) {
  COUPLET_CHECK(!status.ok());
  const std::string text = status.ToString();
  const auto make = [&](ErrorKind kind, const char* what, const char* hint) {
    return Error{kind, fmt::format("{} {}: {}", what, folder.string(), text), hint, {}, {}, {}};
  };
  if (status.IsNoSpace() || mentions(text, {ENOSPC, EDQUOT})) {
    return make(ErrorKind::kDiskFull, "no space for the state in",
                "Free space on that file system and go on: nothing is lost.");
  }
  if (status.IsIOError() && (text.find("lock file") != std::string::npos ||
                             text.find("lock hold by current process") != std::string::npos)) {
    return make(ErrorKind::kStateInUse, "another process has opened the state in", kInUseHint);
  }
  if (status.IsIOError() && mentions(text, {EACCES, EPERM, EROFS})) {
    return make(ErrorKind::kPrivilege, "may not read or write the state in",
                "Give the folder to the user that runs this.");
  }
  if (status.IsMemoryLimit() || status.IsBusy() || status.IsTryAgain() || status.IsTimedOut() ||
      mentions(text, {EMFILE, ENFILE, ENOMEM})) {
    return make(ErrorKind::kTransient, "no resources for the state in", kResourcesHint);
  }
  if (status.IsInvalidArgument() && text.find("Column family not found") != std::string::npos) {
    return make(ErrorKind::kNotFound, "the state is not finished in",
                "It was interrupted while it was made: a `couplet reconcile` finishes it.");
  }
  if (status.IsInvalidArgument() && text.find("not opened") != std::string::npos) {
    return make(ErrorKind::kStateForeign, "a newer Couplet has written the state in",
                "Use that version, or a newer one.");
  }
  if (status.IsNotSupported() || status.IsInvalidArgument()) {
    return make(ErrorKind::kStateForeign, "cannot open the state in",
                "It may have been written by a newer version: use that one.");
  }
  return corrupt_error(folder, text);
}

}  // namespace couplet
