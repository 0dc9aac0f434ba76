// The state's folder, looked at from outside and read.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "engine/app/doctor/checks.h"
#include "engine/app/exit_code.h"
#include "engine/app/system_clock.h"
#include "engine/app/wiring/state_overview.h"
#include "engine/sync/renewed_columns.h"
#include "engine/sync/state.h"
#include "storage/memory/memory_state_store.h"

namespace couplet {
namespace {

using Level = Finding::Level;

constexpr std::uintmax_t kSpaceLeast = std::uintmax_t{1} << 30U;

// What a program that is given a path in a shell's command line takes for that path.
std::string shell_word(const std::string& path) {
  std::string out = "'";
  for (const char c : path) {
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out + "'";
}

std::filesystem::path existing_part(std::filesystem::path path) {
  std::error_code error;
  while (!path.empty() && !std::filesystem::exists(path, error) && path != path.parent_path()) {
    path = path.parent_path();
  }
  return path;
}

}  // namespace

Findings check_state(const Definition& definition) {
  Findings findings;
  const auto add = [&](Level level, std::string code, std::string message, std::string fix) {
    findings.push_back({level, "", std::move(code), std::move(message), std::move(fix)});
  };
  const std::filesystem::path& folder = definition.state;
  const std::filesystem::path there = existing_part(folder);
  struct stat info {};
  if (::stat(there.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    add(Level::kError, "state_folder",
        "the state cannot be in " + folder.string() + ": " + there.string() + " is no folder",
        "state: another folder");
    return findings;
  }
  std::error_code error;
  const auto space = std::filesystem::space(there, error);
  if (!error && space.available < kSpaceLeast) {
    add(Level::kWarning, "disk_space",
        fmt::format("{} MiB are free where the state is ({}); a run that finds none stops",
                    space.available >> 20U, there.string()),
        "free space there, or state: a folder on another disk");
  }
  const bool made = there == folder;
  if (::access(there.c_str(), made ? R_OK | W_OK | X_OK : W_OK | X_OK) != 0 ||
      (made && info.st_uid != ::geteuid())) {
    add(Level::kError, "state_folder",
        (made ? "the state folder " + folder.string() + " is not ours to write"
              : "the state folder " + folder.string() + " cannot be made: " + there.string() +
                    " cannot be written"),
        fmt::format("sudo install -d -m 700 -o {} {}", ::geteuid(), shell_word(folder.string())));
    return findings;
  }
  if (made && (info.st_mode & 0077U) != 0) {
    add(Level::kError, "state_folder",
        fmt::format("the state folder {} is open to other users: its mode is {:04o}",
                    folder.string(), info.st_mode & 07777U),
        "chmod 700 " + shell_word(folder.string()));
    return findings;
  }
  const auto store = open_state_to_read(folder);
  if (!store) {
    add(Level::kError, code_of(store.error()), store.error().message, store.error().hint);
  } else if (!*store) {
    add(Level::kNote, "no_state", "there is no state yet in " + folder.string(),
        "couplet reconcile");
  } else if (const auto overview = overview_of(**store, definition); !overview) {
    add(Level::kError, code_of(overview.error()), overview.error().message, overview.error().hint);
  }
  return findings;
}

Findings check_state_owner(const Definition& definition, const BoundDefinition& bound,
                           std::span<const std::string> identities, bool marks_exist) {
  const auto store = open_state_to_read(definition.state);
  if (!store) {
    return {};  // check_state has told it.
  }
  if (!*store) {
    return marks_exist
               ? Findings{{Level::kWarning, "", "lost_state",
                           "there is no state, but a server knows this definition's name from "
                           "before: a run holds its creates, lest what was deleted comes back",
                           "couplet reconcile --rebuild-state"}}
               : Findings{};
  }
  MemoryStateStore overlay(**store);
  SystemRandom random;
  const auto state = State::open(overlay, bound, identities, random);
  if (!state) {
    return {{Level::kError, "", code_of(state.error()), state.error().message, state.error().hint}};
  }
  Findings findings;
  for (std::string& sentence : tell_renewed(bound, **state)) {
    findings.push_back({Level::kWarning, "", "column_renewed", std::move(sentence),
                        "couplet plan, to see what a run would do"});
  }
  return findings;
}

}  // namespace couplet
