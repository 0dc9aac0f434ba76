#include "tests/unit/documents/page.h"

#include <fstream>
#include <regex>
#include <sstream>

#include "engine/model/result.h"

namespace couplet::test {
namespace {

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string_view::npos
             ? std::string()
             : std::string(text.substr(begin, text.find_last_not_of(' ') + 1 - begin));
}

bool is_rule(const TableLine& line) {
  return line.front().find_first_not_of('-') == std::string::npos;
}

}  // namespace

Page::Page(const std::string& path) {
  std::ifstream file(std::string(COUPLET_SOURCE_DIR) + "/" + path);
  COUPLET_CHECK(file.is_open());
  for (std::string line; std::getline(file, line);) {
    text_ += line + "\n";
    lines_.push_back(std::move(line));
  }
}

std::optional<std::string> Page::section(std::string_view heading) const {
  std::optional<std::string> found;
  for (const std::string& line : lines_) {
    if (line == heading) {
      found.emplace();
    } else if (found && line.starts_with('#')) {
      break;
    } else if (found) {
      *found += line + "\n";
    }
  }
  return found;
}

std::vector<TableLine> Page::tables(std::string_view text) {
  std::vector<TableLine> found;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('|')) {
      continue;
    }
    TableLine cells;
    for (std::size_t begin = 1; begin < line.size();) {
      const std::size_t end = std::min(line.find('|', begin), line.size());
      cells.push_back(trimmed(std::string_view(line).substr(begin, end - begin)));
      begin = end + 1;
    }
    if (is_rule(cells) && !found.empty()) {
      found.pop_back();  // What stands above the rule is the table's heading.
    } else {
      found.push_back(std::move(cells));
    }
  }
  return found;
}

std::vector<std::string> Page::blocks(std::string_view language) const {
  std::vector<std::string> found;
  bool inside = false;
  bool wanted = false;
  for (const std::string& line : lines_) {
    if (line.starts_with("```")) {
      inside = !inside;
      wanted = inside && line.substr(3) == language;
      if (wanted) {
        found.emplace_back();
      }
    } else if (inside && wanted) {
      found.back() += line + "\n";
    }
  }
  return found;
}

std::vector<std::string> Page::links() const {
  static const std::regex kLink(R"(\]\(([^)#]+)(#[^)]*)?\))");
  std::vector<std::string> found;
  for (std::sregex_iterator at(text_.begin(), text_.end(), kLink); at != std::sregex_iterator();
       ++at) {
    if ((*at)[1].str().find("://") == std::string::npos) {
      found.push_back((*at)[1].str());
    }
  }
  return found;
}

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

}  // namespace couplet::test
