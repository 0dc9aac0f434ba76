#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace couplet {

// What a SqliteSource is made from.
struct SqliteSourceSettings {
  std::string name;  // Of the source in the definition: "inventory". Begins every message.
  std::filesystem::path path;  // Of the file, which must exist.
  // How long a statement waits for a lock that another connection holds.
  std::chrono::milliseconds busy_timeout{5'000};
};

}  // namespace couplet
