#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/model/result.h"

// How numbers and texts stand in the state's keys and values. Byte formats: docs/state-format.md.
namespace couplet {

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}
  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value) { big_endian(value, 2); }
  void u32(std::uint32_t value) { big_endian(value, 4); }
  void u64(std::uint64_t value) { big_endian(value, 8); }
  void varint(std::uint64_t value);
  void text(std::string_view value);  // varint length, bytes

 private:
  void big_endian(std::uint64_t value, int bytes);
  std::string& out_;
};

// A short id as a key, or the beginning of one.
std::string u16_key(std::uint16_t id);

// Reading past the end gives zeros and makes ok() false, for good.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }
  std::uint64_t varint();
  std::string_view text();
  [[nodiscard]] std::string_view rest() const { return in_; }
  [[nodiscard]] bool ok() const { return ok_; }
  // Everything read, nothing left over.
  [[nodiscard]] bool complete() const { return ok_ && in_.empty(); }

 private:
  std::uint64_t big_endian(std::size_t bytes);
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace couplet
