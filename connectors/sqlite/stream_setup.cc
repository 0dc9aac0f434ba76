#include "connectors/sqlite/stream_setup.h"

#include "connectors/sqlite/database.h"
#include "connectors/sqlite/log_facts.h"
#include "connectors/sqlite/log_plan.h"

namespace couplet {

Result<StreamPlan> SqliteStreamSetup::plan_setup(const StreamNeeds& needs) {
  COUPLET_ASSIGN(const auto database,
                 sqlite::Database::open(settings_, sqlite::Purpose::kRead, statements_));
  COUPLET_ASSIGN(const auto facts, sqlite::read_log_facts(*database, needs.slot, needs.tables));
  return sqlite::log_setup_plan(needs, facts);
}

Result<StreamPlan> SqliteStreamSetup::plan_teardown(const StreamNeeds& needs) {
  COUPLET_ASSIGN(const auto database,
                 sqlite::Database::open(settings_, sqlite::Purpose::kRead, statements_));
  COUPLET_ASSIGN(const auto facts, sqlite::read_log_facts(*database, needs.slot, {}));
  return sqlite::log_teardown_plan(needs, facts);
}

Result<void> SqliteStreamSetup::carry_out(const SetupStep& step) {
  COUPLET_ASSIGN(const auto database,
                 sqlite::Database::open(settings_, sqlite::Purpose::kWrite, statements_));
  return database->execute(step.sql);
}

}  // namespace couplet
