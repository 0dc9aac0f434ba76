#include "tests/contract/change_stream_contract.h"
#include "tests/contract/sqlite/sqlite_backend.h"

namespace couplet::contract {

INSTANTIATE_TEST_SUITE_P(
    Sqlite, ChangeStreamContract,
    testing::Values(BackendFactory{"RollbackJournal", [] { return make_sqlite_backend("delete"); }},
                    BackendFactory{"Wal", [] { return make_sqlite_backend("wal"); }}),
    stream_case);

}  // namespace couplet::contract
