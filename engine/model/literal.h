#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "engine/model/result.h"
#include "engine/model/row_batch.h"
#include "engine/model/strong_int.h"
#include "engine/model/type.h"

namespace couplet {

// Reads `text` (a scalar of the definition file, a command line's id) as a literal of `type` and
// appends its bytes. Follows what the server's input function accepts in ISO style, without
// special words but infinity and NaN, and rounds as a column of the type does; but refuses a zone
// other than UTC where the type has none, which the server would drop. A char is not padded.
// Errors: kInvalidArgument: "'abc' is no integer".
Result<void> parse_literal(const Type& type, std::string_view text, std::string& out);

// The value as text, as the server's cast to text gives it with DateStyle ISO, UTC, bytea_output
// hex: booleans as true and false, char without trailing blanks, numerics with their display scale;
// a timestamp with zone ends in "+00". CHECKs that the value has bytes.
std::string format_literal(const Type& type, Value value);

// The value as JSON (REFERENCE section 2): numbers that a double holds exactly as numbers, other
// numerics as text, bytes as base64, times as RFC 3339 text, json as itself, null as null.
nlohmann::json to_json(const Type& type, Value value);

// RFC 3339 in UTC with microseconds: "2026-01-31T08:15:30.000001Z".
std::string format_timestamp(Timestamp time);

}  // namespace couplet
