#pragma once

#ifdef COUPLET_PLANT_BUGS
#include <cstdlib>
#include <string_view>
#endif

// Mistakes that the tests can ask for, one at a time, to show that they would find them: a build
// with COUPLET_PLANT_BUGS takes the name of one from COUPLET_BUG (tests/simulation/planted). In any
// other build there are none, and nothing of this is compiled.
namespace couplet {

#ifdef COUPLET_PLANT_BUGS
inline bool planted(std::string_view bug) {
  static const char* const kAsked = std::getenv("COUPLET_BUG");
  return kAsked != nullptr && bug == kAsked;
}
#else
constexpr bool planted(const char* /*bug*/) { return false; }
#endif

}  // namespace couplet
