#include "tests/integration/types/types_page.h"

#include <gtest/gtest.h>

#include <string_view>

#include "tests/unit/documents/page.h"

namespace couplet::test {
namespace {

constexpr std::size_t kKindCells = 5;
constexpr std::size_t kConversionCells = 5;

// What a span of code stands for: itself, or what stands between its quotes.
std::string value_of(std::string_view span) {
  const bool quoted = span.size() >= 2 && span.front() == '\'' && span.back() == '\'';
  if (!quoted) {
    return std::string(span);
  }
  std::string value;
  for (std::size_t i = 1; i + 1 < span.size(); ++i) {
    value += span[i];
    i += span[i] == '\'' ? 1 : 0;  // Two stand for one.
  }
  return value;
}

std::vector<std::string> spans(std::string_view cell) {
  std::vector<std::string> found;
  for (std::size_t at = cell.find('`'); at != std::string_view::npos;) {
    const std::size_t end = cell.find('`', at + 1);
    if (end == std::string_view::npos) {
      ADD_FAILURE() << "an open ` in: " << cell;
      break;
    }
    found.emplace_back(cell.substr(at + 1, end - at - 1));
    at = cell.find('`', end + 1);
  }
  return found;
}

// "`a` → `b`", "`a` ← `b`", "parked → `b`": what goes forward is given by the first type, but where
// it is parked, which stands for what would have been written.
TypesPage::Example example_of(std::string_view text) {
  const std::vector<std::string> values = spans(text);
  TypesPage::Example example;
  example.forward = text.find("→") != std::string_view::npos;
  const bool parked = text.substr(0, 6) == "parked";
  if (values.size() != (parked ? 1U : 2U) ||
      example.forward == (text.find("←") != std::string_view::npos)) {
    ADD_FAILURE() << "no example: " << text;
    return example;
  }
  if (parked) {
    example.given = value_of(values[0]);
    return example;
  }
  example.given = value_of(values[example.forward ? 0 : 1]);
  example.stored = value_of(values[example.forward ? 1 : 0]);
  return example;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + separator.size(), text.size()));
  }
  return parts;
}

}  // namespace

TypesPage TypesPage::read() {
  const Page page("docs/reference/types.md");
  TypesPage read;
  for (const std::string& block : page.blocks("sql")) {
    read.types += block;
  }
  const auto lines = [&](const char* heading) {
    return Page::tables(page.section(heading).value_or(""));
  };
  for (const TableLine& line : lines("## When two values are the same")) {
    if (line.size() != kKindCells) {
      ADD_FAILURE() << line.front();
      continue;
    }
    for (const std::string& type : spans(line[0])) {
      read.kinds.push_back({type, line[3] == "yes", line[4] == "yes"});
    }
  }
  for (const TableLine& line : lines("## Values that are kept")) {
    Kept kept{spans(line[0]).at(0), {}};
    for (const std::string& span : spans(line[1])) {
      kept.values.push_back(value_of(span));
    }
    read.kept.push_back(std::move(kept));
  }
  for (const TableLine& line : lines("## What converts to what")) {
    if (line.size() != kConversionCells) {
      ADD_FAILURE() << line.front();
      continue;
    }
    Conversion conversion{spans(line[0]).at(0), spans(line[1]).at(0), line[2], line[3], {}};
    for (const std::string_view text : split(line[4], "; ")) {
      conversion.examples.push_back(example_of(text));
    }
    read.conversions.push_back(std::move(conversion));
  }
  return read;
}

}  // namespace couplet::test
