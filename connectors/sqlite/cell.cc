#include "connectors/sqlite/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/model/ascii.h"
#include "engine/model/calendar.h"
#include "engine/model/literal.h"
#include "engine/model/misfit.h"
#include "engine/model/utf8.h"
#include "engine/model/wire.h"

namespace couplet::sqlite {
namespace {

using Storage = StorageClass;

constexpr std::size_t kDateLength = 10;  // "2026-01-31"
constexpr std::size_t kUuidLength = 36;

bool is_json_kind(TypeKind kind) { return kind == TypeKind::kJson || kind == TypeKind::kJsonb; }
bool is_timestamp(TypeKind kind) {
  return kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampTz;
}

bool is_trimmed(const Type& type, const Comparison* as) {
  return type.kind == TypeKind::kChar ||
         (as != nullptr && as->kind == ComparisonKind::kTrimmed && is_coarser(*as, type));
}
bool is_by_day(const Comparison* as) { return as != nullptr && as->kind == ComparisonKind::kDate; }
// Of a second, to which times are rounded before they are compared.
std::int32_t digits_compared(const Comparison* as) {
  return as != nullptr && as->kind == ComparisonKind::kTimestamp ? as->fraction_digits
                                                                 : Comparison().fraction_digits;
}

std::string text_of(const StoredView& stored) {
  switch (stored.storage) {
    case Storage::kInteger:
      return std::to_string(stored.integer);
    case Storage::kReal:
      return fmt::format("{}", stored.real);
    default:
      return std::string(stored.bytes);
  }
}

bool misfit(const Type& type, const StoredView& stored, std::string& out) {
  const auto kind = static_cast<Misfit::Kind>(stored.storage);  // One for one, but null.
  append_misfit(type, {kind, text_of(stored)}, out);
  return false;
}

bool is_exact_double(std::int64_t number) {
  constexpr double kBound = 9223372036854775808.0;  // 2^63
  const auto wide = static_cast<double>(number);
  return wide < kBound && static_cast<std::int64_t>(wide) == number;
}

bool parsed(const Type& type, std::string_view text, std::string& out) {
  const std::size_t begin = out.size();
  if (parse_literal(type, text, out)) {
    return true;
  }
  out.resize(begin);
  return false;
}

bool decode_text(const Type& type, const StoredView& stored, std::string& out) {
  if (stored.storage != Storage::kText) {
    return misfit(type, stored, out);
  }
  const std::string_view text = stored.bytes;
  if (!utf8::is_storable(text)) {
    // As it is where it begins like a text, so that it is printed as far as it can be.
    out += text;
    return false;
  }
  if (is_json_kind(type.kind)) {
    std::string read;
    if (!parse_literal(type, text, read)) {
      return misfit(type, stored, out);
    }
    if (type.kind == TypeKind::kJsonb) {
      out += '\1';
    }
  }
  out += text;
  return true;
}

// A NUMERIC column holds an integer or a double; of that, 15 digits are the decimal that was put
// in.
bool decode_decimal(const Type& type, const StoredView& stored, std::string& out) {
  std::string text;
  if (stored.storage == Storage::kInteger) {
    text = std::to_string(stored.integer);
  } else if (stored.storage == Storage::kReal && std::isfinite(stored.real)) {
    text = fmt::format("{:.15g}", stored.real);
  } else {
    return misfit(type, stored, out);
  }
  Type any = type;
  any.precision = any.scale = -1;
  std::string exact;
  std::string fitted;
  if (!parse_literal(any, text, exact) || !parse_literal(type, text, fitted)) {
    return misfit(type, stored, out);
  }
  // Rounding would change it: it has more digits than the column is declared for.
  std::string again;
  if (!parse_literal(any, format_literal(type, Value(std::string_view(fitted))), again) ||
      std::strtod(format_literal(any, Value(std::string_view(again))).c_str(), nullptr) !=
          std::strtod(text.c_str(), nullptr)) {
    return misfit(type, stored, out);
  }
  out += fitted;
  return true;
}

tl::unexpected<Error> refuse(const char* code, std::string message) {
  Error error;
  error.kind = ErrorKind::kRowFault;
  error.message = std::move(message) + " (" + code + ")";
  error.code = code;
  return fail(std::move(error));
}

tl::unexpected<Error> refuse(const char* code, const Type& type, std::string_view column,
                             std::string_view why) {
  return refuse(code, fmt::format("column {} of type {}: {}", column, type.name, why));
}

Result<StoredValue> encode_text(const Type& type, std::string_view column, std::string_view text) {
  if (!utf8::is_storable(text)) {
    return refuse("22021", type, column, "the text is not UTF-8, or holds a zero byte");
  }
  if (type.kind == TypeKind::kChar) {
    text = text.substr(0, text.find_last_not_of(' ') + 1);
  }
  std::size_t characters = type.length < 0 ? 0 : utf8::count(text);
  while (type.length >= 0 && characters > static_cast<std::size_t>(type.length)) {
    if (text.back() != ' ') {
      return refuse("22001", type, column, "the text is too long");
    }
    text.remove_suffix(1);
    --characters;
  }
  return StoredValue::text(text);
}

bool is_plain_integer(std::string_view text) {
  std::string bytes;
  Type integer;
  integer.kind = TypeKind::kInt64;
  return parse_literal(integer, text, bytes).has_value();
}

Result<StoredValue> encode_json(const Type& type, std::string_view column, bool numeric_affinity,
                                std::string_view bytes) {
  const std::string_view text = type.kind == TypeKind::kJsonb ? bytes.substr(1) : bytes;
  if (!utf8::is_storable(text)) {
    return refuse("22021", type, column, "the document is not UTF-8, or holds a zero byte");
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool number = first != std::string_view::npos &&
                      (text[first] == '-' || (text[first] >= '0' && text[first] <= '9'));
  if (number && numeric_affinity && !is_plain_integer(text)) {
    return refuse("22003", type, column,
                  "SQLite would round a document that is a bare number, since the column is "
                  "numeric to it");
  }
  return StoredValue::text(text);
}

// The value as the column rounds it; the bytes of `type`.
Result<std::string> fitted(const Type& type, std::string_view column, std::string_view bytes) {
  Type any = type;
  any.precision = any.scale = -1;
  any.fraction_digits = 6;
  std::string out;
  if (!parse_literal(type, format_literal(any, Value(bytes)), out)) {
    return refuse("22003", type, column, "the value is out of range");
  }
  return out;
}

Result<StoredValue> encode_decimal(const Type& type, std::string_view column,
                                   std::string_view bytes) {
  COUPLET_ASSIGN(const std::string fit, fitted(type, column, bytes));
  const std::string text = format_literal(type, Value(std::string_view(fit)));
  if (text == "NaN" || text.ends_with("Infinity")) {
    return refuse("22003", type, column, "SQLite has no decimal that is not a number");
  }
  // Without the zeros that show the scale, a whole number is an integer to SQLite.
  std::string whole = text;
  if (whole.find('.') != std::string::npos) {
    whole.resize(whole.find_last_not_of('0') + 1);
    if (whole.back() == '.') {
      whole.pop_back();
    }
  }
  if (is_plain_integer(whole)) {
    return StoredValue::of(static_cast<std::int64_t>(std::strtoll(whole.c_str(), nullptr, 10)));
  }
  return StoredValue::of(std::strtod(text.c_str(), nullptr));
}

Result<StoredValue> encode_time(const Type& type, std::string_view column, std::string_view bytes) {
  COUPLET_ASSIGN(const std::string fit, fitted(type, column, bytes));
  std::string text = format_literal(type, Value(std::string_view(fit)));
  const bool infinite = text.ends_with("infinity");
  // Beyond these, texts do not sort as times do, and SQLite's own functions read none.
  if (!infinite && (text.ends_with("BC") || text[4] != '-')) {
    return refuse("22008", type, column, "SQLite has no year before 1 or after 9999");
  }
  if (type.kind == TypeKind::kTimestampTz && !infinite) {
    text.resize(text.size() - 3);  // "+00", which SQLite's functions do not read.
    text += 'Z';
  }
  return StoredValue::text(text);
}

}  // namespace

bool parse_stored_time(const Type& type, std::string_view text, std::int64_t& micros) {
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos) {
    std::size_t end = text.find_first_not_of("0123456789", point + 1);
    end = std::min(end, text.size());
    while (end > point + 1 && text[end - 1] == '0') {
      --end;
    }
    if (end - point - 1 > static_cast<std::size_t>(type.fraction_digits)) {
      return false;  // Rounding would change it.
    }
  }
  std::string bytes;
  if (!parse_literal(type, text, bytes)) {
    return false;
  }
  micros = wire::read<std::int64_t>(bytes.data());
  return true;
}

bool decode(const Type& type, const StoredView& stored, std::string& out) {
  COUPLET_CHECK(stored.storage != Storage::kNull);
  const bool text = stored.storage == Storage::kText;
  switch (type.kind) {
    case TypeKind::kBool:
      if (stored.storage == Storage::kInteger && (stored.integer == 0 || stored.integer == 1)) {
        out += static_cast<char>(stored.integer);
        return true;
      }
      break;
    case TypeKind::kInt16:
    case TypeKind::kInt32:
    case TypeKind::kInt64:
      if (stored.storage == Storage::kInteger) {
        wire::append(out, stored.integer);
        return true;
      }
      break;
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      if (stored.storage == Storage::kReal) {
        wire::append_double(out, stored.real);
        return true;
      }
      // A NUMERIC column keeps whole numbers as integers.
      if (stored.storage == Storage::kInteger && is_exact_double(stored.integer)) {
        wire::append_double(out, static_cast<double>(stored.integer));
        return true;
      }
      break;
    case TypeKind::kNumeric:
      return decode_decimal(type, stored, out);
    case TypeKind::kDate:
      // In one form, so that texts are equal where dates are.
      if (text && (stored.bytes.size() == kDateLength || stored.bytes.ends_with("infinity")) &&
          parsed(type, stored.bytes, out)) {
        return true;
      }
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      if (std::int64_t micros = 0; text && parse_stored_time(type, stored.bytes, micros)) {
        wire::append(out, micros);
        return true;
      }
      break;
    case TypeKind::kUuid:
      if (text && stored.bytes.size() == kUuidLength &&
          std::none_of(stored.bytes.begin(), stored.bytes.end(),
                       [](char c) { return c >= 'A' && c <= 'Z'; }) &&
          parsed(type, stored.bytes, out)) {
        return true;
      }
      break;
    case TypeKind::kBytea:
      out += text_of(stored);
      return stored.storage == Storage::kBlob;
    case TypeKind::kJson:
    case TypeKind::kJsonb:
      // Such a column is numeric to SQLite: a document that is an integer is stored as one.
      if (stored.storage == Storage::kInteger) {
        out += (type.kind == TypeKind::kJsonb ? "\1" : "") + std::to_string(stored.integer);
        return true;
      }
      return decode_text(type, stored, out);
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kEnum:
      return decode_text(type, stored, out);
    default:
      break;  // No column of a file is described as one of the others.
  }
  return misfit(type, stored, out);
}

Result<StoredValue> encode(const Type& type, std::string_view column, bool numeric_affinity,
                           Value value) {
  COUPLET_CHECK(!value.is_absent());
  if (value.is_null()) {
    return StoredValue();
  }
  const std::string_view bytes = value.bytes();
  switch (type.kind) {
    case TypeKind::kBool:
      return StoredValue::of(static_cast<std::int64_t>(bytes[0] != 0 ? 1 : 0));
    case TypeKind::kInt16:
      return StoredValue::of(static_cast<std::int64_t>(wire::read<std::int16_t>(bytes.data())));
    case TypeKind::kInt32:
      return StoredValue::of(static_cast<std::int64_t>(wire::read<std::int32_t>(bytes.data())));
    case TypeKind::kInt64:
      return StoredValue::of(wire::read<std::int64_t>(bytes.data()));
    case TypeKind::kFloat32:
    case TypeKind::kFloat64: {
      const double number = type.kind == TypeKind::kFloat32
                                ? static_cast<double>(wire::read_float(bytes.data()))
                                : wire::read_double(bytes.data());
      if (std::isnan(number)) {
        return refuse("22003", type, column, "SQLite holds no NaN, it would store null");
      }
      return StoredValue::of(number);
    }
    case TypeKind::kNumeric:
      return encode_decimal(type, column, bytes);
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return encode_time(type, column, bytes);
    case TypeKind::kUuid:
      return StoredValue::text(format_literal(type, value));
    case TypeKind::kBytea:
      return StoredValue::blob(bytes);
    case TypeKind::kJson:
    case TypeKind::kJsonb:
      return encode_json(type, column, numeric_affinity, bytes);
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kEnum:
      return encode_text(type, column, bytes);
    default:
      break;
  }
  return refuse("22P02", type, column, "the type is not known to SQLite");
}

StoredValue encode_question(const Type& type, Value value, const Comparison* as) {
  if (!value.has_bytes()) {
    return {};
  }
  if (is_timestamp(type.kind)) {
    const auto micros = wire::read<std::int64_t>(value.bytes().data());
    return StoredValue::of(is_by_day(as) ? std::int64_t{calendar::day_of(micros)}
                                         : calendar::rounded(micros, digits_compared(as)));
  }
  Type any = type;  // What is too long or too precise equals nothing that fits.
  any.length = any.precision = any.scale = -1;
  const std::string_view bytes = value.bytes();
  auto stored =
      encode(any, {}, false,
             is_trimmed(type, as) ? Value(ascii::without_trailing_blanks(bytes)) : Value(bytes));
  return stored ? std::move(*stored) : StoredValue();
}

std::string comparable(const Type& type, const std::string& column, const Comparison* as) {
  if (is_timestamp(type.kind)) {
    const int zone = type.kind == TypeKind::kTimestampTz ? 1 : 0;
    return is_by_day(as)
               ? fmt::format("couplet_day({}, {}, {})", column, zone, type.fraction_digits)
               : fmt::format("couplet_time({}, {}, {}, {})", column, zone, type.fraction_digits,
                             digits_compared(as));
  }
  return is_trimmed(type, as) ? fmt::format("rtrim({}, ' ')", column) : column;
}

bool compares_as_stored(const Type& type, const Comparison* as) {
  return !is_timestamp(type.kind) && !is_trimmed(type, as);
}

}  // namespace couplet::sqlite
