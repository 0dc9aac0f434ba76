#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/canonical.h"

namespace couplet {

// Digests the cells of one column: what Digester::of and is_value_of say of each, in one look at
// its bytes, with what depends on the column alone decided once. For scans, which digest millions.
// `digester` must outlive it; one thread at a time.
class ColumnDigester {
 public:
  ColumnDigester(const Digester& digester, Comparison as, Type type);

  // nullopt: the bytes are no value of the type.
  std::optional<Digest> of(std::string_view bytes);

 private:
  enum class Way : std::uint8_t { kBytes, kUuid, kInteger, kNumeric, kMicros, kOther };
  static Way way_of(const Comparison& as, const Type& type);
  std::optional<Digest> of_other(std::string_view bytes);

  const Digester* digester_;
  Comparison as_;
  Type type_;
  Way way_;
  std::string canonical_;  // memory that is used again
};

}  // namespace couplet
