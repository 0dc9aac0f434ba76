#include "engine/sync/byte_codec.h"

namespace couplet {

void ByteWriter::varint(std::uint64_t value) {
  while (value >= 0x80U) {
    u8(static_cast<std::uint8_t>((value & 0x7FU) | 0x80U));
    value >>= 7U;
  }
  u8(static_cast<std::uint8_t>(value));
}

void ByteWriter::text(std::string_view value) {
  varint(value.size());
  out_.append(value);
}

std::string u16_key(std::uint16_t id) {
  std::string key;
  ByteWriter(key).u16(id);
  return key;
}

std::uint64_t ByteReader::long_varint() {
  constexpr unsigned kLastShift = 63;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift <= kLastShift; shift += 7) {
    const std::uint8_t byte = u8();
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) {
      return value;
    }
  }
  ok_ = false;
  return 0;
}

std::string_view ByteReader::bytes(std::uint64_t size) {
  if (!ok_ || in_.size() < size) {
    ok_ = false;
    in_ = {};
    return {};
  }
  const std::string_view value = in_.substr(0, size);
  in_.remove_prefix(size);
  return value;
}

}  // namespace couplet
