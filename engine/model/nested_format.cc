#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "engine/model/ascii.h"
#include "engine/model/nested_text.h"
#include "engine/model/nested_value.h"
#include "engine/model/value_shape.h"

namespace couplet {
namespace {

// Inside another value the server prints by output functions, not by casts.
void append_part(const Type& type, std::string_view bytes, std::string& out) {
  if (type.kind == TypeKind::kBool) {
    out += bytes[0] != 0 ? 't' : 'f';
  } else {
    append_literal(type, bytes, out);
  }
}

bool has_any(std::string_view text, std::string_view marks) {
  return std::any_of(text.begin(), text.end(), [&](char c) {
    return ascii::is_space(c) || marks.find(c) != std::string_view::npos;
  });
}

// A quote and a backslash inside quotes: after a backslash in arrays, doubled elsewhere.
void append_quoted(std::string_view text, bool doubled, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += doubled ? c : '\\';
    }
    out += c;
  }
  out += '"';
}

void append_element(const Type& type, Value value, std::string& out) {
  if (value.is_null()) {
    out += "NULL";
    return;
  }
  std::string text;
  append_part(type, value.bytes(), text);
  if (text.empty() || ascii::equal_ignoring_case(text, "null") || has_any(text, "\"\\{},")) {
    append_quoted(text, false, out);
  } else {
    out += text;
  }
}

class ArrayPrinter {
 public:
  ArrayPrinter(const Type& element, const ArrayParts& parts, std::string& out)
      : element_(element), parts_(parts), out_(out) {}

  void print() {
    if (parts_.dimensions.empty()) {
      out_ += "{}";
      return;
    }
    if (std::any_of(parts_.dimensions.begin(), parts_.dimensions.end(),
                    [](const auto& dimension) { return dimension.lower != 1; })) {
      for (const ArrayParts::Dimension& dimension : parts_.dimensions) {
        fmt::format_to(std::back_inserter(out_), "[{}:{}]", dimension.lower,
                       std::int64_t{dimension.lower} + dimension.size - 1);
      }
      out_ += '=';
    }
    print_dimension(0);
  }

 private:
  void print_dimension(std::size_t dimension) {
    out_ += '{';
    for (std::int32_t i = 0; i < parts_.dimensions[dimension].size; ++i) {
      out_ += i == 0 ? "" : ",";
      if (dimension + 1 < parts_.dimensions.size()) {
        print_dimension(dimension + 1);
      } else {
        append_element(element_, parts_.elements[next_++], out_);
      }
    }
    out_ += '}';
  }

  const Type& element_;
  const ArrayParts& parts_;
  std::string& out_;
  std::size_t next_ = 0;
};

void append_bound(const Type& type, Value value, std::string& out) {
  if (!value.has_bytes()) {
    return;
  }
  std::string text;
  append_part(type, value.bytes(), text);
  if (text.empty() || has_any(text, "\"\\()[],")) {
    append_quoted(text, true, out);
  } else {
    out += text;
  }
}

void append_range_text(const Type& type, const RangeParts& parts, std::string& out) {
  if (parts.empty) {
    out += "empty";
    return;
  }
  out += parts.lower.value.has_bytes() && parts.lower.inclusive ? '[' : '(';
  append_bound(type.elements[0], parts.lower.value, out);
  out += ',';
  append_bound(type.elements[0], parts.upper.value, out);
  out += parts.upper.value.has_bytes() && parts.upper.inclusive ? ']' : ')';
}

void append_composite_text(const Type& type, const std::vector<Value>& cells, std::string& out) {
  out += '(';
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += i == 0 ? "" : ",";
    if (cells[i].is_null()) {
      continue;
    }
    std::string text;
    append_part(type.elements[i], cells[i].bytes(), text);
    if (text.empty() || has_any(text, "\"\\(),")) {
      append_quoted(text, true, out);
    } else {
      out += text;
    }
  }
  out += ')';
}

}  // namespace

void append_nested_text(const Type& type, std::string_view bytes, std::string& out) {
  switch (type.kind) {
    case TypeKind::kArray:
      ArrayPrinter(type.elements[0], *read_array(bytes), out).print();
      return;
    case TypeKind::kRange:
      append_range_text(type, *read_range(bytes), out);
      return;
    case TypeKind::kMultirange: {
      const Type range = range_of(type);
      const std::size_t begin = out.size();
      const std::vector<std::string_view> parts = *read_multirange(bytes);
      for (const std::string_view each : parts) {
        out += out.size() == begin ? '{' : ',';
        append_range_text(range, *read_range(each), out);
      }
      out += out.size() == begin ? "{}" : "}";
      return;
    }
    default:
      append_composite_text(type, *read_composite(bytes), out);
  }
}

}  // namespace couplet
