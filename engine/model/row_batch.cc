#include "engine/model/row_batch.h"

#include <cstring>
#include <limits>

#include "engine/model/result.h"

namespace couplet {

bool identical(Value a, Value b) {
  if (a.length() != b.length()) {
    return false;
  }
  return !a.has_bytes() || a.bytes() == b.bytes();
}

void RowBatch::reset(std::size_t width) {
  width_ = width;
  arena_.clear();
  cells_.clear();
  infos_.clear();
}

void RowBatch::begin_row(RowVersion version, std::uint32_t ordinal, bool in_scope) {
  COUPLET_CHECK(cells_.size() == infos_.size() * width_);  // The row before is complete.
  infos_.push_back({version, ordinal, in_scope});
}

void RowBatch::push(Value value) {
  COUPLET_CHECK(cells_.size() < infos_.size() * width_);
  const std::size_t offset = arena_.size();
  const std::size_t length = value.has_bytes() ? value.bytes().size() : 0;
  COUPLET_CHECK(length <= std::numeric_limits<std::uint32_t>::max() - offset);
  if (length > 0) {
    arena_.append(value.bytes());
  }
  // A cell without bytes has its offset too: drop_last finds there where its row began.
  cells_.push_back({static_cast<std::uint32_t>(offset), value.length()});
}

std::uint32_t RowBatch::keep(std::string_view bytes) {
  const std::size_t offset = arena_.size();
  COUPLET_CHECK(bytes.size() <= std::numeric_limits<std::uint32_t>::max() - offset);
  arena_.append(bytes);
  return static_cast<std::uint32_t>(offset);
}

void RowBatch::set_last(RowVersion version, std::uint32_t ordinal, bool in_scope) {
  COUPLET_CHECK(!infos_.empty());
  infos_.back() = {version, ordinal, in_scope};
}

void RowBatch::drop_last() {
  COUPLET_CHECK(!infos_.empty());
  const std::size_t first_cell = (infos_.size() - 1) * width_;
  if (first_cell < cells_.size()) {
    arena_.resize(cells_[first_cell].offset);
    cells_.resize(first_cell);
  }
  infos_.pop_back();
}

void RowBatch::append(const RowBatch& other, std::size_t row) {
  COUPLET_CHECK(other.width_ == width_ && row < other.rows());
  begin_row(other.version(row), other.ordinal(row), other.in_scope(row));
  for (std::size_t column = 0; column < width_; ++column) {
    push(other.at(row, column));
  }
}

}  // namespace couplet
