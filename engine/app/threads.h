#pragma once

#include <functional>
#include <span>

namespace couplet {

// The first on the caller's thread, each other on one of its own; back when all are done. An
// exception of one comes out here.
void on_threads(std::span<const std::function<void()>> pieces);

}  // namespace couplet
