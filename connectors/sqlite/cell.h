#pragma once

#include <string>
#include <string_view>

#include "connectors/sqlite/stored_value.h"
#include "engine/model/canonical.h"
#include "engine/model/result.h"
#include "engine/model/row_batch.h"
#include "engine/model/type.h"

// Between what SQLite stores and the bytes of a cell (engine/model/type.h). Pure.
//
// Any column may hold a value of any storage class. One that is no value of the column's type (text
// in an INTEGER column, invalid UTF-8, a date that is none) is never made into one: its cell gets
// bytes that no value of the type has, which equal only themselves, so that a change is seen, and
// which convert_value refuses, so that the object parks with the reason.
namespace couplet::sqlite {

// True: `stored` is a value of the type, and its bytes are appended. False: the bytes appended are
// those of a misfit, where the type has any; a bytea has none, and takes what SQLite's cast to BLOB
// gives. CHECKs that it is not null.
bool decode(const Type& type, const StoredView& stored, std::string& out);

// What a column of this type is given to store. Text is cut and refused, decimals and times are
// rounded as PostgreSQL does it, since the declared type is what the application reckons with.
// `numeric_affinity`: of the column; it would turn a text that looks like a number into one.
// Errors: kRowFault with the SQLSTATE (22001, 22003, 22008, 22021, 22P02) naming column and type,
// never the value.
Result<StoredValue> encode(const Type& type, std::string_view column, bool numeric_affinity,
                           Value value);

// A value to compare with what is stored, by `comparable`; null if no column can hold it. `as` of
// these three: what values are compared as, where that may be coarser (ValueTable::as).
StoredValue encode_question(const Type& type, Value value, const Comparison* as = nullptr);
// The SQL expression whose value compares as the objects' values do, for a column of this type:
// the column itself, where what is stored has one form.
std::string comparable(const Type& type, const std::string& column, const Comparison* as = nullptr);
// Whether that expression is the column, so that an index over it can be used.
bool compares_as_stored(const Type& type, const Comparison* as = nullptr);

// Microseconds of a timestamp's text; false if it is none, or finer than the type.
bool parse_stored_time(const Type& type, std::string_view text, std::int64_t& micros);

}  // namespace couplet::sqlite
