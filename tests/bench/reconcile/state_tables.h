#pragma once

#include <string>

namespace couplet::bench {

// What is read into the cache as a state in `folder` is opened, in MiB: the indexes and filters of
// its files. A state in use by nobody; throws if it is none.
double opened_into_cache_mib(const std::string& folder);

}  // namespace couplet::bench
