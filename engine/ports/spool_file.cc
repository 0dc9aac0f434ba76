#include "engine/ports/spool_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace couplet {
namespace {

Error spool_error(const char* what) {
  return {errno == ENOSPC || errno == EDQUOT ? ErrorKind::kDiskFull : ErrorKind::kInternal,
          std::string("cannot ") + what + " a temporary file: " + std::strerror(errno),
          "free some space in the folder of temporary files",
          {},
          {},
          {}};
}

}  // namespace

Result<void> SpoolFile::append(std::string_view bytes) {
  if (!file_) {
    std::string path = (folder_.empty() ? std::string("/tmp") : folder_) + "/spool-XXXXXX";
    const int descriptor = ::mkstemp(path.data());
    if (descriptor < 0) {
      return fail(spool_error("make"));
    }
    ::unlink(path.c_str());
    file_.reset(::fdopen(descriptor, "w+b"));
    if (!file_) {
      ::close(descriptor);
      return fail(spool_error("make"));
    }
  }
  while (!bytes.empty()) {
    const ssize_t put =
        ::pwrite(::fileno(file_.get()), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (put < 0 && errno != EINTR) {
      return fail(spool_error("write"));
    }
    if (put > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
      size_ += static_cast<std::uint64_t>(put);
    }
  }
  return {};
}

Result<std::size_t> SpoolFile::read(std::uint64_t at, char* out, std::size_t size) const {
  std::size_t done = 0;
  while (file_ && done < size) {
    const ssize_t got =
        ::pread(::fileno(file_.get()), out + done, size - done, static_cast<off_t>(at + done));
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return fail(spool_error("read"));
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace couplet
