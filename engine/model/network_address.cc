#include "engine/model/network_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <utility>

#include "engine/model/ascii.h"

namespace couplet {
namespace {

constexpr std::size_t kAddressHeaderBytes = 4;
constexpr char kFamily4 = 2;  // src/include/utils/inet.h, PGSQL_AF_INET, whatever the system's.
constexpr char kFamily6 = 3;
constexpr std::size_t kBytes4 = 4;
constexpr std::size_t kBytes6 = 16;

std::uint8_t bits_of(bool v6) { return v6 ? 128 : 32; }

}  // namespace

std::optional<NetworkAddress> NetworkAddress::read(std::string_view bytes) {
  if (bytes.size() < kAddressHeaderBytes || (bytes[0] != kFamily4 && bytes[0] != kFamily6)) {
    return std::nullopt;
  }
  NetworkAddress read;
  read.v6 = bytes[0] == kFamily6;
  read.bits = static_cast<std::uint8_t>(bytes[1]);
  read.address = bytes.substr(kAddressHeaderBytes);
  const std::size_t size = read.v6 ? kBytes6 : kBytes4;
  if (read.address.size() != size || static_cast<std::uint8_t>(bytes[3]) != size ||
      read.bits > bits_of(read.v6)) {
    return std::nullopt;
  }
  return read;
}

void NetworkAddress::append_canonical(std::string& out) const {
  out += v6 ? kFamily6 : kFamily4;
  out += static_cast<char>(bits);
  out += address;
}

void NetworkAddress::append_text(bool cidr, std::string& out) const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(v6 ? AF_INET6 : AF_INET, address.data(), text.data(), text.size());
  out += text.data();
  if (cidr || bits != bits_of(v6)) {
    fmt::format_to(std::back_inserter(out), "/{}", bits);
  }
}

void NetworkAddress::append_bytes(bool cidr, std::string& out) const {
  out += v6 ? kFamily6 : kFamily4;
  out += static_cast<char>(bits);
  out += cidr ? '\1' : '\0';
  out += static_cast<char>(address.size());
  out += address;
}

bool NetworkAddress::is_network() const {
  for (std::size_t bit = bits; bit < 8 * address.size(); ++bit) {
    if ((static_cast<unsigned char>(address[bit / 8]) >> (7 - bit % 8) & 1U) != 0) {
      return false;
    }
  }
  return true;
}

NetworkParse append_network_of_text(std::string_view text, bool cidr, std::string& out) {
  text = ascii::trimmed(text);
  NetworkAddress parsed;
  parsed.v6 = text.find(':') != std::string_view::npos;
  parsed.bits = bits_of(parsed.v6);
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const char* end = text.data() + text.size();
    std::uint32_t bits = 0;
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end || bits > parsed.bits) {
      return NetworkParse::kNoAddress;
    }
    parsed.bits = static_cast<std::uint8_t>(bits);
    text = text.substr(0, slash);
  }
  std::array<char, kBytes6> address{};
  if (inet_pton(parsed.v6 ? AF_INET6 : AF_INET, std::string(text).c_str(), address.data()) != 1) {
    return NetworkParse::kNoAddress;
  }
  parsed.address = {address.data(), parsed.v6 ? kBytes6 : kBytes4};
  if (cidr && !parsed.is_network()) {
    return NetworkParse::kHostBits;
  }
  parsed.append_bytes(cidr, out);
  return NetworkParse::kDone;
}

bool append_hardware_address_of_text(std::string_view text, std::size_t size, std::string& out) {
  text = ascii::trimmed(text);
  std::string bytes;
  while (!text.empty()) {
    if (!bytes.empty() && (text[0] == ':' || text[0] == '-' || text[0] == '.')) {
      text.remove_prefix(1);
    }
    const int high = text.size() < 2 ? -1 : ascii::hex_value(text[0]);
    const int low = text.size() < 2 ? -1 : ascii::hex_value(text[1]);
    if (high < 0 || low < 0 || bytes.size() == size) {
      return false;
    }
    bytes += static_cast<char>(high * 16 + low);
    text.remove_prefix(2);
  }
  out += bytes.size() == size ? bytes : std::string();
  return bytes.size() == size;
}

void append_text_of_hardware_address(std::string_view bytes, std::string& out) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{}{:02x}", i == 0 ? "" : ":",
                   static_cast<unsigned char>(bytes[i]));
  }
}

}  // namespace couplet
