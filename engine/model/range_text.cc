#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "engine/model/calendar.h"
#include "engine/model/canonical.h"
#include "engine/model/literal.h"
#include "engine/model/nested_scan.h"
#include "engine/model/nested_text.h"
#include "engine/model/nested_value.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

using nested::refused;
using nested::skip_blanks;
using nested::take;
using nested::take_piece;

// Whether bytes of the canonical form sort as the server sorts values of the type.
bool is_ordered(const Type& type) {
  return is_number(type.kind) || is_time(type.kind) || type.kind == TypeKind::kTime;
}

std::string canonical_bound(const Type& type, Value value) {
  std::string out;
  append_canonical(*comparison_between(type, type), type, value, out);
  return out;
}

bool is_infinite(const Type& type, std::string_view bytes) {
  const auto infinity = [&](std::int32_t day) {
    return day == calendar::kDateInfinity || day == calendar::kDateNegativeInfinity;
  };
  return type.kind == TypeKind::kDate && infinity(wire::read<std::int32_t>(bytes.data()));
}

// Adds one to a whole number or a finite day; false if there is none above.
bool step_up(const Type& type, std::string& bytes) {
  const bool day = type.kind == TypeKind::kDate;
  const std::int64_t number =
      day ? wire::read<std::int32_t>(bytes.data()) : read_integer(type.kind, bytes);
  bytes.clear();
  return number < std::numeric_limits<std::int64_t>::max() &&
         append_integer(day ? TypeKind::kInt32 : type.kind, number + 1, bytes);
}

class RangeReader {
 public:
  RangeReader(const Type& type, std::string_view text) : type_(type), text_(text) {}

  // Takes one range off the front of `rest`.
  Result<void> read(std::string_view& rest, std::string& out) {
    skip_blanks(rest);
    constexpr std::string_view kEmptyWord = "empty";
    if (ascii::equal_ignoring_case(rest.substr(0, kEmptyWord.size()), kEmptyWord)) {
      rest.remove_prefix(kEmptyWord.size());
      parts_.empty = true;
      append_range(parts_, out);
      return {};
    }
    parts_.lower.inclusive = take(rest, '[');
    if (!parts_.lower.inclusive && !take(rest, '(')) {
      return refused(type_, text_);
    }
    COUPLET_TRY(take_bound(rest, ",", lower_, parts_.lower));
    if (!take(rest, ',')) {
      return refused(type_, text_);
    }
    COUPLET_TRY(take_bound(rest, "])", upper_, parts_.upper));
    parts_.upper.inclusive = take(rest, ']');
    if (!parts_.upper.inclusive && !take(rest, ')')) {
      return refused(type_, text_);
    }
    COUPLET_TRY(settle());
    append_range(parts_, out);
    return {};
  }

 private:
  Result<void> take_bound(std::string_view& rest, std::string_view ends, std::string& bytes,
                          RangeParts::Bound& bound) {
    std::string piece;
    bool quoted = false;
    if (!take_piece(rest, ends, piece, quoted)) {
      return refused(type_, text_);
    }
    if (piece.empty() && !quoted) {
      return {};
    }
    COUPLET_TRY(parse_literal(type_.elements[0], piece, bytes));
    bound.value = Value(bytes);
    return {};
  }

  // Into the one form that the server keeps.
  Result<void> settle() {
    const Type& element = type_.elements[0];
    if (order() > 0) {
      return refused(type_, text_);
    }
    if (type_.discrete && (is_integer(element.kind) || element.kind == TypeKind::kDate)) {
      const bool fits = (parts_.lower.inclusive || step(lower_, parts_.lower)) &&
                        (!parts_.upper.inclusive || step(upper_, parts_.upper));
      if (!fits) {
        return refused(type_, text_);
      }
    }
    parts_.empty = order() == 0 && !(parts_.lower.inclusive && parts_.upper.inclusive);
    return {};
  }

  // Of the bounds: -1, 0, 1; -1 too where there is none to tell.
  [[nodiscard]] int order() const {
    const Type& element = type_.elements[0];
    if (!is_ordered(element) || !parts_.lower.value.has_bytes() ||
        !parts_.upper.value.has_bytes()) {
      return -1;
    }
    const std::string lower = canonical_bound(element, parts_.lower.value);
    const std::string upper = canonical_bound(element, parts_.upper.value);
    return lower < upper ? -1 : lower == upper ? 0 : 1;
  }

  // To the next value above, and to the other side of it; an infinite bound stays. False if there
  // is none above.
  bool step(std::string& bytes, RangeParts::Bound& bound) const {
    if (!bound.value.has_bytes() || is_infinite(type_.elements[0], bytes)) {
      return true;
    }
    if (!step_up(type_.elements[0], bytes)) {
      return false;
    }
    bound.value = Value(bytes);
    bound.inclusive = !bound.inclusive;
    return true;
  }

  const Type& type_;
  std::string_view text_;
  std::string lower_;
  std::string upper_;
  RangeParts parts_;
};

// Whether the second range begins above the end of the first, with something in between.
bool is_apart(const Type& element, std::string_view first, std::string_view second) {
  const RangeParts before = *read_range(first);
  const RangeParts after = *read_range(second);
  if (before.empty || after.empty || !before.upper.value.has_bytes() ||
      !after.lower.value.has_bytes()) {
    return false;
  }
  const std::string end = canonical_bound(element, before.upper.value);
  const std::string begin = canonical_bound(element, after.lower.value);
  return end < begin || (end == begin && !before.upper.inclusive && !after.lower.inclusive);
}

}  // namespace

Result<void> parse_range(const Type& type, std::string_view text, std::string& out) {
  std::string_view rest = text;
  std::string bytes;
  COUPLET_TRY(RangeReader(type, text).read(rest, bytes));
  skip_blanks(rest);
  if (!rest.empty()) {
    return refused(type, text);
  }
  out += bytes;
  return {};
}

Result<void> parse_multirange(const Type& type, std::string_view text, std::string& out) {
  const Type range = range_of(type);
  std::string_view rest = ascii::trimmed(text);
  std::vector<std::string> ranges;
  if (!take(rest, '{')) {
    return refused(type, text);
  }
  skip_blanks(rest);
  if (!take(rest, '}')) {
    do {
      COUPLET_TRY(RangeReader(range, text).read(rest, ranges.emplace_back()));
      skip_blanks(rest);
      if (read_range(ranges.back())->empty) {
        ranges.pop_back();
      } else if (ranges.size() > 1 && is_ordered(type.elements[0]) &&
                 !is_apart(type.elements[0], ranges[ranges.size() - 2], ranges.back())) {
        return fail(ErrorKind::kInvalidArgument,
                    fmt::format("'{}' is no {} as the server keeps it", text, described(type)),
                    "give its ranges in order, and as one where they touch");
      }
    } while (take(rest, ','));
    if (!take(rest, '}')) {
      return refused(type, text);
    }
  }
  if (!rest.empty()) {
    return refused(type, text);
  }
  append_multirange(ranges, out);
  return {};
}

}  // namespace couplet
