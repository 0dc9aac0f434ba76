#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

// Numbers in network byte order, as PostgreSQL's binary format has them. Internal to the model.
namespace couplet::wire {

// Reads an integer at `bytes`, which holds at least sizeof(Int) of them.
template <typename Int>
Int read(const char* bytes) {
  std::make_unsigned_t<Int> value = 0;
  for (std::size_t i = 0; i < sizeof(Int); ++i) {
    value = static_cast<std::make_unsigned_t<Int>>((value << 8U) |
                                                   static_cast<unsigned char>(bytes[i]));
  }
  return static_cast<Int>(value);
}

template <typename Int>
void write(char* to, Int number) {
  auto value = static_cast<std::make_unsigned_t<Int>>(number);
  for (std::size_t i = sizeof(Int); i-- > 0;) {
    to[i] = static_cast<char>(value & 0xFFU);
    if constexpr (sizeof(Int) > 1) {
      value = static_cast<std::make_unsigned_t<Int>>(value >> 8U);
    }
  }
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
