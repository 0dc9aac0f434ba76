#pragma once

#include <optional>
#include <string>

#include "engine/model/canonical.h"
#include "engine/model/row_batch.h"
#include "engine/model/type.h"

// How values of a column stand in statements: most in binary, as they are; those without a binary
// form of ours, or without arrays of their own, as text. Pure.
namespace couplet::postgres {

// What a statement needs to know of a column beside its type.
struct ColumnTraits {
  bool loose = false;  // Different bytes can be equal under its collation or operator.
  std::string cast;    // The type that text is cast to; see CatalogTypes::cast.
};

// True for text, varchar, char.
bool is_character(TypeKind kind);
// True for a type whose cells are, or whose array's elements are, the server's text (kOpaque).
bool holds_text(const Type& type);
// True if values go to the server as text: there are no arrays of arrays, and composites hold ids
// of the types of their own database.
bool is_sent_as_text(const Type& type);

// The column as it is to be read: "t.c", "t.c::text".
std::string read_text(const std::string& column, const Type& type);
// A parameter's element (of element_type) as a value for a column: "o.c", "o.c::interval[]".
std::string written_text(const std::string& value, const Type& type, const ColumnTraits& traits);
// `column` = `value`, by what is stored; `value` as for written_text, or a literal. Nested values
// that hold intervals or citext are compared by the server's own `=`, which is looser.
std::string equals_text(const std::string& column, const std::string& value, const Type& type,
                        const ColumnTraits& traits);
// The same where values are compared as `as`, which may be coarser: true of all that are equal so,
// and perhaps of some that are not. Where `as` is coarser than the type, an index can only serve it
// over the expression itself. nullopt: equals_text does.
std::optional<std::string> coarse_equals_text(const std::string& column, const std::string& value,
                                              const Type& type, const ColumnTraits& traits,
                                              const Comparison& as);
// True if equals_text can use an index of the column.
bool is_found_by_index(const Type& type);
// What a scan sorts by to be in the order of ObjectKey: text by bytes, enum labels as text, char
// without its blanks, what is kept as its text by that.
std::string key_order_text(const std::string& column, const Type& type);
// A literal of the type.
std::string literal_text(const Type& type, Value value);

}  // namespace couplet::postgres
