#include "connectors/memory/column_fit.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "engine/model/canonical.h"
#include "engine/model/literal.h"
#include "engine/model/row_batch.h"

namespace couplet::memory {
namespace {

tl::unexpected<Error> refuse(const char* code, std::string message) {
  Error error{ErrorKind::kRowFault, std::move(message), {}, {}, code, {}};
  return fail(std::move(error));
}

std::string quoted(std::string_view column) { return "\"" + std::string(column) + "\""; }

// Bytes of the first `characters` characters; the whole text if it has no more.
std::size_t prefix_bytes(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  while (at < text.size()) {
    const bool starts_character = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (starts_character && characters-- == 0) {
      return at;
    }
    ++at;
  }
  return at;
}

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

Result<void> fit_text(const Type& type, std::string_view column, std::string& bytes) {
  if (bytes.find('\0') != std::string::npos) {
    return refuse("22021", "column " + quoted(column) + " cannot hold a zero byte");
  }
  if (type.length < 0) {
    return {};
  }
  const auto length = static_cast<std::size_t>(type.length);
  const std::size_t kept = prefix_bytes(bytes, length);
  if (bytes.find_first_not_of(' ', kept) != std::string::npos) {
    return refuse("22001", "value too long for column " + quoted(column) + " of type " +
                               std::string(name_of(type.kind)) + "(" + std::to_string(type.length) +
                               ")");
  }
  bytes.resize(kept);
  if (type.kind == TypeKind::kChar) {
    bytes.append(length - characters_of(bytes), ' ');
  }
  return {};
}

// `digits` ("-12.345") with `scale` digits after the point, which may be negative.
std::string rounded_half_away(std::string_view digits, int scale) {
  const bool negative = digits.starts_with('-');
  digits.remove_prefix(negative ? 1 : 0);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  std::string all(digits.substr(0, point));
  std::string fraction(point < digits.size() ? digits.substr(point + 1) : std::string_view());

  // One leading zero takes the carry; `kept` counts the digits that stay.
  const std::ptrdiff_t kept = static_cast<std::ptrdiff_t>(all.size()) + 1 + scale;
  all = "0" + all + fraction;
  if (kept < 0) {
    return "0";
  }
  const auto keep = static_cast<std::size_t>(kept);
  if (keep < all.size()) {
    const bool up = all[keep] >= '5';
    std::fill(all.begin() + kept, all.end(), '0');
    for (std::size_t i = keep; up && i > 0;) {
      --i;
      if (all[i] != '9') {
        ++all[i];
        break;
      }
      all[i] = '0';
    }
  }
  const std::size_t whole = point + 1;
  std::string result = (negative ? "-" : "") + all.substr(0, whole);
  if (scale > 0) {
    std::string after = all.substr(whole);
    after.resize(static_cast<std::size_t>(scale), '0');
    result += "." + after;
  }
  return result;
}

Result<void> fit_numeric(const Type& type, std::string_view column, std::string& bytes) {
  if (type.precision < 0) {
    return {};
  }
  const Type plain = without_limits(type);
  const std::string before = format_literal(plain, Value(bytes));
  if (before == "NaN") {
    return {};
  }
  const int scale = std::max(type.scale, -type.precision - 1000);
  const auto out_of_range = [&] {
    return refuse("22003", "numeric field overflow: column " + quoted(column) + " has precision " +
                               std::to_string(type.precision) + " and scale " +
                               std::to_string(type.scale));
  };
  if (before.find("nfinity") != std::string::npos) {
    return out_of_range();
  }
  const std::string after = rounded_half_away(before, scale);
  const std::size_t first = after.find_first_of("123456789");
  const std::size_t point = std::min(after.find('.'), after.size());
  if (first != std::string::npos) {
    // The place of the first digit that counts, from the point leftwards.
    const std::ptrdiff_t place = first < point ? static_cast<std::ptrdiff_t>(point - first)
                                               : -static_cast<std::ptrdiff_t>(first - point - 1);
    if (place > type.precision - type.scale) {
      return out_of_range();
    }
  }
  bytes.clear();
  return parse_literal(plain, after, bytes);
}

std::int64_t read_int64(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char byte : bytes) {
    number = (number << 8U) | static_cast<unsigned char>(byte);
  }
  return static_cast<std::int64_t>(number);
}

std::int64_t bits_of(std::string_view bytes) { return read_int64(bytes.substr(0, 4)); }

void fit_fraction(const Type& type, std::string& bytes) {
  static constexpr std::array<std::int64_t, 7> kSteps{1'000'000, 100'000, 10'000, 1'000,
                                                      100,       10,      1};
  const std::int64_t time = read_int64(std::string_view(bytes).substr(0, 8));
  const auto digits = static_cast<std::size_t>(std::clamp(type.fraction_digits, 0, 6));
  const std::int64_t step = kSteps.at(digits);
  if (step == 1 || time == std::numeric_limits<std::int64_t>::max() ||
      time == std::numeric_limits<std::int64_t>::min()) {
    return;
  }
  const std::int64_t rounded =
      time >= 0 ? (time + step / 2) / step * step : -((-time + step / 2) / step * step);
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>((static_cast<std::uint64_t>(rounded) >> (56 - 8 * i)) & 0xFFU);
  }
}

Result<void> fit_bits(const Type& type, std::string_view column, std::string& bytes) {
  if (bits_of(bytes) == type.length || type.length < 0 ||
      (type.kind == TypeKind::kVarbit && bits_of(bytes) < type.length)) {
    return {};
  }
  return refuse(type.kind == TypeKind::kBit ? "22026" : "22001",
                "column " + quoted(column) + " holds " + std::to_string(type.length) + " bits");
}

}  // namespace

Type without_limits(Type type) {
  type.length = -1;
  type.precision = -1;
  type.scale = type.kind == TypeKind::kMoney ? type.scale : -1;  // What its units are is no limit.
  type.fraction_digits = 6;
  for (Type& element : type.elements) {
    element = without_limits(std::move(element));
  }
  return type;
}

Result<void> fit_column(const Type& type, std::string_view column, std::string& bytes) {
  std::string same;
  if (type.kind != TypeKind::kEnum && !convert_value(type, type, Value(bytes), same)) {
    return refuse("22P03", "incorrect binary data format for column " + quoted(column));
  }
  switch (type.kind) {
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kJson:
    case TypeKind::kOpaque:
      return fit_text(type, column, bytes);
    case TypeKind::kNumeric:
      return fit_numeric(type, column, bytes);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTime:
    case TypeKind::kTimeTz:
    case TypeKind::kInterval:
      fit_fraction(type, bytes);
      return {};
    case TypeKind::kBit:
    case TypeKind::kVarbit:
      return fit_bits(type, column, bytes);
    case TypeKind::kEnum:
      if (std::find(type.labels.begin(), type.labels.end(), bytes) == type.labels.end()) {
        return refuse("22P02", "column " + quoted(column) + " has no such label");
      }
      return {};
    default:
      return {};
  }
}

}  // namespace couplet::memory
