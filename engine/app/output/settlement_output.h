#pragma once

#include <string>

#include "engine/app/output/json_parts.h"
#include "engine/sync/records.h"

// What became of a conflict that was held.
namespace couplet {

// Of one that is held no more and that no rule decided at once:
//   settled 2026-01-31T08:15:30.000001Z by left_wins: left
std::string settlement_text(const Conflict& conflict);
// {"by", "at"}, both null where it is not known; null: it is held, or a rule decided at once.
Json settlement_json(const Conflict& conflict, bool held);

}  // namespace couplet
