#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couplet {

// A text that must not be printed: a connection string, a token. Nothing prints a Secret by
// accident: the text comes out of reveal() alone.
class Secret {
 public:
  // Left alone (`validate --no-secrets`): nobody knows it.
  Secret() = default;
  // Secret as a whole.
  static Secret opaque(std::string text) { return {std::move(text), false}; }
  // Only its passwords are secret.
  static Secret connection(std::string text) { return {std::move(text), true}; }

  [[nodiscard]] bool known() const { return text_.has_value(); }
  // Only where known().
  [[nodiscard]] const std::string& reveal() const { return *text_; }
  // For people: "***", or a connection string with its passwords masked.
  [[nodiscard]] std::string masked() const;

 private:
  Secret(std::string text, bool connection) : text_(std::move(text)), connection_(connection) {}

  std::optional<std::string> text_;
  bool connection_ = false;
};

// `text` with every password in it replaced by "***": those of URLs (user:PASS@, ?password=PASS,
// their keys percent-encoded or not) and of key=value connection strings (password, sslpassword).
// Works on texts that hold connection strings among other words (a line of YAML, a server's
// message). In doubt it masks more.
std::string mask(std::string_view text);

// Where mask() puts its "***": ranges of bytes, in order, none overlapping or empty.
struct MaskedRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const MaskedRange&) const = default;
};
std::vector<MaskedRange> masked_ranges(std::string_view text);
// In order, with those that touch or overlap made one, empty ones left out.
std::vector<MaskedRange> merged(std::vector<MaskedRange> ranges);

}  // namespace couplet
