#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/wire.h"

// Arbitrary-precision decimals in PostgreSQL's binary form (src/backend/utils/adt/numeric.c):
// int16 ndigits, int16 weight, uint16 sign, uint16 display scale, then digits of base 10000; the
// value is the sum of digit[i] * 10000^(weight - i). Internal to the model.
namespace couplet {

// A numeric seen in place, without zero digits at either end, so that equal values look equal
// whatever their display scale. Borrows the bytes.
class NumericView {
 public:
  enum class Form : std::uint8_t { kFinite, kInfinity, kNaN };

  // nullopt if the bytes are no numeric.
  static std::optional<NumericView> read(std::string_view wire);

  [[nodiscard]] Form form() const { return form_; }
  [[nodiscard]] bool negative() const { return negative_; }  // Never true for zero and NaN.
  [[nodiscard]] bool is_zero() const { return form_ == Form::kFinite && size_ == 0; }
  [[nodiscard]] std::int32_t weight() const { return weight_; }  // Of digit 0; 0 for zero.
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint16_t display_scale() const { return display_scale_; }
  [[nodiscard]] std::uint16_t digit(std::size_t index) const {
    return wire::read<std::uint16_t>(digits_ + 2 * index);
  }
  // The digit that stands at 10000^power; 0 where none is stored.
  [[nodiscard]] std::uint16_t digit_at(std::int32_t power) const;

 private:
  Form form_ = Form::kFinite;
  bool negative_ = false;
  std::int32_t weight_ = 0;
  std::size_t size_ = 0;
  std::uint16_t display_scale_ = 0;
  const char* digits_ = nullptr;
};

enum class NumericParse : std::uint8_t {
  kDone,
  kNoNumber,  // Not a number's text.
  kTooLarge,  // Beyond what a numeric, or one of this precision and scale, can hold.
};

// Reads decimal text ("-1.50", "1e10", "NaN", "infinity", "-inf") and appends the binary form,
// rounded half away from zero to `scale` digits after the point if `precision` is not -1.
NumericParse append_numeric_of_text(std::string_view text, std::int32_t precision,
                                    std::int32_t scale, std::string& out);
void append_numeric_of_int(std::int64_t value, std::string& out);

// As the server prints it, with the display scale.
void append_text_of_numeric(const NumericView& value, std::string& out);
// The nearest integer, half away from zero; nullopt if it is none of 64 bits.
std::optional<std::int64_t> rounded_to_int(const NumericView& value);
// The shortest text of the value, with an exponent where that saves zeros: for reading as a float.
std::string scientific_text_of(const NumericView& value);

// Bytes whose order is the order of the values, no prefix of one another, the same for equal
// values: class byte (-infinity, negative, zero, positive, infinity, NaN); unless that says all,
// the weight + 32768, each digit + 1 and an end mark 0, two bytes each, all of them complemented
// for a negative value.
void append_numeric_key(const NumericView& value, std::string& out);
// Reads such bytes from the front of `key`, takes them off and appends the binary form with the
// smallest display scale that shows the value. False if they are none.
bool take_numeric_key(std::string_view& key, std::string& out);

// The canonical bytes of a number (ComparisonKind::kNumber): the same for an integer and a
// numeric of the same value; byte order is value order. Class byte; within the range of 64 bits
// the floor, sign bit flipped, and the digits of what is above the floor; else as a key.
void append_number_canonical(const NumericView& value, std::string& out);
constexpr std::size_t kIntegerCanonicalBytes = 9;
void write_integer_canonical(std::int64_t value, char* to);

}  // namespace couplet
