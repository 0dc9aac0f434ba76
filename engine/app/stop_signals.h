#pragma once

#include <chrono>

namespace couplet {

// From now on the first INT or TERM asks the process to stop when the batch at hand is done; a
// second one ends it at once, as that signal does by default. Until this is called a signal ends
// the process at once: there is nothing to finish.
void catch_stop_signals();

// For a process that loses nothing if it ends anywhere, and is to end all the same: once a stop is
// asked for, so long is waited for what is at hand. Then the process says that it comes again, and
// exits 0.
void end_after_stop(std::chrono::seconds patience);

[[nodiscard]] bool stop_requested();

// Readable once a stop was asked for; -1 while signals are not caught. For poll: never read it.
[[nodiscard]] int stop_descriptor();

}  // namespace couplet
