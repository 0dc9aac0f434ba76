#include "tests/contract/change_stream_contract.h"
#include "tests/contract/source/memory_backend.h"

namespace couplet::contract {

INSTANTIATE_TEST_SUITE_P(Memory, ChangeStreamContract,
                         testing::Values(BackendFactory{"Memory", make_memory_backend}),
                         stream_case);

}  // namespace couplet::contract
