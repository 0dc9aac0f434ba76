#include "engine/model/bit_string.h"

#include <cstdint>
#include <limits>

#include "engine/model/wire.h"

namespace couplet {
namespace {

constexpr std::size_t kLengthBytes = 4;

bool bit_at(std::string_view bytes, std::size_t bit) {
  return (static_cast<unsigned char>(bytes[kLengthBytes + bit / 8]) >> (7 - bit % 8) & 1U) != 0;
}

}  // namespace

bool is_bit_string(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) {
    return false;
  }
  const auto length = wire::read<std::int32_t>(bytes.data());
  if (length < 0 || bytes.size() - kLengthBytes != (static_cast<std::size_t>(length) + 7) / 8) {
    return false;
  }
  // A bit beyond the last would make two forms of one value.
  const auto rest = static_cast<unsigned>(length % 8);
  return rest == 0 || (static_cast<unsigned char>(bytes.back()) & (0xFFU >> rest)) == 0;
}

std::size_t bits_in(std::string_view bytes) {
  return static_cast<std::size_t>(wire::read<std::int32_t>(bytes.data()));
}

void append_text_of_bits(std::string_view bytes, std::string& out) {
  for (std::size_t bit = 0; bit < bits_in(bytes); ++bit) {
    out += bit_at(bytes, bit) ? '1' : '0';
  }
}

bool append_bits_of_text(std::string_view text, std::string& out) {
  if (!text.empty() && (text.front() == 'b' || text.front() == 'B')) {
    text.remove_prefix(1);
  }
  if (text.find_first_not_of("01") != std::string_view::npos ||
      text.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    return false;
  }
  const std::size_t begin = out.size() + kLengthBytes;
  wire::append(out, static_cast<std::int32_t>(text.size()));
  out.resize(begin + (text.size() + 7) / 8, '\0');
  for (std::size_t bit = 0; bit < text.size(); ++bit) {
    if (text[bit] == '1') {
      char& byte = out[begin + bit / 8];
      byte = static_cast<char>(static_cast<unsigned char>(byte) | 1U << (7 - bit % 8));
    }
  }
  return true;
}

}  // namespace couplet
