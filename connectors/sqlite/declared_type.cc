#include "connectors/sqlite/declared_type.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

namespace couplet::sqlite {
namespace {

// Decimal digits that every double keeps, and so every NUMERIC column.
constexpr std::int32_t kDigitsKept = 15;

struct Declared {
  std::string words;  // In capitals, one blank between words, without what is in parentheses.
  std::vector<std::int32_t> arguments;
};

char in_capitals(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

Declared parse(std::string_view declared) {
  Declared result;
  const std::size_t open = std::min(declared.find('('), declared.size());
  const std::size_t close = std::min(declared.find(')', open), declared.size());
  std::string text(declared.substr(0, open));
  text += ' ';
  text += close < declared.size() ? declared.substr(close + 1) : std::string_view();
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) {
      result.words += in_capitals(c);
    } else if (!result.words.empty() && result.words.back() != ' ') {
      result.words += ' ';
    }
  }
  if (result.words.ends_with(' ')) {
    result.words.pop_back();
  }
  for (std::size_t at = open + 1; at < close;) {
    while (at < close && (declared[at] == ' ' || declared[at] == ',' || declared[at] == '+')) {
      ++at;
    }
    if (at == close) {
      break;
    }
    std::int32_t number = 0;
    const auto [end, error] =
        std::from_chars(declared.data() + at, declared.data() + close, number);
    if (error != std::errc()) {
      return {result.words, {}};
    }
    result.arguments.push_back(number);
    at = static_cast<std::size_t>(end - declared.data());
  }
  return result;
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Type of(TypeKind kind, std::string_view declared) {
  Type type;
  type.kind = kind;
  type.name = declared;
  return type;
}

std::optional<Type> time_type(const Declared& parsed, std::string_view declared) {
  Type type = of(TypeKind::kTimestamp, declared);
  if (one_of(parsed.words, {"TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"})) {
    type.kind = TypeKind::kTimestampTz;
  } else if (!one_of(parsed.words, {"TIMESTAMP", "DATETIME", "TIMESTAMP WITHOUT TIME ZONE"})) {
    return std::nullopt;
  }
  if (!parsed.arguments.empty()) {
    type.fraction_digits = std::clamp(parsed.arguments[0], 0, 6);
  }
  return type;
}

std::optional<Type> decimal_type(const Declared& parsed, std::string_view declared) {
  if (!one_of(parsed.words, {"NUMERIC", "DECIMAL", "DEC"})) {
    return std::nullopt;
  }
  // What has more digits, or any number of them, is kept as a double, and is so described.
  if (parsed.arguments.empty() || parsed.arguments[0] < 1 || parsed.arguments[0] > kDigitsKept) {
    return of(TypeKind::kFloat64, declared);
  }
  Type type = of(TypeKind::kNumeric, declared);
  type.precision = parsed.arguments[0];
  type.scale = parsed.arguments.size() > 1 ? parsed.arguments[1] : 0;
  const bool usual = type.scale >= -kDigitsKept && type.scale <= kDigitsKept;
  return usual ? type : of(TypeKind::kFloat64, declared);
}

Type text_type(const Declared& parsed, std::string_view declared) {
  Type type = of(TypeKind::kText, declared);
  if (parsed.arguments.empty() || parsed.arguments[0] < 1) {
    return type;
  }
  // Not kept by SQLite, but what the application reckons with.
  type.length = parsed.arguments[0];
  const bool fixed = one_of(parsed.words, {"CHAR", "CHARACTER", "NCHAR", "NATIVE CHARACTER"});
  type.kind = fixed ? TypeKind::kChar : TypeKind::kVarchar;
  return type;
}

}  // namespace

Affinity affinity_of(std::string_view declared) {
  const std::string words = parse(declared).words;
  const auto holds = [&](std::string_view part) { return words.find(part) != std::string::npos; };
  if (holds("INT")) {
    return Affinity::kInteger;
  }
  if (holds("CHAR") || holds("CLOB") || holds("TEXT")) {
    return Affinity::kText;
  }
  if (holds("BLOB") || words.empty()) {
    return Affinity::kBlob;
  }
  return holds("REAL") || holds("FLOA") || holds("DOUB") ? Affinity::kReal : Affinity::kNumeric;
}

std::optional<Type> to_type(std::string_view declared) {
  const Declared parsed = parse(declared);
  if (parsed.words.empty() || parsed.words == "ANY") {
    return std::nullopt;
  }
  if (one_of(parsed.words, {"BOOLEAN", "BOOL"})) {
    return of(TypeKind::kBool, declared);
  }
  if (parsed.words == "DATE") {
    return of(TypeKind::kDate, declared);
  }
  if (const auto time = time_type(parsed, declared)) {
    return time;
  }
  if (parsed.words == "UUID") {
    return of(TypeKind::kUuid, declared);
  }
  if (parsed.words == "JSON") {
    return of(TypeKind::kJson, declared);
  }
  if (parsed.words == "JSONB") {
    return of(TypeKind::kJsonb, declared);
  }
  if (parsed.words == "BYTEA") {
    return of(TypeKind::kBytea, declared);
  }
  if (const auto decimal = decimal_type(parsed, declared)) {
    return decimal;
  }
  switch (affinity_of(declared)) {
    case Affinity::kInteger:
      return of(TypeKind::kInt64, declared);
    case Affinity::kText:
      return text_type(parsed, declared);
    case Affinity::kBlob:
      return of(TypeKind::kBytea, declared);
    case Affinity::kReal:
      return of(TypeKind::kFloat64, declared);
    case Affinity::kNumeric:  // For want of a word that SQLite knows: TIME, STRING, MONEY.
      break;
  }
  return std::nullopt;
}

}  // namespace couplet::sqlite
