#pragma once

#include <compare>
#include <cstdint>

namespace couplet {

// Every position, id and count that could be mixed up is a type of its own.
template <typename Tag, typename Rep>
struct StrongInt {
  using rep = Rep;
  Rep value{};
  auto operator<=>(const StrongInt&) const = default;
};

// XXH3-64 of a value's canonical bytes under the state's secret (engine/model/canonical.h).
// Equal digests nominate; a write rests on values or on versions.
using Digest = StrongInt<struct DigestTag, std::uint64_t>;

// A row's version as its source gives it; compared only for equality. Another one when the row
// holds something else. Postgres: xmin, another with every write. SQLite: a digest of what is
// stored.
using RowVersion = StrongInt<struct RowVersionTag, std::uint64_t>;

// Number of a write transaction of ours in one source; what a replication origin's progress holds.
using BatchNumber = StrongInt<struct BatchNumberTag, std::uint64_t>;

// Microseconds since 2000-01-01 00:00 UTC, as Postgres counts (src/include/datatype/timestamp.h).
using Timestamp = StrongInt<struct TimestampTag, std::int64_t>;

}  // namespace couplet
