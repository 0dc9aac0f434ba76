#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/model/result.h"

namespace couplet {

// What can be told of a database from its files alone.

enum class Presence { kNone, kThere };

// Whether `folder` holds a database. Errors: kStateCorrupt if it holds parts of one: RocksDB would
// take a folder without the file CURRENT for an empty one and make a new database over the old.
Result<Presence> look_for_database(const std::filesystem::path& folder);

// Which manifest is in force and how far it was written: equal before and after means that no file
// came or went in between.
struct ManifestFingerprint {
  std::string name;
  std::uint64_t size = 0;
  bool operator==(const ManifestFingerprint&) const = default;

  static ManifestFingerprint of(const std::filesystem::path& folder);
};

// Of all files in `folder`, about: files may come and go meanwhile.
std::uint64_t bytes_of_files(const std::filesystem::path& folder);

}  // namespace couplet
