#pragma once

#include <memory>

#include "tests/contract/source_backend.h"

namespace couplet::contract {

// A database of its own on the server that the tests of the program share.
std::unique_ptr<SourceBackend> make_postgres_backend();

}  // namespace couplet::contract
