#pragma once

#include <cstddef>
#include <functional>

#include "engine/definition/draft_model.h"
#include "engine/model/canonical.h"

namespace couplet {

// The mapping that relates these two tables, the left one first; kNoMapping if none does.
using LinkOf = std::function<std::size_t(const TableName& left, const TableName& right)>;

// Fills in keys, attributes, notes of a mapping whose entities are known, and names references of
// its entities that have none. Refuses it where nothing could be its key.
void draft_mapping(DraftModel& model, DraftMapping& mapping, const LinkOf& link_of);

}  // namespace couplet
