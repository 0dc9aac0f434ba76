#include "tests/contract/postgres/postgres_backend.h"
#include "tests/contract/source_contract.h"

namespace couplet::contract {

INSTANTIATE_TEST_SUITE_P(Postgres, SourceContract,
                         testing::Values(BackendFactory{"Postgres", make_postgres_backend}),
                         name_of_case);

}  // namespace couplet::contract
