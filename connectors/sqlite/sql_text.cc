#include "connectors/sqlite/sql_text.h"

namespace couplet::sqlite {
namespace {

std::string enclosed(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    out += c;
    if (c == quote) {
      out += quote;
    }
  }
  return out + quote;
}

}  // namespace

std::string quote_identifier(std::string_view name) { return enclosed(name, '"'); }
std::string quote_literal(std::string_view text) { return enclosed(text, '\''); }

std::string column_of(std::string_view table, std::string_view column) {
  return quote_identifier(table) + "." + quote_identifier(column);
}

std::string quoted_list(std::span<const std::string> names) {
  std::string out;
  for (const std::string& name : names) {
    out += (out.empty() ? "" : ", ") + quote_identifier(name);
  }
  return out;
}

}  // namespace couplet::sqlite
