#pragma once

#include <string>
#include <string_view>

#include "engine/model/result.h"
#include "engine/model/type.h"

namespace couplet::memory {

// What an assignment does to a value of a column of this type, as PostgreSQL does it: char(n) is
// padded, blanks beyond the length are cut, numerics and times are rounded half away from zero.
// What stands inside an array, range or composite is left as it is. `bytes` is changed in place.
// Errors: kRowFault with the SQLSTATE: 22001 too long, 22026 not so many bits, 22003 out of range,
// 22P02 no such label, 22021 a zero byte in a text, 22P03 bytes that are no value of the type.
Result<void> fit_column(const Type& type, std::string_view column, std::string& bytes);

// The type without length, precision and scale: what a value may be before it is fitted.
Type without_limits(Type type);

}  // namespace couplet::memory
