#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/model/result.h"

// Reading what the user gave as `url`, without ever repeating a secret that stands in it.
namespace couplet::postgres {

class ConnectionText {
 public:
  // Errors: kInvalidArgument. The message quotes nothing of the text: a password with an unescaped
  // '@' or '/' makes a part of it look like a host, a port or a database.
  static Result<ConnectionText> parse(const std::string& source_name, const std::string& text);

  [[nodiscard]] bool has(std::string_view keyword) const;
  [[nodiscard]] std::string value_of(std::string_view keyword) const;  // Empty if not given.
  // Sets a keyword, whether it was given or not.
  void set(const std::string& keyword, std::string value);
  // Sets a keyword unless it was given.
  void set_default(const std::string& keyword, std::string value);

  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& settings() const {
    return settings_;
  }
  // As key='value' text, for a library that takes nothing else. Holds the secret.
  [[nodiscard]] std::string to_text() const;
  // `message` with every secret of this text replaced.
  [[nodiscard]] std::string masked(std::string message) const;

 private:
  std::vector<std::pair<std::string, std::string>> settings_;
};

}  // namespace couplet::postgres
