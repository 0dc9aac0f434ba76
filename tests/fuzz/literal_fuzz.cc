// Values as text (a server's text form, the file, the command line): refused, or read into bytes
// whose own text reads back to the same value. Input: a byte for the type, then the text.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/model/canonical.h"
#include "engine/model/literal.h"
#include "engine/model/object_key.h"
#include "tests/fuzz/fuzz_types.h"

namespace couplet::fuzz {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const Type& type = any_type(data[0]);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);

  const std::vector<Type> types{type};
  if (can_be_id(type)) {
    static_cast<void>(parse_key(types, text));
  }

  std::string bytes;
  if (!parse_literal(type, text, bytes)) {
    COUPLET_CHECK(bytes.empty());
    return 0;
  }
  const auto comparison = comparison_between(type, type);
  COUPLET_CHECK(comparison.has_value());
  std::string again;
  COUPLET_CHECK(parse_literal(type, format_literal(type, Value(bytes)), again).has_value());
  COUPLET_CHECK(same_value(*comparison, type, Value(bytes), type, Value(again)));
  static_cast<void>(to_json(type, Value(bytes)).dump());
  return 0;
}

}  // namespace couplet::fuzz
