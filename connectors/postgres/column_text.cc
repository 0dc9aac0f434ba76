#include "connectors/postgres/column_text.h"

#include <fmt/format.h>

#include "connectors/postgres/parameters.h"
#include "connectors/postgres/sql_text.h"
#include "engine/model/literal.h"

namespace couplet::postgres {
namespace {

bool is_array_of_text(const Type& type) {
  return type.kind == TypeKind::kArray && holds_text(type.elements[0]);
}

}  // namespace

bool is_character(TypeKind kind) {
  return kind == TypeKind::kText || kind == TypeKind::kVarchar || kind == TypeKind::kChar;
}

bool holds_text(const Type& type) {
  return type.kind == TypeKind::kOpaque || is_array_of_text(type);
}

bool is_sent_as_text(const Type& type) {
  switch (type.kind) {
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
    case TypeKind::kOpaque:
      return true;
    default:
      return false;
  }
}

std::string read_text(const std::string& column, const Type& type) {
  return type.kind == TypeKind::kOpaque ? column + "::text"
         : is_array_of_text(type)       ? column + "::text[]"
                                        : column;
}

std::string written_text(const std::string& value, const Type& type, const ColumnTraits& traits) {
  if (!is_sent_as_text(type)) {
    return value;
  }
  // By way of text[], since some types part their elements by other characters.
  return fmt::format("{}{}::{}", value, is_array_of_text(type) ? "::text[]" : "", traits.cast);
}

std::string equals_text(const std::string& column, const std::string& value, const Type& type,
                        const ColumnTraits& traits) {
  switch (type.kind) {
    case TypeKind::kJson:  // Has no equality.
      return fmt::format("({})::jsonb = ({})::jsonb", column, value);
    case TypeKind::kInterval:  // A month equals 30 days: the first test can use an index.
      return fmt::format("{0} = {1} and concat({0}) = concat({1})", column, value);
    case TypeKind::kOpaque:  // May have no equality, and not every text is a value of it.
      return fmt::format("{}::text = {}", column, value);
    case TypeKind::kArray:
    case TypeKind::kRange:
    case TypeKind::kMultirange:
    case TypeKind::kComposite:
      if (is_array_of_text(type)) {
        return fmt::format("{}::text[] = {}::text[]", column, value);
      }
      return fmt::format(fmt::runtime(can_be_key(type) ? "{} = {}" : "{}::text = ({})::text"),
                         column, written_text(value, type, traits));
    default:
      break;
  }
  std::string text = fmt::format("{} = {}", column, value);
  if (traits.loose && is_character(type.kind)) {
    text += fmt::format(" and {}::text collate \"C\" = {}::text collate \"C\"", column, value);
  }
  return text;
}

std::optional<std::string> coarse_equals_text(const std::string& column, const std::string& value,
                                              const Type& type, const ColumnTraits& traits,
                                              const Comparison& as) {
  const bool coarser = is_coarser(as, type);
  const auto both = [&](const std::string& form) {
    return fmt::format("{} = {}", fmt::format(fmt::runtime(form), column),
                       fmt::format(fmt::runtime(form), value));
  };
  // What is asked for may have more digits than the column keeps: that is then compared as it is.
  const auto rounded = [&](const char* name) -> std::optional<std::string> {
    const std::string form = fmt::format("{{}}::{}({})", name, as.fraction_digits);
    if (coarser) {
      return both(form);
    }
    return as.fraction_digits == Comparison().fraction_digits
               ? std::nullopt
               : std::optional(
                     equals_text(column, fmt::format(fmt::runtime(form), value), type, traits));
  };
  switch (as.kind) {
    case ComparisonKind::kTimestamp:
      return rounded(type.kind == TypeKind::kTimestampTz ? "timestamptz" : "timestamp");
    case ComparisonKind::kTimeOfDay:
      return rounded(type.kind == TypeKind::kTimeTz ? "timetz" : "time");
    case ComparisonKind::kInterval:
      return rounded("interval");
    case ComparisonKind::kTrimmed:
      return !coarser
                 ? std::nullopt
                 : std::optional(
                       both("rtrim({}::text, ' ')") +
                       (traits.loose ? " and " + both("rtrim({}::text, ' ') collate \"C\"") : ""));
    case ComparisonKind::kDate:
      return !coarser ? std::nullopt
                      : std::optional(both(type.kind == TypeKind::kTimestampTz
                                               ? "({} at time zone 'UTC')::date"
                                               : "{}::date"));
    default:
      return std::nullopt;
  }
}

bool is_found_by_index(const Type& type) { return !holds_text(type); }

std::string key_order_text(const std::string& column, const Type& type) {
  switch (type.kind) {
    case TypeKind::kText:
    case TypeKind::kVarchar: {
      // Of an extension's text type even the collation C may not be the order of bytes.
      const bool plain = type.source_type == 0 || type.source_type == oid::kText ||
                         type.source_type == oid::kVarchar || type.source_type == oid::kName;
      return column + (plain ? " collate \"C\"" : "::text collate \"C\"");
    }
    case TypeKind::kChar:
    case TypeKind::kEnum:
      return column + "::text collate \"C\"";
    case TypeKind::kTimeTz:
    case TypeKind::kInterval:
    case TypeKind::kInet:
    case TypeKind::kCidr:
    case TypeKind::kBit:
    case TypeKind::kVarbit:
      return "concat(" + column + ") collate \"C\"";
    default:
      return column;
  }
}

std::string literal_text(const Type& type, Value value) {
  const std::string literal = quote_literal(format_literal(type, value));
  // Money's text is written in the manner of lc_monetary; a number is not.
  return type.kind == TypeKind::kMoney ? literal + "::numeric::money" : literal;
}

}  // namespace couplet::postgres
