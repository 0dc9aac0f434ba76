#pragma once

#include <cstdint>
#include <utility>

#include "connectors/postgres/settings.h"
#include "engine/ports/stream_setup.h"

namespace couplet {

// Publication and slot of a change stream. Each call has a session of its own. Making a slot waits
// for every transaction that has written something and is open: no longer than the statement
// timeout (60 s where there is none), and then says whose they are.
class PostgresStreamSetup final : public StreamSetup {
 public:
  explicit PostgresStreamSetup(PostgresSourceSettings settings) : settings_(std::move(settings)) {}

  Result<StreamPlan> plan_setup(const StreamNeeds& needs) override;
  Result<StreamPlan> plan_teardown(const StreamNeeds& needs) override;
  Result<void> carry_out(const SetupStep& step) override;

 private:
  PostgresSourceSettings settings_;
  std::uint64_t statements_ = 0;
};

}  // namespace couplet
