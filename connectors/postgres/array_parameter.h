#pragma once

#include <span>
#include <string>

#include "connectors/postgres/parameters.h"
#include "engine/model/row_batch.h"
#include "engine/model/type.h"

// Columns of rows as array parameters in binary (array_send in src/backend/utils/adt/arrayfuncs.c).
// Pure: the elements' bytes pass through unchanged, but for those of types that are sent as text
// (column_text.h): their arrays are text[].
namespace couplet::postgres {

// The database's own ids of a column's type, where it was described by this database; else those
// of the built-in type of that kind. CHECKs that a type without a built-in one (an enum, a nested
// type) was described.
Oid answer_type(const Type& type);   // Of the column as it is read.
Oid element_type(const Type& type);  // Of the elements of the array that values are sent in.
Oid array_type(const Type& type);    // Of that array.

// Builds one array. Elements are appended one by one, so that it may be made of any cells.
class ArrayParameter {
 public:
  explicit ArrayParameter(Oid element);
  void push(Value value);  // CHECKs that it is not absent.
  void push_null() { push(Value::null()); }
  // The array; the object is used up.
  std::string take();

 private:
  std::string bytes_;
  std::uint32_t count_ = 0;
  bool has_null_ = false;
};

// The array of one column of `rows`.
std::string array_of_column(const Type& type, const RowBatch& rows, std::size_t column);
// The same of some of the rows.
std::string array_of_column(const Type& type, const RowBatch& rows, std::size_t column,
                            std::span<const std::uint32_t> which);
// Adds an array of values of that type, made by one of these.
void add_array(Parameters& parameters, const Type& type, std::string array);
// xid[] of versions that are row xmins, bigint[] of versions that are hashes.
void push_xid(ArrayParameter& array, RowVersion version);
void push_int8(ArrayParameter& array, std::int64_t value);

}  // namespace couplet::postgres
