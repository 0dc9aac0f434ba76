#pragma once

#include <span>
#include <string>
#include <string_view>

// Pieces of SQL text. Pure.
namespace couplet::sqlite {

// Always quoted: capitals, dots and reserved words are what the catalog says.
std::string quote_identifier(std::string_view name);
std::string quote_literal(std::string_view text);
// "table"."column"
std::string column_of(std::string_view table, std::string_view column);
// The names, quoted: `"a", "b"`
std::string quoted_list(std::span<const std::string> names);

}  // namespace couplet::sqlite
