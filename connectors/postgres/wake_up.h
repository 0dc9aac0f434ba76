#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace couplet::postgres {

// Ends a poll of another thread. Safe for concurrent use.
class WakeUp {
 public:
  WakeUp() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~WakeUp() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  // -1: the process has no descriptors left.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  void ring() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t ignored = ::write(descriptor_, &one, sizeof one);
  }
  void clear() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t ignored = ::read(descriptor_, &count, sizeof count);
  }

 private:
  int descriptor_;
};

}  // namespace couplet::postgres
