#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/relation_cache.h"
#include "engine/ports/source.h"

namespace couplet::postgres {

// Batched look-ups: one prepared statement each. A session that the server has ended is made anew;
// a question that fails with its session is asked once more, since asking twice does no harm.
class Reader {
 public:
  Reader(const PostgresSourceSettings& settings, RelationCache& relations,
         std::uint64_t& statements)
      : settings_(settings), relations_(relations), statements_(statements) {}

  Result<void> fetch(const Projection& projection, std::span<const ObjectKey> keys, RowBatch& out);
  Result<void> find(const Projection& projection, std::span<const std::size_t> by,
                    const ValueTable& wanted, RowBatch& out);

  // A statement of another kind on the session for look-ups.
  Result<Answer> ask(const std::string& sql, const Parameters& parameters = {});
  // The same of one that is asked often.
  Result<Answer> ask_prepared(const std::string& sql, const Parameters& parameters = {});
  // The same without waiting for the answer, which `receive` gives: that to the last one sent, and
  // to each once. Other questions may be asked meanwhile.
  Result<void> send(std::string sql, Parameters parameters);
  Result<std::optional<Answer>> receive();  // nullopt: none is due
  Result<void> check(const std::string& sql);

 private:
  struct Sent {
    std::string sql;
    Parameters parameters;
    std::optional<Result<Answer>> answer;  // nullopt: it has not been read
  };
  Result<Connection*> session(Purpose purpose);
  template <typename Question>
  auto with_session(Purpose purpose, Question question)
      -> decltype(question(std::declval<Connection&>()));
  // The rows that `is_wanted` lets through, by their number and the ordinal that they answer.
  template <typename Wanted>
  Result<void> answer_into(const Projection& projection, const Answer& answer, RowBatch& out,
                           Wanted is_wanted);

  const PostgresSourceSettings& settings_;
  RelationCache& relations_;
  std::uint64_t& statements_;
  std::unique_ptr<Connection> look_up_;
  std::unique_ptr<Connection> search_;
  std::optional<Sent> sent_;
};

}  // namespace couplet::postgres
