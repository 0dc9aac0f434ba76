#pragma once

#include <optional>
#include <string>

#include "connectors/sqlite/log_facts.h"
#include "engine/ports/stream_setup.h"

// Facts -> what is to be done. Pure.
namespace couplet::sqlite {

// A log that was not filled for a while is begun anew, so that who reads it sees that it is not the
// one that he has read: its entries go first, then triggers are dropped and made, the seal behind
// them, and last comes the entry that it begins with. `source`: its name in the definition.
StreamPlan log_setup_plan(const StreamNeeds& needs, const LogFacts& facts);
// Triggers first, then the log.
StreamPlan log_teardown_plan(const StreamNeeds& needs, const LogFacts& facts);

// Why the log has not been filled all the time, or is not: a trigger is missing, is another than it
// would be made now, or was made again since. A sentence, no full stop; nullopt: it has. Triggers
// that nobody needs any more do no harm.
std::optional<std::string> log_lapse(const StreamNeeds& needs, const LogFacts& facts);

}  // namespace couplet::sqlite
