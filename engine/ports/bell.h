#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace couplet {

// Rung by threads that have something for one that waits for any of them. What was rung while
// nobody waited is not lost.
class Bell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      rung_ = true;
    }
    heard_.notify_one();
  }
  // Back when it was rung since the last time, or after `longest`.
  void wait(std::chrono::milliseconds longest) {
    std::unique_lock lock(mutex_);
    heard_.wait_for(lock, longest, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable heard_;
  bool rung_ = false;
};

}  // namespace couplet
