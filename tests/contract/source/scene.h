#pragma once

#include "tests/contract/source_backend.h"

// Tables that several cases play on.
namespace couplet::contract {

using Default = ColumnSpec::Default;

// id by a sequence · name · email, unique · city · age, not negative
TableSpec customers();

// provider <- region <- nic: a chain of references to follow. `nics.backup_id` is a second
// reference to a region, `regions.parent_id` one to another region; those two may be null, as may
// all others.
TableSpec providers();
TableSpec regions();
TableSpec nics();

}  // namespace couplet::contract
