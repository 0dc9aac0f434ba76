#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace couplet::test {

// A line of a table, its cells without blanks around them.
using TableLine = std::vector<std::string>;

// A page of docs/ as these tests see it: sections by heading, each with its text and its tables.
class Page {
 public:
  // `path` from the root of the tree. CHECKs that the page is there.
  explicit Page(const std::string& path);

  [[nodiscard]] const std::string& text() const { return text_; }
  // The text below `heading` ("## The file", "### `meta`") down to the next heading of any level;
  // nullopt: there is no such heading.
  [[nodiscard]] std::optional<std::string> section(std::string_view heading) const;
  // Lines of all tables in `text`, without their headings.
  static std::vector<TableLine> tables(std::string_view text);
  // Contents of the fenced blocks of this language.
  [[nodiscard]] std::vector<std::string> blocks(std::string_view language) const;
  // Targets of links that are files of the tree, as written, without what follows a #.
  [[nodiscard]] std::vector<std::string> links() const;

 private:
  std::vector<std::string> lines_;
  std::string text_;
};

// "`text`".
std::string code(std::string_view text);

}  // namespace couplet::test
