#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/model/strong_int.h"

namespace couplet {

// One cell seen in place. Tri-state: absent (the source did not carry it), null, or a value, whose
// bytes are as engine/model/type.h says. Borrowed: lives as long as the arena it points into.
class Value {
 public:
  static constexpr std::int32_t kNullLength = -1;
  static constexpr std::int32_t kAbsentLength = -2;

  Value() = default;  // absent
  explicit Value(std::string_view bytes)
      : data_(bytes.data()), length_(static_cast<std::int32_t>(bytes.size())) {}
  Value(const char* data, std::int32_t length) : data_(data), length_(length) {}
  static Value null() { return {nullptr, kNullLength}; }
  static Value absent() { return {}; }

  [[nodiscard]] bool is_absent() const { return length_ == kAbsentLength; }
  [[nodiscard]] bool is_null() const { return length_ == kNullLength; }
  [[nodiscard]] bool has_bytes() const { return length_ >= 0; }
  // Only where has_bytes().
  [[nodiscard]] std::string_view bytes() const {
    return {data_, static_cast<std::size_t>(length_)};
  }
  [[nodiscard]] std::int32_t length() const { return length_; }

 private:
  const char* data_ = nullptr;
  std::int32_t length_ = kAbsentLength;
};

// Same state and, where there are bytes, the same bytes. Not equality of what they mean:
// engine/model/canonical.h has that.
bool identical(Value a, Value b);

// Rows of one shape over one arena: no allocation per value. Cells are row-major; offsets are 32
// bit, so a batch is cut long before 4 GiB (tuning: about 256 KiB or 1000 rows).
// Beside its cells a row has the version its source gave it, the ordinal of the question that it
// answers (Source::find), and whether the scope conditions of its projection hold.
class RowBatch {
 public:
  explicit RowBatch(std::size_t width = 0) : width_(width) {}

  // Empties the batch and sets the number of columns; keeps the memory.
  void reset(std::size_t width);

  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::size_t rows() const { return infos_.size(); }
  [[nodiscard]] bool empty() const { return infos_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return arena_.size(); }

  [[nodiscard]] Value at(std::size_t row, std::size_t column) const {
    const Cell& cell = cells_[row * width_ + column];
    return {arena_.data() + cell.offset, cell.length};
  }
  [[nodiscard]] RowVersion version(std::size_t row) const { return infos_[row].version; }
  [[nodiscard]] std::uint32_t ordinal(std::size_t row) const { return infos_[row].ordinal; }
  [[nodiscard]] bool in_scope(std::size_t row) const { return infos_[row].in_scope; }

  // Filling. begin_row, then exactly width() calls of push, then the next row.
  void begin_row(RowVersion version = {}, std::uint32_t ordinal = 0, bool in_scope = true);
  void push(Value value);  // Copies the bytes.
  void push(std::string_view bytes) { push(Value(bytes)); }
  void push_null() { push(Value::null()); }
  void push_absent() { push(Value::absent()); }
  // Instead of push where the bytes of many cells come as one piece: copied once by keep(), which
  // tells where they stand now, then pointed at. Such rows are not dropped.
  std::uint32_t keep(std::string_view bytes);
  void push_kept(std::uint32_t offset, std::int32_t length) { cells_.push_back({offset, length}); }
  // Changes what is known of the row that was begun last.
  void set_last(RowVersion version, std::uint32_t ordinal, bool in_scope);
  // Drops the row that was begun last, complete or not.
  void drop_last();
  // Appends row `row` of `other`, which has the same width.
  void append(const RowBatch& other, std::size_t row);

 private:
  struct Cell {
    std::uint32_t offset = 0;
    std::int32_t length = Value::kAbsentLength;
  };
  struct RowInfo {
    RowVersion version;
    std::uint32_t ordinal = 0;
    bool in_scope = true;
  };

  std::size_t width_ = 0;
  std::string arena_;
  std::vector<Cell> cells_;
  std::vector<RowInfo> infos_;
};

}  // namespace couplet
