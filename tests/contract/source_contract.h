#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/contract/source_backend.h"

// The promises of engine/ports/source.h as tests. They are compiled once, in the object library
// couplet_source_contract; a source runs them all by linking it and writing, in a file of its own:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, SourceContract,
//                            testing::Values(BackendFactory{"Memory", make_backend}),
//                            name_of_case);
//
// inside namespace couplet::contract. The cases are in tests/contract/source/.
namespace couplet::contract {

// A row of an answer: literals in the order of its columns; nullopt: null. "<absent>" where absent.
using Texts = std::vector<std::optional<std::string>>;

struct AnsweredRow {
  Texts cells;
  std::uint32_t ordinal = 0;
  bool in_scope = true;
  RowVersion version;
};

class SourceContract : public testing::TestWithParam<BackendFactory> {
 protected:
  void SetUp() override;
  void TearDown() override;

  SourceBackend& backend() { return *backend_; }
  Source& source() { return *source_; }
  // Drops the session as a crash would and opens another.
  void restart();

  // Makes the table and gives what the source says of it.
  TableInfo create(const TableSpec& spec);
  TableInfo described(const std::string& table);

  // Of these columns of the table's own; the id is the primary key.
  static Projection projection(const TableInfo& table, const std::vector<std::string>& columns);
  // A column of `target` reached through the foreign keys whose first columns are `references`.
  ColumnPath path(const TableInfo& table, const std::vector<std::string>& references,
                  const std::string& column);

  // "7" or, composite, "7,eu" (format_key).
  static ObjectKey key(const Projection& projection, const std::string& text);
  static std::vector<Type> types_of(const Projection& projection);

  // Whole answers. A fault fails the test.
  std::vector<AnsweredRow> scan(const Projection& projection);
  std::vector<AnsweredRow> fetch(const Projection& projection,
                                 const std::vector<std::string>& keys);
  // Asks for rows of literals of the types of `by` (or `types`, where given).
  std::vector<AnsweredRow> find(const Projection& projection, const std::vector<std::size_t>& by,
                                const std::vector<Texts>& wanted,
                                const std::vector<Type>& types = {});
  RowVersion version_of(const TableInfo& table, const std::string& key);

  // A group without rows that writes `columns` and gives back `returning`.
  static WriteGroup group(WriteGroup::Operation operation, const TableInfo& table,
                          const std::vector<std::string>& columns,
                          const std::vector<std::string>& returning = {});
  // Appends a row; an empty `id` leaves the id cells absent. `cells` are literals of the columns,
  // too long or too precise ones among them.
  static void add(WriteGroup& group, const Texts& id, const Texts& cells, RowVersion version = {});
  // The same with the version that the row has now.
  void add_current(const TableInfo& table, WriteGroup& group, const Texts& id, const Texts& cells);

  // Submits and collects one batch.
  Result<WriteOutcome> write(std::vector<WriteGroup> groups);
  Result<WriteOutcome> write(WriteGroup group);
  // The same, which must succeed; the rows written of each group.
  std::vector<std::vector<AnsweredRow>> written(const std::vector<WriteGroup>& groups);
  std::vector<AnsweredRow> written(const WriteGroup& group);

  BatchNumber next_number_{1};

 private:
  std::unique_ptr<SourceBackend> backend_;
  std::unique_ptr<Source> source_;
};

// The rows of a batch whose columns have these types.
std::vector<AnsweredRow> answered(const RowBatch& batch, const std::vector<Type>& types);
std::vector<Texts> cells_of(const std::vector<AnsweredRow>& rows);

std::string name_of_case(const testing::TestParamInfo<BackendFactory>& info);

}  // namespace couplet::contract
