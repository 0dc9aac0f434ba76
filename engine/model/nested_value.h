#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/row_batch.h"
#include "engine/model/type.h"

// Values made of values: arrays, ranges, multiranges, composites, as parts of their bytes and back
// (array_send, range_send, multirange_send, record_send in src/backend/utils/adt). Parts borrow the
// bytes. Reading looks at nothing beyond them and allocates no more than they are long. Internal to
// the model.
namespace couplet {

struct ArrayParts {
  struct Dimension {
    std::int32_t size = 0;
    std::int32_t lower = 1;  // The first element's number.
    bool operator==(const Dimension&) const = default;
  };
  static constexpr std::size_t kDimensionsMax = 6;

  std::vector<Dimension> dimensions;  // None: the empty array.
  std::vector<Value> elements;        // The last dimension's number runs fastest.
};
std::optional<ArrayParts> read_array(std::string_view bytes);
void append_array(const ArrayParts& parts, const Type& element, std::string& out);

struct RangeParts {
  struct Bound {
    Value value = Value::null();  // Null: unbounded on this side.
    bool inclusive = false;
  };
  bool empty = false;
  Bound lower;
  Bound upper;
};
std::optional<RangeParts> read_range(std::string_view bytes);
void append_range(const RangeParts& parts, std::string& out);

std::optional<std::vector<std::string_view>> read_multirange(std::string_view bytes);
void append_multirange(std::span<const std::string> ranges, std::string& out);

std::optional<std::vector<Value>> read_composite(std::string_view bytes);
void append_composite(std::span<const Value> cells, std::span<const Type> fields, std::string& out);

constexpr bool is_nested(TypeKind kind) {
  return kind == TypeKind::kArray || kind == TypeKind::kRange || kind == TypeKind::kMultirange ||
         kind == TypeKind::kComposite;
}
// The type of a multirange's ranges.
Type range_of(const Type& multirange);
// has_shape_of for the nested kinds.
bool is_nested_value(const Type& type, std::string_view bytes);

}  // namespace couplet
