#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// bit and bit varying: a length and as many bits (varbit_send in src/backend/utils/adt/varbit.c).
// Internal to the model.
namespace couplet {

bool is_bit_string(std::string_view bytes);
// Of a bit string.
std::size_t bits_in(std::string_view bytes);
// "0101"; "" where there are none.
void append_text_of_bits(std::string_view bytes, std::string& out);
// The other way; also after a B, as SQL writes it. False if there is another character.
bool append_bits_of_text(std::string_view text, std::string& out);

}  // namespace couplet
