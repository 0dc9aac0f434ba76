#include "tests/contract/source_contract.h"

#include <algorithm>

#include "engine/model/object_key.h"

namespace couplet::contract {
namespace {

// Too long and too precise is for the source to say.
Type without_limits(Type type) {
  type.length = type.precision = type.scale = -1;
  type.fraction_digits = 6;
  return type;
}

std::string unlimited_bytes_of(const Type& type, const std::string& literal) {
  std::string bytes;
  const auto parsed = parse_literal(without_limits(type), literal, bytes);
  EXPECT_TRUE(parsed.has_value()) << type.name << " '" << literal << "'";
  return bytes;
}

void push_literal(const Type& type, const std::optional<std::string>& literal, RowBatch& out) {
  if (literal) {
    out.push(unlimited_bytes_of(type, *literal));
  } else {
    out.push_null();
  }
}

// Fails the test, with the error's facts, where a call that must succeed did not.
template <typename T>
bool went_well(const Result<T>& result, const char* call) {
  if (!result) {
    ADD_FAILURE() << call << ": " << result.error().message << " (" << result.error().code << ") "
                  << result.error().detail;
  }
  return result.has_value();
}

}  // namespace

void SourceContract::SetUp() {
  backend_ = GetParam().make();
  source_ = backend_->open();
}

void SourceContract::TearDown() {
  source_.reset();
  backend_.reset();
}

void SourceContract::restart() {
  source_.reset();
  source_ = backend_->open();
}

// --- The scene

TableInfo SourceContract::create(const TableSpec& spec) {
  backend_->create_table(spec);
  return described(spec.table);
}

TableInfo SourceContract::described(const std::string& table) {
  const TableName name{{}, table};
  auto tables = source_->describe({&name, 1});
  if (!went_well(tables, "describe") || tables->size() != 1) {
    ADD_FAILURE() << "table " << table << " is not described";
    return {};
  }
  return std::move(tables->front());
}

Projection SourceContract::projection(const TableInfo& table,
                                      const std::vector<std::string>& columns) {
  Projection made;
  made.table = table.name;
  made.id = table.primary_key;
  for (const std::string& column : made.id) {
    made.id_types.push_back(table.column(column)->type.value());
  }
  for (const std::string& column : columns) {
    made.columns.push_back({{}, column, table.column(column)->type.value()});
  }
  return made;
}

ColumnPath SourceContract::path(const TableInfo& table, const std::vector<std::string>& references,
                                const std::string& column) {
  ColumnPath made;
  TableInfo at = table;
  for (const std::string& reference : references) {
    const auto key = std::find_if(
        at.foreign_keys.begin(), at.foreign_keys.end(),
        [&](const ForeignKey& candidate) { return candidate.columns.front() == reference; });
    if (key == at.foreign_keys.end()) {
      ADD_FAILURE() << "no foreign key on " << reference;
      return made;
    }
    made.joins.push_back({key->columns, key->table, key->target_columns});
    const TableName target = key->table;
    auto next = source_->describe({&target, 1});
    if (!went_well(next, "describe") || next->size() != 1) {
      return made;
    }
    at = std::move(next->front());
  }
  made.column = column;
  made.type = at.column(column)->type.value();
  return made;
}

ObjectKey SourceContract::key(const Projection& projection, const std::string& text) {
  auto parsed = parse_key(projection.id_types, text);
  return went_well(parsed, "parse_key") ? *parsed : ObjectKey{};
}

std::vector<Type> SourceContract::types_of(const Projection& projection) {
  std::vector<Type> types = projection.id_types;
  for (const ColumnPath& column : projection.columns) {
    types.push_back(column.type);
  }
  return types;
}

// --- Reading

std::vector<AnsweredRow> answered(const RowBatch& batch, const std::vector<Type>& types) {
  std::vector<AnsweredRow> rows;
  EXPECT_EQ(batch.width(), types.size());
  if (batch.width() != types.size()) {
    return rows;
  }
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    AnsweredRow answer{{}, batch.ordinal(row), batch.in_scope(row), batch.version(row)};
    for (std::size_t i = 0; i < types.size(); ++i) {
      const Value value = batch.at(row, i);
      if (value.is_absent()) {
        answer.cells.emplace_back("<absent>");
      } else if (value.is_null()) {
        answer.cells.emplace_back(std::nullopt);
      } else {
        answer.cells.emplace_back(format_literal(types[i], value));
      }
    }
    rows.push_back(std::move(answer));
  }
  return rows;
}

std::vector<Texts> cells_of(const std::vector<AnsweredRow>& rows) {
  std::vector<Texts> cells;
  for (const AnsweredRow& row : rows) {
    cells.push_back(row.cells);
  }
  return cells;
}

std::vector<AnsweredRow> SourceContract::scan(const Projection& projection) {
  std::vector<AnsweredRow> all;
  auto running = source_->scan(projection);
  if (!went_well(running, "scan")) {
    return all;
  }
  RowBatch batch;
  while (true) {
    const auto more = (*running)->next(batch);
    if (!went_well(more, "next") || !*more) {
      EXPECT_TRUE(batch.empty()) << "rows came with the word that there are none";
      return all;
    }
    for (AnsweredRow& row : answered(batch, types_of(projection))) {
      all.push_back(std::move(row));
    }
  }
}

std::vector<AnsweredRow> SourceContract::fetch(const Projection& projection,
                                               const std::vector<std::string>& keys) {
  std::vector<ObjectKey> wanted;
  for (const std::string& text : keys) {
    wanted.push_back(key(projection, text));
  }
  RowBatch batch;
  if (!went_well(source_->fetch(projection, wanted, batch), "fetch")) {
    return {};
  }
  std::vector<AnsweredRow> rows = answered(batch, types_of(projection));
  std::stable_sort(rows.begin(), rows.end(), [](const AnsweredRow& a, const AnsweredRow& b) {
    return a.ordinal < b.ordinal;
  });
  return rows;
}

std::vector<AnsweredRow> SourceContract::find(const Projection& projection,
                                              const std::vector<std::size_t>& by,
                                              const std::vector<Texts>& wanted,
                                              const std::vector<Type>& types) {
  ValueTable questions;
  questions.types = types;
  for (std::size_t i = 0; types.empty() && i < by.size(); ++i) {
    questions.types.push_back(projection.columns.at(by[i]).type);
  }
  questions.rows.reset(by.size());
  for (const Texts& row : wanted) {
    questions.rows.begin_row();
    for (std::size_t i = 0; i < by.size(); ++i) {
      push_literal(questions.types[i], row.at(i), questions.rows);
    }
  }
  RowBatch batch;
  if (!went_well(source_->find(projection, by, questions, batch), "find")) {
    return {};
  }
  std::vector<AnsweredRow> rows = answered(batch, types_of(projection));
  std::sort(rows.begin(), rows.end(), [](const AnsweredRow& a, const AnsweredRow& b) {
    return std::tie(a.ordinal, a.cells) < std::tie(b.ordinal, b.cells);
  });
  return rows;
}

RowVersion SourceContract::version_of(const TableInfo& table, const std::string& key) {
  const std::vector<AnsweredRow> rows = fetch(projection(table, {}), {key});
  EXPECT_EQ(rows.size(), 1U) << "no row " << key;
  return rows.empty() ? RowVersion{} : rows.front().version;
}

// --- Writing

WriteGroup SourceContract::group(WriteGroup::Operation operation, const TableInfo& table,
                                 const std::vector<std::string>& columns,
                                 const std::vector<std::string>& returning) {
  WriteGroup made;
  made.operation = operation;
  made.table = table.name;
  made.id = table.primary_key;
  for (const std::string& column : made.id) {
    made.id_types.push_back(table.column(column)->type.value());
  }
  made.columns = columns;
  for (const std::string& column : columns) {
    made.column_types.push_back(table.column(column)->type.value());
  }
  made.returning = returning;
  for (const std::string& column : returning) {
    made.returning_types.push_back(table.column(column)->type.value());
  }
  made.rows.reset(made.id.size() + made.columns.size());
  return made;
}

void SourceContract::add(WriteGroup& group, const Texts& id, const Texts& cells,
                         RowVersion version) {
  ASSERT_EQ(cells.size(), group.columns.size());
  group.rows.begin_row(version);
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    if (id.empty()) {
      group.rows.push_absent();
    } else {
      push_literal(group.id_types[i], id.at(i), group.rows);
    }
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    push_literal(group.column_types[i], cells[i], group.rows);
  }
}

void SourceContract::add_current(const TableInfo& table, WriteGroup& group, const Texts& id,
                                 const Texts& cells) {
  RowBatch row(id.size());
  row.begin_row();
  for (std::size_t i = 0; i < id.size(); ++i) {
    push_literal(group.id_types[i], id[i], row);
  }
  const std::vector<ObjectKey> keys{key_of_row(row, 0, group.id_types)};
  RowBatch found;
  ASSERT_TRUE(went_well(source_->fetch(projection(table, {}), keys, found), "fetch"));
  ASSERT_EQ(found.rows(), 1U);
  add(group, id, cells, found.version(0));
}

Result<WriteOutcome> SourceContract::write(std::vector<WriteGroup> groups) {
  const WriteBatch batch{next_number_, std::move(groups)};
  ++next_number_.value;
  COUPLET_TRY(source_->submit(batch));
  return source_->collect();
}

Result<WriteOutcome> SourceContract::write(WriteGroup group) {
  std::vector<WriteGroup> groups;
  groups.push_back(std::move(group));
  return write(std::move(groups));
}

std::vector<std::vector<AnsweredRow>> SourceContract::written(
    const std::vector<WriteGroup>& groups) {
  std::vector<std::vector<AnsweredRow>> all(groups.size());
  const auto outcome = write(groups);
  if (!went_well(outcome, "write") || outcome->groups.size() != groups.size()) {
    ADD_FAILURE() << "no outcome of each group";
    return all;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::vector<Type> types = groups[i].id_types;
    types.insert(types.end(), groups[i].returning_types.begin(), groups[i].returning_types.end());
    all[i] = answered(outcome->groups[i].written, types);
    std::stable_sort(all[i].begin(), all[i].end(), [](const AnsweredRow& a, const AnsweredRow& b) {
      return a.ordinal < b.ordinal;
    });
  }
  return all;
}

std::vector<AnsweredRow> SourceContract::written(const WriteGroup& group) {
  return written(std::vector<WriteGroup>{group}).front();
}

std::string name_of_case(const testing::TestParamInfo<BackendFactory>& info) {
  return info.param.name;
}

}  // namespace couplet::contract
