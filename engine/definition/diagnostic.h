#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couplet {

// A place in the definition file: both 1-based, columns in characters. Line 0: no place in
// particular (the file cannot be read).
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  auto operator<=>(const Place&) const = default;
};

// The file's text as diagnostics quote it. What is a secret in it is masked in every quoted line:
// passwords in URLs and connection strings wherever they stand, the spans that `hide` names, and,
// until `parsed` says that those are all, the values of keys that sound like secrets.
class SourceText {
 public:
  SourceText(std::string file, std::string text);

  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] const std::string& text() const { return text_; }

  // No character from `begin` up to but not including `end` is ever quoted.
  void hide(Place begin, Place end);
  // The file could be read as YAML and every secret in it was hidden.
  void parsed() { parsed_ = true; }

  struct Quote {
    std::string line;          // masked, control characters blanked, cut to a readable length
    std::uint32_t column = 1;  // where the place's column is in `line`
  };
  [[nodiscard]] Quote quote(Place place) const;

 private:
  struct Span {
    Place begin;
    Place end;
  };
  std::string file_;
  std::string text_;
  std::vector<Span> hidden_;
  bool parsed_ = false;
};

// A key whose value is likely to be a secret: "password", "api_token".
bool sounds_secret(std::string_view key);

enum class Severity : std::uint8_t { kError, kWarning };

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string code;  // "unknown_option": for programs
  Place place;
  std::string message;  // one sentence, no full stop, no secrets
  std::string hint;     // how to mend it; may be empty
  bool operator==(const Diagnostic&) const = default;
};

// Everything found in one file, in the order of the file, each once.
class Diagnostics {
 public:
  explicit Diagnostics(std::shared_ptr<const SourceText> source) : source_(std::move(source)) {}

  void error(Place place, std::string code, std::string message, std::string hint = {});
  void warning(Place place, std::string code, std::string message, std::string hint = {});
  // Takes over those of another pass over the same file.
  void append(const Diagnostics& others);

  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] std::size_t errors() const { return errors_; }
  [[nodiscard]] std::size_t warnings() const { return items_.size() - errors_; }
  [[nodiscard]] const std::vector<Diagnostic>& items() const { return items_; }

  // For people:
  //   couplet.yaml:7:5: error: sources.crm has no option "prot"
  //       7 |     prot: 5432
  //         |     ^
  //     did you mean "port"?
  [[nodiscard]] std::string render(bool colors = false) const;
  [[nodiscard]] std::string render(const Diagnostic& diagnostic, bool colors = false) const;
  // For programs, as REFERENCE section 2 has it for `validate`:
  // {"valid":…,"errors":[{"code","file","line","column","message","hint"}],"warnings":[…]}.
  [[nodiscard]] nlohmann::json to_json() const;

 private:
  void add(Diagnostic diagnostic);

  std::shared_ptr<const SourceText> source_;
  std::vector<Diagnostic> items_;
  std::size_t errors_ = 0;
};

}  // namespace couplet
