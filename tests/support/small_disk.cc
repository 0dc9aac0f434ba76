#include "tests/support/small_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace couplet::test {
namespace {

constexpr std::size_t kMib = std::size_t{1} << 20U;

}  // namespace

SmallDisk::SmallDisk(std::size_t mib)
    : mounted_(::mount("none", folder_.path().c_str(), "tmpfs", 0,
                       ("mode=0700,size=" + std::to_string(mib) + "m").c_str()) == 0) {}

SmallDisk::~SmallDisk() {
  if (mounted_) {
    ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
}

void SmallDisk::leave(std::size_t mib) const {
  constexpr int kAttempts = 100;
  const std::filesystem::path ballast = path() / "ballast";
  const int file = ::open(ballast.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  bool done = false;
  for (int attempt = 0; !done && attempt < kAttempts; ++attempt) {  // Others write meanwhile.
    const std::size_t held = std::filesystem::file_size(ballast);
    const std::size_t free = std::filesystem::space(path()).available;
    const std::size_t wanted = held + free - std::min(held + free, mib * kMib);
    done = wanted < held
               ? ::ftruncate(file, static_cast<off_t>(wanted)) == 0
               : wanted == held || ::posix_fallocate(file, static_cast<off_t>(held),
                                                     static_cast<off_t>(wanted - held)) == 0;
  }
  ::close(file);
  if (!done) {
    throw std::runtime_error("cannot put ballast into " + path().string());
  }
}

}  // namespace couplet::test
