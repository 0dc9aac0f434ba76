#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "engine/model/ascii.h"
#include "engine/model/canonical.h"
#include "engine/model/money.h"
#include "engine/model/nested_value.h"
#include "engine/model/utf8.h"
#include "engine/model/value_shape.h"

// Which types convert, what is lost on the way, and as what they are compared.
namespace couplet {
namespace {

using Loss = Conversion::Loss;

constexpr std::int32_t kUnlimited = std::numeric_limits<std::int32_t>::max();

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
  [[nodiscard]] Conversion impossible(std::string_view what = "does not convert") const {
    return {false, Loss::kNone, with_types(what)};
  }

 private:
  [[nodiscard]] std::string with_types(std::string_view what) const {
    return fmt::format("{}: {} into {}", what, described(from), described(to));
  }
};

// Decimal digits that any value of an integer type has at most, and those it has always room for.
std::int32_t digits_at_most(TypeKind kind) {
  return kind == TypeKind::kInt16                             ? 5
         : kind == TypeKind::kInt32 || kind == TypeKind::kOid ? 10
                                                              : 19;
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
    case TypeKind::kOid:
      return digits_at_most(type.kind) + 1;
    case TypeKind::kMoney:
      return digits_at_most(type.kind) + 3;
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
    case TypeKind::kTime:
      return 15;  // "23:59:59.999999"
    case TypeKind::kTimeTz:
      return 24;  // "23:59:59.999999-15:59:59"
    case TypeKind::kInterval:
      return 80;
    case TypeKind::kLsn:
      return 17;
    case TypeKind::kInet:
    case TypeKind::kCidr:
      return 49;  // "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128"
    case TypeKind::kMacaddr:
      return 17;
    case TypeKind::kMacaddr8:
      return 23;
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kBit:
    case TypeKind::kVarbit:
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
  return type.kind == TypeKind::kText || type.kind == TypeKind::kVarchar ||
         type.kind == TypeKind::kOpaque || is_json_kind(type.kind);
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

// Money as the numeric that holds all of it (`from`), or that all of which it holds.
Type as_numeric(const Type& money, bool from) {
  constexpr std::int32_t kDigits = 19;
  Type numeric;
  numeric.kind = TypeKind::kNumeric;
  numeric.name = described(money);
  numeric.precision = from ? kDigits : kDigits - 1;
  numeric.scale = scale_of_money(money);
  return numeric;
}

Conversion between_numbers(const Pair& pair) {
  const TypeKind from = pair.from.kind;
  const TypeKind to = pair.to.kind;
  if (from == TypeKind::kMoney && to == TypeKind::kMoney &&
      scale_of_money(pair.from) == scale_of_money(pair.to)) {
    return pair.exact();
  }
  if (from == TypeKind::kMoney) {
    const Type numeric = as_numeric(pair.from, true);
    return between_numbers(Pair{numeric, pair.to});
  }
  if (to == TypeKind::kMoney) {
    const Type numeric = as_numeric(pair.to, false);
    return between_numbers(Pair{pair.from, numeric});
  }
  if (is_integer(from) && is_integer(to)) {
    const bool sign_lost = to == TypeKind::kOid && from != TypeKind::kOid;
    const bool half_lost = from == TypeKind::kOid && to == TypeKind::kInt32;
    return sign_lost || half_lost || digits_at_most(from) > digits_at_most(to)
               ? pair.rejected("may be out of range")
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
    const std::int32_t needed = from == TypeKind::kInt16   ? 15
                                : from == TypeKind::kInt32 ? 31
                                : from == TypeKind::kOid   ? 32
                                                           : 63;
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
    return to == TypeKind::kOid || pair.from.precision - pair.from.scale > digits_always(to)
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

Conversion between_times_of_day(const Pair& pair) {
  if (pair.from.kind == TypeKind::kTimeTz && pair.to.kind == TypeKind::kTime) {
    return pair.silent("loses the time zone");
  }
  return pair.from.fraction_digits > pair.to.fraction_digits
             ? pair.silent("loses fractions of a second")
             : pair.exact();
}

Conversion interval_to_interval(const Pair& pair) {
  if (pair.to.precision >= 0 && pair.to.precision != pair.from.precision) {
    return pair.silent("loses fields");
  }
  return pair.from.fraction_digits > pair.to.fraction_digits
             ? pair.silent("loses fractions of a second")
             : pair.exact();
}

Conversion between_bits(const Pair& pair) {
  const bool fixed = pair.from.kind == TypeKind::kBit && pair.from.length >= 0;
  if (pair.to.kind == TypeKind::kBit && pair.to.length >= 0) {
    return fixed && pair.from.length == pair.to.length ? pair.exact()
                                                       : pair.rejected("may differ in length");
  }
  return pair.to.length >= 0 && (pair.from.length < 0 || pair.from.length > pair.to.length)
             ? pair.rejected("may be too long")
             : pair.exact();
}

// What the elements lose is lost to the whole.
Conversion between_nested(const Pair& pair) {
  if (pair.from.kind == TypeKind::kComposite &&
      (pair.to.kind != TypeKind::kComposite || pair.from.fields != pair.to.fields)) {
    return pair.from.kind == pair.to.kind ? pair.impossible("has other fields") : pair.impossible();
  }
  if (pair.from.kind != pair.to.kind) {
    return pair.impossible();
  }
  const bool range = pair.from.kind == TypeKind::kRange || pair.from.kind == TypeKind::kMultirange;
  if (range) {
    // [1,5] and [1,6) are one range of whole numbers, but not of decimals.
    const TypeKind from = pair.from.elements[0].kind;
    const TypeKind to = pair.to.elements[0].kind;
    if (pair.from.discrete != pair.to.discrete ||
        (from != to && !(is_integer(from) && is_integer(to)) &&
         !(is_timestamp(from) && is_timestamp(to)))) {
      return pair.impossible();
    }
  }
  Conversion whole = pair.exact();
  for (std::size_t i = 0; i < pair.from.elements.size(); ++i) {
    const Conversion part = conversion_between(pair.from.elements[i], pair.to.elements[i]);
    if (!part.possible) {
      return pair.impossible("has elements of a type that does not convert");
    }
    if (part.loss > whole.loss) {
      whole.loss = part.loss;
      whole.reason =
          (pair.from.kind == TypeKind::kComposite ? fmt::format("field {}: ", pair.from.fields[i])
                                                  : std::string("elements: ")) +
          part.reason;
    }
  }
  return whole;
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
  if (is_time_of_day(from.kind) && is_time_of_day(to.kind)) {
    return between_times_of_day(pair);
  }
  if (is_network(from.kind) && is_network(to.kind)) {
    return from.kind == TypeKind::kInet && to.kind == TypeKind::kCidr
               ? pair.rejected("may have bits beyond its network")
               : pair.exact();
  }
  if (is_bits(from.kind) && is_bits(to.kind)) {
    return between_bits(pair);
  }
  if (is_nested(from.kind) || is_nested(to.kind)) {
    return between_nested(pair);
  }
  if (from.kind != to.kind && !(is_json_kind(from.kind) && is_json_kind(to.kind))) {
    return pair.impossible();
  }
  switch (from.kind) {
    case TypeKind::kInterval:
      return interval_to_interval(pair);
    case TypeKind::kOpaque:
      return from.base == to.base ? pair.exact() : pair.impossible();
    default:
      return pair.exact();
  }
}

namespace {

Comparison comparison_of_nested(const Type& left, const Type& right) {
  Comparison comparison;
  comparison.kind = left.kind == TypeKind::kArray        ? ComparisonKind::kArray
                    : left.kind == TypeKind::kRange      ? ComparisonKind::kRange
                    : left.kind == TypeKind::kMultirange ? ComparisonKind::kMultirange
                                                         : ComparisonKind::kComposite;
  for (std::size_t i = 0; i < left.elements.size(); ++i) {
    comparison.parts.push_back(*comparison_between(left.elements[i], right.elements[i]));
  }
  return comparison;
}

}  // namespace

std::optional<Comparison> comparison_between(const Type& left, const Type& right) {
  if (!conversion_between(left, right).possible && !conversion_between(right, left).possible) {
    return std::nullopt;
  }
  const auto either = [&](TypeKind kind) { return left.kind == kind || right.kind == kind; };
  Comparison comparison;
  if (is_nested(left.kind) && is_nested(right.kind)) {
    return comparison_of_nested(left, right);
  }
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
  } else if (is_time_of_day(left.kind) || left.kind == TypeKind::kInterval) {
    comparison.kind =
        left.kind == TypeKind::kInterval ? ComparisonKind::kInterval : ComparisonKind::kTimeOfDay;
    comparison.fraction_digits = std::min(left.fraction_digits, right.fraction_digits);
  } else if (is_network(left.kind)) {
    comparison.kind = ComparisonKind::kNetwork;
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

bool is_coarser(const Comparison& as, const Type& type) {
  const auto merges = [&](TypeKind kind) {
    Type whole;
    whole.kind = kind;
    return conversion_between(type, whole).loss != Loss::kNone;
  };
  switch (as.kind) {
    case ComparisonKind::kTrimmed:
      return may_end_in_blanks(type);
    case ComparisonKind::kFloat:
      return merges(TypeKind::kFloat64);
    case ComparisonKind::kFloat32:
      return merges(TypeKind::kFloat32);
    case ComparisonKind::kDate:
      return is_timestamp(type.kind);
    case ComparisonKind::kTimestamp:
    case ComparisonKind::kTimeOfDay:
    case ComparisonKind::kInterval:
      return type.fraction_digits > as.fraction_digits;
    case ComparisonKind::kArray:
    case ComparisonKind::kRange:
    case ComparisonKind::kMultirange:
    case ComparisonKind::kComposite:
      for (std::size_t i = 0; i < type.elements.size(); ++i) {
        if (is_coarser(as.parts[i], type.elements[i])) {
          return true;
        }
      }
      return false;
    default:
      return false;
  }
}

bool can_be_sought(const Comparison& as, const Type& type) {
  return !is_coarser(as, type) ||
         (!is_number(type.kind) && type.elements.empty() && type.fields.empty());
}

}  // namespace couplet
