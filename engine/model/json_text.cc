#include "engine/model/json_text.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "engine/model/ascii.h"
#include "engine/model/numeric.h"
#include "engine/model/utf8.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

constexpr char kMarkNull = 'n';
constexpr char kMarkFalse = 'f';
constexpr char kMarkTrue = 't';
constexpr char kMarkNumber = '#';
constexpr char kMarkHugeNumber = '!';  // Beyond a numeric: by its text.
constexpr char kMarkString = '"';
constexpr char kMarkArray = '[';
constexpr char kMarkObject = '{';
constexpr char kMarkText = '?';

// One value of a document. Children are a list through `next`, in the order of the text.
struct Node {
  char mark = kMarkNull;
  std::string name;   // Of a member, decoded.
  std::string bytes;  // Of a string, decoded; of a number, canonical.
  std::uint32_t first_child = 0;
  std::uint32_t next = 0;
  std::uint32_t children = 0;
};

class JsonReader {
 public:
  JsonReader(std::string_view text, JsonForm form) : text_(text), form_(form) {}

  // True if the whole text is one value; then nodes()[1] is its root. Node 0 stands for "none".
  bool read() {
    nodes_.emplace_back();
    skip_space();
    if (read_value(0) == 0) {
      return false;
    }
    skip_space();
    return place_ == text_.size();
  }
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }

 private:
  [[nodiscard]] char peek() const { return place_ < text_.size() ? text_[place_] : '\0'; }
  bool take(char c) {
    if (place_ >= text_.size() || text_[place_] != c) {
      return false;
    }
    ++place_;
    return true;
  }
  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') {
      ++place_;
    }
  }

  std::uint32_t add(char mark) {
    if (nodes_.size() >= std::numeric_limits<std::uint32_t>::max()) {
      return 0;
    }
    nodes_.emplace_back().mark = mark;
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  // The index of the value's node; 0 if the text is no JSON. `depth` values are open around it.
  std::uint32_t read_value(std::size_t depth) {  // NOLINT(misc-no-recursion): bounded.
    switch (peek()) {
      case '{':
        return depth < kJsonDepthMax ? read_children(kMarkObject, '}', depth) : 0;
      case '[':
        return depth < kJsonDepthMax ? read_children(kMarkArray, ']', depth) : 0;
      case '"': {
        ++place_;
        std::string decoded;
        if (!read_string(decoded)) {
          return 0;
        }
        const std::uint32_t node = add(kMarkString);
        nodes_[node].bytes = std::move(decoded);
        return node;
      }
      case 'n':
        return read_word("null", kMarkNull);
      case 'f':
        return read_word("false", kMarkFalse);
      case 't':
        return read_word("true", kMarkTrue);
      default:
        return read_number();
    }
  }

  std::uint32_t read_word(std::string_view word, char mark) {
    if (text_.substr(place_, word.size()) != word) {
      return 0;
    }
    place_ += word.size();
    return add(mark);
  }

  // NOLINTNEXTLINE(misc-no-recursion): bounded by kJsonDepthMax.
  std::uint32_t read_children(char mark, char end, std::size_t depth) {
    ++place_;
    const std::uint32_t parent = add(mark);
    std::uint32_t last = 0;
    skip_space();
    if (take(end)) {
      return parent;
    }
    do {
      skip_space();
      std::string name;
      if (mark == kMarkObject) {
        if (!take('"') || !read_string(name)) {
          return 0;
        }
        skip_space();
        if (!take(':')) {
          return 0;
        }
        skip_space();
      }
      const std::uint32_t child = read_value(depth + 1);
      if (child == 0) {
        return 0;
      }
      nodes_[child].name = std::move(name);
      (last == 0 ? nodes_[parent].first_child : nodes_[last].next) = child;
      ++nodes_[parent].children;
      last = child;
      skip_space();
    } while (take(','));
    return take(end) ? parent : 0;
  }

  // After the opening quote.
  bool read_string(std::string& decoded) {
    while (place_ < text_.size()) {
      const char c = text_[place_];
      if (c == '"') {
        ++place_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        return false;
      }
      if (c == '\\') {
        ++place_;
        if (!read_escape(decoded)) {
          return false;
        }
        continue;
      }
      const std::size_t length = utf8::character_length(text_.substr(place_));
      if (length == 0) {
        return false;
      }
      decoded += text_.substr(place_, length);
      place_ += length;
    }
    return false;
  }

  // After the backslash.
  bool read_escape(std::string& decoded) {
    const char c = peek();
    ++place_;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        decoded += c;
        return true;
      case 'b':
        decoded += '\b';
        return true;
      case 'f':
        decoded += '\f';
        return true;
      case 'n':
        decoded += '\n';
        return true;
      case 'r':
        decoded += '\r';
        return true;
      case 't':
        decoded += '\t';
        return true;
      case 'u':
        return read_code_point(decoded);
      default:
        return false;
    }
  }

  // After \u.
  bool read_code_point(std::string& decoded) {
    std::uint32_t unit = 0;
    if (!read_unit(unit)) {
      return false;
    }
    const bool low = unit >= 0xDC00 && unit <= 0xDFFF;
    const bool high = unit >= 0xD800 && unit <= 0xDBFF;
    if (high && text_.substr(place_, 2) == "\\u") {
      const std::size_t after_first = place_;
      place_ += 2;
      std::uint32_t second = 0;
      if (!read_unit(second)) {
        return false;
      }
      if (second >= 0xDC00 && second <= 0xDFFF) {
        utf8::append(decoded, 0x10000U + ((unit - 0xD800U) << 10U) + (second - 0xDC00U));
        return true;
      }
      place_ = after_first;
    }
    if (form_ == JsonForm::kJsonb && (low || high || unit == 0)) {
      return false;
    }
    utf8::append(decoded, unit);
    return true;
  }

  bool read_unit(std::uint32_t& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      const int digit = ascii::hex_value(peek());
      if (digit < 0) {
        return false;
      }
      unit = unit * 16 + static_cast<std::uint32_t>(digit);
      ++place_;
    }
    return true;
  }

  bool take_digits() {
    const std::size_t begin = place_;
    while (ascii::is_digit(peek())) {
      ++place_;
    }
    return place_ > begin;
  }

  std::uint32_t read_number() {
    const std::size_t begin = place_;
    take('-');
    if (!take('0') && !take_digits()) {
      return 0;
    }
    if (take('.') && !take_digits()) {
      return 0;
    }
    if (take('e') || take('E')) {
      if (!take('-')) {
        take('+');
      }
      if (!take_digits()) {
        return 0;
      }
    }
    const std::string_view text = text_.substr(begin, place_ - begin);
    const std::uint32_t node = add(kMarkNumber);
    std::string numeric;
    if (append_numeric_of_text(text, -1, -1, numeric) == NumericParse::kDone) {
      append_number_canonical(*NumericView::read(numeric), nodes_[node].bytes);
    } else {
      nodes_[node].mark = kMarkHugeNumber;
      nodes_[node].bytes = text;
    }
    return node;
  }

  std::string_view text_;
  JsonForm form_;
  std::size_t place_ = 0;
  std::vector<Node> nodes_;
};

void append_sized(std::string_view bytes, std::string& out) {
  wire::append(out, static_cast<std::uint64_t>(bytes.size()));
  out += bytes;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the reader went.
void append_node(const std::vector<Node>& nodes, std::uint32_t index, std::string& out) {
  const Node& node = nodes[index];
  out += node.mark;
  if (node.mark == kMarkString || node.mark == kMarkNumber || node.mark == kMarkHugeNumber) {
    append_sized(node.bytes, out);
    return;
  }
  if (node.mark != kMarkArray && node.mark != kMarkObject) {
    return;
  }
  std::vector<std::uint32_t> children;
  children.reserve(node.children);
  for (std::uint32_t child = node.first_child; child != 0; child = nodes[child].next) {
    children.push_back(child);
  }
  if (node.mark == kMarkObject) {
    // Later members first among equal names, so that unique keeps the last of the text.
    std::sort(children.begin(), children.end(), [&](std::uint32_t a, std::uint32_t b) {
      const int order = nodes[a].name.compare(nodes[b].name);
      return order < 0 || (order == 0 && a > b);
    });
    children.erase(std::unique(children.begin(), children.end(),
                               [&](std::uint32_t a, std::uint32_t b) {
                                 return nodes[a].name == nodes[b].name;
                               }),
                   children.end());
  }
  wire::append(out, static_cast<std::uint64_t>(children.size()));
  for (const std::uint32_t child : children) {
    if (node.mark == kMarkObject) {
      append_sized(nodes[child].name, out);
    }
    append_node(nodes, child, out);
  }
}

}  // namespace

bool is_json(std::string_view text, JsonForm form) { return JsonReader(text, form).read(); }

void append_json_canonical(std::string_view text, std::string& out) {
  JsonReader reader(text, JsonForm::kJson);
  if (!reader.read()) {
    out += kMarkText;
    out += text;
    return;
  }
  append_node(reader.nodes(), 1, out);
}

}  // namespace couplet
