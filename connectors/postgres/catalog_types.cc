#include "connectors/postgres/catalog_types.h"

#include <algorithm>
#include <utility>

#include "connectors/postgres/column_text.h"
#include "engine/model/result.h"

namespace couplet::postgres {
namespace {

// The length words that type modifiers of variable-length types count in (VARHDRSZ).
constexpr std::int32_t kHeader = 4;

std::optional<TypeKind> kind_of(Oid type) {
  switch (type) {
    case oid::kBool:
      return TypeKind::kBool;
    case oid::kInt2:
      return TypeKind::kInt16;
    case oid::kInt4:
      return TypeKind::kInt32;
    case oid::kInt8:
      return TypeKind::kInt64;
    case oid::kNumeric:
      return TypeKind::kNumeric;
    case oid::kFloat4:
      return TypeKind::kFloat32;
    case oid::kFloat8:
      return TypeKind::kFloat64;
    case oid::kText:
      return TypeKind::kText;
    case oid::kVarchar:
    case oid::kName:
      return TypeKind::kVarchar;
    case oid::kBpchar:
      return TypeKind::kChar;
    case oid::kDate:
      return TypeKind::kDate;
    case oid::kTimestamp:
      return TypeKind::kTimestamp;
    case oid::kTimestampTz:
      return TypeKind::kTimestampTz;
    case oid::kUuid:
      return TypeKind::kUuid;
    case oid::kJson:
      return TypeKind::kJson;
    case oid::kJsonb:
      return TypeKind::kJsonb;
    case oid::kBytea:
      return TypeKind::kBytea;
    case oid::kTime:
      return TypeKind::kTime;
    case oid::kTimeTz:
      return TypeKind::kTimeTz;
    case oid::kInterval:
      return TypeKind::kInterval;
    case oid::kMoney:
      return TypeKind::kMoney;
    case oid::kOid:
      return TypeKind::kOid;
    case oid::kLsn:
      return TypeKind::kLsn;
    case oid::kInet:
      return TypeKind::kInet;
    case oid::kCidr:
      return TypeKind::kCidr;
    case oid::kMacaddr:
      return TypeKind::kMacaddr;
    case oid::kMacaddr8:
      return TypeKind::kMacaddr8;
    case oid::kBit:
      return TypeKind::kBit;
    case oid::kVarbit:
      return TypeKind::kVarbit;
    default:
      return std::nullopt;
  }
}

// An extension's type, whose id differs from database to database. Its cells are text.
bool is_citext(const TypeRow& row) { return row.name == "citext" && row.kind == 'b'; }

void set_limits(const TypeRow& row, std::int32_t modifier, Type& type) {
  constexpr std::int32_t kNameLength = 63;  // NAMEDATALEN, less the end.
  constexpr std::int32_t kAnyFields = 0x7FFF;
  constexpr std::int32_t kAnyPrecision = 0xFFFF;
  switch (type.kind) {
    case TypeKind::kVarchar:
    case TypeKind::kChar:
      type.length = row.type == oid::kName ? kNameLength
                    : modifier >= kHeader  ? modifier - kHeader
                                           : -1;
      break;
    case TypeKind::kBit:
    case TypeKind::kVarbit:
      type.length = modifier;
      break;
    case TypeKind::kNumeric:
      if (modifier >= kHeader) {  // src/backend/utils/adt/numeric.c, numeric_typmod_scale
        const auto packed = static_cast<std::uint32_t>(modifier - kHeader);
        type.precision = static_cast<std::int32_t>((packed >> 16U) & 0xFFFFU);
        type.scale = static_cast<std::int32_t>((packed & 0x7FFU) ^ 0x400U) - 0x400;
      }
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTime:
    case TypeKind::kTimeTz:
      type.fraction_digits = modifier >= 0 ? modifier : 6;
      break;
    case TypeKind::kInterval:
      if (modifier >= 0) {  // src/include/utils/timestamp.h, INTERVAL_TYPMOD
        const std::int32_t fields = (modifier >> 16) & kAnyFields;
        const std::int32_t precision = modifier & kAnyPrecision;
        type.precision = fields == kAnyFields ? -1 : fields;
        type.fraction_digits = precision == kAnyPrecision ? 6 : precision;
      }
      break;
    case TypeKind::kMoney:
      type.scale = row.money_digits;
      break;
    default:
      break;
  }
}

Type opaque(const TypeRow& row) {
  Type type;
  type.kind = TypeKind::kOpaque;
  type.base = row.name;
  type.source_type = oid::kText;
  type.source_array = oid::kTextArray;
  return type;
}

}  // namespace

void CatalogTypes::add(TypeRow row) {
  const Oid type = row.type;
  rows_.insert_or_assign(type, std::move(row));
}

void CatalogTypes::add_label(Oid enumeration, std::string label) {
  labels_[enumeration].push_back(std::move(label));
}

void CatalogTypes::add_field(Oid composite, std::string name, Oid type, std::int32_t modifier) {
  fields_[composite].push_back({std::move(name), type, modifier});
}

const TypeRow& CatalogTypes::row(Oid oid) const {
  const auto found = rows_.find(oid);
  COUPLET_CHECK(found != rows_.end());
  return found->second;
}

const TypeRow& CatalogTypes::base_of(Oid oid, std::int32_t& modifier) const {
  const TypeRow* at = &row(oid);
  while (at->kind == 'd') {
    modifier = at->modifier;
    at = &row(at->base);
  }
  return *at;
}

std::optional<Type> CatalogTypes::type(Oid oid, std::int32_t modifier,
                                       const std::string& name) const {
  const TypeRow& base = base_of(oid, modifier);
  std::optional<Type> type = nested(base, modifier);
  if (!type && base.kind == 'p') {
    return std::nullopt;
  }
  if (!type) {
    Type plain;
    if (base.kind == 'e') {
      plain.kind = TypeKind::kEnum;
      const auto labels = labels_.find(base.type);
      plain.labels = labels == labels_.end() ? std::vector<std::string>() : labels->second;
    } else if (is_citext(base)) {
      plain.kind = TypeKind::kText;
    } else if (const auto kind = kind_of(base.type)) {
      plain.kind = *kind;
    } else {
      plain = opaque(base);
    }
    type = std::move(plain);
  }
  set_limits(base, modifier, *type);
  type->name = name;
  if (type->source_type == 0) {
    type->source_type = base.type;
    type->source_array = base.array;
  }
  return type;
}

std::optional<Type> CatalogTypes::part(Oid oid, std::int32_t modifier) const {
  return type(oid, modifier, row(oid).spelling);
}

// nullopt: not nested. One that holds what has no binary form of ours is opaque.
std::optional<Type> CatalogTypes::nested(const TypeRow& base, std::int32_t modifier) const {
  Type type;
  std::vector<Field> parts;
  if (base.element != 0) {
    type.kind = TypeKind::kArray;
    parts = {{"", base.element, modifier}};
  } else if (base.subtype != 0) {
    type.kind = TypeKind::kRange;
    type.discrete = base.discrete;
    parts = {{"", base.subtype, -1}};
  } else if (base.range != 0) {
    type.kind = TypeKind::kMultirange;
    type.discrete = row(base.range).discrete;
    parts = {{"", row(base.range).subtype, -1}};
  } else if (base.kind == 'c') {
    type.kind = TypeKind::kComposite;
    const auto fields = fields_.find(base.type);
    parts = fields == fields_.end() ? std::vector<Field>() : fields->second;
  } else {
    return std::nullopt;
  }
  for (const Field& each : parts) {
    const std::optional<Type> element = part(each.type, each.modifier);
    if (!element) {
      return opaque(base);
    }
    if (holds_text(*element)) {
      if (type.kind != TypeKind::kArray) {
        return opaque(base);
      }
      type.elements.push_back(opaque(row(each.type)));
      type.elements.back().name = element->name;
      type.source_type = oid::kTextArray;
      return type;
    }
    type.elements.push_back(*element);
    if (type.kind == TypeKind::kComposite) {
      type.fields.push_back(each.name);
    }
  }
  return type;
}

std::string CatalogTypes::cast(Oid oid) const {
  std::int32_t modifier = -1;
  return base_of(oid, modifier).spelling;
}

std::vector<Oid> CatalogTypes::of_kind(char kind) const {
  std::vector<Oid> found;
  for (const auto& [oid, row] : rows_) {
    if (row.kind == kind) {
      found.push_back(oid);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool CatalogTypes::is_loosely_compared(Oid oid) const {
  std::int32_t modifier = -1;
  return is_citext(base_of(oid, modifier));
}

}  // namespace couplet::postgres
