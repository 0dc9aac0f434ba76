#pragma once

#include <string>
#include <string_view>

namespace couplet {

// `text` in one line: line feeds, tabs and escape sequences in a server's message or a row's name
// must not pass for a line of ours, nor move the cursor.
std::string printable(std::string_view text);

}  // namespace couplet
