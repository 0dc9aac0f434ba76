#include "connectors/postgres/id_reserve.h"

#include <fmt/format.h>

#include <unordered_set>

#include "connectors/postgres/sql_text.h"

namespace couplet::postgres {
namespace {

// Per id column: its default as an expression of the column's type. An identity's is its sequence.
// $1: the table, $2: the columns.
constexpr const char* kDefaults = R"(
select case when a.attidentity <> ''
            then format('nextval(%L::regclass)::%s',
                        pg_get_serial_sequence($1, a.attname), format_type(a.atttypid, a.atttypmod))
            when a.attgenerated <> '' then null
            when d.adbin is not null
            then format('(%s)::%s', pg_get_expr(d.adbin, d.adrelid), format_type(a.atttypid, a.atttypmod))
            when t.typdefault is not null and t.typtype = 'd'
            then format('(%s)::%s', pg_get_expr(t.typdefaultbin, 0), format_type(a.atttypid, a.atttypmod))
        end
  from unnest($2::text[]) with ordinality as w(name, i)
  join pg_attribute a on a.attrelid = $1::regclass and a.attname = w.name and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 order by w.i)";

}  // namespace

Result<std::string> IdReserve::expressions(const TableName& table,
                                           std::span<const std::string> id) {
  const auto key = std::make_pair(table, std::vector<std::string>(id.begin(), id.end()));
  if (const auto known = expressions_.find(key); known != expressions_.end()) {
    return known->second;
  }
  const std::string sql = [&] {
    std::string text = kDefaults;
    const auto replace = [&text](std::string_view what, const std::string& with) {
      for (std::size_t at = text.find(what); at != std::string::npos;
           at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
      }
    };
    replace("$1", quote_literal(qualified(table)));
    replace("$2", quote_literal(array_literal(id)));
    return text;
  }();
  COUPLET_ASSIGN(const Answer answer, reader_.ask(sql));
  std::string list;
  for (std::size_t row = 0; row < answer.rows(); ++row) {
    const Value expression = answer.at(row, 0);
    if (expression.is_null()) {
      list.clear();
      break;
    }
    list += fmt::format("{}{}", row == 0 ? "" : ", ", expression.bytes());
  }
  if (answer.rows() != id.size()) {
    list.clear();
  }
  expressions_[key] = list;
  return list;
}

Result<std::optional<RowBatch>> IdReserve::take(const TableInfo& table,
                                                std::span<const std::string> id,
                                                std::span<const Type> id_types, std::size_t count) {
  const Result<std::string> list = expressions(table.name, id);
  if (!list && list.error().kind != ErrorKind::kPrivilege) {
    return fail(list.error());
  }
  if (!list || list->empty() || count == 0) {
    return list && !list->empty() ? std::optional<RowBatch>(RowBatch(id.size())) : std::nullopt;
  }
  // One more than asked for: a default that gives the same value twice (a constant, a stable
  // function) is no source of ids, and one value alone would not show it.
  const Result<Answer> answer = reader_.ask(
      fmt::format("select {} from generate_series(1, {})", *list, count == 1 ? 2 : count));
  if (!answer) {
    if (answer.error().kind == ErrorKind::kPrivilege) {
      return std::nullopt;
    }
    if (answer.error().kind == ErrorKind::kSchema) {
      expressions_.clear();  // The sequence or the default is not what it was.
    }
    return fail(answer.error());
  }
  std::unordered_set<ObjectKey> seen;
  RowBatch ids(id.size());
  std::vector<Value> cells(id.size());
  for (std::size_t row = 0; row < answer->rows(); ++row) {
    for (std::size_t i = 0; i < id.size(); ++i) {
      cells[i] = answer->at(row, i);
    }
    ObjectKey key;
    if (!append_key(id_types, cells, key.bytes) || !seen.insert(key).second) {
      return std::nullopt;
    }
    if (ids.rows() < count) {
      ids.begin_row();
      for (const Value cell : cells) {
        ids.push(cell);
      }
    }
  }
  return ids;
}

}  // namespace couplet::postgres
