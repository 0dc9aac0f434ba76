#pragma once

#include <cstdint>
#include <string_view>

#include "engine/model/result.h"

// Quantities as people write them. A number without its unit is refused: nobody remembers which one
// was meant.
namespace couplet {

// "10s", "500ms", "1h30m", "2d", "250us", "0s" in microseconds. Errors: kInvalidArgument.
Result<std::int64_t> parse_duration_us(std::string_view text);

// "64MiB", "1.5GiB", "2GB", "512B" in bytes; KiB, MiB, GiB, TiB are powers of 1024, kB, MB, GB, TB
// of 1000. Errors: kInvalidArgument.
Result<std::uint64_t> parse_size_bytes(std::string_view text);

// A decimal number that is not negative: "5", "0.5". Errors: kInvalidArgument.
Result<double> parse_number(std::string_view text);

// A whole number that is not negative. Errors: kInvalidArgument.
Result<std::uint64_t> parse_count(std::string_view text);

}  // namespace couplet
