#include "engine/app/crash_points.h"

#ifdef COUPLET_CRASH_POINTS
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#endif

namespace couplet {

#ifdef COUPLET_CRASH_POINTS

bool has_crash_points() { return true; }

CrashPoints crash_points_from_environment() {
  CrashPoints points;
  const char* given = std::getenv("COUPLET_CRASH_AT");
  if (given == nullptr) {
    return points;
  }
  std::string name = given;
  auto left = std::make_shared<unsigned long>(1);
  if (const std::size_t colon = name.find(':'); colon != std::string::npos) {
    *left = std::strtoul(name.c_str() + colon + 1, nullptr, 10);
    name.resize(colon);
  }
  points.reached = [name, left](const char* point) {
    if (name == point && *left > 0 && --*left == 0) {
      std::raise(SIGKILL);
    }
  };
  return points;
}

#else

bool has_crash_points() { return false; }

CrashPoints crash_points_from_environment() { return {}; }

#endif

}  // namespace couplet
