#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// inet, cidr, macaddr and macaddr8. Internal to the model.
namespace couplet {

// An inet or cidr seen in place (network_send in src/backend/utils/adt/network.c). Borrows the
// bytes.
struct NetworkAddress {
  bool v6 = false;
  std::uint8_t bits = 0;
  std::string_view address;  // 4 or 16 bytes.

  // nullopt if the bytes are none.
  static std::optional<NetworkAddress> read(std::string_view bytes);
  // A mark of the family, the bits, the address: the same for an inet and a cidr of one network.
  void append_canonical(std::string& out) const;
  // As the server prints it: an inet of a whole address without its bits, a cidr always with.
  void append_text(bool cidr, std::string& out) const;
  void append_bytes(bool cidr, std::string& out) const;
  // True if no bit beyond `bits` is set: what a cidr has to be.
  [[nodiscard]] bool is_network() const;
};

enum class NetworkParse : std::uint8_t {
  kDone,
  kNoAddress,
  kHostBits,  // A cidr with bits beyond its own.
};
// "10.1.2.3/8", "2001:db8::1"; the address is whole, the bits may be left out.
NetworkParse append_network_of_text(std::string_view text, bool cidr, std::string& out);

// "08:00:2b:01:02:03"; also with "-", ".", or nothing between, as long as there are `size` bytes.
bool append_hardware_address_of_text(std::string_view text, std::size_t size, std::string& out);
void append_text_of_hardware_address(std::string_view bytes, std::string& out);

}  // namespace couplet
