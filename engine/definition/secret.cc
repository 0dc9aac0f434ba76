#include "engine/definition/secret.h"

#include <algorithm>
#include <array>

#include "engine/model/ascii.h"

namespace couplet {

namespace {

constexpr std::array<std::string_view, 4> kPasswordKeys = {"password", "sslpassword", "passwd",
                                                           "pwd"};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

using ascii::hex_value;
using ascii::lower;

std::string decoded_lower(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      out += lower(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      out += lower(text[i]);
    }
  }
  return out;
}

bool is_password_key(std::string_view key) {
  const std::string plain = decoded_lower(key);
  return std::find(kPasswordKeys.begin(), kPasswordKeys.end(), plain) != kPasswordKeys.end();
}

std::size_t run_end(std::string_view text, std::size_t from) {
  while (from < text.size() && !is_blank(text[from])) {
    ++from;
  }
  return from;
}

// scheme://user:PASS@host. A password may hold any character that its writer forgot to encode, a
// blank too, so the last `@` of the line counts, not the first.
void mask_user_info(std::string_view text, std::vector<MaskedRange>& out) {
  for (std::size_t at = text.find("://"); at != std::string_view::npos;
       at = text.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::string_view run = text.substr(0, run_end(text, begin));
    const std::size_t colon = run.find(':', begin);
    const std::size_t last = text.substr(0, text.find('\n', begin)).rfind('@');
    if (colon != std::string_view::npos && last != std::string_view::npos && last > colon) {
      out.push_back({colon + 1, last});
    }
  }
}

// Where a value ends that reaches from `begin` to `end`: before the quote that closes what was
// opened in front of it, if that stands there with nothing but what follows a scalar in YAML.
std::size_t before_closing_quote(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t last = text.substr(0, end).find_last_not_of(",]}");
  if (last == std::string_view::npos || last < begin || (text[last] != '"' && text[last] != '\'')) {
    return end;
  }
  const std::size_t line = text.rfind('\n', begin) + 1;  // npos + 1 is the start
  const std::string_view before = text.substr(line, begin - line);
  return std::count(before.begin(), before.end(), text[last]) % 2 == 1 ? last : end;
}

// ?password=PASS and &password=PASS.
void mask_parameters(std::string_view text, std::vector<MaskedRange>& out) {
  for (std::size_t at = text.find_first_of("?&"); at != std::string_view::npos;
       at = text.find_first_of("?&", at + 1)) {
    const std::size_t end = run_end(text, at);
    const std::size_t equals = text.substr(0, end).find('=', at);
    if (equals == std::string_view::npos ||
        !is_password_key(text.substr(at + 1, equals - at - 1))) {
      continue;
    }
    out.push_back({equals + 1,
                   before_closing_quote(text, equals + 1, std::min(text.find('&', equals), end))});
  }
}

// The end of a value of a key=value string that begins at `from`.
std::size_t value_end(std::string_view text, std::size_t from) {
  if (from < text.size() && text[from] == '\'') {
    // Inside a single-quoted YAML scalar every quote is doubled.
    const bool doubled = text.substr(from, 2) == "''" && from + 2 < text.size() &&
                         !is_blank(text[from + 2]) && text[from + 2] != '\'';
    const std::string_view quote = doubled ? "''" : "'";
    for (std::size_t at = from + quote.size(); at < text.size(); ++at) {
      if (text[at] == '\\') {
        ++at;
      } else if (text.substr(at, quote.size()) == quote) {
        return at + quote.size();
      }
    }
    return text.size();
  }
  std::size_t at = from;
  while (at < text.size() && !is_blank(text[at])) {
    at += text[at] == '\\' ? 2 : 1;
  }
  return std::min(at, text.size());
}

// password = PASS, with blanks or without.
void mask_key_values(std::string_view text, std::vector<MaskedRange>& out) {
  for (std::size_t at = text.find('='); at != std::string_view::npos; at = text.find('=', at + 1)) {
    std::size_t key_end = at;
    while (key_end > 0 && is_blank(text[key_end - 1])) {
      --key_end;
    }
    std::size_t key_begin = key_end;
    while (key_begin > 0 && is_word(text[key_begin - 1])) {
      --key_begin;
    }
    if (key_begin > 0 && (text[key_begin - 1] == '?' || text[key_begin - 1] == '&')) {
      continue;
    }
    if (!is_password_key(text.substr(key_begin, key_end - key_begin))) {
      continue;
    }
    std::size_t begin = at + 1;
    while (begin < text.size() && is_blank(text[begin])) {
      ++begin;
    }
    const bool quoted = begin < text.size() && text[begin] == '\'';
    const std::size_t end = value_end(text, begin);
    out.push_back({begin, quoted ? end : before_closing_quote(text, begin, end)});
  }
}

}  // namespace

std::vector<MaskedRange> merged(std::vector<MaskedRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const MaskedRange& a, const MaskedRange& b) { return a.begin < b.begin; });
  std::vector<MaskedRange> out;
  for (const MaskedRange& range : ranges) {
    if (range.begin >= range.end) {
      continue;
    }
    if (!out.empty() && range.begin <= out.back().end) {
      out.back().end = std::max(out.back().end, range.end);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

std::vector<MaskedRange> masked_ranges(std::string_view text) {
  std::vector<MaskedRange> out;
  mask_user_info(text, out);
  mask_parameters(text, out);
  mask_key_values(text, out);
  return merged(std::move(out));
}

std::string mask(std::string_view text) {
  std::string out;
  std::size_t done = 0;
  for (const MaskedRange& range : masked_ranges(text)) {
    out.append(text.substr(done, range.begin - done)).append("***");
    done = range.end;
  }
  return out.append(text.substr(done));
}

std::string Secret::masked() const { return text_ && connection_ ? mask(*text_) : "***"; }

}  // namespace couplet
