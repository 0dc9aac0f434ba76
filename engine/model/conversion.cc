#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "engine/model/ascii.h"
#include "engine/model/canonical.h"
#include "engine/model/utf8.h"
#include "engine/model/value_shape.h"

// Which types convert, what is lost on the way, and as what they are compared.
namespace couplet {
namespace {

using Loss = Conversion::Loss;

constexpr std::int32_t kUnlimited = std::numeric_limits<std::int32_t>::max();

std::string described(const Type& type) {
  return type.name.empty() ? name_of(type.kind) : type.name;
}

struct Pair {
  const Type& from;
  const Type& to;

  [[nodiscard]] Conversion exact() const { return {true, Loss::kNone, {}}; }
  [[nodiscard]] Conversion rejected(std::string_view what) const {
    return {true, Loss::kRejected, with_types(what)};
  }
  [[nodiscard]] Conversion silent(std::string_view what) const {
    return {true, Loss::kSilent, with_types(what)};
  }
  [[nodiscard]] Conversion impossible() const {
    return {false, Loss::kNone, with_types("does not convert")};
  }

 private:
  [[nodiscard]] std::string with_types(std::string_view what) const {
    return fmt::format("{}: {} into {}", what, described(from), described(to));
  }
};

// Decimal digits that any value of an integer type has at most, and those it has always room for.
std::int32_t digits_at_most(TypeKind kind) {
  return kind == TypeKind::kInt16 ? 5 : kind == TypeKind::kInt32 ? 10 : 19;
}
std::int32_t digits_always(TypeKind kind) { return digits_at_most(kind) - 1; }

// The longest text of a value, in characters.
std::int32_t text_length_max(const Type& type) {
  switch (type.kind) {
    case TypeKind::kBool:
      return 5;
    case TypeKind::kInt16:
    case TypeKind::kInt32:
    case TypeKind::kInt64:
      return digits_at_most(type.kind) + 1;
    case TypeKind::kNumeric: {
      if (type.precision < 0) {
        return kUnlimited;
      }
      // Sign, point, a zero before the point; a negative scale adds zeros.
      const std::int32_t digits = std::max(type.precision - std::min(type.scale, 0), type.scale);
      return digits + 3;
    }
    case TypeKind::kFloat32:
      return 15;
    case TypeKind::kFloat64:
      return 24;
    case TypeKind::kUuid:
      return 36;
    case TypeKind::kDate:
      return 16;  // "5874897-12-31", "4714-11-24 BC".
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return 36;
    case TypeKind::kVarchar:
    case TypeKind::kChar:
      return type.length < 0 ? kUnlimited : type.length;
    case TypeKind::kEnum: {
      std::size_t longest = 0;
      for (const std::string& label : type.labels) {
        longest = std::max(longest, utf8::count(label));
      }
      return static_cast<std::int32_t>(longest);
    }
    default:
      return kUnlimited;
  }
}

bool may_end_in_blanks(const Type& type) {
  if (type.kind == TypeKind::kEnum) {
    return std::any_of(type.labels.begin(), type.labels.end(),
                       [](const std::string& label) { return label.ends_with(' '); });
  }
  return type.kind == TypeKind::kText || type.kind == TypeKind::kVarchar || is_json_kind(type.kind);
}

Conversion into_text(const Pair& pair) {
  if (pair.to.kind == TypeKind::kChar && may_end_in_blanks(pair.from)) {
    return pair.silent("loses blanks at the end");
  }
  const bool limited = pair.to.kind != TypeKind::kText && pair.to.length >= 0;
  if (limited && text_length_max(pair.from) > pair.to.length) {
    return pair.rejected("may be too long");
  }
  return pair.exact();
}

bool has_all_labels(const Type& from, const Type& to) {
  return std::all_of(from.labels.begin(), from.labels.end(), [&](const std::string& label) {
    return std::find(to.labels.begin(), to.labels.end(), label) != to.labels.end();
  });
}

Conversion out_of_text(const Pair& pair) {
  switch (pair.to.kind) {
    case TypeKind::kEnum:
      return pair.from.kind == TypeKind::kEnum && has_all_labels(pair.from, pair.to)
                 ? pair.exact()
                 : pair.rejected("has no label for some values");
    case TypeKind::kJson:
      return pair.rejected("is not always JSON");  // json keeps its text as written.
    default:
      return pair.silent("may change its form, and not every text is one");
  }
}

Conversion numeric_to_numeric(const Pair& pair) {
  if (pair.to.precision < 0) {
    return pair.exact();
  }
  if (pair.from.precision < 0 || pair.from.scale > pair.to.scale) {
    return pair.silent("loses digits after the point");
  }
  return pair.from.precision - pair.from.scale > pair.to.precision - pair.to.scale
             ? pair.rejected("may be too large")
             : pair.exact();
}

Conversion numeric_to_float(const Pair& pair) {
  // So many decimal digits survive the way there and back.
  const bool narrow = pair.to.kind == TypeKind::kFloat32;
  const std::int32_t digits =
      narrow ? std::numeric_limits<float>::digits10 : std::numeric_limits<double>::digits10;
  const std::int32_t exponent = narrow ? 30 : 290;
  const bool kept = pair.from.precision >= 0 && pair.from.precision <= digits &&
                    std::abs(pair.from.scale) <= exponent;
  return kept ? pair.exact() : pair.silent("loses digits");
}

Conversion between_numbers(const Pair& pair) {
  const TypeKind from = pair.from.kind;
  const TypeKind to = pair.to.kind;
  if (is_integer(from) && is_integer(to)) {
    return digits_at_most(from) > digits_at_most(to) ? pair.rejected("may be out of range")
                                                     : pair.exact();
  }
  if (is_integer(from) && to == TypeKind::kNumeric) {
    if (pair.to.precision >= 0 && pair.to.scale < 0) {
      return pair.silent("loses digits before the point");
    }
    return pair.to.precision >= 0 && pair.to.precision - pair.to.scale < digits_at_most(from)
               ? pair.rejected("may be too large")
               : pair.exact();
  }
  if (is_integer(from)) {
    const std::int32_t bits = to == TypeKind::kFloat32 ? std::numeric_limits<float>::digits
                                                       : std::numeric_limits<double>::digits;
    const std::int32_t needed = from == TypeKind::kInt16 ? 15 : from == TypeKind::kInt32 ? 31 : 63;
    return needed > bits ? pair.silent("loses digits of large values") : pair.exact();
  }
  if (from == TypeKind::kNumeric) {
    if (to == TypeKind::kNumeric) {
      return numeric_to_numeric(pair);
    }
    if (is_float(to)) {
      return numeric_to_float(pair);
    }
    if (pair.from.precision < 0 || pair.from.scale > 0) {
      return pair.silent("loses digits after the point");
    }
    return pair.from.precision - pair.from.scale > digits_always(to)
               ? pair.rejected("may be out of range")
               : pair.exact();
  }
  if (is_float(to)) {
    return from == TypeKind::kFloat64 && to == TypeKind::kFloat32 ? pair.silent("loses digits")
                                                                  : pair.exact();
  }
  if (to == TypeKind::kNumeric && pair.to.precision < 0) {
    return pair.exact();  // The shortest text that reads back as the same float.
  }
  return pair.silent("loses digits after the point");
}

Conversion between_times(const Pair& pair) {
  if (pair.from.kind == TypeKind::kDate) {
    return pair.exact();
  }
  if (pair.to.kind == TypeKind::kDate) {
    return pair.silent("loses the time of day");
  }
  return pair.from.fraction_digits > pair.to.fraction_digits
             ? pair.silent("loses fractions of a second")
             : pair.exact();
}

// Text, varchar and char take part in a conversion of everything but bytea.
bool is_plain_text(TypeKind kind) { return is_textual(kind) && kind != TypeKind::kEnum; }

}  // namespace

Conversion conversion_between(const Type& from, const Type& to) {
  const Pair pair{from, to};
  if (from.kind == TypeKind::kBytea || to.kind == TypeKind::kBytea) {
    return from.kind == to.kind ? pair.exact() : pair.impossible();
  }
  if (is_plain_text(to.kind)) {
    return into_text(pair);
  }
  if (is_textual(from.kind)) {
    return is_plain_text(from.kind) || to.kind == TypeKind::kEnum ? out_of_text(pair)
                                                                  : pair.impossible();
  }
  if (is_number(from.kind) && is_number(to.kind)) {
    return between_numbers(pair);
  }
  if (is_time(from.kind) && is_time(to.kind)) {
    return between_times(pair);
  }
  if (from.kind == to.kind || (is_json_kind(from.kind) && is_json_kind(to.kind))) {
    return pair.exact();
  }
  return pair.impossible();
}

std::optional<Comparison> comparison_between(const Type& left, const Type& right) {
  if (!conversion_between(left, right).possible && !conversion_between(right, left).possible) {
    return std::nullopt;
  }
  const auto either = [&](TypeKind kind) { return left.kind == kind || right.kind == kind; };
  Comparison comparison;
  if (is_textual(left.kind) || is_textual(right.kind)) {
    comparison.kind = either(TypeKind::kChar) ? ComparisonKind::kTrimmed : ComparisonKind::kText;
  } else if (is_number(left.kind)) {
    comparison.kind = either(TypeKind::kFloat32)   ? ComparisonKind::kFloat32
                      : either(TypeKind::kFloat64) ? ComparisonKind::kFloat
                                                   : ComparisonKind::kNumber;
  } else if (is_time(left.kind)) {
    comparison.kind = either(TypeKind::kDate) ? ComparisonKind::kDate : ComparisonKind::kTimestamp;
    if (comparison.kind == ComparisonKind::kTimestamp) {
      comparison.fraction_digits = std::min(left.fraction_digits, right.fraction_digits);
    }
  } else if (is_json_kind(left.kind)) {
    comparison.kind = ComparisonKind::kJson;
  } else if (left.kind == TypeKind::kBool) {
    comparison.kind = ComparisonKind::kBool;
  } else if (left.kind == TypeKind::kUuid) {
    comparison.kind = ComparisonKind::kUuid;
  } else {
    comparison.kind = ComparisonKind::kBytes;
  }
  return comparison;
}

}  // namespace couplet
