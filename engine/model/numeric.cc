#include "engine/model/numeric.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "engine/model/ascii.h"

namespace couplet {
namespace {

constexpr std::uint16_t kSignPositive = 0x0000;
constexpr std::uint16_t kSignNegative = 0x4000;
constexpr std::uint16_t kSignNaN = 0xC000;
constexpr std::uint16_t kSignInfinity = 0xD000;
constexpr std::uint16_t kSignNegativeInfinity = 0xF000;
constexpr std::uint16_t kDisplayScaleMax = 0x3FFF;
constexpr std::int32_t kWeightMax = 0x7FFF;
// The server sends an infinity with this display scale, which means nothing.
constexpr std::int32_t kDisplayScaleOfInfinity = 0x20;
constexpr std::size_t kNumericHeaderBytes = 8;
constexpr std::uint16_t kBase = 10000;
constexpr std::int32_t kDigitsPerWord = 4;

constexpr char kKeyNegativeInfinity = 0x10;
constexpr char kKeyNegative = 0x20;
constexpr char kKeyZero = 0x30;
constexpr char kKeyPositive = 0x40;
constexpr char kKeyInfinity = 0x50;
constexpr char kKeyNaN = 0x60;

constexpr char kCanonicalNegativeInfinity = 0x10;
constexpr char kCanonicalBelowInt = 0x20;
constexpr char kCanonicalInt = 0x30;
constexpr char kCanonicalAboveInt = 0x40;
constexpr char kCanonicalInfinity = 0x50;
constexpr char kCanonicalNaN = 0x60;

void append_header(std::string& out, std::size_t size, std::int32_t weight, std::uint16_t sign,
                   std::int32_t display_scale) {
  wire::append(out, static_cast<std::uint16_t>(size));
  wire::append(out, static_cast<std::int16_t>(weight));
  wire::append(out, sign);
  wire::append(out, static_cast<std::uint16_t>(display_scale));
}

// A decimal as text has it: digits without point, of which the first `point` stand before it
// (`point` may lie outside the digits), and the digits that were written after it.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t point = 0;
  std::int64_t display_scale = 0;
};

// Drops what stands behind `scale` digits after the point, rounding half away from zero.
void round_to_scale(Decimal& number, std::int64_t scale) {
  number.display_scale = std::max<std::int64_t>(scale, 0);
  const std::int64_t kept = number.point + scale;
  if (kept >= static_cast<std::int64_t>(number.digits.size())) {
    return;
  }
  if (kept < 0) {
    number.digits.clear();
    return;
  }
  const auto count = static_cast<std::size_t>(kept);
  const bool up = number.digits[count] >= '5';
  number.digits.resize(count);
  if (!up) {
    return;
  }
  std::size_t place = count;
  while (place > 0 && number.digits[place - 1] == '9') {
    number.digits[--place] = '0';
  }
  if (place > 0) {
    ++number.digits[place - 1];
  } else {
    number.digits.insert(number.digits.begin(), '1');
    ++number.point;
  }
}

void strip_leading_zeros(Decimal& number) {
  const std::size_t zeros = std::min(number.digits.find_first_not_of('0'), number.digits.size());
  number.digits.erase(0, zeros);
  number.point = number.digits.empty() ? 0 : number.point - static_cast<std::int64_t>(zeros);
}

bool append_decimal(Decimal number, std::string& out) {
  strip_leading_zeros(number);
  number.digits.erase(number.digits.find_last_not_of('0') + 1);
  if (number.display_scale > kDisplayScaleMax) {
    return false;
  }
  const auto display_scale = static_cast<std::int32_t>(number.display_scale);
  if (number.digits.empty()) {
    append_header(out, 0, 0, kSignPositive, display_scale);
    return true;
  }
  // Words of four digits are counted from the point; pad in front so that one begins there.
  std::int64_t weight = number.point > 0 ? (number.point - 1) / kDigitsPerWord
                                         : -((-number.point) / kDigitsPerWord) - 1;
  const auto padding = static_cast<std::size_t>((weight + 1) * kDigitsPerWord - number.point);
  number.digits.insert(0, padding, '0');
  while (number.digits.size() % kDigitsPerWord != 0) {
    number.digits.push_back('0');
  }
  const std::size_t words = number.digits.size() / kDigitsPerWord;
  if (weight > kWeightMax || weight < std::numeric_limits<std::int16_t>::min()) {
    return false;
  }
  append_header(out, words, static_cast<std::int32_t>(weight),
                number.negative ? kSignNegative : kSignPositive, display_scale);
  for (std::size_t word = 0; word < words; ++word) {
    std::uint16_t value = 0;
    for (std::size_t i = 0; i < kDigitsPerWord; ++i) {
      value =
          static_cast<std::uint16_t>(value * 10 + (number.digits[word * kDigitsPerWord + i] - '0'));
    }
    wire::append(out, value);
  }
  return true;
}

NumericParse append_special(std::string_view word, bool negative, bool has_sign,
                            std::int32_t precision, std::string& out) {
  if (ascii::equal_ignoring_case(word, "nan")) {
    if (has_sign) {
      return NumericParse::kNoNumber;
    }
    append_header(out, 0, 0, kSignNaN, 0);
    return NumericParse::kDone;
  }
  if (ascii::equal_ignoring_case(word, "infinity") || ascii::equal_ignoring_case(word, "inf")) {
    if (precision != -1) {
      return NumericParse::kTooLarge;  // As the server: only an unconstrained column holds it.
    }
    append_header(out, 0, 0, negative ? kSignNegativeInfinity : kSignInfinity,
                  kDisplayScaleOfInfinity);
    return NumericParse::kDone;
  }
  return NumericParse::kNoNumber;
}

// Reads "123.45e-6" without sign; false if it is none.
bool read_decimal(std::string_view text, Decimal& number) {
  std::size_t place = 0;
  while (place < text.size() && ascii::is_digit(text[place])) {
    number.digits.push_back(text[place++]);
  }
  number.point = static_cast<std::int64_t>(number.digits.size());
  if (place < text.size() && text[place] == '.') {
    ++place;
    while (place < text.size() && ascii::is_digit(text[place])) {
      number.digits.push_back(text[place++]);
    }
  }
  if (number.digits.empty()) {
    return false;
  }
  std::int64_t exponent = 0;
  if (place < text.size() && (text[place] == 'e' || text[place] == 'E')) {
    ++place;
    if (place < text.size() && text[place] == '+') {
      ++place;
      if (place < text.size() && text[place] == '-') {
        return false;
      }
    }
    const char* end = text.data() + text.size();
    std::int32_t read = 0;
    const auto [stop, error] = std::from_chars(text.data() + place, end, read);
    if (stop != end || error == std::errc::invalid_argument) {
      return false;
    }
    exponent = error == std::errc::result_out_of_range
                   ? (text[place] == '-' ? std::numeric_limits<std::int32_t>::min()
                                         : std::numeric_limits<std::int32_t>::max())
                   : read;
  } else if (place != text.size()) {
    return false;
  }
  number.point += exponent;
  number.display_scale =
      std::max<std::int64_t>(0, static_cast<std::int64_t>(number.digits.size()) - number.point);
  return true;
}

// The decimal digits of a word, without leading zeros if it is the first.
void append_word(std::string& out, std::uint16_t word, bool first) {
  const std::array<char, 4> digits = {
      static_cast<char>('0' + word / 1000), static_cast<char>('0' + word / 100 % 10),
      static_cast<char>('0' + word / 10 % 10), static_cast<char>('0' + word % 10)};
  std::size_t skipped = 0;
  while (first && skipped < digits.size() - 1 && digits[skipped] == '0') {
    ++skipped;
  }
  out.append(digits.data() + skipped, digits.size() - skipped);
}

// The digits after the point that the value needs.
std::int32_t needed_scale(const NumericView& value) {
  if (value.size() == 0) {
    return 0;
  }
  const std::int32_t last_power = value.weight() - static_cast<std::int32_t>(value.size()) + 1;
  if (last_power >= 0) {
    return 0;
  }
  std::int32_t scale = -last_power * kDigitsPerWord;
  for (std::uint16_t last = value.digit(value.size() - 1); last % 10 == 0;
       last = static_cast<std::uint16_t>(last / 10)) {
    --scale;
  }
  return scale;
}

// Value without its digits after the point, as a negative number (which reaches further); nullopt
// if 64 bits cannot hold it.
std::optional<std::int64_t> negated_integer_part(const NumericView& value) {
  constexpr std::int32_t kPowerMax = 4;  // 10000^5 is beyond 64 bits.
  if (value.weight() > kPowerMax) {
    return std::nullopt;
  }
  std::int64_t total = 0;
  for (std::int32_t power = value.weight(); power >= 0; --power) {
    if (__builtin_mul_overflow(total, std::int64_t{kBase}, &total) ||
        __builtin_sub_overflow(total, std::int64_t{value.digit_at(power)}, &total)) {
      return std::nullopt;
    }
  }
  return total;
}

void append_key_body(const NumericView& value, std::string& out) {
  const std::uint16_t mask = value.negative() ? 0xFFFF : 0;
  const auto put = [&](std::int32_t number) {
    wire::append(out, static_cast<std::uint16_t>(static_cast<std::uint16_t>(number) ^ mask));
  };
  put(value.weight() + 0x8000);
  for (std::size_t i = 0; i < value.size(); ++i) {
    put(value.digit(i) + 1);
  }
  put(0);
}

}  // namespace

std::optional<NumericView> NumericView::read(std::string_view wire) {
  if (wire.size() < kNumericHeaderBytes) {
    return std::nullopt;
  }
  NumericView view;
  view.size_ = wire::read<std::uint16_t>(wire.data());
  view.weight_ = wire::read<std::int16_t>(wire.data() + 2);
  const auto sign = wire::read<std::uint16_t>(wire.data() + 4);
  view.display_scale_ = wire::read<std::uint16_t>(wire.data() + 6);
  view.digits_ = wire.data() + kNumericHeaderBytes;
  if (wire.size() != kNumericHeaderBytes + 2 * view.size_ ||
      view.display_scale_ > kDisplayScaleMax) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < view.size_; ++i) {
    if (view.digit(i) >= kBase) {
      return std::nullopt;
    }
  }
  switch (sign) {
    case kSignPositive:
    case kSignNegative:
      break;
    case kSignNaN:
    case kSignInfinity:
    case kSignNegativeInfinity:
      view.form_ = sign == kSignNaN ? Form::kNaN : Form::kInfinity;
      view.negative_ = sign == kSignNegativeInfinity;
      view.size_ = 0;
      view.weight_ = 0;
      return view;
    default:
      return std::nullopt;
  }
  while (view.size_ > 0 && view.digit(0) == 0) {
    view.digits_ += 2;
    --view.size_;
    --view.weight_;
  }
  while (view.size_ > 0 && view.digit(view.size_ - 1) == 0) {
    --view.size_;
  }
  if (view.size_ == 0) {
    view.weight_ = 0;
  } else {
    view.negative_ = sign == kSignNegative;
  }
  return view;
}

std::uint16_t NumericView::digit_at(std::int32_t power) const {
  const std::int32_t index = weight_ - power;
  return index < 0 || index >= static_cast<std::int32_t>(size_)
             ? std::uint16_t{0}
             : digit(static_cast<std::size_t>(index));
}

NumericParse append_numeric_of_text(std::string_view text, std::int32_t precision,
                                    std::int32_t scale, std::string& out) {
  text = ascii::trimmed(text);
  Decimal number;
  bool has_sign = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    has_sign = true;
    number.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (!text.empty() && ascii::is_letter(text.front())) {
    return append_special(text, number.negative, has_sign, precision, out);
  }
  if (!read_decimal(text, number)) {
    return NumericParse::kNoNumber;
  }
  if (precision != -1) {
    round_to_scale(number, scale);
    strip_leading_zeros(number);
    if (!number.digits.empty() && number.point > precision - scale) {
      return NumericParse::kTooLarge;
    }
  }
  return append_decimal(std::move(number), out) ? NumericParse::kDone : NumericParse::kTooLarge;
}

void append_numeric_of_int(std::int64_t value, std::string& out) {
  std::uint64_t rest =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  std::array<std::uint16_t, 5> words{};  // Lowest first.
  std::size_t size = 0;
  for (; rest > 0; rest /= kBase) {
    words[size++] = static_cast<std::uint16_t>(rest % kBase);
  }
  std::size_t lowest = 0;
  while (lowest < size && words[lowest] == 0) {
    ++lowest;
  }
  append_header(out, size - lowest, size == 0 ? 0 : static_cast<std::int32_t>(size) - 1,
                value < 0 ? kSignNegative : kSignPositive, 0);
  for (std::size_t i = size; i-- > lowest;) {
    wire::append(out, words[i]);
  }
}

void append_text_of_numeric(const NumericView& value, std::string& out) {
  if (value.form() == NumericView::Form::kNaN) {
    out += "NaN";
    return;
  }
  if (value.negative()) {
    out += '-';
  }
  if (value.form() == NumericView::Form::kInfinity) {
    out += "Infinity";
    return;
  }
  if (value.weight() < 0 || value.is_zero()) {
    out += '0';
  }
  for (std::int32_t power = value.is_zero() ? -1 : value.weight(); power >= 0; --power) {
    append_word(out, value.digit_at(power), power == value.weight());
  }
  // A display scale below what the digits need cannot come from the server; the value decides.
  const std::int32_t scale = std::max(std::int32_t{value.display_scale()}, needed_scale(value));
  if (scale == 0) {
    return;
  }
  out += '.';
  const std::size_t begin = out.size();
  for (std::int32_t power = -1; - power * kDigitsPerWord < scale + kDigitsPerWord; --power) {
    append_word(out, value.digit_at(power), false);
  }
  out.resize(begin + static_cast<std::size_t>(scale));
}

std::optional<std::int64_t> rounded_to_int(const NumericView& value) {
  if (value.form() != NumericView::Form::kFinite) {
    return std::nullopt;
  }
  auto negated = negated_integer_part(value);
  if (!negated) {
    return std::nullopt;
  }
  if (value.digit_at(-1) >= kBase / 2 &&
      __builtin_sub_overflow(*negated, std::int64_t{1}, &*negated)) {
    return std::nullopt;
  }
  if (value.negative()) {
    return negated;
  }
  if (*negated == std::numeric_limits<std::int64_t>::min()) {
    return std::nullopt;
  }
  return -*negated;
}

std::string scientific_text_of(const NumericView& value) {
  std::string text;
  if (value.form() != NumericView::Form::kFinite || value.is_zero()) {
    append_text_of_numeric(value, text);
    return text;
  }
  if (value.negative()) {
    text += '-';
  }
  for (std::size_t i = 0; i < value.size(); ++i) {
    append_word(text, value.digit(i), i == 0);
  }
  const std::int32_t last_power = value.weight() - static_cast<std::int32_t>(value.size()) + 1;
  text += 'e';
  text += std::to_string(last_power * kDigitsPerWord);
  return text;
}

void append_numeric_key(const NumericView& value, std::string& out) {
  switch (value.form()) {
    case NumericView::Form::kNaN:
      out += kKeyNaN;
      return;
    case NumericView::Form::kInfinity:
      out += value.negative() ? kKeyNegativeInfinity : kKeyInfinity;
      return;
    case NumericView::Form::kFinite:
      break;
  }
  if (value.is_zero()) {
    out += kKeyZero;
    return;
  }
  out += value.negative() ? kKeyNegative : kKeyPositive;
  append_key_body(value, out);
}

bool take_numeric_key(std::string_view& key, std::string& out) {
  if (key.empty()) {
    return false;
  }
  const char form = key.front();
  std::string_view rest = key.substr(1);
  switch (form) {
    case kKeyNaN:
    case kKeyInfinity:
    case kKeyNegativeInfinity:
    case kKeyZero:
      append_header(out, 0, 0,
                    form == kKeyNaN        ? kSignNaN
                    : form == kKeyInfinity ? kSignInfinity
                    : form == kKeyZero     ? kSignPositive
                                           : kSignNegativeInfinity,
                    form == kKeyNaN || form == kKeyZero ? 0 : kDisplayScaleOfInfinity);
      key = rest;
      return true;
    case kKeyNegative:
    case kKeyPositive:
      break;
    default:
      return false;
  }
  const std::uint16_t mask = form == kKeyNegative ? 0xFFFF : 0;
  const auto take = [&]() {
    const auto word = static_cast<std::uint16_t>(wire::read<std::uint16_t>(rest.data()) ^ mask);
    rest.remove_prefix(2);
    return word;
  };
  if (rest.size() < 2) {
    return false;
  }
  const std::int32_t weight = std::int32_t{take()} - 0x8000;
  const std::size_t begin = out.size();
  append_header(out, 0, weight, form == kKeyNegative ? kSignNegative : kSignPositive, 0);
  std::size_t size = 0;
  std::uint16_t last = 0;
  for (;; ++size) {
    if (rest.size() < 2) {
      out.resize(begin);
      return false;
    }
    const std::uint16_t word = take();
    if (word == 0) {
      break;
    }
    last = static_cast<std::uint16_t>(word - 1);
    if (last >= kBase || (size == 0 && last == 0)) {
      out.resize(begin);
      return false;
    }
    wire::append(out, last);
  }
  if (size == 0 || last == 0 || size > std::numeric_limits<std::uint16_t>::max()) {
    out.resize(begin);
    return false;
  }
  wire::write(out.data() + begin, static_cast<std::uint16_t>(size));
  const auto view = NumericView::read(std::string_view(out).substr(begin));
  if (!view || needed_scale(*view) > kDisplayScaleMax) {
    out.resize(begin);
    return false;
  }
  wire::write(out.data() + begin + 6, static_cast<std::uint16_t>(needed_scale(*view)));
  key = rest;
  return true;
}

void write_integer_canonical(std::int64_t value, char* to) {
  to[0] = kCanonicalInt;
  wire::write(to + 1, static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63U));
}

void append_number_canonical(const NumericView& value, std::string& out) {
  if (value.form() != NumericView::Form::kFinite) {
    out += value.form() == NumericView::Form::kNaN ? kCanonicalNaN
           : value.negative()                      ? kCanonicalNegativeInfinity
                                                   : kCanonicalInfinity;
    return;
  }
  const std::int32_t last_power =
      value.size() == 0 ? 0 : value.weight() - static_cast<std::int32_t>(value.size()) + 1;
  const bool has_fraction = last_power < 0;
  auto floor = negated_integer_part(value);
  if (floor && value.negative()) {
    if (has_fraction && __builtin_sub_overflow(*floor, std::int64_t{1}, &*floor)) {
      floor.reset();
    }
  } else if (floor) {
    if (*floor == std::numeric_limits<std::int64_t>::min()) {
      floor.reset();
    } else {
      floor = -*floor;
    }
  }
  if (!floor) {
    out += value.negative() ? kCanonicalBelowInt : kCanonicalAboveInt;
    append_key_body(value, out);
    return;
  }
  std::array<char, kIntegerCanonicalBytes> integer{};
  write_integer_canonical(*floor, integer.data());
  out.append(integer.data(), integer.size());
  // Above the floor stands the fraction, or 1 minus it: 9999 minus each word, 10000 minus the last.
  for (std::int32_t power = -1; power >= last_power; --power) {
    std::uint16_t word = value.digit_at(power);
    if (value.negative()) {
      word = static_cast<std::uint16_t>((power == last_power ? kBase : kBase - 1) - word);
    }
    wire::append(out, word);
  }
}

}  // namespace couplet
