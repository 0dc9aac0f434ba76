#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "connectors/sqlite/database.h"
#include "connectors/sqlite/relation.h"
#include "engine/ports/source.h"

namespace couplet::sqlite {

// The tables and views of the file, as they were when they were last read: in one snapshot, the
// tables by a fixed number of statements however many there are, each view by one.
class Catalog {
 public:
  // Reads all of them again.
  Result<void> read(Database& database);

  // Null: there is none of that name, spelled so; there are no schemas.
  [[nodiscard]] const Relation* find(const TableName& name) const;
  // Errors: kSchema.
  [[nodiscard]] Result<const Relation*> at(const TableName& name) const;
  [[nodiscard]] const std::map<std::string, Relation>& relations() const { return relations_; }

 private:
  std::map<std::string, Relation> relations_;
};

}  // namespace couplet::sqlite
