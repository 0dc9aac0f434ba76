#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/model/numeric.h"
#include "engine/model/type.h"

// money: a whole number of the smallest unit, which the server's lc_monetary says (Type::scale
// digits after the point). Internal to the model.
namespace couplet {

std::int32_t scale_of_money(const Type& type);
// The amount as a numeric with that many digits after the point. The bytes have the shape.
void append_numeric_of_money(const Type& type, std::string_view bytes, std::string& out);
// Reads decimal text, rounded half away from zero as the server's cast does.
NumericParse append_money_of_text(const Type& type, std::string_view text, std::string& out);

}  // namespace couplet
