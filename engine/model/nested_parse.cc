#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "engine/model/ascii.h"
#include "engine/model/literal.h"
#include "engine/model/nested_scan.h"
#include "engine/model/nested_text.h"
#include "engine/model/nested_value.h"

namespace couplet {
namespace {

using nested::refused;
using nested::skip_blanks;
using nested::take;
using nested::take_piece;

// Element values of an array or composite while they are read: their bytes, by offset.
class Cells {
 public:
  void add_null() { lengths_.push_back(Value::kNullLength); }
  Result<void> add(const Type& type, std::string_view text) {
    const std::size_t begin = bytes_.size();
    COUPLET_TRY(parse_literal(type, text, bytes_));
    lengths_.push_back(static_cast<std::int32_t>(bytes_.size() - begin));
    return {};
  }
  [[nodiscard]] std::vector<Value> values() const {
    std::vector<Value> values;
    const char* at = bytes_.data();
    for (const std::int32_t length : lengths_) {
      values.push_back(length < 0 ? Value::null() : Value(at, length));
      at += std::max(length, 0);
    }
    return values;
  }

 private:
  std::string bytes_;
  std::vector<std::int32_t> lengths_;
};

class ArrayReader {
 public:
  ArrayReader(const Type& type, std::string_view text)
      : type_(type), text_(text), rest_(ascii::trimmed(text)) {}

  Result<void> read(std::string& out) {
    std::vector<ArrayParts::Dimension> given;
    if (!take_bounds(given)) {
      return refused(type_, text_);
    }
    COUPLET_TRY(take_level(0));
    skip_blanks(rest_);
    if (!rest_.empty()) {
      return refused(type_, text_);
    }
    ArrayParts parts;
    parts.elements = cells_.values();
    for (const std::int32_t size : sizes_) {
      parts.dimensions.push_back({size, 1});
    }
    if (parts.elements.empty()) {
      if (sizes_.size() > 1) {
        return refused(type_, text_);
      }
      parts.dimensions.clear();
    }
    if (!given.empty()) {
      if (given.size() != parts.dimensions.size()) {
        return refused(type_, text_);
      }
      for (std::size_t i = 0; i < given.size(); ++i) {
        if (given[i].size != parts.dimensions[i].size) {
          return refused(type_, text_);
        }
      }
      parts.dimensions = given;
    }
    append_array(parts, type_.elements[0], out);
    return {};
  }

 private:
  // "[0:2][5]=" ahead of the braces.
  bool take_bounds(std::vector<ArrayParts::Dimension>& given) {
    while (take(rest_, '[')) {
      std::int32_t lower = 1;
      std::int32_t upper = 0;
      if (!take_number(upper)) {
        return false;
      }
      if (take(rest_, ':')) {
        lower = upper;
        if (!take_number(upper)) {
          return false;
        }
      }
      const std::int64_t size = std::int64_t{upper} - lower + 1;
      if (!take(rest_, ']') || size < 1 || size > std::numeric_limits<std::int32_t>::max() ||
          given.size() == ArrayParts::kDimensionsMax) {
        return false;
      }
      given.push_back({static_cast<std::int32_t>(size), lower});
    }
    if (!given.empty()) {
      skip_blanks(rest_);
      if (!take(rest_, '=')) {
        return false;
      }
      skip_blanks(rest_);
    }
    return true;
  }
  bool take_number(std::int32_t& number) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc()) {
      return false;
    }
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }

  Result<void> take_level(std::size_t depth) {
    if (!take(rest_, '{') || depth == ArrayParts::kDimensionsMax) {
      return refused(type_, text_);
    }
    if (depth == sizes_.size()) {
      if (leaf_ && *leaf_ < depth) {  // Elements stood where now a level begins.
        return refused(type_, text_);
      }
      sizes_.push_back(-1);
    }
    std::int32_t size = 0;
    skip_blanks(rest_);
    if (!take(rest_, '}')) {
      do {
        skip_blanks(rest_);
        COUPLET_TRY(take_item(depth));
        ++size;
        skip_blanks(rest_);
      } while (take(rest_, ','));
      if (!take(rest_, '}')) {
        return refused(type_, text_);
      }
    }
    if (sizes_[depth] != -1 && sizes_[depth] != size) {
      return refused(type_, text_);
    }
    sizes_[depth] = size;
    return {};
  }

  Result<void> take_item(std::size_t depth) {
    if (!rest_.empty() && rest_.front() == '{') {
      if (leaf_ && *leaf_ <= depth) {
        return refused(type_, text_);
      }
      return take_level(depth + 1);
    }
    if (leaf_.value_or(depth) != depth || depth + 1 < sizes_.size()) {
      return refused(type_, text_);
    }
    leaf_ = depth;
    std::string piece;
    bool quoted = false;
    const std::string_view before = rest_;
    if (!take_piece(rest_, ",}{", piece, quoted) || rest_.front() == '{') {
      return refused(type_, text_);
    }
    if (before.front() != '"') {
      piece = ascii::trimmed(piece);
      if (piece.empty()) {
        return refused(type_, text_);
      }
      if (!quoted && ascii::equal_ignoring_case(piece, "null")) {
        cells_.add_null();
        return {};
      }
    } else {
      // Blanks after the closing quote are none of the element's.
      const std::string_view taken = before.substr(0, before.size() - rest_.size());
      const std::size_t trailing = taken.size() - (taken.find_last_of('"') + 1);
      piece.resize(piece.size() - std::min(piece.size(), trailing));
    }
    return cells_.add(type_.elements[0], piece);
  }

  const Type& type_;
  std::string_view text_;
  std::string_view rest_;
  Cells cells_;
  std::vector<std::int32_t> sizes_;  // Of each level, -1 until its first end.
  std::optional<std::size_t> leaf_;  // The level at which elements stand.
};

Result<void> parse_composite(const Type& type, std::string_view text, std::string& out) {
  std::string_view rest = ascii::trimmed(text);
  Cells cells;
  if (!take(rest, '(')) {
    return refused(type, text);
  }
  for (std::size_t i = 0; i < type.elements.size(); ++i) {
    std::string piece;
    bool quoted = false;
    if ((i > 0 && !take(rest, ',')) || !take_piece(rest, ",)", piece, quoted)) {
      return refused(type, text);
    }
    if (piece.empty() && !quoted) {
      cells.add_null();
    } else {
      COUPLET_TRY(cells.add(type.elements[i], piece));
    }
  }
  if (!take(rest, ')') || !rest.empty()) {
    return refused(type, text);
  }
  append_composite(cells.values(), type.elements, out);
  return {};
}

}  // namespace

Result<void> parse_nested(const Type& type, std::string_view text, std::string& out) {
  switch (type.kind) {
    case TypeKind::kArray:
      return ArrayReader(type, text).read(out);
    case TypeKind::kRange:
      return parse_range(type, text, out);
    case TypeKind::kMultirange:
      return parse_multirange(type, text, out);
    default:
      return parse_composite(type, text, out);
  }
}

}  // namespace couplet
