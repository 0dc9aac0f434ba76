#pragma once

#include <string>
#include <vector>

#include "connectors/sqlite/relation.h"
#include "engine/ports/source.h"

// The text of the statements that write: each is prepared once for a group and run with the values
// of one row after the other. Pure.
//
// All but the move end in RETURNING version, id, returning: what the row holds after BEFORE
// triggers and defaults, not what AFTER triggers make of it (sqlite.org/lang_returning.html);
// `read_text` has that.
namespace couplet::sqlite {

// Values in order: id columns that `id_given` says, written columns; then those of the probe.
std::string create_text(const Relation& relation, const WriteGroup& group,
                        const std::vector<bool>& id_given);
// Values in order: written columns; id as it is now; the version expected, where `by_version`.
std::string update_text(const Relation& relation, const WriteGroup& group, bool by_version);
// Values in order: id; the version expected.
std::string delete_text(const Relation& relation, const WriteGroup& group);
// Values in order: displaced columns; id; the version expected.
std::string move_text(const Relation& relation, const WriteGroup& group);
// ?1 is AskedRows of ids. Ordinal, version, id, returning.
std::string read_text(const Relation& relation, const WriteGroup& group);

}  // namespace couplet::sqlite
