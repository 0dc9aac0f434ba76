#pragma once

#include <nlohmann/json.hpp>

namespace couplet {

// The JSON Schema (draft 2020-12) of couplet.yaml, made from the rows of engine/definition/
// field_table.h: what an editor checks while one types. What it refuses, loading refuses too; what
// only the whole file or a catalog can tell is left to `validate` and `plan`. Options of later
// versions are not in it.
nlohmann::ordered_json json_schema();

}  // namespace couplet
