#include "connectors/memory/displacement.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "connectors/memory/column_fit.h"
#include "connectors/memory/memory_transaction.h"
#include "engine/model/literal.h"

namespace couplet::memory {
namespace {

// The n-th text over letters that users seldom take, shortest first: "", "~", "}", …, "~~".
std::string nth_text(std::uint64_t n) {
  std::string text;
  for (; n > 0; n = (n - 1) / 60) {
    text.push_back(static_cast<char>('~' - (n - 1) % 60));
  }
  return text;
}

std::string nth_decimal(const Type& type, std::uint64_t n) {
  std::string digits = std::to_string(n);
  if (type.precision < 0 || type.scale == 0) {
    return digits;
  }
  if (type.scale < 0) {
    return digits.append(static_cast<std::size_t>(-type.scale), '0');
  }
  const auto scale = static_cast<std::size_t>(type.scale);
  if (digits.size() <= scale) {
    digits.insert(0, scale + 1 - digits.size(), '0');
  }
  return digits.insert(digits.size() - scale, ".");
}

std::string big_endian(std::uint64_t number, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < std::min<std::size_t>(size, 8); ++i) {
    bytes[size - 1 - i] = static_cast<char>((number >> (8 * i)) & 0xFFU);
  }
  return bytes;
}

// The n-th value of the type; nullopt where it has no more.
std::optional<std::string> nth_value(const Type& type, std::uint64_t n) {
  const auto literal = [&](const std::string& text) -> std::optional<std::string> {
    std::string bytes;
    return parse_literal(type, text, bytes) ? std::optional(std::move(bytes)) : std::nullopt;
  };
  switch (type.kind) {
    case TypeKind::kBool:
      return n < 2 ? std::optional(big_endian(n, 1)) : std::nullopt;
    case TypeKind::kInt16:
      return n < 0x10000U ? std::optional(big_endian(n, 2)) : std::nullopt;
    case TypeKind::kInt32:
      return big_endian(n, 4);
    case TypeKind::kInt64:
      return big_endian(n, 8);
    case TypeKind::kNumeric:
      return literal(nth_decimal(type, n));
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
      return literal(std::to_string(n));
    case TypeKind::kText:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kBytea:
      return nth_text(n);
    case TypeKind::kDate:
      return big_endian(n, 4);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      return big_endian(n * 1'000'000, 8);
    case TypeKind::kTime:
      return n < 86'400 ? std::optional(big_endian(n * 1'000'000, 8)) : std::nullopt;
    case TypeKind::kMoney:
    case TypeKind::kLsn:
    case TypeKind::kMacaddr8:
      return big_endian(n, 8);
    case TypeKind::kOid:
      return big_endian(n, 4);
    case TypeKind::kMacaddr:
      return big_endian(n, 6);
    case TypeKind::kInterval:
      return literal(std::to_string(n) + " days");
    case TypeKind::kUuid:
      return big_endian(n, 16);
    case TypeKind::kEnum:
      return n < type.labels.size() ? std::optional(type.labels[n]) : std::nullopt;
    case TypeKind::kJson:
    case TypeKind::kJsonb:
      return literal(std::to_string(n));
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace

Result<Cell> displaced_value(const MemoryTable& table, std::size_t column) {
  if (table.info().columns[column].nullable) {
    return Cell();
  }
  const std::string& name = table.info().columns[column].name;
  for (std::uint64_t n = 0;; ++n) {
    std::optional<std::string> bytes = nth_value(table.type(column), n);
    if (!bytes || !fit_column(table.type(column), name, *bytes)) {
      return fail(row_fault("22003", name,
                            "no value is free to move \"" + name + "\" to while it is exchanged"));
    }
    Tuple probe(table.width());
    probe[column] = bytes;
    if (table.matches({column}, *table.lookup_key(probe, {{column}})).empty()) {
      return Cell(std::move(bytes));
    }
  }
}

}  // namespace couplet::memory
