#include "tests/integration/postgres/postgres_scene.h"

#include "engine/model/literal.h"

namespace couplet::test {
namespace {

Type type_of(const TableInfo& table, const std::string& column) {
  const ColumnInfo* info = table.column(column);
  return info != nullptr && info->type ? *info->type : Type();
}

void push(const Type& type, const std::optional<std::string>& literal, RowBatch& out) {
  if (!literal) {
    out.push_null();
    return;
  }
  std::string bytes;
  EXPECT_TRUE(parse_literal(type, *literal, bytes).has_value()) << type.name << " " << *literal;
  out.push(bytes);
}

}  // namespace

UserSession::UserSession(const std::string& url)
    : connection_(PQconnectdb(url.c_str()), &PQfinish) {
  EXPECT_EQ(PQstatus(connection_.get()), CONNECTION_OK);
}

void UserSession::exec(const std::string& sql) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection_.get(), sql.c_str()),
                                                             &PQclear);
  EXPECT_NE(PQresultStatus(result.get()), PGRES_FATAL_ERROR) << PQerrorMessage(connection_.get());
}

PostgresSourceSettings PostgresScene::settings(const std::string& user) {
  PostgresSourceSettings settings;
  settings.name = "daphne";
  settings.url = database_.url(user);
  settings.mark_wait = std::chrono::seconds(5);
  return settings;
}

void PostgresScene::reopen(const PostgresSourceSettings& settings) {
  source_ = std::make_unique<PostgresSource>(settings);
}

TableInfo PostgresScene::table(const std::string& name) {
  const std::vector<TableName> names{{"", name}};
  auto tables = source().describe(names);
  EXPECT_TRUE(tables.has_value()) << tables.error().message;
  if (!tables || tables->size() != 1) {
    ADD_FAILURE() << "no table " << name;
    return {};
  }
  return tables->front();
}

Projection PostgresScene::projection(const TableInfo& table,
                                     const std::vector<std::string>& columns) {
  Projection asked;
  asked.table = table.name;
  asked.id = table.primary_key;
  for (const std::string& column : asked.id) {
    asked.id_types.push_back(type_of(table, column));
  }
  for (const std::string& column : columns) {
    asked.columns.push_back({{}, column, type_of(table, column)});
  }
  return asked;
}

ObjectKey PostgresScene::key(const Projection& projection, const std::string& text) {
  auto parsed = parse_key(projection.id_types, text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(ObjectKey());
}

std::vector<Literals> PostgresScene::literals(const RowBatch& rows,
                                              const std::vector<Type>& types) {
  std::vector<Literals> result;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    Literals cells;
    for (std::size_t i = 0; i < types.size(); ++i) {
      const Value value = rows.at(row, i);
      cells.push_back(value.has_bytes() ? std::optional(format_literal(types[i], value))
                                        : std::nullopt);
    }
    result.push_back(std::move(cells));
  }
  return result;
}

std::vector<Literals> PostgresScene::fetched(const Projection& projection,
                                             const std::vector<std::string>& keys) {
  std::vector<ObjectKey> wanted;
  for (const std::string& text : keys) {
    wanted.push_back(key(projection, text));
  }
  std::vector<Type> types = projection.id_types;
  for (const ColumnPath& path : projection.columns) {
    types.push_back(path.type);
  }
  RowBatch rows;
  const auto done = source().fetch(projection, wanted, rows);
  EXPECT_TRUE(done.has_value()) << done.error().message;
  return literals(rows, types);
}

std::vector<Literals> PostgresScene::scanned(const Projection& projection) {
  std::vector<Type> types = projection.id_types;
  for (const ColumnPath& path : projection.columns) {
    types.push_back(path.type);
  }
  std::vector<Literals> result;
  auto scan = source().scan(projection);
  EXPECT_TRUE(scan.has_value()) << scan.error().message;
  RowBatch rows;
  while (scan) {
    const auto more = (*scan)->next(rows);
    EXPECT_TRUE(more.has_value()) << more.error().message;
    if (!more || !*more) {
      break;
    }
    for (Literals& cells : literals(rows, types)) {
      result.push_back(std::move(cells));
    }
  }
  return result;
}

RowVersion PostgresScene::version(const TableInfo& table, const std::string& key_text) {
  const Projection asked = projection(table, {});
  const std::vector<ObjectKey> keys{key(asked, key_text)};
  RowBatch rows;
  const auto done = source().fetch(asked, keys, rows);
  EXPECT_TRUE(done.has_value()) << done.error().message;
  EXPECT_EQ(rows.rows(), 1U) << key_text;
  return rows.empty() ? RowVersion() : rows.version(0);
}

WriteGroup PostgresScene::group(WriteGroup::Operation operation, const TableInfo& table,
                                const std::vector<std::string>& columns,
                                const std::vector<std::string>& returning) {
  WriteGroup group;
  group.operation = operation;
  group.table = table.name;
  group.id = table.primary_key;
  for (const std::string& column : group.id) {
    group.id_types.push_back(type_of(table, column));
  }
  group.columns = columns;
  for (const std::string& column : columns) {
    group.column_types.push_back(type_of(table, column));
  }
  group.returning = returning;
  for (const std::string& column : returning) {
    group.returning_types.push_back(type_of(table, column));
  }
  group.rows.reset(group.id.size() + columns.size());
  return group;
}

void PostgresScene::add(WriteGroup& group, const Literals& id, const Literals& cells,
                        RowVersion version) {
  group.rows.begin_row(version);
  for (std::size_t i = 0; i < group.id.size(); ++i) {
    if (id.empty()) {
      group.rows.push_absent();
    } else {
      push(group.id_types[i], id[i], group.rows);
    }
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    push(group.column_types[i], cells[i], group.rows);
  }
}

Result<WriteOutcome> PostgresScene::write(std::vector<WriteGroup> groups) {
  WriteBatch batch;
  batch.number = BatchNumber{++batches_};
  batch.groups = std::move(groups);
  COUPLET_TRY(source().submit(batch));
  return source().collect();
}

std::vector<Literals> PostgresScene::written(const WriteGroup& group, const WriteOutcome& outcome) {
  std::vector<Type> types = group.id_types;
  types.insert(types.end(), group.returning_types.begin(), group.returning_types.end());
  return literals(outcome.groups.at(0).written, types);
}

void PostgresScene::wait_for(const std::string& query) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (database_.query(query).empty()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << query;
  }
}

void PostgresScene::end_sessions() {
  database_.query(
      "select pg_terminate_backend(pid, 10000) from pg_stat_activity "
      "where application_name = 'couplet' and datname = current_database()");
}

}  // namespace couplet::test
