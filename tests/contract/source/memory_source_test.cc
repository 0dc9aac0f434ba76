#include "tests/contract/source/memory_backend.h"
#include "tests/contract/source_contract.h"

namespace couplet::contract {

// The model keeps the promises that the real sources keep: what is shown with it in simulation
// holds for them.
INSTANTIATE_TEST_SUITE_P(Memory, SourceContract,
                         testing::Values(BackendFactory{"Memory", make_memory_backend}),
                         name_of_case);

}  // namespace couplet::contract
