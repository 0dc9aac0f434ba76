#pragma once

#include <functional>
#include <span>
#include <string>

#include "connectors/sqlite/relation.h"
#include "engine/ports/source.h"

// The text of the statements that read. Pure.
//
// The projection's own table stands under its own name, and whatever else a statement needs under
// names that no column has, so that an SQL condition of the user means its columns and nothing
// else. Each step of a path is one LEFT JOIN, shared by the paths that begin with the same steps.
namespace couplet::sqlite {

// The columns that fetch and find answer with before the row: ordinal, version, whether in scope.
inline constexpr int kLeadingColumns = 3;

// Version, row: the rows in scope, in the order of ObjectKey.
std::string scan_text(const Relation& relation, const Projection& projection);

// ?1 is AskedRows of the ids.
std::string fetch_text(const Relation& relation, const Projection& projection);

// ?1 is AskedRows, one column per entry of `by`; `as` is ValueTable::as.
using RelationOf = std::function<const Relation*(const TableName&)>;
std::string find_text(const Relation& relation, const Projection& projection,
                      std::span<const std::size_t> by, std::span<const Comparison> as,
                      const RelationOf& relation_of);

// `column` = `value` by what is stored, or as `as` says, where `column` is one of that type.
std::string equals_text(const Relation* holder, const std::string& name, const Type& type,
                        const std::string& column, const std::string& value,
                        const Comparison* as = nullptr);

// A statement that is valid exactly if the condition is one expression over the table.
std::string condition_probe(const TableName& table, const SqlCondition& condition);

}  // namespace couplet::sqlite
