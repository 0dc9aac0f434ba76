#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

std::string quoted_with(char quote, std::string_view text) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote) {
      result += quote;
    }
    result += c;
  }
  result += quote;
  return result;
}

}  // namespace

std::string quote_identifier(std::string_view name) { return quoted_with('"', name); }

std::string quote_literal(std::string_view text) { return quoted_with('\'', text); }

std::string qualified(const TableName& name) {
  return name.schema.empty() ? quote_identifier(name.table)
                             : quote_identifier(name.schema) + "." + quote_identifier(name.table);
}

std::string array_literal(std::span<const std::string> texts) {
  std::string result = "{";
  for (const std::string& text : texts) {
    if (result.size() > 1) {
      result += ',';
    }
    result += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        result += '\\';
      }
      result += c;
    }
    result += '"';
  }
  return result + "}";
}

std::string placeholders(std::size_t count, std::size_t first) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) {
    result += (i == 0 ? "$" : ", $") + std::to_string(first + i);
  }
  return result;
}

std::string numbered(std::string_view prefix, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) {
      result += ", ";
    }
    result += prefix;
    result += std::to_string(i);
  }
  return result;
}

std::string hides_rows_text() {
  return R"(row_security_active(c.oid)
         and (not exists (select from pg_policy p
                           where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('*', 'r')
                             and (0 = any(p.polroles) or exists (
                                    select from unnest(p.polroles) u where pg_has_role(u, 'MEMBER')))
                             and pg_get_expr(p.polqual, p.polrelid) = 'true')
              or exists (select from pg_policy p
                          where p.polrelid = c.oid and not p.polpermissive and p.polcmd in ('*', 'r'))))";
}

}  // namespace couplet::postgres
