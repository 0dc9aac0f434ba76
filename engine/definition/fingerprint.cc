#include "engine/definition/fingerprint.h"

#include <xxhash.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace couplet {

namespace {

// Writes values so that no two different ones read the same: every text has its length before it,
// every list its size. The first version of this text; change the number when the text changes.
class CanonicalText {
 public:
  CanonicalText() { put("couplet definition 1"); }

  [[nodiscard]] const std::string& text() const { return text_; }

  void put(std::string_view text) {
    text_.append(std::to_string(text.size())).append(":").append(text).append(",");
  }
  void put(const char* text) { put(std::string_view(text)); }
  template <typename Number>
  requires std::integral<Number> || std::is_enum_v<Number>
  void put(Number number) {
    text_.append(std::to_string(static_cast<long long>(number))).append(";");
  }
  void put(double number) { put(std::to_string(number)); }
  template <typename Inner>
  void put(const std::optional<Inner>& value) {
    put(value.has_value());
    if (value) {
      put(*value);
    }
  }
  template <typename Inner>
  void put(const std::vector<Inner>& values) {
    put(values.size());
    for (const Inner& value : values) {
      put(value);
    }
  }
  void put(const std::array<bool, 2>& sides) {
    put(sides[0]);
    put(sides[1]);
  }
  void put(const TableName& name) {
    put(name.schema);
    put(name.table);
  }
  void put(const Type& type) {
    put(type.kind);
    put(type.length);
    put(type.precision);
    put(type.scale);
    put(type.fraction_digits);
    put(type.labels);
    if (type.kind > TypeKind::kEnum) {  // Earlier kinds read as they did before there were others.
      put(type.base);
      put(type.discrete);
      put(type.elements);
      put(type.fields);
    }
  }
  void put(const Comparison& comparison) {
    put(comparison.kind);
    put(comparison.fraction_digits);
    if (!comparison.parts.empty()) {
      put(comparison.parts);
    }
  }
  void put(const Join& join) {
    put(join.columns);
    put(join.table);
    put(join.target_columns);
  }
  void put(const ColumnPath& path) {
    put(path.joins);
    put(path.column);
    put(path.type);
  }
  void put(const Condition& condition) {
    put(condition.index());
    if (const auto* equals = std::get_if<EqualsAny>(&condition)) {
      put(equals->column);
      put(equals->type);
      put(equals->values);
    } else {
      put(std::get<SqlCondition>(condition).text);
    }
  }
  void put(const BoundEntity& entity) {
    put(entity.name);
    put(entity.source);
    put(entity.table.name);
    put(entity.id);
    put(entity.id_types);
    put(entity.updated_at);
    put(entity.scope);
  }
  void put(const Endpoint& end) {
    put(end.kind);
    put(end.text);
    put(end.columns);
    put(end.entity);
    put(end.writable);
    put(end.required);
    put(end.updated_at);
  }
  void put(const ValuePair& line) {
    put(line.left);
    put(line.right);
  }
  void put(const Slot& slot) {
    put(slot.name);
    put(slot.left);
    put(slot.right);
    put(slot.comparison);
    put(slot.link);
    put(slot.link_flipped);
    put(slot.canonical);
    put(slot.values);
    put(slot.constant);
  }
  void put(const SlotUse& use) {
    put(use.slot);
    put(use.identity);
    put(use.writes);
    put(use.policy);
    put(use.conflict);
    put(use.tie);
    put(use.carried_back);
  }
  void put(const Pair& pair) {
    put(pair.name);
    put(pair.entities[0]);
    put(pair.entities[1]);
    put(pair.many);
    put(pair.slots);
    put(pair.mappings);
  }
  void put(const BoundMapping::Written& written) {
    put(written.column);
    put(written.type);
    put(written.value);
  }
  void put(const BoundMapping& mapping) {
    put(mapping.name);
    put(mapping.pair);
    put(mapping.writes);
    put(mapping.keys);
    put(mapping.attributes);
    put(mapping.create);
    put(mapping.conflict);
    put(mapping.delete_policy);
    for (const std::size_t side : {0U, 1U}) {
      put(mapping.scope[side]);
      put(mapping.create_values[side]);
    }
    put(mapping.limits.size());
    for (const auto& [limit_class, limit] : mapping.limits) {
      put(limit_class);
      put(limit.count);
      put(limit.percent);
    }
    put(mapping.actions.size());
    for (const auto& [situation, action] : mapping.actions) {
      put(situation);
      put(action);
    }
  }

 private:
  std::string text_;
};

}  // namespace

std::string fingerprint_of(const BoundDefinition& definition) {
  CanonicalText canonical;
  canonical.put(definition.name);
  canonical.put(definition.clock_skew_us);
  canonical.put(definition.sources);
  canonical.put(definition.entities);
  canonical.put(definition.pairs);
  canonical.put(definition.mappings);
  canonical.put(definition.order);

  const XXH128_hash_t hash = XXH3_128bits(canonical.text().data(), canonical.text().size());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const XXH64_hash_t half : {hash.high64, hash.low64}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      hex += kDigits[(half >> static_cast<unsigned>(shift)) & 0xFU];
    }
  }
  return hex;
}

}  // namespace couplet
