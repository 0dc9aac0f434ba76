#pragma once

#include <nlohmann/json.hpp>
#include <string>

// What the verbs' JSON is made of.
namespace couplet {

using Json = nlohmann::ordered_json;  // Keys in the order in which they are documented.

// In one line; bytes that are no UTF-8 are replaced.
inline std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

inline Json name_or_null(const std::string& name) {
  return name.empty() ? Json(nullptr) : Json(name);
}

}  // namespace couplet
