#pragma once

#include <memory>

#include "connectors/postgres/connection.h"
#include "connectors/postgres/settings.h"
#include "connectors/postgres/streamed_relations.h"

namespace couplet::postgres {

// Answers out of the database's catalog over a session of its own, which is opened when first
// asked: a stream of whole tables with plain ids never asks. A question is cut off early, for the
// thread that asks has a server to answer.
class StreamCatalogSession {
 public:
  StreamCatalogSession(PostgresSourceSettings settings, std::chrono::milliseconds longest);
  StreamCatalog questions();

 private:
  Result<Answer> ask(const std::string& sql, Oid oid);

  PostgresSourceSettings settings_;
  std::uint64_t statements_ = 0;
  std::unique_ptr<Connection> connection_;
};

}  // namespace couplet::postgres
