#include "connectors/postgres/array_parameter.h"

#include "connectors/postgres/column_text.h"
#include "engine/model/literal.h"
#include "engine/model/result.h"
#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

struct BuiltIn {
  Oid element;
  Oid array;
};

BuiltIn built_in(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBool:
      return {oid::kBool, oid::kBoolArray};
    case TypeKind::kInt16:
      return {oid::kInt2, oid::kInt2Array};
    case TypeKind::kInt32:
      return {oid::kInt4, oid::kInt4Array};
    case TypeKind::kInt64:
      return {oid::kInt8, oid::kInt8Array};
    case TypeKind::kNumeric:
      return {oid::kNumeric, oid::kNumericArray};
    case TypeKind::kFloat32:
      return {oid::kFloat4, oid::kFloat4Array};
    case TypeKind::kFloat64:
      return {oid::kFloat8, oid::kFloat8Array};
    case TypeKind::kText:
      return {oid::kText, oid::kTextArray};
    case TypeKind::kVarchar:
      return {oid::kVarchar, oid::kVarcharArray};
    case TypeKind::kChar:
      return {oid::kBpchar, oid::kBpcharArray};
    case TypeKind::kDate:
      return {oid::kDate, oid::kDateArray};
    case TypeKind::kTimestamp:
      return {oid::kTimestamp, oid::kTimestampArray};
    case TypeKind::kTimestampTz:
      return {oid::kTimestampTz, oid::kTimestampTzArray};
    case TypeKind::kUuid:
      return {oid::kUuid, oid::kUuidArray};
    case TypeKind::kJson:
      return {oid::kJson, oid::kJsonArray};
    case TypeKind::kJsonb:
      return {oid::kJsonb, oid::kJsonbArray};
    case TypeKind::kBytea:
      return {oid::kBytea, oid::kByteaArray};
    case TypeKind::kTime:
      return {oid::kTime, oid::kTimeArray};
    case TypeKind::kTimeTz:
      return {oid::kTimeTz, oid::kTimeTzArray};
    case TypeKind::kInterval:
      return {oid::kInterval, oid::kIntervalArray};
    case TypeKind::kMoney:
      return {oid::kMoney, oid::kMoneyArray};
    case TypeKind::kOid:
      return {oid::kOid, oid::kOidArray};
    case TypeKind::kLsn:
      return {oid::kLsn, oid::kLsnArray};
    case TypeKind::kInet:
      return {oid::kInet, oid::kInetArray};
    case TypeKind::kCidr:
      return {oid::kCidr, oid::kCidrArray};
    case TypeKind::kMacaddr:
      return {oid::kMacaddr, oid::kMacaddrArray};
    case TypeKind::kMacaddr8:
      return {oid::kMacaddr8, oid::kMacaddr8Array};
    case TypeKind::kBit:
      return {oid::kBit, oid::kBitArray};
    case TypeKind::kVarbit:
      return {oid::kVarbit, oid::kVarbitArray};
    case TypeKind::kOpaque:
      return {oid::kText, oid::kTextArray};
    case TypeKind::kEnum:
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
      break;
  }
  return {0, 0};
}

// ndim, flags, element type, dimension, lower bound: five words before the elements.
constexpr std::size_t kHeaderBytes = 20;
constexpr std::size_t kFlagsAt = 4;
constexpr std::size_t kDimensionAt = 12;

}  // namespace

Oid answer_type(const Type& type) {
  const Oid result = type.source_type != 0 ? type.source_type : built_in(type.kind).element;
  COUPLET_CHECK(result != 0);
  return result;
}

Oid element_type(const Type& type) {
  return is_sent_as_text(type) ? oid::kText : answer_type(type);
}

Oid array_type(const Type& type) {
  if (is_sent_as_text(type)) {
    return oid::kTextArray;
  }
  const Oid result = type.source_array != 0 ? type.source_array : built_in(type.kind).array;
  COUPLET_CHECK(result != 0);
  return result;
}

void add_array(Parameters& parameters, const Type& type, std::string array) {
  parameters.add(array_type(type), std::move(array));
}

ArrayParameter::ArrayParameter(Oid element) {
  wire::append<std::int32_t>(bytes_, 1);
  wire::append<std::int32_t>(bytes_, 0);
  wire::append<std::uint32_t>(bytes_, element);
  wire::append<std::int32_t>(bytes_, 0);
  wire::append<std::int32_t>(bytes_, 1);
}

void ArrayParameter::push(Value value) {
  COUPLET_CHECK(!value.is_absent());
  ++count_;
  if (value.is_null()) {
    has_null_ = true;
    wire::append<std::int32_t>(bytes_, -1);
    return;
  }
  wire::append<std::int32_t>(bytes_, value.length());
  bytes_.append(value.bytes());
}

std::string ArrayParameter::take() {
  if (count_ == 0) {  // An empty array has no dimensions.
    bytes_.resize(kDimensionAt);
    wire::write<std::int32_t>(bytes_.data(), 0);
    return std::move(bytes_);
  }
  wire::write<std::int32_t>(bytes_.data() + kFlagsAt, has_null_ ? 1 : 0);
  wire::write<std::uint32_t>(bytes_.data() + kDimensionAt, count_);
  static_assert(kDimensionAt + 8 == kHeaderBytes);
  return std::move(bytes_);
}

namespace {

void push_cell(ArrayParameter& array, const Type& type, Value cell) {
  if (!is_sent_as_text(type) || !cell.has_bytes() || type.kind == TypeKind::kOpaque) {
    array.push(cell);
    return;
  }
  const std::string text = format_literal(type, cell);
  array.push(Value(text));
}

}  // namespace

std::string array_of_column(const Type& type, const RowBatch& rows, std::size_t column) {
  ArrayParameter array(element_type(type));
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    push_cell(array, type, rows.at(row, column));
  }
  return array.take();
}

std::string array_of_column(const Type& type, const RowBatch& rows, std::size_t column,
                            std::span<const std::uint32_t> which) {
  ArrayParameter array(element_type(type));
  for (const std::uint32_t row : which) {
    push_cell(array, type, rows.at(row, column));
  }
  return array.take();
}

void push_xid(ArrayParameter& array, RowVersion version) {
  char bytes[4];
  wire::write<std::uint32_t>(bytes, static_cast<std::uint32_t>(version.value));
  array.push(Value(bytes, sizeof bytes));
}

void push_int8(ArrayParameter& array, std::int64_t value) {
  char bytes[8];
  wire::write<std::int64_t>(bytes, value);
  array.push(Value(bytes, sizeof bytes));
}

}  // namespace couplet::postgres
