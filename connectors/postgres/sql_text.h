#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/ports/catalog.h"

// Pieces of SQL text. Pure; assumes standard_conforming_strings, which every session of ours pins.
namespace couplet::postgres {

// Always quoted, so that upper case, dots and reserved words are what the catalog says.
std::string quote_identifier(std::string_view name);
std::string quote_literal(std::string_view text);
// "schema"."table"; without a schema the search path decides.
std::string qualified(const TableName& name);
// A text[] literal: {"a","b"}.
std::string array_literal(std::span<const std::string> texts);
// "$1, $2, …": `count` of them, from number `first` on.
std::string placeholders(std::size_t count, std::size_t first = 1);
// Whether policies may hide rows of the relation with the oid `c.oid` from our role. One for
// everybody or for us that lets all rows be seen opens the table, unless another narrows it again.
std::string hides_rows_text();
// "k0, k1, …"
std::string numbered(std::string_view prefix, std::size_t count);

}  // namespace couplet::postgres
