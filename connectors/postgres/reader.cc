#include "connectors/postgres/reader.h"

#include <fmt/format.h>

#include <utility>

#include "connectors/postgres/array_parameter.h"
#include "connectors/postgres/select_text.h"
#include "engine/model/canonical.h"
#include "engine/model/wire.h"

namespace couplet::postgres {
namespace {

constexpr std::string_view kFalse("\0", 1);

// What an array of values to compare with a column is declared as. Texts are bytes of one form: as
// the column's own type they can use its index.
const Type& declared_type(const Type& column, const Type& value) {
  return is_character(column.kind) && is_character(value.kind) ? column : value;
}

}  // namespace

Result<Connection*> Reader::session(Purpose purpose) {
  std::unique_ptr<Connection>& connection = purpose == Purpose::kSearch ? search_ : look_up_;
  if (purpose == Purpose::kLookUp && sent_ && !sent_->answer) {
    sent_->answer.emplace(connection->receive());
  }
  if (!connection || !connection->usable()) {
    connection.reset();
    COUPLET_ASSIGN(connection, Connection::open(settings_, purpose, statements_));
  }
  return connection.get();
}

template <typename Question>
auto Reader::with_session(Purpose purpose, Question question)
    -> decltype(question(std::declval<Connection&>())) {
  COUPLET_ASSIGN(Connection * first, session(purpose));
  auto answer = question(*first);
  if (answer || first->usable()) {
    return answer;
  }
  COUPLET_ASSIGN(Connection * second, session(purpose));
  return question(*second);
}

Result<Answer> Reader::ask(const std::string& sql, const Parameters& parameters) {
  return with_session(Purpose::kLookUp,
                      [&](Connection& connection) { return connection.execute(sql, parameters); });
}

Result<Answer> Reader::ask_prepared(const std::string& sql, const Parameters& parameters) {
  return with_session(Purpose::kLookUp, [&](Connection& connection) {
    return connection.execute_prepared(sql, parameters);
  });
}

Result<void> Reader::send(std::string sql, Parameters parameters) {
  COUPLET_TRY(with_session(Purpose::kLookUp, [&](Connection& connection) {
    return connection.send_prepared(sql, parameters);
  }));
  sent_ = Sent{std::move(sql), std::move(parameters), std::nullopt};
  return {};
}

Result<std::optional<Answer>> Reader::receive() {
  if (!sent_) {
    return std::nullopt;
  }
  Sent sent = std::move(*std::exchange(sent_, std::nullopt));
  Result<Answer> answer = sent.answer ? std::move(*sent.answer) : look_up_->receive();
  if (!answer && (look_up_ == nullptr || !look_up_->usable())) {
    answer = ask_prepared(sent.sql, sent.parameters);
  }
  if (!answer) {
    return fail(std::move(answer.error()));
  }
  return std::move(*answer);
}

Result<void> Reader::check(const std::string& sql) {
  return with_session(Purpose::kLookUp,
                      [&](Connection& connection) { return connection.check(sql); });
}

Result<void> Reader::fetch(const Projection& projection, std::span<const ObjectKey> keys,
                           RowBatch& out) {
  out.reset(projection.width());
  if (keys.empty()) {
    return {};
  }
  COUPLET_ASSIGN(const Relation* relation, relations_.of(projection));
  std::vector<ArrayParameter> arrays;
  for (const Type& type : projection.id_types) {
    arrays.emplace_back(element_type(type));
  }
  std::string arena;
  std::vector<Value> cells;
  for (const ObjectKey& key : keys) {
    COUPLET_TRY(decode_key(projection.id_types, key.bytes, arena, cells));
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      arrays[i].push(cells[i]);
    }
  }
  Parameters parameters;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    add_array(parameters, projection.id_types[i], arrays[i].take());
  }
  const std::string sql = fetch_text(
      *relation, projection, [this](const TableName& table) { return relations_.known(table); });
  const Purpose purpose = relation->unique_by(projection.id) ? Purpose::kLookUp : Purpose::kSearch;
  COUPLET_ASSIGN(const Answer answer, with_session(purpose, [&](Connection& connection) {
                   return connection.execute_prepared(sql, parameters);
                 }));
  return answer_into(projection, answer, out, [](std::size_t, std::size_t) { return true; });
}

Result<void> Reader::find(const Projection& projection, std::span<const std::size_t> by,
                          const ValueTable& wanted, RowBatch& out) {
  out.reset(projection.width());
  if (wanted.rows.empty()) {
    return {};
  }
  COUPLET_ASSIGN(const Relation* relation, relations_.of(projection));
  Parameters parameters;
  for (std::size_t i = 0; i < by.size(); ++i) {
    const Type& type = declared_type(projection.columns[by[i]].type, wanted.types[i]);
    add_array(parameters, type, array_of_column(type, wanted.rows, i));
  }
  std::string sql = find_text(*relation, projection, by, wanted.as,
                              [this](const TableName& table) { return relations_.known(table); });
  if (wanted.answers_most != 0) {
    sql += fmt::format(" limit {}", wanted.answers_most);
  }
  const Purpose purpose =
      finds_by_index(*relation, projection, by, wanted.as) ? Purpose::kLookUp : Purpose::kSearch;
  COUPLET_ASSIGN(const Answer answer, with_session(purpose, [&](Connection& connection) {
                   return connection.execute_prepared(sql, parameters);
                 }));
  // The server's `=` of nested values is looser than ours where they hold intervals, say; and of
  // two that it rounds alike we may round one otherwise.
  std::vector<Comparison> comparisons;
  std::vector<bool> judged;
  for (std::size_t i = 0; i < by.size(); ++i) {
    const Type& type = projection.columns[by[i]].type;
    comparisons.push_back(wanted.as.empty()
                              ? comparison_between(type, wanted.types[i]).value_or(Comparison{})
                              : wanted.as[i]);
    judged.push_back(!type.elements.empty() ||
                     (!wanted.as.empty() && is_coarser(wanted.as[i], type)));
  }
  const auto is_wanted = [&](std::size_t row, std::size_t ordinal) {
    for (std::size_t i = 0; i < by.size(); ++i) {
      const Type& type = projection.columns[by[i]].type;
      if (judged[i] && !same_value(comparisons[i], type,
                                   answer.at(row, kLeadingColumns + projection.id.size() + by[i]),
                                   wanted.types[i], wanted.rows.at(ordinal, i))) {
        return false;
      }
    }
    return true;
  };
  return answer_into(projection, answer, out, is_wanted);
}

template <typename Wanted>
Result<void> Reader::answer_into(const Projection& projection, const Answer& answer, RowBatch& out,
                                 Wanted is_wanted) {
  COUPLET_CHECK(answer.columns() == kLeadingColumns + projection.width());
  std::vector<Type> types = projection.id_types;
  for (const ColumnPath& path : projection.columns) {
    types.push_back(path.type);
  }
  if (!answer.has_types(kLeadingColumns, types)) {
    return fail(ErrorKind::kSchema,
                fmt::format("source {}: a column of {}, or one reached from it, is no longer of "
                            "the type that it was described with",
                            settings_.name, to_string(projection.table)));
  }
  for (std::size_t row = 0; row < answer.rows(); ++row) {
    const auto ordinal =
        static_cast<std::uint32_t>(wire::read<std::int64_t>(answer.bytes(row, 0).data()) - 1);
    if (!is_wanted(row, ordinal)) {
      continue;
    }
    out.begin_row(version_of_bytes(answer.bytes(row, 1)), ordinal, answer.bytes(row, 2) != kFalse);
    for (std::size_t column = 0; column < projection.width(); ++column) {
      out.push(answer.at(row, kLeadingColumns + column));
    }
  }
  return {};
}

}  // namespace couplet::postgres
