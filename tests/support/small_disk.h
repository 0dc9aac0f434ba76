#pragma once

#include <cstddef>
#include <filesystem>

#include "tests/support/temporary_folder.h"

namespace couplet::test {

// A real file system of so many MiB, in memory, which ballast fills. It is gone with the object.
// Needs the right to mount, which root has: a test that may not fails.
class SmallDisk {
 public:
  explicit SmallDisk(std::size_t mib);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }

  // Adds or takes ballast until so many MiB are free.
  void leave(std::size_t mib) const;

 private:
  TemporaryFolder folder_;
  bool mounted_ = false;
};

}  // namespace couplet::test
