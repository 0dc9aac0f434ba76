#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/type.h"

namespace couplet::fuzz {

inline Type of_kind(TypeKind kind) {
  Type type;
  type.kind = kind;
  type.name = name_of(kind);
  if (kind == TypeKind::kEnum) {
    type.labels = {"sad", "ok", "it's \"happy\""};
  } else if (kind == TypeKind::kMoney) {
    type.scale = 2;
  } else if (kind == TypeKind::kOpaque) {
    type.base = "tsquery";
  }
  return type;
}

inline Type of_elements(TypeKind kind, std::vector<Type> elements) {
  Type type = of_kind(kind);
  if (kind == TypeKind::kComposite) {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      type.fields.push_back("field " + std::to_string(i));
    }
  }
  type.elements = std::move(elements);
  return type;
}

// Every kind that stands alone, some of them with the bounds that columns have; then types made of
// others. Seeds name a type by its place, so new ones come at the end.
inline std::vector<Type> all_types() {
  std::vector<Type> types;
  for (const bool bounded : {false, true}) {
    for (std::size_t i = 0; i <= static_cast<std::size_t>(TypeKind::kEnum); ++i) {
      Type type = of_kind(static_cast<TypeKind>(i));
      if (bounded && (type.kind == TypeKind::kVarchar || type.kind == TypeKind::kChar)) {
        type.length = 5;
      } else if (bounded && type.kind == TypeKind::kNumeric) {
        type.precision = 10;
        type.scale = 2;
      } else if (bounded) {
        type.fraction_digits = 3;
      }
      types.push_back(std::move(type));
    }
  }
  for (std::size_t i = static_cast<std::size_t>(TypeKind::kTime);
       i < static_cast<std::size_t>(TypeKind::kArray); ++i) {
    types.push_back(of_kind(static_cast<TypeKind>(i)));
  }
  types.push_back(of_kind(TypeKind::kOpaque));
  const auto one = [&](TypeKind kind, TypeKind element) {
    types.push_back(of_elements(kind, {of_kind(element)}));
  };
  for (const TypeKind element : {TypeKind::kInt32, TypeKind::kText, TypeKind::kNumeric,
                                 TypeKind::kEnum, TypeKind::kTimestampTz, TypeKind::kOpaque}) {
    one(TypeKind::kArray, element);
  }
  for (const TypeKind kind : {TypeKind::kRange, TypeKind::kMultirange}) {
    for (const TypeKind element : {TypeKind::kInt32, TypeKind::kNumeric, TypeKind::kTimestampTz}) {
      one(kind, element);
    }
  }
  const Type composite = of_elements(TypeKind::kComposite,
                                     {of_kind(TypeKind::kInt32), of_kind(TypeKind::kText),
                                      of_elements(TypeKind::kArray, {of_kind(TypeKind::kText)})});
  types.push_back(composite);
  types.push_back(of_elements(TypeKind::kArray, {composite}));
  return types;
}

// A type for a byte of the input.
inline const Type& any_type(std::uint8_t byte) {
  static const std::vector<Type> kTypes = all_types();
  return kTypes[byte % kTypes.size()];
}

}  // namespace couplet::fuzz
