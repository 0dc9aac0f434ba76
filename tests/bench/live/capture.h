#pragma once

#include <string>

namespace couplet::bench {

// The first half of the live path with nothing behind it: receive, decode, route, forget. Of source
// `left` of the definition in `config`, from that slot, until all up to `until` (a place in the
// log: "0/1234ABCD") has come. Ends the process's work there: the slot is not moved.
void capture(const std::string& config, const std::string& slot, const std::string& publication,
             const std::string& until);

}  // namespace couplet::bench
