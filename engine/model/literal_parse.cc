#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/model/ascii.h"
#include "engine/model/bit_string.h"
#include "engine/model/calendar.h"
#include "engine/model/float_text.h"
#include "engine/model/interval.h"
#include "engine/model/json_text.h"
#include "engine/model/literal.h"
#include "engine/model/money.h"
#include "engine/model/nested_text.h"
#include "engine/model/network_address.h"
#include "engine/model/numeric.h"
#include "engine/model/utf8.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

tl::unexpected<Error> refused(std::string_view text, std::string_view why) {
  return fail(ErrorKind::kInvalidArgument, fmt::format("'{}' {}", text, why));
}

Result<void> parse_bool(std::string_view text, std::string& out) {
  const std::string_view word = ascii::trimmed(text);
  const auto abbreviates = [&](std::string_view whole, std::size_t at_least) {
    return word.size() >= at_least && word.size() <= whole.size() &&
           ascii::equal_ignoring_case(word, whole.substr(0, word.size()));
  };
  if (word == "1" || abbreviates("true", 1) || abbreviates("yes", 1) || abbreviates("on", 2)) {
    out += '\1';
    return {};
  }
  if (word == "0" || abbreviates("false", 1) || abbreviates("no", 1) || abbreviates("off", 2)) {
    out += '\0';
    return {};
  }
  return refused(text, "is no boolean");
}

Result<void> parse_integer(const Type& type, std::string_view text, std::string& out) {
  std::string_view digits = ascii::trimmed(text);
  if (digits.size() > 1 && digits[0] == '+' && ascii::is_digit(digits[1])) {
    digits.remove_prefix(1);
  }
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error == std::errc::invalid_argument || stop != end) {
    return refused(text, "is no integer");
  }
  if (error == std::errc::result_out_of_range || !append_integer(type.kind, value, out)) {
    return refused(text, fmt::format("is out of range for {}", name_of(type.kind)));
  }
  return {};
}

Result<void> parse_numeric(const Type& type, std::string_view text, std::string& out) {
  switch (append_numeric_of_text(text, type.precision, type.scale, out)) {
    case NumericParse::kDone:
      return {};
    case NumericParse::kNoNumber:
      return refused(text, "is no number");
    case NumericParse::kTooLarge:
      break;
  }
  return refused(text, fmt::format("is out of range for {}", described(type)));
}

template <typename Float>
Result<void> parse_floating(const Type& type, std::string_view text, std::string& out) {
  Float value = 0;
  switch (parse_float(text, value)) {
    case FloatParse::kDone:
      break;
    case FloatParse::kNoNumber:
      return refused(text, "is no number");
    case FloatParse::kOutOfRange:
      return refused(text, fmt::format("is out of range for {}", name_of(type.kind)));
  }
  if constexpr (sizeof(Float) == sizeof(float)) {
    wire::append_float(out, value);
  } else {
    wire::append_double(out, value);
  }
  return {};
}

Result<void> parse_text(const Type& type, std::string_view text, std::string& out) {
  if (!utf8::is_storable(text)) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("the text is not UTF-8 that a {} can hold", name_of(type.kind)));
  }
  std::string_view kept = text;
  if (type.kind == TypeKind::kChar) {
    kept = ascii::without_trailing_blanks(kept);
  }
  if ((type.kind == TypeKind::kVarchar || type.kind == TypeKind::kChar) && type.length >= 0) {
    const auto limit = static_cast<std::size_t>(type.length);
    std::size_t characters = utf8::count(kept);
    while (characters > limit && kept.back() == ' ') {  // Blanks in excess go, as in the server.
      kept.remove_suffix(1);
      --characters;
    }
    if (characters > limit) {
      return refused(text, fmt::format("is longer than the {} characters of {}", type.length,
                                       described(type)));
    }
  }
  out += kept;
  return {};
}

Result<void> parse_time(const Type& type, std::string_view text, std::string& out) {
  calendar::TimeParse parsed{};
  if (type.kind == TypeKind::kDate) {
    std::int32_t days = 0;
    parsed = calendar::parse_date(text, days);
    if (parsed == calendar::TimeParse::kDone) {
      wire::append(out, days);
    }
  } else if (is_time_of_day(type.kind)) {
    std::int64_t micros = 0;
    std::int32_t west = 0;
    const bool zone = type.kind == TypeKind::kTimeTz;
    parsed = calendar::parse_time(text, type.fraction_digits, micros, zone ? &west : nullptr);
    if (parsed == calendar::TimeParse::kDone) {
      wire::append(out, micros);
      if (zone) {
        wire::append(out, west);
      }
    }
  } else {
    std::int64_t micros = 0;
    parsed = calendar::parse_timestamp(text, type.kind == TypeKind::kTimestampTz,
                                       type.fraction_digits, micros);
    if (parsed == calendar::TimeParse::kDone) {
      wire::append(out, micros);
    }
  }
  const char* noun = type.kind == TypeKind::kDate ? "date"
                     : is_time_of_day(type.kind)  ? "time of day"
                                                  : "timestamp";
  switch (parsed) {
    case calendar::TimeParse::kDone:
      return {};
    case calendar::TimeParse::kNoTime:
      break;
    case calendar::TimeParse::kOutOfRange:
      return refused(text, fmt::format("is no {} of the calendar", noun));
    case calendar::TimeParse::kZone:
      return refused(text, "has a zone other than UTC, which the type cannot hold");
  }
  return refused(text, fmt::format("is no {} in ISO style", noun));
}

Result<void> parse_uuid(std::string_view text, std::string& out) {
  std::string_view rest = text;
  if (rest.size() >= 2 && rest.front() == '{' && rest.back() == '}') {
    rest = rest.substr(1, rest.size() - 2);
  }
  std::array<char, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % 2 == 0 && !rest.empty() && rest.front() == '-') {
      rest.remove_prefix(1);
    }
    const int high = rest.size() < 2 ? -1 : ascii::hex_value(rest[0]);
    const int low = rest.size() < 2 ? -1 : ascii::hex_value(rest[1]);
    if (high < 0 || low < 0) {
      return refused(text, "is no uuid");
    }
    bytes[i] = static_cast<char>(high * 16 + low);
    rest.remove_prefix(2);
  }
  if (!rest.empty()) {
    return refused(text, "is no uuid");
  }
  out.append(bytes.data(), bytes.size());
  return {};
}

Result<void> parse_interval_literal(const Type& type, std::string_view text, std::string& out) {
  Interval interval;
  if (!parse_interval(text, interval)) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("'{}' is no interval", text),
                "write it as '1 year 2 mons 3 days 04:05:06' or 'P1Y2M3DT4H5M6S'");
  }
  interval.micros = calendar::rounded(interval.micros, type.fraction_digits);
  interval.append(out);
  return {};
}

Result<void> parse_money(const Type& type, std::string_view text, std::string& out) {
  switch (append_money_of_text(type, text, out)) {
    case NumericParse::kDone:
      return {};
    case NumericParse::kNoNumber:
      return fail(ErrorKind::kInvalidArgument, fmt::format("'{}' is no number", text),
                  "write money as a number, without a currency");
    case NumericParse::kTooLarge:
      break;
  }
  return refused(text, fmt::format("is out of range for {}", described(type)));
}

// "16/B374D848"
Result<void> parse_lsn(std::string_view text, std::string& out) {
  const std::string_view word = ascii::trimmed(text);
  const std::size_t slash = word.find('/');
  std::array<std::uint32_t, 2> halves{};
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const std::string_view digits = slash == std::string_view::npos ? std::string_view()
                                    : i == 0                        ? word.substr(0, slash)
                                                                    : word.substr(slash + 1);
    const char* end = digits.data() + digits.size();
    constexpr int kHexadecimal = 16;
    const auto [stop, error] = std::from_chars(digits.data(), end, halves[i], kHexadecimal);
    if (error != std::errc() || stop != end) {
      return refused(text, "is no pg_lsn");
    }
  }
  wire::append(out, halves[0]);
  wire::append(out, halves[1]);
  return {};
}

Result<void> parse_network(const Type& type, std::string_view text, std::string& out) {
  switch (append_network_of_text(text, type.kind == TypeKind::kCidr, out)) {
    case NetworkParse::kDone:
      return {};
    case NetworkParse::kNoAddress:
      break;
    case NetworkParse::kHostBits:
      return refused(text, "is no cidr: it has bits beyond its network");
  }
  return refused(text, fmt::format("is no {}", name_of(type.kind)));
}

Result<void> parse_hardware_address(const Type& type, std::string_view text, std::string& out) {
  const std::size_t size = type.kind == TypeKind::kMacaddr ? 6 : 8;
  if (!append_hardware_address_of_text(text, size, out)) {
    return refused(text, fmt::format("is no {}", name_of(type.kind)));
  }
  return {};
}

Result<void> parse_bits(const Type& type, std::string_view text, std::string& out) {
  std::string bits;
  if (!append_bits_of_text(text, bits)) {
    return refused(text, "is no string of bits");
  }
  const auto length = static_cast<std::int64_t>(bits_in(bits));
  if (type.length >= 0 &&
      (type.kind == TypeKind::kBit ? length != type.length : length > type.length)) {
    return refused(text, fmt::format("has {} bits, which {} cannot hold", length, described(type)));
  }
  out += bits;
  return {};
}

bool is_octal(char c, char max) { return c >= '0' && c <= max; }

// "\x6162" in hex, or bytes as they are with \\ for a backslash and \ooo for any byte.
Result<void> parse_bytea(std::string_view text, std::string& out) {
  std::string bytes;
  if (text.substr(0, 2) == "\\x") {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (ascii::is_space(text[i])) {
        continue;
      }
      const int high = ascii::hex_value(text[i]);
      const int low = i + 1 < text.size() ? ascii::hex_value(text[i + 1]) : -1;
      if (high < 0 || low < 0) {
        return refused(text, "is no bytea: after \\x come pairs of hexadecimal digits");
      }
      bytes += static_cast<char>(high * 16 + low);
      ++i;
    }
    out += bytes;
    return {};
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      bytes += '\\';
      ++i;
    } else if (i + 3 < text.size() && is_octal(text[i + 1], '3') && is_octal(text[i + 2], '7') &&
               is_octal(text[i + 3], '7')) {
      bytes += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      return refused(text, "is no bytea: after a backslash comes another or three octal digits");
    }
  }
  out += bytes;
  return {};
}

}  // namespace

Result<void> parse_literal(const Type& type, std::string_view text, std::string& out) {
  switch (type.kind) {
    case TypeKind::kBool:
      return parse_bool(text, out);
    case TypeKind::kInt16:
    case TypeKind::kInt32:
    case TypeKind::kInt64:
    case TypeKind::kOid:
      return parse_integer(type, text, out);
    case TypeKind::kNumeric:
      return parse_numeric(type, text, out);
    case TypeKind::kFloat32:
      return parse_floating<float>(type, text, out);
    case TypeKind::kFloat64:
      return parse_floating<double>(type, text, out);
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kOpaque:
      return parse_text(type, text, out);
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTime:
    case TypeKind::kTimeTz:
      return parse_time(type, text, out);
    case TypeKind::kInterval:
      return parse_interval_literal(type, text, out);
    case TypeKind::kMoney:
      return parse_money(type, text, out);
    case TypeKind::kLsn:
      return parse_lsn(text, out);
    case TypeKind::kInet:
    case TypeKind::kCidr:
      return parse_network(type, text, out);
    case TypeKind::kMacaddr:
    case TypeKind::kMacaddr8:
      return parse_hardware_address(type, text, out);
    case TypeKind::kBit:
    case TypeKind::kVarbit:
      return parse_bits(type, text, out);
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
      return parse_nested(type, text, out);
    case TypeKind::kUuid:
      return parse_uuid(text, out);
    case TypeKind::kJson:
    case TypeKind::kJsonb:
      if (!is_json(text, type.kind == TypeKind::kJson ? JsonForm::kJson : JsonForm::kJsonb)) {
        return refused(text, fmt::format("is no {}", name_of(type.kind)));
      }
      if (type.kind == TypeKind::kJsonb) {
        out += '\1';
      }
      out += text;
      return {};
    case TypeKind::kBytea:
      return parse_bytea(text, out);
    case TypeKind::kEnum:
      if (std::find(type.labels.begin(), type.labels.end(), text) == type.labels.end()) {
        return refused(text, fmt::format("is no label of {}", described(type)));
      }
      out += text;
      return {};
  }
  return refused(text, "is of no known type");
}

}  // namespace couplet
