// JSON: what another parser takes is taken; equal documents have equal canonical bytes.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/model/json_text.h"
#include "engine/model/result.h"

namespace {

std::string canonical(const std::string& text) {
  std::string bytes;
  couplet::append_json_canonical(text, bytes);
  return bytes;
}

}  // namespace

namespace couplet::fuzz {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const bool json = is_json(text, JsonForm::kJson);
  COUPLET_CHECK(json || !is_json(text, JsonForm::kJsonb));
  const std::string bytes = canonical(text);
  if (json) {
    COUPLET_CHECK(canonical(" " + text + "\n") == bytes);
    COUPLET_CHECK(canonical("[" + text + "]") != bytes);
  }
  // The other parser has no bound of its own, and takes a zero byte for the end.
  constexpr std::size_t kDepth = 200;
  std::size_t depth = 0;
  for (const char c : text) {
    depth += c == '[' || c == '{' ? 1 : 0;
  }
  if (depth < kDepth && text.find('\0') == std::string::npos && nlohmann::json::accept(text)) {
    COUPLET_CHECK(json);
  }
  return 0;
}

}  // namespace couplet::fuzz
