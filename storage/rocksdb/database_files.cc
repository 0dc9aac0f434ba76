#include "storage/rocksdb/database_files.h"

#include <fmt/format.h>

#include <fstream>
#include <system_error>

#include "storage/rocksdb/status_error.h"
#include "storage/rocksdb/synced_mark.h"

namespace couplet {

namespace fs = std::filesystem;

Result<Presence> look_for_database(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (status.type() == fs::file_type::not_found) {
    return Presence::kNone;
  }
  if (error) {
    return fail(ErrorKind::kPrivilege, fmt::format("cannot look into the state folder {}: {}",
                                                   folder.string(), error.message()));
  }
  if (!fs::is_directory(status)) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("the state {} is a file, not a folder", folder.string()));
  }
  const bool current = fs::exists(folder / "CURRENT", error);
  if (!error && current) {
    return Presence::kThere;
  }
  fs::directory_iterator files(folder, error);
  if (error) {
    return fail(ErrorKind::kPrivilege, fmt::format("cannot look into the state folder {}: {}",
                                                   folder.string(), error.message()));
  }
  // A crash while the database was being made leaves a mark of zero and perhaps a manifest.
  const auto synced = SyncedMark::read(folder);
  if (synced && *synced > 0) {
    return fail(corrupt_error(folder, "its file CURRENT is missing"));
  }
  for (; files != fs::directory_iterator(); files.increment(error)) {
    const std::string extension = files->path().extension().string();
    if (extension == ".sst" || (extension == ".log" && files->file_size(error) > 0)) {
      return fail(corrupt_error(folder, "its file CURRENT is missing"));
    }
    if (error) {
      break;
    }
  }
  return Presence::kNone;
}

ManifestFingerprint ManifestFingerprint::of(const fs::path& folder) {
  ManifestFingerprint fingerprint;
  std::ifstream current(folder / "CURRENT");
  std::getline(current, fingerprint.name);
  std::error_code error;
  const auto size = fs::file_size(folder / fingerprint.name, error);
  fingerprint.size = error ? 0 : size;
  return fingerprint;
}

std::uint64_t bytes_of_files(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  fs::directory_iterator files(folder, error);
  while (!error && files != fs::directory_iterator()) {
    std::error_code gone;
    const auto size = files->is_regular_file(gone) ? files->file_size(gone) : 0;
    bytes += gone ? 0 : size;
    files.increment(error);
  }
  return bytes;
}

}  // namespace couplet
