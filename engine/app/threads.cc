#include "engine/app/threads.h"

#include <future>
#include <vector>

namespace couplet {

void on_threads(std::span<const std::function<void()>> pieces) {
  if (pieces.empty()) {
    return;
  }
  std::vector<std::future<void>> others;
  for (const std::function<void()>& piece : pieces.subspan(1)) {
    others.push_back(std::async(std::launch::async, piece));
  }
  pieces.front()();  // Should it throw: the futures wait for their threads.
  for (std::future<void>& other : others) {
    other.get();
  }
}

}  // namespace couplet
