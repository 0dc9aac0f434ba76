#include "engine/app/wiring/definition_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/definition/load.h"

namespace couplet {

namespace {
std::string counted(std::size_t number, const char* word) {
  return fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}
}  // namespace

void tell_findings(const Diagnostics& found, const std::filesystem::path& file, bool warnings,
                   Console& console) {
  for (const Severity severity : {Severity::kError, Severity::kWarning}) {
    for (const Diagnostic& diagnostic : found.items()) {
      if (diagnostic.severity == severity && (warnings || severity == Severity::kError)) {
        console.talk_as_is(found.render(diagnostic, console.err_colors()));
      }
    }
  }
  if (found.has_errors()) {
    console.talk(fmt::format(
        "couplet: {} is not valid: {}{}", file.string(), counted(found.errors(), "error"),
        warnings && found.warnings() > 0 ? ", " + counted(found.warnings(), "warning") : ""));
  }
}

Result<void> print_findings(const Diagnostics& found, const std::filesystem::path& file,
                            bool warnings, Console& console) {
  tell_findings(found, file, warnings, console);
  if (!found.has_errors()) {
    return {};
  }
  const Diagnostic& first = *std::find_if(
      found.items().begin(), found.items().end(),
      [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::kError; });
  const std::string place =
      first.place.line == 0 ? "" : fmt::format(" at {}:{}", first.place.line, first.place.column);
  return fail(Error{ErrorKind::kInvalidArgument,
                    found.errors() == 1
                        ? fmt::format("{} has an error{}: {}", file.string(), place, first.message)
                        : fmt::format("{} has {} errors, the first{}: {}", file.string(),
                                      found.errors(), place, first.message),
                    first.hint,
                    {},
                    kInvalidDefinition,
                    {}});
}

Result<Definition> load_definition_file(const std::filesystem::path& file, bool warnings,
                                        Console& console) {
  LoadResult loaded = load_definition(file);
  COUPLET_TRY(print_findings(loaded.diagnostics, file, warnings, console));
  return std::move(*loaded.definition);
}

}  // namespace couplet
