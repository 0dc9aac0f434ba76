#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "engine/model/ascii.h"
#include "engine/model/bit_string.h"
#include "engine/model/calendar.h"
#include "engine/model/float_text.h"
#include "engine/model/interval.h"
#include "engine/model/literal.h"
#include "engine/model/money.h"
#include "engine/model/nested_text.h"
#include "engine/model/network_address.h"
#include "engine/model/numeric.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

void append_hex(std::string_view bytes, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 0xFU];
  }
}

void append_uuid(std::string_view bytes, std::string& out) {
  std::size_t place = 0;
  for (const std::size_t length : {4, 2, 2, 2, 6}) {
    if (place > 0) {
      out += '-';
    }
    append_hex(bytes.substr(place, length), out);
    place += length;
  }
}

}  // namespace

void append_literal(const Type& type, std::string_view bytes, std::string& out) {
  if (!has_shape_of(type, bytes)) {
    out += '<';
    out += name_of(type.kind);
    out += " of unknown form>";
    return;
  }
  switch (type.kind) {
    case TypeKind::kBool:
      out += bytes[0] != 0 ? "true" : "false";
      return;
    case TypeKind::kInt16:
      fmt::format_to(std::back_inserter(out), "{}", wire::read<std::int16_t>(bytes.data()));
      return;
    case TypeKind::kInt32:
      fmt::format_to(std::back_inserter(out), "{}", wire::read<std::int32_t>(bytes.data()));
      return;
    case TypeKind::kInt64:
      fmt::format_to(std::back_inserter(out), "{}", wire::read<std::int64_t>(bytes.data()));
      return;
    case TypeKind::kOid:
      fmt::format_to(std::back_inserter(out), "{}", wire::read<std::uint32_t>(bytes.data()));
      return;
    case TypeKind::kNumeric:
      append_text_of_numeric(*NumericView::read(bytes), out);
      return;
    case TypeKind::kFloat32:
      append_float_text(wire::read_float(bytes.data()), out);
      return;
    case TypeKind::kFloat64:
      append_float_text(wire::read_double(bytes.data()), out);
      return;
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kJson:
    case TypeKind::kEnum:
    case TypeKind::kOpaque:
      out += bytes;
      return;
    case TypeKind::kChar:
      out += ascii::without_trailing_blanks(bytes);
      return;
    case TypeKind::kDate:
      calendar::append_date(wire::read<std::int32_t>(bytes.data()), out);
      return;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      calendar::append_timestamp(wire::read<std::int64_t>(bytes.data()),
                                 type.kind == TypeKind::kTimestampTz, out);
      return;
    case TypeKind::kUuid:
      append_uuid(bytes, out);
      return;
    case TypeKind::kJsonb:
      out += bytes.substr(1);
      return;
    case TypeKind::kBytea:
      out += "\\x";
      append_hex(bytes, out);
      return;
    case TypeKind::kTime:
    case TypeKind::kTimeTz:
      calendar::append_time(wire::read<std::int64_t>(bytes.data()), out);
      if (type.kind == TypeKind::kTimeTz) {
        calendar::append_zone(wire::read<std::int32_t>(bytes.data() + sizeof(std::int64_t)), out);
      }
      return;
    case TypeKind::kInterval:
      append_text_of_interval(Interval::read(bytes), out);
      return;
    case TypeKind::kMoney: {
      std::string numeric;
      append_numeric_of_money(type, bytes, numeric);
      append_text_of_numeric(*NumericView::read(numeric), out);
      return;
    }
    case TypeKind::kLsn:
      fmt::format_to(std::back_inserter(out), "{:X}/{:X}", wire::read<std::uint32_t>(bytes.data()),
                     wire::read<std::uint32_t>(bytes.data() + sizeof(std::uint32_t)));
      return;
    case TypeKind::kInet:
    case TypeKind::kCidr:
      NetworkAddress::read(bytes)->append_text(type.kind == TypeKind::kCidr, out);
      return;
    case TypeKind::kMacaddr:
    case TypeKind::kMacaddr8:
      append_text_of_hardware_address(bytes, out);
      return;
    case TypeKind::kBit:
    case TypeKind::kVarbit:
      append_text_of_bits(bytes, out);
      return;
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
      append_nested_text(type, bytes, out);
      return;
  }
}

std::string format_literal(const Type& type, Value value) {
  COUPLET_CHECK(value.has_bytes());
  std::string out;
  append_literal(type, value.bytes(), out);
  return out;
}

std::string format_timestamp(Timestamp time) {
  std::string out;
  calendar::append_rfc3339(time.value, 6, true, out);
  return out;
}

}  // namespace couplet
