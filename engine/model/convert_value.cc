#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/ascii.h"
#include "engine/model/calendar.h"
#include "engine/model/canonical.h"
#include "engine/model/float_text.h"
#include "engine/model/literal.h"
#include "engine/model/money.h"
#include "engine/model/nested_value.h"
#include "engine/model/network_address.h"
#include "engine/model/numeric.h"
#include "engine/model/utf8.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

tl::unexpected<Error> refused(const Type& from, const Type& to, std::string_view why) {
  return fail(ErrorKind::kRowFault, fmt::format("a value of {} cannot be written as {}: {}",
                                                described(from), described(to), why));
}

constexpr std::string_view kOutOfRange = "it is out of range";
constexpr std::string_view kNoConversion = "these types do not convert";

// To an integer as the server's casts round: numerics half away from zero, floats half to even.
bool append_as_integer(const Type& from, TypeKind to, std::string_view bytes, std::string& out) {
  if (is_integer(from.kind)) {
    return append_integer(to, read_integer(from.kind, bytes), out);
  }
  if (from.kind == TypeKind::kNumeric) {
    const auto rounded = rounded_to_int(*NumericView::read(bytes));
    return rounded && append_integer(to, *rounded, out);
  }
  const double value = from.kind == TypeKind::kFloat32
                           ? static_cast<double>(wire::read_float(bytes.data()))
                           : wire::read_double(bytes.data());
  const double whole = std::nearbyint(value);
  constexpr double kBound = 9223372036854775808.0;  // 2^63
  if (!(whole >= -kBound && whole < kBound)) {      // Nor for NaN.
    return false;
  }
  return append_integer(to, static_cast<std::int64_t>(whole), out);
}

bool append_as_numeric(const Type& from, const Type& to, std::string_view bytes, std::string& out) {
  if (is_integer(from.kind)) {
    append_numeric_of_int(read_integer(from.kind, bytes), out);
    return true;
  }
  std::string text;
  append_literal(from, bytes, text);
  // Scale is left to the server; but infinity must not meet a limited column.
  const double value = from.kind == TypeKind::kFloat32
                           ? static_cast<double>(wire::read_float(bytes.data()))
                           : wire::read_double(bytes.data());
  if (std::isinf(value) && to.precision >= 0) {
    return false;
  }
  return append_numeric_of_text(text, -1, -1, out) == NumericParse::kDone;
}

bool append_as_double(const Type& from, std::string_view bytes, std::string& out) {
  double value = 0;
  if (is_integer(from.kind)) {
    value = static_cast<double>(read_integer(from.kind, bytes));
  } else if (from.kind == TypeKind::kFloat32) {
    value = static_cast<double>(wire::read_float(bytes.data()));
  } else if (parse_float(scientific_text_of(*NumericView::read(bytes)), value) !=
             FloatParse::kDone) {
    return false;
  }
  wire::append_double(out, value);
  return true;
}

bool append_as_single(const Type& from, std::string_view bytes, std::string& out) {
  float value = 0;
  if (is_integer(from.kind)) {
    value = static_cast<float>(read_integer(from.kind, bytes));
  } else if (from.kind == TypeKind::kFloat64) {
    const double wide = wire::read_double(bytes.data());
    if (std::isfinite(wide) && std::abs(wide) > std::numeric_limits<float>::max()) {
      return false;
    }
    value = static_cast<float>(wide);
    if (value == 0 && wide != 0) {
      return false;  // The server refuses what would vanish.
    }
  } else if (parse_float(scientific_text_of(*NumericView::read(bytes)), value) !=
             FloatParse::kDone) {
    return false;
  }
  wire::append_float(out, value);
  return true;
}

bool append_as_number(const Type& from, const Type& to, std::string_view bytes, std::string& out) {
  if (from.kind == TypeKind::kMoney) {
    if (to.kind == TypeKind::kMoney && scale_of_money(from) == scale_of_money(to)) {
      out += bytes;
      return true;
    }
    std::string amount;
    append_numeric_of_money(from, bytes, amount);
    if (to.kind == TypeKind::kNumeric) {
      out += amount;
      return true;
    }
    Type numeric;
    numeric.kind = TypeKind::kNumeric;
    return append_as_number(numeric, to, amount, out);
  }
  if (to.kind == TypeKind::kMoney) {
    std::string text;
    append_literal(from, bytes, text);
    return append_money_of_text(to, text, out) == NumericParse::kDone;
  }
  if (is_integer(to.kind)) {
    return append_as_integer(from, to.kind, bytes, out);
  }
  if (to.kind == TypeKind::kNumeric) {
    return append_as_numeric(from, to, bytes, out);
  }
  return to.kind == TypeKind::kFloat64 ? append_as_double(from, bytes, out)
                                       : append_as_single(from, bytes, out);
}

bool append_as_time(const Type& from, const Type& to, std::string_view bytes, std::string& out) {
  if (from.kind == TypeKind::kDate) {
    const auto midnight = calendar::midnight_of(wire::read<std::int32_t>(bytes.data()));
    if (midnight) {
      wire::append(out, *midnight);
    }
    return midnight.has_value();
  }
  if (to.kind == TypeKind::kDate) {
    wire::append(out, calendar::day_of(wire::read<std::int64_t>(bytes.data())));
  } else {
    out += bytes;
  }
  return true;
}

void append_as_time_of_day(const Type& from, const Type& to, std::string_view bytes,
                           std::string& out) {
  out += bytes.substr(0, sizeof(std::int64_t));
  if (to.kind == TypeKind::kTimeTz && from.kind == TypeKind::kTime) {
    wire::append<std::int32_t>(out, 0);
  } else if (to.kind == TypeKind::kTimeTz) {
    out += bytes.substr(sizeof(std::int64_t));
  }
}

// The cells of a value, each converted; nulls stay.
class ConvertedCells {
 public:
  Result<Value> add(const Type& from, const Type& to, Value cell) {
    if (!cell.has_bytes()) {
      return cell;
    }
    std::string& bytes = bytes_.emplace_back();
    COUPLET_TRY(convert_value(from, to, cell, bytes));
    return Value(bytes);
  }

 private:
  std::deque<std::string> bytes_;  // Whose strings stay where they are.
};

Result<void> append_as_range(const Type& from, const Type& to, std::string_view bytes,
                             std::string& out) {
  RangeParts parts = *read_range(bytes);
  ConvertedCells cells;
  for (RangeParts::Bound* bound : {&parts.lower, &parts.upper}) {
    COUPLET_ASSIGN(bound->value, cells.add(from.elements[0], to.elements[0], bound->value));
  }
  append_range(parts, out);
  return {};
}

// Made anew even where the elements stay as they are: ids of types inside are the target's.
Result<void> append_as_nested(const Type& from, const Type& to, std::string_view bytes,
                              std::string& out) {
  ConvertedCells cells;
  switch (from.kind) {
    case TypeKind::kArray: {
      ArrayParts parts = *read_array(bytes);
      for (Value& element : parts.elements) {
        COUPLET_ASSIGN(element, cells.add(from.elements[0], to.elements[0], element));
      }
      append_array(parts, to.elements[0], out);
      return {};
    }
    case TypeKind::kRange:
      return append_as_range(from, to, bytes, out);
    case TypeKind::kMultirange: {
      std::vector<std::string> ranges;
      const std::vector<std::string_view> parts = *read_multirange(bytes);
      for (const std::string_view range : parts) {
        COUPLET_TRY(append_as_range(from, to, range, ranges.emplace_back()));
      }
      append_multirange(ranges, out);
      return {};
    }
    default: {
      std::vector<Value> fields = *read_composite(bytes);
      for (std::size_t i = 0; i < fields.size(); ++i) {
        COUPLET_ASSIGN(fields[i], cells.add(from.elements[i], to.elements[i], fields[i]));
      }
      append_composite(fields, to.elements, out);
      return {};
    }
  }
}

Result<void> append_label(const Type& from, const Type& to, std::string_view label,
                          std::string& out) {
  if (std::find(to.labels.begin(), to.labels.end(), label) == to.labels.end()) {
    return refused(from, to, "the target has no such label");
  }
  out += label;
  return {};
}

}  // namespace

bool is_value_of(const Type& type, Value value) {
  return !value.has_bytes() || has_shape_of(type, value.bytes());
}

Result<void> convert_value(const Type& from, const Type& to, Value value, std::string& out) {
  COUPLET_CHECK(value.has_bytes());
  const std::string_view bytes = value.bytes();
  if (!has_shape_of(from, bytes)) {
    return refused(from, to, "its bytes are no value of its type");
  }
  if ((is_textual(from.kind) || is_json_kind(from.kind)) &&
      !utf8::is_storable(from.kind == TypeKind::kJsonb ? bytes.substr(1) : bytes)) {
    return refused(from, to, "it is no text in UTF-8, or holds a zero byte");
  }
  if (to.kind == TypeKind::kEnum && is_textual(from.kind)) {
    return append_label(
        from, to, from.kind == TypeKind::kChar ? ascii::without_trailing_blanks(bytes) : bytes,
        out);
  }
  if (is_textual(to.kind) && to.kind != TypeKind::kEnum && from.kind != TypeKind::kBytea) {
    const std::size_t begin = out.size();
    append_literal(from, bytes, out);
    if (to.kind == TypeKind::kChar) {
      const std::string_view kept =
          ascii::without_trailing_blanks(std::string_view(out).substr(begin));
      out.resize(begin + kept.size());
    }
    return {};
  }
  if (is_nested(from.kind) && is_nested(to.kind)) {
    if (!conversion_between(from, to).possible) {
      return refused(from, to, kNoConversion);
    }
    return append_as_nested(from, to, bytes, out);
  }
  if (from.kind == to.kind && from.kind != TypeKind::kMoney) {
    out += bytes;
    return {};
  }
  if (is_number(from.kind) && is_number(to.kind)) {
    if (!append_as_number(from, to, bytes, out)) {
      return refused(from, to, kOutOfRange);
    }
    return {};
  }
  if (is_time(from.kind) && is_time(to.kind)) {
    if (!append_as_time(from, to, bytes, out)) {
      return refused(from, to, kOutOfRange);
    }
    return {};
  }
  if (is_time_of_day(from.kind) && is_time_of_day(to.kind)) {
    append_as_time_of_day(from, to, bytes, out);
    return {};
  }
  if (is_network(from.kind) && is_network(to.kind)) {
    const NetworkAddress address = *NetworkAddress::read(bytes);
    if (to.kind == TypeKind::kCidr && !address.is_network()) {
      return refused(from, to, "it has bits beyond its network");
    }
    address.append_bytes(to.kind == TypeKind::kCidr, out);
    return {};
  }
  if (is_bits(from.kind) && is_bits(to.kind)) {
    out += bytes;
    return {};
  }
  if (is_json_kind(from.kind) && is_json_kind(to.kind)) {
    if (to.kind == TypeKind::kJsonb) {
      out += '\1';
    }
    out += from.kind == TypeKind::kJsonb ? bytes.substr(1) : bytes;
    return {};
  }
  if (!is_textual(from.kind) || from.kind == TypeKind::kEnum || to.kind == TypeKind::kBytea) {
    return refused(from, to, kNoConversion);
  }
  // Reads the text as the target's literal, whose own message would quote it.
  const std::string_view text =
      from.kind == TypeKind::kChar ? ascii::without_trailing_blanks(bytes) : bytes;
  if (!parse_literal(to, text, out)) {
    return refused(from, to, "the text is no literal of it");
  }
  return {};
}

}  // namespace couplet
