#pragma once

#include <functional>
#include <span>

namespace couplet {

// How pieces of work that have nothing to do with each other are done: one after the other, or at
// once. Back when all are. Passed in: threads are the program's, and a history that is to be
// replayed has none.
using DoAll = std::function<void(std::span<const std::function<void()>>)>;

inline void one_after_the_other(std::span<const std::function<void()>> pieces) {
  for (const std::function<void()>& piece : pieces) {
    piece();
  }
}

}  // namespace couplet
