#pragma once

#include <cstdint>
#include <utility>

#include "connectors/sqlite/settings.h"
#include "engine/ports/stream_setup.h"

namespace couplet {

// The change log of a file and the triggers that fill it (connectors/sqlite/log_text.h). Each call
// has a connection of its own. A step waits for the file's lock no longer than `busy_timeout`.
class SqliteStreamSetup final : public StreamSetup {
 public:
  explicit SqliteStreamSetup(SqliteSourceSettings settings) : settings_(std::move(settings)) {}

  Result<StreamPlan> plan_setup(const StreamNeeds& needs) override;
  Result<StreamPlan> plan_teardown(const StreamNeeds& needs) override;
  Result<void> carry_out(const SetupStep& step) override;

 private:
  SqliteSourceSettings settings_;
  std::uint64_t statements_ = 0;
};

}  // namespace couplet
