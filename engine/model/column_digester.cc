#include "engine/model/column_digester.h"

#include "engine/model/value_shape.h"

namespace couplet {
namespace {

constexpr std::int32_t kMicrosDigits = 6;

}  // namespace

ColumnDigester::Way ColumnDigester::way_of(const Comparison& as, const Type& type) {
  switch (as.kind) {
    case ComparisonKind::kText:
      return type.kind == TypeKind::kText || type.kind == TypeKind::kVarchar ||
                     type.kind == TypeKind::kEnum
                 ? Way::kBytes
                 : Way::kOther;
    case ComparisonKind::kBytes:
      return type.kind == TypeKind::kBytea ? Way::kBytes : Way::kOther;
    case ComparisonKind::kUuid:
      return type.kind == TypeKind::kUuid ? Way::kUuid : Way::kOther;
    case ComparisonKind::kNumber:
      return is_integer(type.kind)             ? Way::kInteger
             : type.kind == TypeKind::kNumeric ? Way::kNumeric
                                               : Way::kOther;
    case ComparisonKind::kTimestamp:
      return is_timestamp(type.kind) && as.fraction_digits >= kMicrosDigits ? Way::kMicros
                                                                            : Way::kOther;
    default:
      return Way::kOther;
  }
}

ColumnDigester::ColumnDigester(const Digester& digester, Comparison as, Type type)
    : digester_(&digester), as_(std::move(as)), type_(std::move(type)), way_(way_of(as_, type_)) {}

std::optional<Digest> ColumnDigester::of_other(std::string_view bytes) {
  const Value value(bytes);
  if (!is_value_of(type_, value)) {
    return std::nullopt;
  }
  return digester_->of(as_, type_, value);
}

}  // namespace couplet
