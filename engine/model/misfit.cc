#include "engine/model/misfit.h"

#include <array>
#include <cstddef>

#include "engine/model/result.h"
#include "engine/model/value_shape.h"

namespace couplet {
namespace {

// UTF-8 has no such byte, and binary JSON begins otherwise.
constexpr char kMark = '\xFF';
constexpr std::size_t kHead = 2;  // the mark, the kind
// Values of a fixed length have 1, 2, 4, 8 or 16 bytes: a misfit that would, too, has one more.
constexpr int kLonger = 4;

bool is_any_length(TypeKind kind) { return is_textual(kind) || is_json_kind(kind); }

}  // namespace

void append_misfit(const Type& type, const Misfit& misfit, std::string& out) {
  COUPLET_CHECK(type.kind != TypeKind::kBytea);
  const std::size_t length = kHead + misfit.bytes.size();
  const bool longer =
      !is_any_length(type.kind) && (length == 2 || length == 4 || length == 8 || length == 16);
  out += kMark;
  out += static_cast<char>('0' + static_cast<int>(misfit.kind) + (longer ? kLonger : 0));
  out += misfit.bytes;
  if (longer) {
    out += kMark;
  }
}

std::optional<Misfit> read_misfit(const Type& type, std::string_view bytes) {
  if (bytes.size() < kHead || bytes[0] != kMark || type.kind == TypeKind::kBytea) {
    return std::nullopt;
  }
  int kind = bytes[1] - '0';
  const bool longer = kind > kLonger;
  kind -= longer ? kLonger : 0;
  if (kind < static_cast<int>(Misfit::Kind::kInteger) ||
      kind > static_cast<int>(Misfit::Kind::kBlob) ||
      (!is_any_length(type.kind) && has_shape_of(type, bytes))) {
    return std::nullopt;
  }
  bytes.remove_prefix(kHead);
  if (longer) {
    if (bytes.empty()) {
      return std::nullopt;
    }
    bytes.remove_suffix(1);
  }
  return Misfit{static_cast<Misfit::Kind>(kind), bytes};
}

std::string describe(const Type& type, Misfit::Kind kind) {
  constexpr std::array kStored = {"", "integer", "real", "text", "blob"};
  const bool vowel = !type.name.empty() &&
                     std::string_view("aeioAEIO").find(type.name.front()) != std::string_view::npos;
  return std::string(kStored.at(static_cast<std::size_t>(kind))) + (vowel ? " in an " : " in a ") +
         type.name + " column";
}

}  // namespace couplet
