// couplet.yaml: whatever the bytes, reading ends in a definition or in findings that can be shown.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/definition/load.h"

namespace couplet::fuzz {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  LoadOptions options;
  options.environment = [](const std::string& name) -> std::optional<std::string> {
    return name == "SET" ? std::optional<std::string>("postgresql://u:secret@h/d") : std::nullopt;
  };
  options.read_file = [](const std::filesystem::path&) -> Result<std::string> {
    return fail(ErrorKind::kNotFound, "there are no files here");
  };
  const LoadResult loaded = parse_definition(std::string(reinterpret_cast<const char*>(data), size),
                                             "/folder/couplet.yaml", options);
  COUPLET_CHECK(loaded.definition.has_value() != loaded.diagnostics.has_errors());
  const std::string shown = loaded.diagnostics.render(false);
  COUPLET_CHECK(shown.find("secret@") == std::string::npos ||
                std::string_view(reinterpret_cast<const char*>(data), size).find("secret") !=
                    std::string_view::npos);
  static_cast<void>(
      loaded.diagnostics.to_json().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return 0;
}

}  // namespace couplet::fuzz
