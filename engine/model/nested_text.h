#pragma once

#include <string>
#include <string_view>

#include "engine/model/result.h"
#include "engine/model/type.h"

// The text of arrays, ranges, multiranges and composites, as the server's output functions print
// it:
// "{1,NULL,\"a b\"}", "[2:3]={1,2}", "[1,6)", "{[1,3),[5,7)}", "(1,\"a b\",)". Internal to the
// model.
namespace couplet {

// The bytes have the type's shape.
void append_nested_text(const Type& type, std::string_view bytes, std::string& out);

// Appends the bytes. A range of whole numbers or days comes in the form [lower,upper) if the server
// keeps it so; the ranges of a multirange have to be given in order and apart. Errors:
// kInvalidArgument, of the whole or of an element.
Result<void> parse_nested(const Type& type, std::string_view text, std::string& out);
// Two of its kinds.
Result<void> parse_range(const Type& type, std::string_view text, std::string& out);
Result<void> parse_multirange(const Type& type, std::string_view text, std::string& out);

}  // namespace couplet
