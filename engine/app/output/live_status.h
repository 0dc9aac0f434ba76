#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/daemon.h"
#include "engine/app/output/json_parts.h"

namespace couplet {

// What a `couplet run` tells of itself over its control socket (engine/admin/control_socket.h), and
// what `status` makes of it. One of the same version asks, as a rule:
// {"streams":{SOURCE:"off"|"starting"|"snapshot"|"streaming"},
//  "trouble":null|{"since","message","hint"}}
class LiveStatus {
 public:
  explicit LiveStatus(std::vector<std::string> sources) : sources_(std::move(sources)) {}

  // On any thread.
  void set(const Daemon::Standing& standing);
  [[nodiscard]] std::string text() const;

  // nullopt: it makes no sense, as it comes from another version.
  static std::optional<Json> parse(const std::string& text);

 private:
  const std::vector<std::string> sources_;
  mutable std::mutex mutex_;
  Daemon::Standing standing_;
};

}  // namespace couplet
