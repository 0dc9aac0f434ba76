#pragma once

namespace couplet {

// From now on the first INT or TERM asks the process to stop when the batch at hand is done; a
// second one ends it at once, as that signal does by default. Until this is called a signal ends
// the process at once: there is nothing to finish.
void catch_stop_signals();

[[nodiscard]] bool stop_requested();

// Readable once a stop was asked for; -1 while signals are not caught. For poll: never read it.
[[nodiscard]] int stop_descriptor();

}  // namespace couplet
