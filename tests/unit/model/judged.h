#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/canonical.h"
#include "engine/model/column_digester.h"
#include "engine/model/literal.h"
#include "tests/unit/model/typed_text.h"

// What the model says about values, for tests of it.
namespace couplet::test {

using Loss = Conversion::Loss;

inline const Type kInt4 = type_of(TypeKind::kInt32);
inline const Type kInt8 = type_of(TypeKind::kInt64);
inline const Type kText = type_of(TypeKind::kText);

inline Digester::Secret secret_of(unsigned char seed) {
  Digester::Secret secret{};
  for (std::size_t i = 0; i < secret.size(); ++i) {
    secret[i] = static_cast<unsigned char>(seed + i * 37);
  }
  return secret;
}

// The digester of a column says of its cells what Digester and is_value_of say.
inline void expect_same_digest(const Digester& digester, const Comparison& as, const Type& type,
                               const std::string& bytes) {
  const auto digest = ColumnDigester(digester, as, type).of(bytes);
  EXPECT_EQ(digest.has_value(), is_value_of(type, Value(bytes)));
  if (digest) {
    EXPECT_EQ(*digest, digester.of(as, type, Value(bytes)));
  }
}

// Equality by value, by digest and by canonical bytes, which must agree.
inline bool same_bytes(const Type& left, const std::string& left_bytes, const Type& right,
                       const std::string& right_bytes) {
  const auto comparison = comparison_between(left, right);
  EXPECT_TRUE(comparison.has_value());
  const bool by_value = same_value(*comparison, left, Value(left_bytes), right, Value(right_bytes));
  const Digester digester(secret_of(1));
  EXPECT_EQ(digester.of(*comparison, left, Value(left_bytes)) ==
                digester.of(*comparison, right, Value(right_bytes)),
            by_value);
  expect_same_digest(digester, *comparison, left, left_bytes);
  expect_same_digest(digester, *comparison, right, right_bytes);
  std::string left_canonical;
  std::string right_canonical;
  append_canonical(*comparison, left, Value(left_bytes), left_canonical);
  append_canonical(*comparison, right, Value(right_bytes), right_canonical);
  EXPECT_EQ(left_canonical == right_canonical, by_value);
  return by_value;
}
inline bool same(const Type& left, std::string_view left_text, const Type& right,
                 std::string_view right_text) {
  return same_bytes(left, bytes_of(left, left_text), right, bytes_of(right, right_text));
}
inline bool same(const Type& type, std::string_view left, std::string_view right) {
  return same(type, left, type, right);
}

// What a conversion loses; nothing where there is none.
inline std::optional<Loss> loss(const Type& from, const Type& to) {
  const Conversion conversion = conversion_between(from, to);
  if (!conversion.possible) {
    return std::nullopt;
  }
  EXPECT_EQ(conversion.reason.empty(), conversion.loss == Loss::kNone);
  return conversion.loss;
}

// The converted value's text, or the error's message in angle brackets.
inline std::string converted(const Type& from, std::string_view text, const Type& to) {
  std::string out = "before";
  const std::string bytes = bytes_of(from, text);
  const auto result = convert_value(from, to, Value(bytes), out);
  if (!result) {
    EXPECT_EQ(result.error().kind, ErrorKind::kRowFault);
    EXPECT_EQ(out, "before");
    return "<" + result.error().message + ">";
  }
  return text_of(to, std::string_view(out).substr(6));
}

inline nlohmann::json json_of(const Type& type, std::string_view text) {
  return to_json(type, Value(bytes_of(type, text)));
}

}  // namespace couplet::test
