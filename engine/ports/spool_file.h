#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "engine/model/result.h"

namespace couplet {

// Bytes that are too many for memory, in a temporary file that has no name: nothing of it survives
// the process, and need not. Errors: kDiskFull, else kInternal.
class SpoolFile {
 public:
  // `folder`: where the file is made when it is first needed; empty: the system's temporary folder.
  explicit SpoolFile(std::string folder = {}) : folder_(std::move(folder)) {}

  Result<void> append(std::string_view bytes);
  // As many bytes as `out` has room for, from `at` on; fewer only at the end, which is told.
  Result<std::size_t> read(std::uint64_t at, char* out, std::size_t size) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::string folder_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uint64_t size_ = 0;
};

}  // namespace couplet
