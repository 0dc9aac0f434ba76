#include "connectors/memory/table_rules.h"

#include <utility>

#include "connectors/memory/column_fit.h"
#include "engine/model/literal.h"

namespace couplet::memory {

std::optional<std::string> RowAccess::get(std::string_view column) const {
  const std::optional<std::size_t> position = table_.position(column);
  COUPLET_CHECK(position.has_value());
  const Cell& cell = row_[*position];
  if (!cell) {
    return std::nullopt;
  }
  return format_literal(table_.type(*position), Value(*cell));
}

void RowAccess::set(std::string_view column, const std::optional<std::string>& literal) {
  const std::optional<std::size_t> position = table_.position(column);
  COUPLET_CHECK(position.has_value());
  if (!literal) {
    row_[*position].reset();
    return;
  }
  std::string bytes;
  COUPLET_CHECK(parse_literal(without_limits(table_.type(*position)), *literal, bytes).has_value());
  row_[*position] = std::move(bytes);
}

}  // namespace couplet::memory
