#pragma once

#include <string>

#include "connectors/postgres/stream_facts.h"
#include "engine/ports/stream_setup.h"

// Facts -> what is to be done. Pure.
namespace couplet::postgres {

// The publication comes before the slot: a slot that has changes from before its publication was
// made can never be read past them. For the same reason a slot is made anew where its publication
// was gone. `source`: its name in the definition.
StreamPlan setup_plan(const std::string& source, const StreamNeeds& needs,
                      const StreamFacts& facts);
// The slot, the publication, the marks, as far as they are there and ours.
StreamPlan teardown_plan(const std::string& source, const StreamNeeds& needs,
                         const StreamFacts& facts);

}  // namespace couplet::postgres
