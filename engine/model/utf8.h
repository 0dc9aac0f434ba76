#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// UTF-8 as PostgreSQL and RFC 3629 have it: no surrogates, nothing overlong. Internal to the model.
namespace couplet::utf8 {

// The length of the well-formed character at the front of `text`; 0 if there is none.
std::size_t character_length(std::string_view text);
// Bytes of text that the server takes: well-formed, without the character 0.
bool is_storable(std::string_view text);
// Characters in well-formed text.
std::size_t count(std::string_view text);
// The same text with U+FFFD for each byte that belongs to no character.
std::string repaired(std::string_view text);
// Appends a code point; a lone surrogate in three bytes like any other (no valid UTF-8, but one of
// a kind).
void append(std::string& out, std::uint32_t code_point);

}  // namespace couplet::utf8
