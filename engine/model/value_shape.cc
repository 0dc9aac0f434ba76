#include "engine/model/value_shape.h"

#include <cstdint>
#include <limits>

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

}  // namespace

bool has_shape_of(TypeKind kind, std::string_view bytes) {
  switch (kind) {
    case TypeKind::kBool:
      return bytes.size() == 1;
    case TypeKind::kInt16:
      return bytes.size() == 2;
    case TypeKind::kInt32:
    case TypeKind::kFloat32:
    case TypeKind::kDate:
      return bytes.size() == 4;
    case TypeKind::kInt64:
    case TypeKind::kFloat64:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return bytes.size() == 8;
    case TypeKind::kUuid:
      return bytes.size() == 16;
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
      return true;
  }
  return false;
}

std::int64_t read_integer(TypeKind kind, std::string_view bytes) {
  switch (kind) {
    case TypeKind::kInt16:
      return wire::read<std::int16_t>(bytes.data());
    case TypeKind::kInt32:
      return wire::read<std::int32_t>(bytes.data());
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
    default:
      return append_if_it_fits<std::int64_t>(value, out);
  }
}

}  // namespace couplet
