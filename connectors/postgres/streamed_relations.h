#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "connectors/postgres/pgoutput.h"
#include "engine/model/object_key.h"
#include "engine/model/result.h"
#include "engine/model/type.h"
#include "engine/ports/catalog.h"
#include "engine/ports/change_stream.h"

namespace couplet::postgres {

// What a Relation message does not say of a table. The catalog answers as of now; the message is of
// the time of the change.
struct StreamCatalog {
  // The partitioned tables that this one is a part of, the nearest first.
  std::function<Result<std::vector<TableName>>(Oid relation)> ancestors;
  // Of a domain; any other type is its own.
  std::function<Result<Oid>(Oid type)> base_type;
};

// A table as a Relation message told of it, and how its rows name objects.
class StreamedRelation {
 public:
  struct Column {
    bool identity = false;
    std::string name;
    Oid type = 0;
    std::int32_t modifier = -1;
    bool operator==(const Column&) const = default;
  };

  TableName name;
  char identity = 'd';
  std::vector<Column> columns;
  std::optional<std::size_t> table;  // Of the request; none: nobody asked for it.
  std::vector<std::size_t> id;       // Places of the id's columns; empty: they cannot be read.
  std::vector<Type> id_types;        // As they are sent, which may be wider than was asked.
  bool id_in_identity = false;       // Old tuples hold the id.
  // Places of StreamedTable::columns and their types; empty: one of them cannot be read as a fetch
  // would read it.
  std::vector<std::size_t> row;
  std::vector<Type> row_types;

  // Adds to `out`. False if the tuple does not hold it.
  bool read_key(pgoutput::Tuple tuple, std::string& out) const;
  // Of a new tuple: ChangeEvent::cells; empty where they cannot be told.
  [[nodiscard]] std::string read_row(pgoutput::Tuple tuple) const;
  [[nodiscard]] bool same_shape(const StreamedRelation& other) const {
    return name == other.name && identity == other.identity && columns == other.columns &&
           table == other.table;
  }
};

// The tables of a connection by their ids, as last told.
using RelationMap = std::unordered_map<Oid, std::shared_ptr<const StreamedRelation>>;

// From Relation messages to the tables of a request: by name, or, where a partition is published as
// itself, by the name of what it is a part of.
class RelationReader {
 public:
  RelationReader(std::span<const StreamedTable> tables, StreamCatalog catalog)
      : tables_(tables.begin(), tables.end()), catalog_(std::move(catalog)) {}

  // Errors: those of the catalog.
  Result<std::shared_ptr<const StreamedRelation>> read(const pgoutput::Relation& message) const;
  // Which tables may be others by now; `before`: nullptr where nothing was told of this one yet, so
  // that nobody knows what was done to it before. What is told in the same words is taken to be as
  // it was: a server does that with every transaction, if it likes.
  static std::vector<std::size_t> told(const StreamedRelation* before, const StreamedRelation& now);

 private:
  [[nodiscard]] std::optional<std::size_t> asked_for(const TableName& name) const;
  Result<void> find_id(StreamedRelation& relation) const;
  Result<void> find_row(StreamedRelation& relation) const;
  Result<std::optional<Type>> type_as_sent(const Type& asked, Oid sent) const;

  std::vector<StreamedTable> tables_;
  StreamCatalog catalog_;
};

}  // namespace couplet::postgres
