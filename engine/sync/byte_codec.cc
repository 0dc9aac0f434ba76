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

void put_position(ByteWriter& out, const Position& position) {
  out.u8(static_cast<std::uint8_t>(position.index()));
  if (const Lsn* lsn = std::get_if<Lsn>(&position)) {
    out.u64(lsn->value);
  } else if (const KafkaOffsets* offsets = std::get_if<KafkaOffsets>(&position)) {
    out.varint(offsets->size());
    for (const auto& [partition, offset] : *offsets) {
      out.text(partition.first);
      out.u32(static_cast<std::uint32_t>(partition.second));
      out.u64(static_cast<std::uint64_t>(offset.value));
    }
  }
}

Position read_position(ByteReader& in) {
  switch (in.u8()) {
    case 1:
      return Lsn{in.u64()};
    case 2: {
      KafkaOffsets offsets;
      for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
        const std::string topic(in.text());
        const auto partition = static_cast<std::int32_t>(in.u32());
        offsets[{topic, partition}] = {static_cast<std::int64_t>(in.u64())};
      }
      return offsets;
    }
    default:
      return {};
  }
}

}  // namespace couplet
