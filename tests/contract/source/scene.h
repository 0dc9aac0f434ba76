#pragma once

#include "tests/contract/source_backend.h"

// Tables that several cases play on.
namespace couplet::contract {

using Default = ColumnSpec::Default;

constexpr auto kCreate = WriteGroup::Operation::kCreate;
constexpr auto kUpdate = WriteGroup::Operation::kUpdate;
constexpr auto kDelete = WriteGroup::Operation::kDelete;

// id by a sequence · name · email, unique · city · age, not negative
TableSpec customers();

// provider <- region <- nic: a chain of references to follow. `nics.backup_id` is a second
// reference to a region, `regions.parent_id` one to another region; those two may be null, as may
// all others.
TableSpec providers();
TableSpec regions();
TableSpec nics();

// The bytes of a value from its literal.
std::string bytes_of(const Type& type, const std::string& literal);

}  // namespace couplet::contract
