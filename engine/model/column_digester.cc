#include "engine/model/column_digester.h"

#include <array>

#include "engine/model/digest_bytes.h"
#include "engine/model/numeric.h"
#include "engine/model/value_shape.h"
#include "engine/model/wire.h"

namespace couplet {
namespace {

constexpr std::int32_t kMicrosDigits = 6;

// Of one length, known here: the hash is a few instructions then, without a call or a branch.
template <std::size_t kSize>
[[gnu::flatten]] Digest of_fixed(const std::array<char, kSize>& bytes, const Digester& digester) {
  return digest_bytes({bytes.data(), kSize}, digester.secret());
}

}  // namespace

ColumnDigester::Way ColumnDigester::way_of(const Comparison& as, const Type& type) {
  switch (as.kind) {
    case ComparisonKind::kText:
      return type.kind == TypeKind::kText || type.kind == TypeKind::kVarchar ||
                     type.kind == TypeKind::kEnum
                 ? Way::kBytes
                 : Way::kOther;
    case ComparisonKind::kBytes:
      return type.kind == TypeKind::kBytea ? Way::kBytes : Way::kOther;
    case ComparisonKind::kUuid:
      return type.kind == TypeKind::kUuid ? Way::kUuid : Way::kOther;
    case ComparisonKind::kNumber:
      return is_integer(type.kind)             ? Way::kInteger
             : type.kind == TypeKind::kNumeric ? Way::kNumeric
                                               : Way::kOther;
    case ComparisonKind::kTimestamp:
      return is_timestamp(type.kind) && as.fraction_digits >= kMicrosDigits ? Way::kMicros
                                                                            : Way::kOther;
    default:
      return Way::kOther;
  }
}

ColumnDigester::ColumnDigester(const Digester& digester, Comparison as, Type type)
    : digester_(&digester), as_(std::move(as)), type_(std::move(type)), way_(way_of(as_, type_)) {}

std::optional<Digest> ColumnDigester::of(std::string_view bytes) {
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
      return of_fixed(integer, *digester_);
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
      return of_fixed(micros, *digester_);
    }
    case Way::kOther:
      break;
  }
  return of_other(bytes);
}

std::optional<Digest> ColumnDigester::of_other(std::string_view bytes) {
  const Value value(bytes);
  if (!is_value_of(type_, value)) {
    return std::nullopt;
  }
  return digester_->of(as_, type_, value);
}

}  // namespace couplet
