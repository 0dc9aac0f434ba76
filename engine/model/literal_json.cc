#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/calendar.h"
#include "engine/model/float_text.h"
#include "engine/model/json_text.h"
#include "engine/model/literal.h"
#include "engine/model/misfit.h"
#include "engine/model/money.h"
#include "engine/model/nested_value.h"
#include "engine/model/numeric.h"
#include "engine/model/utf8.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

constexpr std::int64_t kEveryIntegerInDouble = std::int64_t{1} << 53U;
constexpr int kDigitsOfAnyDouble = 770;  // The longest exact decimal expansion has 767.

std::string base64_of(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      bits = bits << 8U | (j < group.size() ? static_cast<unsigned char>(group[j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= group.size() ? kDigits[bits >> (18 - 6 * j) & 0x3FU] : '=';
    }
  }
  return out;
}

std::string canonical_of(std::string_view numeric) {
  std::string out;
  append_number_canonical(*NumericView::read(numeric), out);
  return out;
}

// A number if the double nearest to it is the very value, else text.
nlohmann::json json_of_numeric(std::string_view bytes) {
  const NumericView view = *NumericView::read(bytes);
  std::string text;
  append_text_of_numeric(view, text);
  double nearest = 0;
  if (view.form() != NumericView::Form::kFinite ||
      parse_float(scientific_text_of(view), nearest) != FloatParse::kDone) {
    return text;
  }
  std::string expansion;
  append_numeric_of_text(fmt::format("{:.{}e}", nearest, kDigitsOfAnyDouble), -1, -1, expansion);
  const std::string canonical = canonical_of(bytes);
  if (canonical_of(expansion) != canonical) {
    return text;
  }
  if (const auto integer = rounded_to_int(view)) {
    std::string whole;
    append_numeric_of_int(*integer, whole);
    if (canonical_of(whole) == canonical) {
      return *integer;
    }
  }
  return nearest;
}

nlohmann::json json_of_integer(std::int64_t value) {
  if (value >= -kEveryIntegerInDouble && value <= kEveryIntegerInDouble) {
    return value;
  }
  std::string numeric;
  append_numeric_of_int(value, numeric);
  return json_of_numeric(numeric);
}

nlohmann::json json_of_float(double value, std::string text) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(std::move(text));
}

nlohmann::json json_of_document(std::string_view text) {
  // Depth is bounded first: printing nlohmann's tree recurses.
  if (is_json(text, JsonForm::kJsonb)) {
    auto document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_discarded()) {
      return document;
    }
  }
  return utf8::repaired(text);
}

nlohmann::json json_of_dimension(const Type& element, const ArrayParts& parts,
                                 std::size_t dimension, std::size_t& next) {
  auto array = nlohmann::json::array();
  for (std::int32_t i = 0; i < parts.dimensions[dimension].size; ++i) {
    array.push_back(dimension + 1 < parts.dimensions.size()
                        ? json_of_dimension(element, parts, dimension + 1, next)
                        : to_json(element, parts.elements[next++]));
  }
  return array;
}

// nullopt where the numbers of the elements begin elsewhere than at 1, which JSON cannot say.
std::optional<nlohmann::json> json_of_array(const Type& type, std::string_view bytes) {
  const ArrayParts parts = *read_array(bytes);
  for (const ArrayParts::Dimension& dimension : parts.dimensions) {
    if (dimension.lower != 1) {
      return std::nullopt;
    }
  }
  std::size_t next = 0;
  return parts.dimensions.empty() ? nlohmann::json::array()
                                  : json_of_dimension(type.elements[0], parts, 0, next);
}

// One field, whose name says what it is.
nlohmann::json json_of_misfit(const Type& type, const Misfit& misfit) {
  return {{describe(type, misfit.kind), misfit.kind == Misfit::Kind::kBlob
                                            ? base64_of(misfit.bytes)
                                            : utf8::repaired(misfit.bytes)}};
}

}  // namespace

nlohmann::json to_json(const Type& type, Value value) {
  COUPLET_CHECK(!value.is_absent());
  if (value.is_null()) {
    return nullptr;
  }
  const std::string_view bytes = value.bytes();
  if (const auto misfit = read_misfit(type, bytes)) {
    return json_of_misfit(type, *misfit);
  }
  if (!has_shape_of(type, bytes)) {
    return format_literal(type, value);
  }
  switch (type.kind) {
    case TypeKind::kBool:
      return bytes[0] != 0;
    case TypeKind::kInt16:
    case TypeKind::kInt32:
    case TypeKind::kInt64:
    case TypeKind::kOid:
      return json_of_integer(read_integer(type.kind, bytes));
    case TypeKind::kNumeric:
      return json_of_numeric(bytes);
    case TypeKind::kMoney: {
      std::string numeric;
      append_numeric_of_money(type, bytes, numeric);
      return json_of_numeric(numeric);
    }
    case TypeKind::kArray:
      if (auto array = json_of_array(type, bytes)) {
        return *std::move(array);
      }
      break;
    case TypeKind::kComposite: {
      const std::vector<Value> cells = *read_composite(bytes);
      auto object = nlohmann::json::object();
      for (std::size_t i = 0; i < cells.size(); ++i) {
        object[utf8::repaired(type.fields[i])] = to_json(type.elements[i], cells[i]);
      }
      return object;
    }
    case TypeKind::kFloat32:
      return json_of_float(std::strtod(format_literal(type, value).c_str(), nullptr),
                           format_literal(type, value));
    case TypeKind::kFloat64:
      return json_of_float(wire::read_double(bytes.data()), format_literal(type, value));
    case TypeKind::kDate: {
      std::string out;
      calendar::append_rfc3339_date(wire::read<std::int32_t>(bytes.data()), out);
      return out;
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz: {
      std::string out;
      calendar::append_rfc3339(wire::read<std::int64_t>(bytes.data()), -1,
                               type.kind == TypeKind::kTimestampTz, out);
      return out;
    }
    case TypeKind::kJson:
    case TypeKind::kJsonb:
      return json_of_document(type.kind == TypeKind::kJsonb ? bytes.substr(1) : bytes);
    case TypeKind::kBytea:
      return base64_of(bytes);
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kUuid:
    case TypeKind::kEnum:
    case TypeKind::kTime:
    case TypeKind::kTimeTz:
    case TypeKind::kInterval:
    case TypeKind::kLsn:
    case TypeKind::kInet:
    case TypeKind::kCidr:
    case TypeKind::kMacaddr:
    case TypeKind::kMacaddr8:
    case TypeKind::kBit:
    case TypeKind::kVarbit:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kOpaque:
      break;
  }
  return utf8::repaired(format_literal(type, value));
}

}  // namespace couplet
