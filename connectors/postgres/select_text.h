#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "connectors/postgres/relation.h"
#include "engine/ports/source.h"

// The text of the statements that read. Pure.
//
// The projection's table stands in a subquery under its own name, so that an SQL condition of the
// user means its columns and nothing else. Each step of a path is one LEFT JOIN, shared by the
// paths that begin with the same steps.
namespace couplet::postgres {

// Finds the relation of a table that a path goes through; null if it is not known.
using RelationOf = std::function<const Relation*(const TableName&)>;

// The columns that fetch and find answer with before the row: ordinal (bigint), version (xid, or
// bigint where the relation has none), whether in scope.
inline constexpr std::size_t kLeadingColumns = 3;

// COPY … TO STDOUT (FORMAT binary) of the rows in scope, in the order of ObjectKey.
// Without versions: a scan needs none, and xmin costs the server a quarter of its time. What the
// projection asks for twice, as ids that are attributes too, is sent once.
struct ScanText {
  std::string copy;
  std::vector<std::size_t> fields;  // by column of the projection: the field of the answer
};
ScanText scan_text(const Relation& relation, const Projection& projection);

// One array parameter per id column, of its type.
std::string fetch_text(const Relation& relation, const Projection& projection,
                       const RelationOf& relation_of);

// One array parameter per entry of `by`; `as` is ValueTable::as. A question by columns that
// identify a row is a series of index look-ups (Purpose::kLookUp); any other is a join that the
// planner arranges (Purpose::kSearch).
bool finds_by_index(const Relation& relation, const Projection& projection,
                    std::span<const std::size_t> by, std::span<const Comparison> as);
std::string find_text(const Relation& relation, const Projection& projection,
                      std::span<const std::size_t> by, std::span<const Comparison> as,
                      const RelationOf& relation_of);

// The conditions of a scope over a table named by itself; "true" if there are none.
std::string condition_text(const Relation& relation, std::span<const Condition> scope);

// A statement that is valid exactly if the condition is one boolean expression over the table.
std::string condition_probe(const TableName& table, const SqlCondition& condition);

}  // namespace couplet::postgres
