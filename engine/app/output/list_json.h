#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/admin/link_detail.h"
#include "engine/admin/link_import.h"
#include "engine/admin/link_list.h"
#include "engine/admin/link_removal.h"
#include "engine/admin/worklists.h"

// Items of lists as JSON Lines, each without its line feed, as REFERENCE section 2 has them.
namespace couplet {

std::string link_json(const LinkItem& link);
std::string removed_json(const LinkRemoval::Removed& removed);
// `explained`: the explanations of both ends, as JSON.
std::string links_json(const ObjectLinks& links, const std::vector<std::string>& explained);
std::string import_json(const LinkImport::Report& report);
// `detail`: with the server's own message, which may quote row values.
std::string parked_json(const ParkedItem& item, std::string_view mapping, bool detail);
std::string held_json(const HeldItem& item, std::string_view mapping);
std::string conflict_json(const ConflictItem& item, std::string_view mapping);
// The last line of a list: {"summary":{"items":3,"next":null}}.
std::string listed_json(const Listed& listed);

}  // namespace couplet
