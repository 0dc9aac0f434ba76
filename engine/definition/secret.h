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
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  // False where secrets were left alone (`validate --no-secrets`).
  [[nodiscard]] bool known() const { return text_.has_value(); }
  // Only where known().
  [[nodiscard]] const std::string& reveal() const { return *text_; }
  // For people: a connection string with its passwords masked; "***" where secrets were left alone.
  [[nodiscard]] std::string masked() const;

 private:
  std::optional<std::string> text_;
};

// `text` with every password in it replaced by "***": those of URLs (user:PASS@, ?password=PASS,
// their keys percent-encoded or not) and of key=value connection strings (password, sslpassword).
// Works on texts that hold connection strings among other words (a line of YAML, a server's
// message). In doubt it masks more.
std::string mask(std::string_view text);

// The password that a connection string holds; nullopt if there is none.
std::optional<std::string> inline_password(std::string_view connection);

// Where mask() would put its "***": byte ranges of `text`, in order, none overlapping.
struct MaskedRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};
std::vector<MaskedRange> masked_ranges(std::string_view text);

}  // namespace couplet
