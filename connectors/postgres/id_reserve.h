#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/postgres/reader.h"
#include "engine/ports/source.h"

namespace couplet::postgres {

// Takes ids from the id columns' defaults before the rows exist.
class IdReserve {
 public:
  explicit IdReserve(Reader& reader) : reader_(reader) {}

  // As Source::reserve_ids.
  Result<std::optional<RowBatch>> take(const TableInfo& table, std::span<const std::string> id,
                                       std::span<const Type> id_types, std::size_t count);

 private:
  // The select list that evaluates the defaults; empty if one of the columns has none.
  Result<std::string> expressions(const TableName& table, std::span<const std::string> id);

  Reader& reader_;
  std::map<std::pair<TableName, std::vector<std::string>>, std::string> expressions_;
};

}  // namespace couplet::postgres
