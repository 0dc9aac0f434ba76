#include "engine/model/money.h"

#include <algorithm>
#include <charconv>

#include "engine/model/ascii.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

constexpr std::int32_t kUsualScale = 2;
constexpr std::int32_t kDigitsOfAny = 1000;  // More than an amount can have.

// "-12.34" of -1234.
std::string decimal_text(std::int64_t amount, std::int32_t scale) {
  std::string digits = std::to_string(amount);
  const std::size_t sign = amount < 0 ? 1 : 0;
  const auto after = static_cast<std::size_t>(scale);
  if (after == 0) {
    return digits;
  }
  if (digits.size() - sign <= after) {
    digits.insert(sign, after + 1 - (digits.size() - sign), '0');
  }
  return digits.insert(digits.size() - after, ".");
}

}  // namespace

std::int32_t scale_of_money(const Type& type) {
  return type.scale < 0 ? kUsualScale : std::min(type.scale, 18);
}

void append_numeric_of_money(const Type& type, std::string_view bytes, std::string& out) {
  append_numeric_of_text(decimal_text(wire::read<std::int64_t>(bytes.data()), scale_of_money(type)),
                         -1, -1, out);
}

NumericParse append_money_of_text(const Type& type, std::string_view text, std::string& out) {
  std::string numeric;
  const std::int32_t scale = scale_of_money(type);
  if (const NumericParse parsed = append_numeric_of_text(text, kDigitsOfAny, scale, numeric);
      parsed != NumericParse::kDone) {
    return parsed;
  }
  const NumericView view = *NumericView::read(numeric);
  if (view.form() != NumericView::Form::kFinite) {
    return NumericParse::kNoNumber;
  }
  std::string digits;
  append_text_of_numeric(view, digits);  // With just as many digits after the point.
  digits.erase(std::remove(digits.begin(), digits.end(), '.'), digits.end());
  std::int64_t amount = 0;
  const char* end = digits.data() + digits.size();
  if (std::from_chars(digits.data(), end, amount).ec != std::errc()) {
    return NumericParse::kTooLarge;
  }
  wire::append(out, amount);
  return NumericParse::kDone;
}

}  // namespace couplet
