#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// JSON as PostgreSQL stores it. Internal to the model.
namespace couplet {

// Documents nested deeper are not looked into: reading one must not exhaust a thread's stack.
constexpr std::size_t kJsonDepthMax = 1000;

enum class JsonForm {
  kJson,   // Any escape: json keeps the text and looks into nothing.
  kJsonb,  // No \u0000 and no lone surrogate, which jsonb refuses.
};
// True if `text` is one JSON value (RFC 8259), nested no deeper than kJsonDepthMax.
bool is_json(std::string_view text, JsonForm form);

// Appends bytes that are the same for the same structure: members in any order, the last of equal
// names, numbers by value (exactly, whatever their size), strings by code points. Text that is no
// JSON, or nested too deep, stands for itself and equals only the same text.
void append_json_canonical(std::string_view text, std::string& out);

}  // namespace couplet
