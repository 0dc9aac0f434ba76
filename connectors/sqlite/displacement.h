#pragma once

#include <string>

#include "connectors/sqlite/database.h"
#include "connectors/sqlite/relation.h"
#include "connectors/sqlite/stored_value.h"
#include "engine/model/result.h"
#include "engine/model/type.h"

namespace couplet::sqlite {

// What a column is set to, inside the transaction, while its value changes places with another
// row's: null where it may be, else a random value that no row has, of the storage class that the
// column takes. Where a check constraint refuses it, the rows park.
Result<StoredValue> displaced_value(Database& writer, const Relation& relation,
                                    const std::string& column, const Type& type);

}  // namespace couplet::sqlite
