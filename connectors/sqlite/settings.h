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
  std::string log;  // Of the changes: the table that `setup` makes. Empty: there is no stream.
  // Between two looks whether anything has changed.
  std::chrono::milliseconds poll{200};
};

}  // namespace couplet
