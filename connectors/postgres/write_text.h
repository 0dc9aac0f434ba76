#pragma once

#include <string>
#include <vector>

#include "connectors/postgres/relation.h"
#include "engine/ports/source.h"

// The text of the statements that write. Pure.
//
// Each takes one array per column of the group's rows and answers one row per row written. Updates
// and deletes test the version and answer with the ordinal. INSERT … RETURNING can name nothing but
// the inserted row: see CreateForm.
namespace couplet::postgres {

// Arrays in order: id columns, written columns, versions (xid, or bigint where the relation has no
// xmin). With displaced rows a null version stands for "written by this transaction".
// Answer: ordinal (bigint), id, returning.
std::string update_text(const Relation& relation, const WriteGroup& group);

// Arrays: id columns, versions. Answer: ordinal, id, returning.
std::string delete_text(const Relation& relation, const WriteGroup& group);

// How rows that were created are told apart.
enum class CreateForm : std::uint8_t {
  // Answer: id, returning. All rows, in the order given, or else recognised by the id chosen.
  kByIdOrOrder,
  // Answer: ordinal of a row that the probe let through (rest null), for each; then null ordinal,
  // id, returning for each row inserted, in the same order. If a trigger skips some of several, no
  // one could say which: the statement then fails (division by zero), and is repeated row by row.
  kByOrder,
};

// One way to fill a create's columns: which id cells are given. Arrays: those id columns, then the
// written columns; with none of either, one int8 array that only counts.
struct CreateText {
  std::string sql;
  CreateForm form = CreateForm::kByIdOrOrder;
};
CreateText create_text(const Relation& relation, const WriteGroup& group,
                       const std::vector<bool>& id_given);

// True if the group's id column `index` is also among its written columns, which then say its
// value.
bool id_is_written(const WriteGroup& group, std::size_t index);

}  // namespace couplet::postgres
