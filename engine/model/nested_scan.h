#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "engine/model/ascii.h"
#include "engine/model/result.h"
#include "engine/model/type.h"

// What reading the text of nested values has in common. Internal to the model.
namespace couplet::nested {

inline tl::unexpected<Error> refused(const Type& type, std::string_view text) {
  return fail(ErrorKind::kInvalidArgument, fmt::format("'{}' is no {}", text, described(type)));
}

inline void skip_blanks(std::string_view& rest) {
  while (!rest.empty() && ascii::is_space(rest.front())) {
    rest.remove_prefix(1);
  }
}

inline bool take(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) {
    return false;
  }
  rest.remove_prefix(1);
  return true;
}

// A piece of text up to one of `ends`, quotes and backslashes taken away; false if a quote stays
// open. `quoted`: whether there was a quote or backslash, so that it is a value even if it is
// empty.
inline bool take_piece(std::string_view& rest, std::string_view ends, std::string& piece,
                       bool& quoted) {
  bool inside = false;
  quoted = false;
  piece.clear();
  for (; !rest.empty(); rest.remove_prefix(1)) {
    const char c = rest.front();
    if (c == '\\') {
      rest.remove_prefix(1);
      if (rest.empty()) {
        return false;
      }
      piece += rest.front();
      quoted = true;
    } else if (c == '"') {
      if (inside && rest.size() > 1 && rest[1] == '"') {
        piece += c;
        rest.remove_prefix(1);
      } else {
        inside = !inside;
        quoted = true;
      }
    } else if (!inside && ends.find(c) != std::string_view::npos) {
      return true;
    } else {
      piece += c;
    }
  }
  return false;
}

}  // namespace couplet::nested
