#include "engine/model/float_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <system_error>

#include "engine/model/ascii.h"

namespace couplet {
namespace {

// Beyond these exponents the server changes to scientific notation (src/common/d2s.c, f2s.c).
template <typename Float>
constexpr int kFixedExponentMax = std::numeric_limits<Float>::digits10;
constexpr int kFixedExponentMin = -4;

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
  std::array<char, 64> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                          std::chars_format::scientific);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t mark = text.find('e');
  int exponent = 0;
  const std::size_t digits_of_exponent = mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(text.data() + digits_of_exponent, end, exponent);
  if (exponent < kFixedExponentMin || exponent >= kFixedExponentMax<Float>) {
    out += text;
    return;
  }
  std::string digits(1, text[0]);
  if (mark > 2) {
    digits += text.substr(2, mark - 2);
  }
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
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
