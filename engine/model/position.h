#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "engine/model/strong_int.h"

namespace couplet {

// A place in a Postgres write-ahead log.
using Lsn = StrongInt<struct LsnTag, std::uint64_t>;
using KafkaOffset = StrongInt<struct KafkaOffsetTag, std::int64_t>;

// The next offset to read, per topic and partition.
using KafkaOffsets = std::map<std::pair<std::string, std::int32_t>, KafkaOffset>;

// How far a source's changes are durable here. `monostate`: nothing read yet.
using Position = std::variant<std::monostate, Lsn, KafkaOffsets>;

inline bool is_known_position(const Position& position) {
  return !std::holds_alternative<std::monostate>(position);
}
// True if `place` is not behind `end`; where that cannot be told, true.
bool reaches(const Position& end, const Position& place);

}  // namespace couplet
