// Values in binary form, as they come from a server, a state or a stream: no bytes make us read
// beyond them, a value equals itself, and what is converted or made a key of is still the same.
// Input: a byte for each of two types, then the bytes of the value.
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/model/canonical.h"
#include "engine/model/literal.h"
#include "engine/model/object_key.h"
#include "tests/fuzz/fuzz_types.h"

namespace couplet::fuzz {
namespace {

// Of values only: whoever makes keys has looked.
void check_key(const Type& type, Value value) {
  const std::array types{type};
  const std::array cells{value};
  std::string key;
  if (!append_key(types, cells, key)) {
    return;
  }
  std::string arena;
  std::vector<Value> decoded;
  if (!decode_key(types, key, arena, decoded)) {
    return;  // Bytes that are no value of the type.
  }
  std::string again;
  COUPLET_CHECK(append_key(types, decoded, again) && again == key);
  static_cast<void>(parse_key(types, format_key(types, {key})));
}

void check_conversion(const Type& from, const Type& to, Value value) {
  std::string converted;
  if (!conversion_between(from, to).possible || !convert_value(from, to, value, converted)) {
    return;
  }
  std::string once_more;
  COUPLET_CHECK(convert_value(from, to, value, once_more) && once_more == converted);
  if (const auto as = comparison_between(from, to)) {
    static_cast<void>(same_value(*as, from, value, to, Value(converted)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const Type& type = any_type(data[0]);
  const Type& to = any_type(data[1]);
  // A copy of its own size: the sanitizer sees what is read behind it.
  const std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Value value(bytes);
  const auto comparison = comparison_between(type, type);
  COUPLET_CHECK(comparison && same_value(*comparison, type, value, type, value));
  static_cast<void>(format_literal(type, value));
  static_cast<void>(
      to_json(type, value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  if (can_be_id(type) && is_value_of(type, value)) {
    check_key(type, value);
  }
  check_conversion(type, to, value);
  return 0;
}

}  // namespace couplet::fuzz
