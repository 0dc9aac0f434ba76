#pragma once

#include <memory>
#include <string>

#include "tests/contract/source_backend.h"

namespace couplet::contract {

// A database file of its own, with this journal mode.
std::unique_ptr<SourceBackend> make_sqlite_backend(const std::string& journal_mode);

}  // namespace couplet::contract
