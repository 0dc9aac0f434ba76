#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/simulation/chronicle.h"
#include "tests/simulation/deployment.h"
#include "tests/simulation/script.h"

namespace couplet::simulation {

// What playing a script came to.
struct Verdict {
  std::optional<Violation> violation;  // the first
  // Why the definition was refused, if it was: then nothing was played.
  std::string refused;
  std::uint64_t runs = 0;
  std::uint64_t killed = 0;
  std::uint64_t edits = 0;
  std::uint64_t operations = 0;  // of the engine
  std::uint64_t excused = 0;     // objects on worklists at the end
  std::uint64_t conflicts = 0;   // on record at the end
  std::uint64_t unread = 0;      // batches that the fast lane wrote
  std::uint64_t by_streams = 0;  // 1: the streams alone had to bring all into step
};

// Told line by line; what the databases and the state hold at the end is told last.
using Trace = std::function<void(const std::string& line)>;

// Plays the script from empty databases, then lets the engine come to rest without faults, and
// checks all laws. The same script gives the same trace, byte for byte.
Verdict play(const Script& script, const Trace& trace = nullptr);

}  // namespace couplet::simulation
