#include "engine/app/output/printable.h"

namespace couplet {

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = byte < 0x20U || byte == 0x7FU;
    if (control && (out.empty() || out.back() == ' ')) {
      continue;
    }
    out += control ? ' ' : c;
  }
  return out;
}

}  // namespace couplet
