#pragma once

#include <rocksdb/status.h>

#include <filesystem>

#include "engine/model/result.h"

namespace couplet {

// Where somebody else has the state.
inline constexpr const char* kInUseHint =
    "Wait until it has ended, or stop it; `plan`, `explain`, `status` and the lists may run beside "
    "it.";

// Where the system gives no file descriptor, or no memory.
inline constexpr const char* kResourcesHint = "Raise the limits on open files and memory.";

// What a failed status of RocksDB means for us, as a sentence about the state in `folder` with
// advice. CHECKs that the status did fail.
//
// Damage and whatever is not known to be harmless is kStateCorrupt: after a failed write or sync
// nobody knows what the disk holds, and trying again would only seem to succeed.
Error state_error(const rocksdb::Status& status, const std::filesystem::path& folder);

// The same for damage that we found by ourselves; `fact` ends the sentence.
Error corrupt_error(const std::filesystem::path& folder, const std::string& fact);

}  // namespace couplet
