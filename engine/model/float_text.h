#pragma once

#include <string>
#include <string_view>

// Floats as decimal text and back. Internal to the model.
namespace couplet {

// The shortest text nearer to the value than to any other, in the server's layout (since PostgreSQL
// 12, extra_float_digits 1): "0.1", "1e+15", "Infinity", "NaN", "-0".
void append_float_text(float value, std::string& out);
void append_float_text(double value, std::string& out);

enum class FloatParse {
  kDone,
  kNoNumber,
  kOutOfRange,  // Beyond the largest, or so small that nothing but zero is left.
};
// The nearest value. Accepts what append_float_text writes, "inf" and decimal text.
FloatParse parse_float(std::string_view text, float& value);
FloatParse parse_float(std::string_view text, double& value);

}  // namespace couplet
