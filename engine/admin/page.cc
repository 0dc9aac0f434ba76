#include "engine/admin/page.h"

namespace couplet {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string page_token(ListKind list, std::string_view key) {
  std::string token(1, static_cast<char>(list));
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    token += kDigits[byte >> 4U];
    token += kDigits[byte & 0xFU];
  }
  return token;
}

Error no_such_place(std::string_view token) {
  return {ErrorKind::kInvalidArgument,
          "\"" + std::string(token) + "\" is no place in this list",
          "--after takes what the page before ended with",
          {},
          "invalid_token",
          {}};
}

Result<std::string> key_of_token(ListKind list, std::string_view token) {
  std::string key;
  bool right = token.size() >= 5 && token.size() % 2 == 1 && token[0] == static_cast<char>(list);
  for (std::size_t i = 1; right && i < token.size(); i += 2) {
    const std::size_t high = kDigits.find(token[i]);
    const std::size_t low = kDigits.find(token[i + 1]);
    right = high != std::string_view::npos && low != std::string_view::npos;
    if (right) {
      key += static_cast<char>(high << 4U | low);
    }
  }
  if (!right) {
    return fail(no_such_place(token));
  }
  return key;
}

bool PageCounter::take(std::string_view key) {
  if (limit_ != 0 && listed_.items == limit_) {
    listed_.next = page_token(list_, last_);
    return false;
  }
  ++listed_.items;
  last_ = key;
  return true;
}

}  // namespace couplet
