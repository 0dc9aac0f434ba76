#include "engine/definition/diagnostic.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/definition/secret.h"

namespace couplet {

namespace {

constexpr std::size_t kQuoteBytesMax = 160;  // Longer lines are cut around the place.

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The byte where the 1-based character `column` begins; the size of the line beyond its end.
std::size_t byte_of_column(std::string_view line, std::uint32_t column) {
  std::size_t at = 0;
  for (std::uint32_t character = 1; character < column && at < line.size(); ++character) {
    ++at;
    while (at < line.size() && continues_character(line[at])) {
      ++at;
    }
  }
  return at;
}

std::uint32_t column_of_byte(std::string_view line, std::size_t byte) {
  std::uint32_t column = 1;
  for (std::size_t at = 0; at < byte && at < line.size(); ++at) {
    column += continues_character(line[at]) ? 0 : 1;
  }
  return column;
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  std::size_t begin = 0;
  for (std::uint32_t line = 1; line < number; ++line) {
    begin = text.find('\n', begin);
    if (begin == std::string_view::npos) {
      return {};
    }
    ++begin;
  }
  std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return line;
}

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// Of a line that is no YAML: all that follows a key that sounds like a secret.
std::optional<MaskedRange> after_secret_key(std::string_view line) {
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos;
       colon = line.find(':', colon + 1)) {
    std::size_t end = colon;
    while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '"' || line[end - 1] == '\'')) {
      --end;
    }
    std::size_t begin = end;
    while (begin > 0 && is_key_character(line[begin - 1])) {
      --begin;
    }
    std::size_t value = colon + 1;
    while (value < line.size() && line[value] == ' ') {
      ++value;
    }
    if (sounds_secret(line.substr(begin, end - begin)) && value < line.size() &&
        line[value] != '{') {
      return MaskedRange{value, line.size()};
    }
  }
  return std::nullopt;
}

}  // namespace

bool sounds_secret(std::string_view key) {
  std::string lower(key);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  constexpr std::array<std::string_view, 6> kWords = {"password", "passwd", "passphrase",
                                                      "token",    "secret", "credential"};
  return std::any_of(
             kWords.begin(), kWords.end(),
             [&](std::string_view word) { return lower.find(word) != std::string::npos; }) ||
         lower == "pwd";
}

SourceText::SourceText(std::string file, std::string text)
    : file_(std::move(file)), text_(std::move(text)) {}

void SourceText::hide(Place begin, Place end) { hidden_.push_back({begin, end}); }

SourceText::Quote SourceText::quote(Place place) const {
  const std::string_view line = line_of(text_, place.line);

  std::vector<MaskedRange> masked = masked_ranges(line);
  for (const Span& span : hidden_) {
    if (span.begin.line > place.line || span.end.line < place.line) {
      continue;
    }
    const std::size_t begin =
        span.begin.line == place.line ? byte_of_column(line, span.begin.column) : 0;
    const std::size_t end =
        span.end.line == place.line ? byte_of_column(line, span.end.column) : line.size();
    // A block scalar ends behind the indentation of what follows it.
    if (line.substr(begin, end - begin).find_first_not_of(" \t") != std::string_view::npos) {
      masked.push_back({begin, end});
    }
  }
  if (!parsed_) {
    if (const auto rest = after_secret_key(line)) {
      masked.push_back(*rest);
    }
  }

  const std::size_t wanted = byte_of_column(line, place.column);
  std::string shown;
  std::size_t caret = 0;
  std::size_t done = 0;
  const auto copy_to = [&](std::size_t end) {
    if (wanted >= done && wanted < end) {
      caret = shown.size() + (wanted - done);
    }
    shown.append(line.substr(done, end - done));
    done = end;
  };
  for (const MaskedRange& range : merged(std::move(masked))) {
    copy_to(range.begin);
    if (wanted >= range.begin && wanted < range.end) {
      caret = shown.size();
    }
    shown.append("***");
    done = range.end;
  }
  copy_to(line.size());
  if (wanted >= line.size()) {
    caret = shown.size();
  }
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20U; },
      ' ');

  if (shown.size() > kQuoteBytesMax) {
    std::size_t begin = caret > kQuoteBytesMax / 2 ? caret - kQuoteBytesMax / 2 : 0;
    while (begin > 0 && continues_character(shown[begin])) {
      --begin;
    }
    std::size_t end = std::min(shown.size(), begin + kQuoteBytesMax);
    while (end < shown.size() && continues_character(shown[end])) {
      ++end;
    }
    const std::string_view dots = "…";
    std::string cut(begin > 0 ? dots : "");
    caret = caret - begin + cut.size();
    cut.append(shown, begin, end - begin).append(end < shown.size() ? dots : "");
    shown = std::move(cut);
  }
  return {shown, column_of_byte(shown, caret)};
}

void Diagnostics::add(Diagnostic diagnostic) {
  diagnostic.message = mask(diagnostic.message);
  diagnostic.hint = mask(diagnostic.hint);
  const auto at =
      std::upper_bound(items_.begin(), items_.end(), diagnostic,
                       [](const Diagnostic& a, const Diagnostic& b) { return a.place < b.place; });
  if (std::find(items_.begin(), at, diagnostic) != at) {
    return;
  }
  errors_ += diagnostic.severity == Severity::kError ? 1 : 0;
  items_.insert(at, std::move(diagnostic));
}

void Diagnostics::error(Place place, std::string code, std::string message, std::string hint) {
  add({Severity::kError, std::move(code), place, std::move(message), std::move(hint)});
}

void Diagnostics::warning(Place place, std::string code, std::string message, std::string hint) {
  add({Severity::kWarning, std::move(code), place, std::move(message), std::move(hint)});
}

void Diagnostics::append(const Diagnostics& others) {
  for (const Diagnostic& diagnostic : others.items_) {
    add(diagnostic);
  }
}

std::string Diagnostics::render(const Diagnostic& diagnostic, bool colors) const {
  const bool error = diagnostic.severity == Severity::kError;
  const std::string bold = colors ? "\033[1m" : "";
  const std::string tone = colors ? (error ? "\033[1;31m" : "\033[1;33m") : "";
  const std::string plain = colors ? "\033[0m" : "";

  std::string out = bold + source_->file();
  if (diagnostic.place.line > 0) {
    out +=
        ":" + std::to_string(diagnostic.place.line) + ":" + std::to_string(diagnostic.place.column);
  }
  out +=
      ": " + plain + tone + (error ? "error: " : "warning: ") + plain + diagnostic.message + "\n";
  if (diagnostic.place.line > 0) {
    const SourceText::Quote quote = source_->quote(diagnostic.place);
    std::string number = std::to_string(diagnostic.place.line);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, ' ');
    out += number + " | " + quote.line + "\n";
    out += std::string(number.size(), ' ') + " | " + std::string(quote.column - 1, ' ') + tone +
           "^" + plain + "\n";
  }
  if (!diagnostic.hint.empty()) {
    out += "    " + diagnostic.hint + "\n";
  }
  return out;
}

std::string Diagnostics::render(bool colors) const {
  std::string out;
  for (const Diagnostic& diagnostic : items_) {
    out += render(diagnostic, colors);
  }
  return out;
}

nlohmann::json Diagnostics::to_json() const {
  nlohmann::json errors = nlohmann::json::array();
  nlohmann::json warnings = nlohmann::json::array();
  for (const Diagnostic& diagnostic : items_) {
    (diagnostic.severity == Severity::kError ? errors : warnings)
        .push_back({{"code", diagnostic.code},
                    {"file", source_->file()},
                    {"line", diagnostic.place.line},
                    {"column", diagnostic.place.column},
                    {"message", diagnostic.message},
                    {"hint", diagnostic.hint}});
  }
  return {{"valid", errors_ == 0}, {"errors", errors}, {"warnings", warnings}};
}

}  // namespace couplet
