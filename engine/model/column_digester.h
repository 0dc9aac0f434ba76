#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/model/canonical.h"
#include "engine/model/numeric.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

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

inline std::optional<Digest> ColumnDigester::of(std::string_view bytes) {
  constexpr std::size_t kUuidBytes = 16;
  switch (way_) {
    case Way::kBytes:
      return digester_->of_bytes(bytes);
    case Way::kUuid:
      if (bytes.size() != kUuidBytes) {
        return std::nullopt;
      }
      return digester_->of_bytes(bytes);
    case Way::kInteger: {
      if (!has_shape_of(type_, bytes)) {
        return std::nullopt;
      }
      std::array<char, kIntegerCanonicalBytes> integer{};
      write_integer_canonical(read_integer(type_.kind, bytes), integer.data());
      return digester_->of_bytes({integer.data(), integer.size()});
    }
    case Way::kNumeric: {
      const auto number = NumericView::read(bytes);
      if (!number) {
        return std::nullopt;
      }
      canonical_.clear();
      append_number_canonical(*number, canonical_);
      return digester_->of_bytes(canonical_);
    }
    case Way::kMicros: {
      if (bytes.size() != sizeof(std::uint64_t)) {
        return std::nullopt;
      }
      std::array<char, sizeof(std::uint64_t)> micros{};
      wire::write(micros.data(),
                  wire::read<std::uint64_t>(bytes.data()) ^ (std::uint64_t{1} << 63U));
      return digester_->of_bytes({micros.data(), micros.size()});
    }
    case Way::kOther:
      break;
  }
  return of_other(bytes);
}

}  // namespace couplet
