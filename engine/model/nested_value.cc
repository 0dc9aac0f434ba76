#include "engine/model/nested_value.h"

#include <algorithm>
#include <utility>

#include "engine/model/result.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

// src/include/utils/rangetypes.h
constexpr unsigned kEmpty = 0x01;
constexpr unsigned kLowerInclusive = 0x02;
constexpr unsigned kUpperInclusive = 0x04;
constexpr unsigned kLowerInfinite = 0x08;
constexpr unsigned kUpperInfinite = 0x10;
constexpr unsigned kAllFlags = 0x1F;

// Takes numbers and counted bytes off the front of what is left.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::size_t left() const { return rest_.size(); }
  template <typename Int>
  bool take(Int& number) {
    if (rest_.size() < sizeof(Int)) {
      return false;
    }
    number = wire::read<Int>(rest_.data());
    rest_.remove_prefix(sizeof(Int));
    return true;
  }
  // A length and as many bytes; -1: null.
  bool take(Value& value) {
    std::int32_t length = 0;
    if (!take(length) || length < -1 ||
        (length > 0 && static_cast<std::size_t>(length) > rest_.size())) {
      return false;
    }
    if (length == -1) {
      value = Value::null();
      return true;
    }
    value = Value(rest_.substr(0, static_cast<std::size_t>(length)));
    rest_.remove_prefix(static_cast<std::size_t>(length));
    return true;
  }

 private:
  std::string_view rest_;
};

void append_counted(Value value, std::string& out) {
  COUPLET_CHECK(!value.is_absent());
  wire::append(out, value.length());
  if (value.has_bytes()) {
    out += value.bytes();
  }
}

bool fits(const Type& type, Value value) {
  return !value.has_bytes() || has_shape_of(type, value.bytes());
}

bool take_bound(Bytes& bytes, RangeParts::Bound& bound) {
  return bytes.take(bound.value) && bound.value.has_bytes();
}

}  // namespace

std::optional<ArrayParts> read_array(std::string_view bytes) {
  Bytes rest(bytes);
  std::int32_t dimensions = 0;
  std::int32_t flags = 0;
  std::uint32_t element = 0;
  if (!rest.take(dimensions) || !rest.take(flags) || !rest.take(element) || dimensions < 0 ||
      dimensions > static_cast<std::int32_t>(ArrayParts::kDimensionsMax) || (flags & ~1) != 0) {
    return std::nullopt;
  }
  ArrayParts parts;
  std::uint64_t count = dimensions == 0 ? 0 : 1;
  for (std::int32_t i = 0; i < dimensions; ++i) {
    ArrayParts::Dimension dimension;
    if (!rest.take(dimension.size) || !rest.take(dimension.lower) || dimension.size < 0) {
      return std::nullopt;
    }
    count *= static_cast<std::uint64_t>(dimension.size);
    if (count > bytes.size()) {  // Each element takes four bytes at least.
      return std::nullopt;
    }
    parts.dimensions.push_back(dimension);
  }
  parts.elements.reserve(std::min<std::size_t>(count, rest.left() / sizeof(std::int32_t)));
  for (std::uint64_t i = 0; i < count; ++i) {
    Value value;
    if (!rest.take(value)) {
      return std::nullopt;
    }
    parts.elements.push_back(value);
  }
  if (rest.left() != 0) {
    return std::nullopt;
  }
  if (count == 0) {
    parts.dimensions.clear();
  }
  return parts;
}

void append_array(const ArrayParts& parts, const Type& element, std::string& out) {
  const bool null = std::any_of(parts.elements.begin(), parts.elements.end(),
                                [](const Value& value) { return value.is_null(); });
  wire::append(out, static_cast<std::int32_t>(parts.dimensions.size()));
  wire::append<std::int32_t>(out, null ? 1 : 0);
  wire::append(out, element.source_type);
  for (const ArrayParts::Dimension& dimension : parts.dimensions) {
    wire::append(out, dimension.size);
    wire::append(out, dimension.lower);
  }
  for (const Value& value : parts.elements) {
    append_counted(value, out);
  }
}

std::optional<RangeParts> read_range(std::string_view bytes) {
  if (bytes.empty()) {
    return std::nullopt;
  }
  const unsigned flags = static_cast<unsigned char>(bytes.front());
  Bytes rest(bytes.substr(1));
  RangeParts parts;
  if ((flags & ~kAllFlags) != 0) {
    return std::nullopt;
  }
  parts.empty = (flags & kEmpty) != 0;
  parts.lower.inclusive = (flags & kLowerInclusive) != 0;
  parts.upper.inclusive = (flags & kUpperInclusive) != 0;
  if (!parts.empty && ((flags & kLowerInfinite) == 0 && !take_bound(rest, parts.lower))) {
    return std::nullopt;
  }
  if (!parts.empty && ((flags & kUpperInfinite) == 0 && !take_bound(rest, parts.upper))) {
    return std::nullopt;
  }
  return rest.left() == 0 ? std::optional(parts) : std::nullopt;
}

void append_range(const RangeParts& parts, std::string& out) {
  if (parts.empty) {
    out += static_cast<char>(kEmpty);
    return;
  }
  const bool lower = parts.lower.value.has_bytes();
  const bool upper = parts.upper.value.has_bytes();
  out += static_cast<char>((!lower                  ? kLowerInfinite
                            : parts.lower.inclusive ? kLowerInclusive
                                                    : 0U) |
                           (!upper                  ? kUpperInfinite
                            : parts.upper.inclusive ? kUpperInclusive
                                                    : 0U));
  if (lower) {
    append_counted(parts.lower.value, out);
  }
  if (upper) {
    append_counted(parts.upper.value, out);
  }
}

std::optional<std::vector<std::string_view>> read_multirange(std::string_view bytes) {
  Bytes rest(bytes);
  std::int32_t count = 0;
  if (!rest.take(count) || count < 0) {
    return std::nullopt;
  }
  std::vector<std::string_view> ranges;
  for (std::int32_t i = 0; i < count; ++i) {
    Value range;
    if (!rest.take(range) || !range.has_bytes()) {
      return std::nullopt;
    }
    ranges.push_back(range.bytes());
  }
  return rest.left() == 0 ? std::optional(std::move(ranges)) : std::nullopt;
}

void append_multirange(std::span<const std::string> ranges, std::string& out) {
  wire::append(out, static_cast<std::int32_t>(ranges.size()));
  for (const std::string& range : ranges) {
    append_counted(Value(range), out);
  }
}

std::optional<std::vector<Value>> read_composite(std::string_view bytes) {
  Bytes rest(bytes);
  std::int32_t count = 0;
  if (!rest.take(count) || count < 0) {
    return std::nullopt;
  }
  std::vector<Value> cells;
  for (std::int32_t i = 0; i < count; ++i) {
    std::uint32_t type = 0;
    Value cell;
    if (!rest.take(type) || !rest.take(cell)) {
      return std::nullopt;
    }
    cells.push_back(cell);
  }
  return rest.left() == 0 ? std::optional(std::move(cells)) : std::nullopt;
}

void append_composite(std::span<const Value> cells, std::span<const Type> fields,
                      std::string& out) {
  COUPLET_CHECK(cells.size() == fields.size());
  wire::append(out, static_cast<std::int32_t>(cells.size()));
  for (std::size_t i = 0; i < cells.size(); ++i) {
    wire::append(out, fields[i].source_type);
    append_counted(cells[i], out);
  }
}

Type range_of(const Type& multirange) {
  Type range = multirange;
  range.kind = TypeKind::kRange;
  return range;
}

bool is_nested_value(const Type& type, std::string_view bytes) {
  switch (type.kind) {
    case TypeKind::kArray: {
      const auto parts = read_array(bytes);
      return parts && std::all_of(parts->elements.begin(), parts->elements.end(),
                                  [&](Value value) { return fits(type.elements[0], value); });
    }
    case TypeKind::kRange: {
      const auto parts = read_range(bytes);
      return parts && fits(type.elements[0], parts->lower.value) &&
             fits(type.elements[0], parts->upper.value);
    }
    case TypeKind::kMultirange: {
      const auto ranges = read_multirange(bytes);
      const Type range = range_of(type);
      return ranges && std::all_of(ranges->begin(), ranges->end(), [&](std::string_view each) {
               return is_nested_value(range, each);
             });
    }
    default: {
      const auto cells = read_composite(bytes);
      if (!cells || cells->size() != type.elements.size()) {
        return false;
      }
      for (std::size_t i = 0; i < cells->size(); ++i) {
        if (!fits(type.elements[i], (*cells)[i])) {
          return false;
        }
      }
      return true;
    }
  }
}

}  // namespace couplet
