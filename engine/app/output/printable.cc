#include "engine/app/output/printable.h"

namespace couplet {

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    const bool second_set = byte == 0xC2U && next >= 0x80U && next <= 0x9FU;  // U+0080 to U+009F
    const bool control = byte < 0x20U || byte == 0x7FU || second_set;
    i += second_set ? 1 : 0;
    if (!control) {
      out += text[i];
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return out;
}

}  // namespace couplet
