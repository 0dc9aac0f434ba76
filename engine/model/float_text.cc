#include "engine/model/float_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <system_error>
#include <type_traits>

#include "engine/model/ascii.h"

namespace couplet {
namespace {

// Beyond these exponents the server changes to scientific notation (src/common/d2s.c, f2s.c).
template <typename Float>
constexpr int kFixedExponentMax = std::numeric_limits<Float>::digits10;
constexpr int kFixedExponentMin = -4;

// A positive number as odd * 2^twos * 5^fives, where 5 does not divide `odd`: one form per number,
// for binary and decimal ones alike, so that the two can be compared exactly.
struct Factors {
  std::uint64_t odd = 1;
  int twos = 0;
  int fives = 0;
  bool operator==(const Factors&) const = default;
};
Factors factors_of(std::uint64_t number, int twos, int fives) {
  for (; number % 2 == 0; number /= 2) {
    ++twos;
  }
  for (; number % 5 == 0; number /= 5) {
    ++fives;
  }
  return {number, twos, fives};
}

// "1.25e+17" in parts.
struct Scientific {
  std::string_view text;
  std::string digits;  // Without the point.
  int exponent = 0;    // Of the first digit.
};
Scientific parts_of(std::string_view text) {
  const std::size_t mark = text.find('e');
  Scientific parts{text, std::string(1, text[0]), 0};
  if (mark > 2) {
    parts.digits += text.substr(2, mark - 2);
  }
  const std::size_t exponent = mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + exponent, text.data() + text.size(), parts.exponent);
  return parts;
}

// True if the text lies exactly half way to a neighbour of `value`, which is positive and finite.
template <typename Float>
bool is_half_way(Float value, const Scientific& parts) {
  using Bits = std::conditional_t<sizeof(Float) == sizeof(float), std::uint32_t, std::uint64_t>;
  constexpr int kFractionBits = std::numeric_limits<Float>::digits - 1;
  const auto bits = std::bit_cast<Bits>(value);
  const std::uint64_t fraction = bits & ((Bits{1} << kFractionBits) - 1);
  const int field = static_cast<int>(bits >> kFractionBits);
  const std::uint64_t mantissa =
      field == 0 ? fraction : fraction | (std::uint64_t{1} << kFractionBits);
  const int exponent =
      std::max(field, 1) - 1 + std::numeric_limits<Float>::min_exponent - 1 - kFractionBits;

  std::uint64_t decimal = 0;
  std::from_chars(parts.digits.data(), parts.digits.data() + parts.digits.size(), decimal);
  const int power = parts.exponent - static_cast<int>(parts.digits.size()) + 1;
  const Factors text = factors_of(decimal, power, power);
  // Below a power of two the neighbours stand twice as close.
  const bool closer_below = fraction == 0 && field > 1;
  const Factors above = factors_of(2 * mantissa + 1, exponent - 1, 0);
  const Factors below = closer_below ? factors_of(4 * mantissa - 1, exponent - 2, 0)
                                     : factors_of(2 * mantissa - 1, exponent - 1, 0);
  return text == above || text == below;
}

template <typename Float>
void append_shortest(Float value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::signbit(value)) {
    out += '-';
    value = -value;
  }
  if (std::isinf(value)) {
    out += "Infinity";
    return;
  }
  if (value == 0) {
    out += '0';
    return;
  }
  std::array<char, 64> buffer{};
  char* const limit = buffer.data() + buffer.size();
  const char* end = std::to_chars(buffer.data(), limit, value, std::chars_format::scientific).ptr;
  const auto text = [&] {
    return std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  };
  Scientific parts = parts_of(text());
  // The server never rests on ties being read back to even: it takes one digit more.
  while (is_half_way(value, parts)) {
    end = std::to_chars(buffer.data(), limit, value, std::chars_format::scientific,
                        static_cast<int>(parts.digits.size()))
              .ptr;
    parts = parts_of(text());
  }
  const std::string& digits = parts.digits;
  if (parts.exponent < kFixedExponentMin || parts.exponent >= kFixedExponentMax<Float>) {
    out += parts.text;
    return;
  }
  if (parts.exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-parts.exponent - 1), '0');
    out += digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(parts.exponent) + 1;
  if (digits.size() <= whole) {
    out += digits;
    out.append(whole - digits.size(), '0');
    return;
  }
  out.append(digits, 0, whole);
  out += '.';
  out.append(digits, whole);
}

template <typename Float>
FloatParse parse(std::string_view text, Float& value) {
  text = ascii::trimmed(text);
  if (ascii::equal_ignoring_case(text, "nan")) {
    value = std::numeric_limits<Float>::quiet_NaN();
    return FloatParse::kDone;
  }
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (ascii::equal_ignoring_case(text, "infinity") || ascii::equal_ignoring_case(text, "inf")) {
    value = std::numeric_limits<Float>::infinity();
  } else {
    if (text.empty() || (!ascii::is_digit(text.front()) && text.front() != '.')) {
      return FloatParse::kNoNumber;
    }
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc::invalid_argument || stop != end) {
      return FloatParse::kNoNumber;
    }
    if (error == std::errc::result_out_of_range || std::isinf(value)) {
      return FloatParse::kOutOfRange;
    }
    const std::string_view mantissa = text.substr(0, text.find_first_of("eE"));
    if (value == 0 && mantissa.find_first_of("123456789") != std::string_view::npos) {
      return FloatParse::kOutOfRange;
    }
  }
  if (negative) {
    value = -value;
  }
  return FloatParse::kDone;
}

}  // namespace

void append_float_text(float value, std::string& out) { append_shortest(value, out); }
void append_float_text(double value, std::string& out) { append_shortest(value, out); }
FloatParse parse_float(std::string_view text, float& value) { return parse(text, value); }
FloatParse parse_float(std::string_view text, double& value) { return parse(text, value); }

}  // namespace couplet
