#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/postgres/relation.h"
#include "engine/ports/source.h"

// Moving rows out of the way of their own group: unique values that change places are first
// replaced by null or by a value that no row has, inside the batch's transaction. Pure.
namespace couplet::postgres {

// A column that is moved.
struct MovedColumn {
  std::string name;
  std::size_t column = 0;               // Index into WriteGroup::columns.
  std::optional<std::size_t> id_index;  // Where it is part of the id: the row is then found by the
                                        // free value afterwards.
  bool to_null = false;                 // Else to a free value, one for each displaced row.
};

// One column of each unique index that the displaced columns are in: one that may be null before
// one that may not, one without a foreign key before one with. That is enough to be out of the way,
// and moves no more than it must.
std::vector<MovedColumn> columns_to_move(const Relation& relation, const WriteGroup& group);

// A statement that gives up to `count` values of the column that no row has; a column with a
// foreign key gets values that its target has. nullopt: none can be made for that type.
std::optional<std::string> free_values_text(const Relation& relation, const MovedColumn& column,
                                            const Type& type, std::size_t count);

// Arrays: id columns. Answers with the ordinal and the value that the column has now.
std::string held_values_text(const Relation& relation, const WriteGroup& group,
                             const MovedColumn& column);

// Arrays: id columns, versions (xid), then the free values of each column that is not moved to
// null. Moves the rows whose version is as expected; answers nothing.
std::string move_text(const Relation& relation, const WriteGroup& group,
                      const std::vector<MovedColumn>& moved);

// Arrays: id columns as they are after the move, then for each moved column the free values, or
// (bool) whether a value is to stand there instead of the null. Fails (division by zero) if a row
// that this transaction moved was not written afterwards: a trigger of the table skipped it, and it
// would be left without its value.
std::string moved_check_text(const Relation& relation, const WriteGroup& group,
                             const std::vector<MovedColumn>& moved);

}  // namespace couplet::postgres
