#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace couplet {

// Something that `doctor` saw.
struct Finding {
  enum class Level : std::uint8_t {
    kError,    // a run would stop, or stop this mapping
    kWarning,  // it would run, slower or less safely than it could
    kNote,     // for a person to know; nothing may have to be done
  };
  Level level = Level::kNote;
  std::string source;   // empty: the file, the state, or all sources
  std::string code;     // "missing_grant": for programs
  std::string message;  // one sentence, no full stop, no row values, no secrets
  std::string fix;      // SQL to run there, a command or a setting; empty: nothing mends it
};
using Findings = std::vector<Finding>;

const char* name_of(Finding::Level level);
std::size_t count(const Findings& findings, Finding::Level level);

// REFERENCE section 2, "doctor". Worst first, else in the order in which they were found.
nlohmann::ordered_json findings_json(const Findings& findings);
// For people; ends with a line feed. `brief`: the last line alone.
std::string findings_text(const Findings& findings, bool brief);

}  // namespace couplet
