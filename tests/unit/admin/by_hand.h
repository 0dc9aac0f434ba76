#pragma once

#include <string>
#include <vector>

#include "engine/admin/link_import.h"
#include "engine/admin/link_list.h"
#include "engine/admin/worklists.h"
#include "tests/support/sync_world.h"

// What people do to links and worklists, on a world in memory. An error is given as its sentence.
namespace couplet::test {

std::string add_link(SyncWorld& world, const std::string& left, const std::string& right);
// "left.people/1 = right.persons/1 kept apart", or why not. `right` empty: all links of the object.
std::string remove_link(SyncWorld& world, const std::string& left, const std::string& right = {});

// "left.people/1 = right.persons/1 matched" each.
std::vector<std::string> links(SyncWorld& world, const LinkSelection& selection = {});
// As `links export` gives them.
std::string exported(SyncWorld& world);
LinkImport::Report import_links(SyncWorld& world, const std::string& lines,
                                bool skip_refused = false);

// True if anything is kept apart from anything.
bool any_kept_apart(SyncWorld& world);

// Does `work`, which must not fail, on the state.
void with_state(SyncWorld& world, const std::function<void(State&)>& work);

}  // namespace couplet::test
