#include "engine/model/canonical.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "engine/model/ascii.h"
#include "engine/model/calendar.h"
#include "engine/model/digest_bytes.h"
#include "engine/model/float_text.h"
#include "engine/model/interval.h"
#include "engine/model/json_text.h"
#include "engine/model/money.h"
#include "engine/model/nested_value.h"
#include "engine/model/network_address.h"
#include "engine/model/numeric.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

// What no well-formed value begins with where it matters: bytes that are no value of their type
// stand for themselves.
constexpr char kMalformed = '\xFF';

// Cells whose canonical bytes are a part of their own bytes, which then need no copy.
bool is_in_place(const Comparison& as, TypeKind kind) {
  switch (as.kind) {
    case ComparisonKind::kText:
    case ComparisonKind::kTrimmed:
      return is_textual(kind) || kind == TypeKind::kJson || kind == TypeKind::kOpaque;
    case ComparisonKind::kUuid:
    case ComparisonKind::kBytes:
      return true;
    default:
      return false;
  }
}

std::string_view text_in_place(const Comparison& as, TypeKind kind, std::string_view bytes) {
  return as.kind == ComparisonKind::kTrimmed || kind == TypeKind::kChar
             ? ascii::without_trailing_blanks(bytes)
             : bytes;
}

template <typename Float>
double nearest_float(const NumericView& value, bool& beyond) {
  beyond = false;
  if (value.form() == NumericView::Form::kNaN) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (value.form() == NumericView::Form::kInfinity) {
    return value.negative() ? -std::numeric_limits<double>::infinity()
                            : std::numeric_limits<double>::infinity();
  }
  Float nearest = 0;
  if (parse_float(scientific_text_of(value), nearest) == FloatParse::kDone) {
    return static_cast<double>(nearest);
  }
  if (value.weight() < 0) {
    return 0;  // Too near to zero.
  }
  beyond = true;
  return static_cast<double>(value.negative() ? std::numeric_limits<Float>::lowest()
                                              : std::numeric_limits<Float>::max());
}

// The value as a double, or as a float seen as a double. `beyond`: finite, but farther from zero
// than the largest, which stands for it.
double as_float(const Comparison& as, const Type& type, std::string_view bytes, bool& beyond) {
  const TypeKind kind = type.kind;
  beyond = false;
  const bool narrow = as.kind == ComparisonKind::kFloat32;
  if (kind == TypeKind::kFloat32) {
    return static_cast<double>(wire::read_float(bytes.data()));
  }
  if (is_integer(kind)) {
    const std::int64_t integer = read_integer(kind, bytes);
    return narrow ? static_cast<double>(static_cast<float>(integer)) : static_cast<double>(integer);
  }
  if (kind == TypeKind::kNumeric || kind == TypeKind::kMoney) {
    std::string numeric;
    if (kind == TypeKind::kMoney) {
      append_numeric_of_money(type, bytes, numeric);
      bytes = numeric;
    }
    const NumericView view = *NumericView::read(bytes);
    return narrow ? nearest_float<float>(view, beyond) : nearest_float<double>(view, beyond);
  }
  COUPLET_CHECK(kind == TypeKind::kFloat64);
  const double value = wire::read_double(bytes.data());
  constexpr double kFloatMax = std::numeric_limits<float>::max();
  if (!narrow || !std::isfinite(value)) {
    return value;
  }
  if (std::abs(value) > kFloatMax) {
    beyond = true;
    return std::copysign(kFloatMax, value);
  }
  return static_cast<double>(static_cast<float>(value));
}

// Eight bytes whose order is the order of the values; one zero, and one NaN above all. What lies
// beyond the largest has a ninth.
void append_float_canonical(double value, bool beyond, std::string& out) {
  if (std::isnan(value)) {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (value == 0) {
    value = 0;
  }
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  std::uint64_t ordered = (bits & kSign) != 0 ? ~bits : bits | kSign;
  if (beyond && value < 0) {
    --ordered;  // Below the lowest: the place after minus infinity (floats leave many free).
  }
  wire::append(out, ordered);
  if (beyond) {
    out += '\1';
  }
}

void append_number(const Type& type, std::string_view bytes, std::string& out) {
  if (type.kind == TypeKind::kNumeric) {
    append_number_canonical(*NumericView::read(bytes), out);
    return;
  }
  if (type.kind == TypeKind::kMoney) {
    std::string numeric;
    append_numeric_of_money(type, bytes, numeric);
    append_number_canonical(*NumericView::read(numeric), out);
    return;
  }
  const TypeKind kind = type.kind;
  COUPLET_CHECK(is_integer(kind));
  std::array<char, kIntegerCanonicalBytes> integer{};
  write_integer_canonical(read_integer(kind, bytes), integer.data());
  out.append(integer.data(), integer.size());
}

// A mark for null, or one with the length and the canonical bytes: no two lists look alike.
void append_part(const Comparison& as, const Type& type, Value value, std::string& out) {
  if (!value.has_bytes()) {
    out += '\0';
    return;
  }
  out += '\1';
  const std::size_t length_at = out.size();
  wire::append<std::uint32_t>(out, 0);
  append_canonical(as, type, value, out);
  wire::write(out.data() + length_at,
              static_cast<std::uint32_t>(out.size() - length_at - sizeof(std::uint32_t)));
}

void append_array_canonical(const Comparison& as, const Type& type, std::string_view bytes,
                            std::string& out) {
  const ArrayParts parts = *read_array(bytes);
  out += static_cast<char>(parts.dimensions.size());
  for (const ArrayParts::Dimension& dimension : parts.dimensions) {
    wire::append(out, dimension.size);
    wire::append(out, dimension.lower);
  }
  for (const Value& element : parts.elements) {
    append_part(as.parts[0], type.elements[0], element, out);
  }
}

void append_range_canonical(const Comparison& as, const Type& type, std::string_view bytes,
                            std::string& out) {
  const RangeParts parts = *read_range(bytes);
  out += parts.empty ? '\1' : '\0';
  if (parts.empty) {
    return;
  }
  for (const RangeParts::Bound& bound : {parts.lower, parts.upper}) {
    out += bound.inclusive && bound.value.has_bytes() ? '\1' : '\0';
    append_part(as.parts[0], type.elements[0], bound.value, out);
  }
}

void append_nested_canonical(const Comparison& as, const Type& type, std::string_view bytes,
                             std::string& out) {
  switch (as.kind) {
    case ComparisonKind::kArray:
      append_array_canonical(as, type, bytes, out);
      return;
    case ComparisonKind::kRange:
      append_range_canonical(as, type, bytes, out);
      return;
    case ComparisonKind::kMultirange: {
      const Comparison each{ComparisonKind::kRange, as.fraction_digits, as.parts};
      const Type range = range_of(type);
      const std::vector<std::string_view> parts = *read_multirange(bytes);
      for (const std::string_view part : parts) {
        append_part(each, range, Value(part), out);
      }
      return;
    }
    default: {
      const std::vector<Value> cells = *read_composite(bytes);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        append_part(as.parts[i], type.elements[i], cells[i], out);
      }
    }
  }
}

// Microseconds and seconds west of UTC, their sign bits flipped.
void append_time_of_day(const Comparison& as, TypeKind kind, std::string_view bytes,
                        std::string& out) {
  const std::int64_t micros =
      calendar::rounded(wire::read<std::int64_t>(bytes.data()), as.fraction_digits);
  const std::int32_t west =
      kind == TypeKind::kTimeTz ? wire::read<std::int32_t>(bytes.data() + sizeof micros) : 0;
  wire::append(out, static_cast<std::uint64_t>(micros) ^ std::uint64_t{1} << 63U);
  wire::append(out, static_cast<std::uint32_t>(west) ^ std::uint32_t{1} << 31U);
}

void append_well_formed(const Comparison& as, const Type& type, std::string_view bytes,
                        std::string& out) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;
  switch (as.kind) {
    case ComparisonKind::kBool:
      out += bytes[0] != 0 ? '\1' : '\0';
      return;
    case ComparisonKind::kNumber:
      append_number(type, bytes, out);
      return;
    case ComparisonKind::kFloat:
    case ComparisonKind::kFloat32: {
      bool beyond = false;
      const double value = as_float(as, type, bytes, beyond);
      append_float_canonical(value, beyond, out);
      return;
    }
    case ComparisonKind::kText:
    case ComparisonKind::kTrimmed: {
      const std::size_t begin = out.size();
      append_literal(type, bytes, out);
      if (as.kind == ComparisonKind::kTrimmed) {
        out.resize(begin +
                   ascii::without_trailing_blanks(std::string_view(out).substr(begin)).size());
      }
      return;
    }
    case ComparisonKind::kDate: {
      const std::int32_t days = type.kind == TypeKind::kDate
                                    ? wire::read<std::int32_t>(bytes.data())
                                    : calendar::day_of(wire::read<std::int64_t>(bytes.data()));
      wire::append(out, static_cast<std::uint32_t>(days) ^ (std::uint32_t{1} << 31U));
      return;
    }
    case ComparisonKind::kTimestamp: {
      COUPLET_CHECK(is_timestamp(type.kind));
      const std::int64_t micros =
          calendar::rounded(wire::read<std::int64_t>(bytes.data()), as.fraction_digits);
      wire::append(out, static_cast<std::uint64_t>(micros) ^ kSign);
      return;
    }
    case ComparisonKind::kJson:
      append_json_canonical(type.kind == TypeKind::kJsonb ? bytes.substr(1) : bytes, out);
      return;
    case ComparisonKind::kTimeOfDay:
      append_time_of_day(as, type.kind, bytes, out);
      return;
    case ComparisonKind::kInterval: {
      Interval interval = Interval::read(bytes);
      interval.micros = calendar::rounded(interval.micros, as.fraction_digits);
      interval.append(out);
      return;
    }
    case ComparisonKind::kNetwork:
      NetworkAddress::read(bytes)->append_canonical(out);
      return;
    case ComparisonKind::kArray:
    case ComparisonKind::kRange:
    case ComparisonKind::kMultirange:
    case ComparisonKind::kComposite:
      append_nested_canonical(as, type, bytes, out);
      return;
    case ComparisonKind::kUuid:
    case ComparisonKind::kBytes:
      out += bytes;
      return;
  }
}

// Where canonical bytes are put together: keeps its memory from cell to cell, but not that of a
// rare large one.
class Scratch {
 public:
  std::string& emptied() {
    constexpr std::size_t kKeptBytes = std::size_t{64} << 10U;
    if (bytes_.capacity() > kKeptBytes) {
      bytes_ = {};
    }
    bytes_.clear();
    return bytes_;
  }

 private:
  std::string bytes_;
};

}  // namespace

void append_canonical(const Comparison& as, const Type& type, Value value, std::string& out) {
  COUPLET_CHECK(value.has_bytes());
  const std::string_view bytes = value.bytes();
  if (is_in_place(as, type.kind)) {
    out += text_in_place(as, type.kind, bytes);
  } else if (has_shape_of(type, bytes)) {
    append_well_formed(as, type, bytes, out);
  } else {
    out += kMalformed;
    out += bytes;
  }
}

Digest Digester::of_bytes(std::string_view bytes) const { return digest_bytes(bytes, secret_); }

// The digest of the secret itself: no value that a user can write has it on purpose.
Digest Digester::of_null() const {
  return of_bytes({reinterpret_cast<const char*>(secret_.data()), secret_.size()});
}

Digest Digester::of(const Comparison& as, const Type& type, Value value) const {
  COUPLET_CHECK(!value.is_absent());
  if (value.is_null()) {
    return of_null();
  }
  const std::string_view bytes = value.bytes();
  if (is_in_place(as, type.kind)) {
    return of_bytes(text_in_place(as, type.kind, bytes));
  }
  if (as.kind == ComparisonKind::kNumber && is_integer(type.kind) && has_shape_of(type, bytes)) {
    std::array<char, kIntegerCanonicalBytes> integer{};
    write_integer_canonical(read_integer(type.kind, bytes), integer.data());
    return of_bytes({integer.data(), integer.size()});
  }
  thread_local Scratch scratch;
  std::string& canonical = scratch.emptied();
  append_canonical(as, type, value, canonical);
  return of_bytes(canonical);
}

bool same_value(const Comparison& as, const Type& left_type, Value left, const Type& right_type,
                Value right) {
  COUPLET_CHECK(!left.is_absent() && !right.is_absent());
  if (left.is_null() || right.is_null()) {
    return left.is_null() && right.is_null();
  }
  // The same bytes are the same value where the kind says all about them.
  if (left_type.kind == right_type.kind && left_type.kind != TypeKind::kMoney &&
      !is_nested(left_type.kind) && left.bytes() == right.bytes()) {
    return true;
  }
  if (is_in_place(as, left_type.kind) && is_in_place(as, right_type.kind)) {
    return text_in_place(as, left_type.kind, left.bytes()) ==
           text_in_place(as, right_type.kind, right.bytes());
  }
  thread_local Scratch left_scratch;
  thread_local Scratch right_scratch;
  std::string& left_canonical = left_scratch.emptied();
  std::string& right_canonical = right_scratch.emptied();
  append_canonical(as, left_type, left, left_canonical);
  append_canonical(as, right_type, right, right_canonical);
  return left_canonical == right_canonical;
}

}  // namespace couplet
