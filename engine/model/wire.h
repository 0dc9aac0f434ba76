#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

// Numbers in network byte order, as PostgreSQL's binary format has them, and the state.
namespace couplet::wire {

// Between the machine's order and the network's. One instruction: rows by the million pass here.
template <typename Unsigned>
Unsigned swapped(Unsigned value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(Unsigned) == 1) {
    return value;
  } else if constexpr (sizeof(Unsigned) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(Unsigned) == 4) {
    return __builtin_bswap32(value);
  } else {
    static_assert(sizeof(Unsigned) == 8);
    return __builtin_bswap64(value);
  }
}

// Reads an integer at `bytes`, which holds at least sizeof(Int) of them.
template <typename Int>
Int read(const char* bytes) {
  std::make_unsigned_t<Int> value = 0;
  std::memcpy(&value, bytes, sizeof(Int));
  return static_cast<Int>(swapped(value));
}

template <typename Int>
void write(char* to, Int number) {
  const auto value = swapped(static_cast<std::make_unsigned_t<Int>>(number));
  std::memcpy(to, &value, sizeof(Int));
}

template <typename Int>
void append(std::string& out, Int number) {
  char bytes[sizeof(Int)];
  write(bytes, number);
  out.append(bytes, sizeof(Int));
}

inline float read_float(const char* bytes) {
  return std::bit_cast<float>(read<std::uint32_t>(bytes));
}
inline double read_double(const char* bytes) {
  return std::bit_cast<double>(read<std::uint64_t>(bytes));
}
inline void append_float(std::string& out, float value) {
  append(out, std::bit_cast<std::uint32_t>(value));
}
inline void append_double(std::string& out, double value) {
  append(out, std::bit_cast<std::uint64_t>(value));
}

}  // namespace couplet::wire
