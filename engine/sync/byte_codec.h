#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/model/position.h"
#include "engine/model/result.h"
#include "engine/model/wire.h"

// How numbers and texts stand in the state's keys and values. Byte formats: docs/state-format.md.
namespace couplet {

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}
  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u16(std::uint16_t value) { wire::append(out_, value); }
  void u32(std::uint32_t value) { wire::append(out_, value); }
  void u64(std::uint64_t value) { wire::append(out_, value); }
  void varint(std::uint64_t value);
  void text(std::string_view value);  // varint length, bytes

 private:
  std::string& out_;
};

// A short id as a key, or the beginning of one.
std::string u16_key(std::uint16_t id);

// Reading past the end gives zeros and makes ok() false, for good.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::uint64_t varint() {
    if (!in_.empty() && static_cast<unsigned char>(in_.front()) < 0x80U) {  // Mostly.
      return u8();
    }
    return long_varint();
  }
  std::string_view text() { return bytes(varint()); }
  std::string_view bytes(std::uint64_t size);
  [[nodiscard]] std::string_view rest() const { return in_; }
  [[nodiscard]] bool ok() const { return ok_; }
  // Everything read, nothing left over.
  [[nodiscard]] bool complete() const { return ok_ && in_.empty(); }

 private:
  std::uint64_t long_varint();
  template <typename Int>
  Int number() {
    if (in_.size() < sizeof(Int)) {
      ok_ = false;
      in_ = {};
      return 0;
    }
    const Int value = wire::read<Int>(in_.data());
    in_.remove_prefix(sizeof(Int));
    return value;
  }
  std::string_view in_;
  bool ok_ = true;
};

void put_position(ByteWriter& out, const Position& position);
Position read_position(ByteReader& in);

}  // namespace couplet
