#include "tests/contract/source_contract.h"
#include "tests/contract/sqlite/sqlite_backend.h"

namespace couplet::contract {

// With a rollback journal a reader blocks writers, in WAL mode it does not: both keep the promises.
INSTANTIATE_TEST_SUITE_P(
    Sqlite, SourceContract,
    testing::Values(BackendFactory{"RollbackJournal", [] { return make_sqlite_backend("delete"); }},
                    BackendFactory{"Wal", [] { return make_sqlite_backend("wal"); }}),
    name_of_case);

}  // namespace couplet::contract
