#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/result.h"
#include "engine/model/row_batch.h"
#include "engine/model/strong_int.h"
#include "engine/model/type.h"

// When two values, perhaps of different types, are the same (DESIGN section 5.3). The one place
// that knows: digests, equality and conversion agree by construction, since all three start from
// the same canonical form.
namespace couplet {

// What two columns are compared as. Chosen once, at binding, for the pair of types.
enum class ComparisonKind : std::uint8_t {
  kBool,
  kNumber,   // integers and numerics, exactly, without display scale; NaN equals NaN
  kFloat,    // as double; -0 equals 0, NaN equals NaN
  kFloat32,  // the same, rounded to float: a float4 on either side
  kText,     // by code points, that is by bytes
  kTrimmed,  // the same without trailing blanks, on both sides (char(n) on either)
  kDate,
  kTimestamp,  // rounded half away from zero to `fraction_digits`, without zone read as UTC
  kUuid,
  kJson,  // by structure: members in any order, the last of equal names, numbers by value
  kBytes,
  kTimeOfDay,   // with its zone, without one that of UTC; rounded to `fraction_digits`
  kInterval,    // months, days and microseconds, each by itself; rounded alike
  kNetwork,     // family, bits, address: an inet and a cidr of one network are the same
  kArray,       // dimensions with their bounds, then the elements, in order, as `parts[0]`
  kRange,       // empty or not, then the bounds as `parts[0]`
  kMultirange,  // its ranges, alike
  kComposite,   // field by field, as `parts`
};
struct Comparison {
  ComparisonKind kind = ComparisonKind::kText;
  std::int32_t fraction_digits = 6;
  std::vector<Comparison> parts = {};
  bool operator==(const Comparison&) const = default;
};

// What an assignment from one type to another does to values.
struct Conversion {
  enum class Loss : std::uint8_t {
    kNone,
    kRejected,  // some values do not fit (too long, out of range, unknown label): the row parks
    kSilent,    // some values would be changed without a word (digits, fractions, blanks, form)
  };
  bool possible = false;
  Loss loss = Loss::kNone;
  std::string reason;  // "loses digits after the point: numeric(10,4) into numeric(10,2)"
};
Conversion conversion_between(const Type& from, const Type& to);

// How to compare columns of these types; nullopt where neither direction converts. The coarser of
// the two decides: date against timestamp compares dates, text against integer compares texts.
std::optional<Comparison> comparison_between(const Type& left, const Type& right);
// Whether values that the type tells apart can be the same under `as` ("ab" and "ab " as kTrimmed):
// a search by the type's own equality would miss some of them.
bool is_coarser(const Comparison& as, const Type& type);
// Whether a source can look for the values of the type that are the same under `as`. Not where
// numbers are the same only once rounded to a float, which some have no place in, nor where that or
// another coarser equality is that of the parts of a nested value.
bool can_be_sought(const Comparison& as, const Type& type);

// False: bytes that no value of the type has, as a source gives where it stores what does not fit
// the column's type (SQLite takes any value in any column). Texts are not looked into.
bool is_value_of(const Type& type, Value value);

// The bytes of `from` as a value of `to`, appended to `out`. Exact or refused, never rounded,
// except where a column of the kind `to` rounds the same way by itself (typmods are the server's
// business and are left to it). A char(n) target is written without trailing blanks.
// Errors: kRowFault naming both types, never the value. Null and absent are the caller's.
Result<void> convert_value(const Type& from, const Type& to, Value value, std::string& out);

// Digests under a secret of the state: XXH3-64 with that seed material, since row values are
// hostile input. Null has one digest, whatever the type. CHECKs that the value is not absent.
class Digester {
 public:
  static constexpr std::size_t kSecretBytes = 192;
  using Secret = std::array<unsigned char, kSecretBytes>;
  explicit Digester(const Secret& secret) : secret_(secret) {}

  [[nodiscard]] Digest of(const Comparison& as, const Type& type, Value value) const;
  // Of bytes that are canonical already: an object's key, a fold of other digests.
  [[nodiscard]] Digest of_bytes(std::string_view bytes) const;
  [[nodiscard]] Digest of_null() const;
  [[nodiscard]] const Secret& secret() const { return secret_; }  // For digest_bytes.h alone.

 private:
  Secret secret_;
};

// The canonical bytes themselves (what Digester::of hashes), appended to `out`. For equality that
// must not rest on a digest and for comparing values in order: byte order is value order, except
// for kJson and the kinds from kInterval on, whose bytes only tell equal from different. CHECKs
// that the value has bytes.
void append_canonical(const Comparison& as, const Type& type, Value value, std::string& out);

// True if both are null, or both are values that are the same under `as`. CHECKs not absent.
bool same_value(const Comparison& as, const Type& left_type, Value left, const Type& right_type,
                Value right);

}  // namespace couplet
