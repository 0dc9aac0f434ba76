#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace couplet::sqlite {

// The five storage classes of SQLite (sqlite.org/datatype3.html, section 2). A column's declared
// type does not say which of them a row has there.
enum class StorageClass : std::uint8_t { kNull, kInteger, kReal, kText, kBlob };

// A value as SQLite stores it.
struct StoredValue {
  StorageClass storage = StorageClass::kNull;
  std::int64_t integer = 0;
  double real = 0;
  std::string bytes;  // Of text and blob.

  static StoredValue of(std::int64_t value) { return {StorageClass::kInteger, value, 0, {}}; }
  static StoredValue of(double value) { return {StorageClass::kReal, 0, value, {}}; }
  static StoredValue text(std::string_view value) {
    return {StorageClass::kText, 0, 0, std::string(value)};
  }
  static StoredValue blob(std::string_view value) {
    return {StorageClass::kBlob, 0, 0, std::string(value)};
  }
};

// The same, seen in place.
struct StoredView {
  StorageClass storage = StorageClass::kNull;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view bytes;
};

}  // namespace couplet::sqlite
