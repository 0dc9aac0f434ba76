#pragma once

#include <string>
#include <string_view>

#include "engine/admin/link_detail.h"
#include "engine/admin/link_list.h"
#include "engine/admin/link_removal.h"
#include "engine/admin/worklists.h"

// Items of lists as lines for people, without their line feeds. A line is as long as what it tells:
// terminals wrap it. Values of rows are in conflicts alone.
namespace couplet {

//   left.people/1 = right.persons/7  matched 2026-01-31T08:15:30.000001Z
std::string link_line(const LinkItem& link);
//   / left.people/1 = right.persons/7  kept apart
std::string removed_line(const LinkRemoval::Removed& removed);
std::string links_text(const ObjectLinks& links);

// `width`: of the longest mapping's name, so that objects stand below each other.
//   8f0zk3aq  person  left.people/3  row_refused: a value is too long
std::string parked_line(const ParkedItem& item, std::string_view mapping, std::size_t width);
std::string held_line(const HeldItem& item, std::string_view mapping, std::size_t width);
std::string conflict_line(const ConflictItem& item, std::string_view mapping, std::size_t width);
// Everything that is known of it, a line each.
std::string parked_text(const ParkedItem& item, std::string_view mapping);
std::string conflict_text(const ConflictItem& item, std::string_view mapping);

// The name of why it failed: "value_not_listed", else as errors of that kind are called.
std::string parked_kind(const Parked& parked);

// The last line: "3 links.", "100 links; more with --after l0001…".
std::string listed_line(const Listed& listed, std::string_view one, std::string_view many);

}  // namespace couplet
