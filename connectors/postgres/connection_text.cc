#include "connectors/postgres/connection_text.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <memory>

namespace couplet::postgres {
namespace {

constexpr std::string_view kMask = "***";

bool is_url(std::string_view text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

// True if an '@' of the user's password was not escaped: the library then splits the URL at the
// wrong place, and its messages quote the rest of the password as a host or a database.
bool has_stray_at_sign(std::string_view url) {
  const std::string_view rest = url.substr(url.find("//") + 2);
  const std::string_view before_query = rest.substr(0, rest.find('?'));
  const auto signs = std::count(before_query.begin(), before_query.end(), '@');
  const std::size_t slash = before_query.find('/');
  return signs > 1 || (signs == 1 && slash < before_query.find('@'));
}

bool is_port_list(std::string_view text) {
  return text.find_first_not_of("0123456789,") == std::string_view::npos;
}

tl::unexpected<Error> bad_text(const std::string& source_name, const char* reason) {
  return fail(ErrorKind::kInvalidArgument,
              fmt::format("source {}: url cannot be read: {}", source_name, reason),
              "Write postgresql://user@host:5432/database?sslmode=require, with special characters "
              "of a password percent-encoded (an at sign is %40, / is %2F), or key='value' text.");
}

}  // namespace

Result<ConnectionText> ConnectionText::parse(const std::string& source_name,
                                             const std::string& text) {
  if (text.empty()) {
    return bad_text(source_name, "it is empty");
  }
  if (is_url(text) && has_stray_at_sign(text)) {
    return bad_text(source_name, "it has more than one '@', or one behind the first '/'");
  }
  char* reason = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(text.c_str(), &reason), &PQconninfoFree);
  if (reason != nullptr) {
    PQfreemem(reason);  // It may quote the password: none of it is shown.
  }
  if (!options) {
    return bad_text(source_name, is_url(text) ? "it is no valid connection URL"
                                              : "it is neither a URL nor key=value text, or has an "
                                                "option that libpq does not know");
  }
  ConnectionText result;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      result.settings_.emplace_back(option->keyword, option->val);
    }
  }
  if (!is_port_list(result.value_of("port"))) {
    return bad_text(source_name, "the port is no number");
  }
  if (result.value_of("host").find('@') != std::string::npos &&
      !result.value_of("host").starts_with('@')) {  // "@name": an abstract Unix socket.
    return bad_text(source_name, "the host has an '@' in it");
  }
  return result;
}

bool ConnectionText::has(std::string_view keyword) const {
  return std::any_of(settings_.begin(), settings_.end(),
                     [&](const auto& setting) { return setting.first == keyword; });
}

std::string ConnectionText::value_of(std::string_view keyword) const {
  for (const auto& [name, value] : settings_) {
    if (name == keyword) {
      return value;
    }
  }
  return {};
}

void ConnectionText::set(const std::string& keyword, std::string value) {
  for (auto& setting : settings_) {
    if (setting.first == keyword) {
      setting.second = std::move(value);
      return;
    }
  }
  settings_.emplace_back(keyword, std::move(value));
}

void ConnectionText::set_default(const std::string& keyword, std::string value) {
  if (!has(keyword)) {
    settings_.emplace_back(keyword, std::move(value));
  }
}

std::string ConnectionText::to_text() const {
  std::string text;
  for (const auto& [keyword, value] : settings_) {
    text += keyword;
    text += "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') {
        text += '\\';
      }
      text += c;
    }
    text += "' ";
  }
  return text;
}

std::string ConnectionText::masked(std::string message) const {
  for (const char* keyword : {"password", "sslpassword"}) {
    const std::string secret = value_of(keyword);
    if (secret.empty()) {
      continue;
    }
    for (std::size_t at = message.find(secret); at != std::string::npos;
         at = message.find(secret, at + kMask.size())) {
      message.replace(at, secret.size(), kMask);
    }
  }
  return message;
}

}  // namespace couplet::postgres
