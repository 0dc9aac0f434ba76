#include "engine/model/value_shape.h"

#include <cstdint>
#include <limits>

#include "engine/model/bit_string.h"
#include "engine/model/calendar.h"
#include "engine/model/nested_value.h"
#include "engine/model/network_address.h"
#include "engine/model/numeric.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

template <typename Int>
bool append_if_it_fits(std::int64_t value, std::string& out) {
  if (value < std::numeric_limits<Int>::min() || value > std::numeric_limits<Int>::max()) {
    return false;
  }
  wire::append(out, static_cast<Int>(value));
  return true;
}

bool is_micros_of_day(std::string_view bytes) {
  const auto micros = wire::read<std::int64_t>(bytes.data());
  return micros >= 0 && micros <= calendar::kMicrosPerDay;
}

}  // namespace

bool has_shape_of(const Type& type, std::string_view bytes) {
  switch (type.kind) {
    case TypeKind::kBool:
      return bytes.size() == 1;
    case TypeKind::kInt16:
      return bytes.size() == 2;
    case TypeKind::kInt32:
    case TypeKind::kFloat32:
    case TypeKind::kDate:
    case TypeKind::kOid:
      return bytes.size() == 4;
    case TypeKind::kInt64:
    case TypeKind::kFloat64:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kMoney:
    case TypeKind::kLsn:
    case TypeKind::kMacaddr8:
      return bytes.size() == 8;
    case TypeKind::kUuid:
    case TypeKind::kInterval:
      return bytes.size() == 16;
    case TypeKind::kTime:
      return bytes.size() == 8 && is_micros_of_day(bytes);
    case TypeKind::kTimeTz:
      return bytes.size() == 12 && is_micros_of_day(bytes);
    case TypeKind::kMacaddr:
      return bytes.size() == 6;
    case TypeKind::kInet:
    case TypeKind::kCidr:
      return NetworkAddress::read(bytes).has_value();
    case TypeKind::kBit:
    case TypeKind::kVarbit:
      return is_bit_string(bytes);
    case TypeKind::kNumeric:
      return NumericView::read(bytes).has_value();
    case TypeKind::kJsonb:
      return !bytes.empty() && bytes.front() == 1;
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kJson:
    case TypeKind::kBytea:
    case TypeKind::kEnum:
    case TypeKind::kOpaque:
      return true;
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
      return is_nested_value(type, bytes);
  }
  return false;
}

std::int64_t read_integer(TypeKind kind, std::string_view bytes) {
  switch (kind) {
    case TypeKind::kInt16:
      return wire::read<std::int16_t>(bytes.data());
    case TypeKind::kInt32:
      return wire::read<std::int32_t>(bytes.data());
    case TypeKind::kOid:
      return wire::read<std::uint32_t>(bytes.data());
    default:
      return wire::read<std::int64_t>(bytes.data());
  }
}

bool append_integer(TypeKind kind, std::int64_t value, std::string& out) {
  switch (kind) {
    case TypeKind::kInt16:
      return append_if_it_fits<std::int16_t>(value, out);
    case TypeKind::kInt32:
      return append_if_it_fits<std::int32_t>(value, out);
    case TypeKind::kOid:
      return append_if_it_fits<std::uint32_t>(value, out);
    default:
      return append_if_it_fits<std::int64_t>(value, out);
  }
}

}  // namespace couplet
