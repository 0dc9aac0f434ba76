#include "engine/model/result.h"

#include <cstdio>
#include <cstdlib>

namespace couplet {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: an invariant does not hold: %s\n", file, line, condition);
  std::abort();
}

}  // namespace couplet
