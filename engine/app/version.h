#pragma once

namespace couplet {

inline constexpr const char* kVersion = COUPLET_VERSION;  // the project's, from CMakeLists.txt

// The commit this was built from, abbreviated, with "+" behind where files differed from it;
// "unknown" where the tree was no clone.
const char* commit();

}  // namespace couplet
