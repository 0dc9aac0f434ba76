#include "tests/bench/live/capture.h"

#include <chrono>
#include <cstdio>
#include <stdexcept>

#include "connectors/postgres/postgres_source.h"
#include "engine/app/wiring/sources.h"
#include "engine/definition/load.h"
#include "engine/live/progress.h"
#include "engine/live/router.h"

namespace couplet::bench {
namespace {

template <typename T>
T value_of(Result<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}

Position position_of(const std::string& text) {
  unsigned high = 0;
  unsigned low = 0;
  if (std::sscanf(text.c_str(), "%X/%X", &high, &low) != 2) {
    throw std::runtime_error("no place in a log: " + text);
  }
  return Lsn{(std::uint64_t{high} << 32U) | low};
}

}  // namespace

void capture(const std::string& config, const std::string& slot, const std::string& publication,
             const std::string& until) {
  LoadResult loaded = load_definition(config, {});
  if (!loaded.definition) {
    throw std::runtime_error("the definition has errors");
  }
  const auto sources = make_sources(*loaded.definition);
  const BindResult bound = value_of(bind_to_sources(*loaded.definition, sources));
  if (!bound.definition) {
    throw std::runtime_error("the definition cannot be bound");
  }
  PostgresSourceSettings settings;
  settings.name = loaded.definition->sources[0].name;
  settings.url = loaded.definition->sources[0].postgres.url.reveal();
  settings.slot = slot;
  settings.publication = publication;
  settings.own_marks = "couplet_" + loaded.definition->name + "_";
  PostgresSource source(settings);
  const Router router(*bound.definition);
  StreamRequest request;
  request.tables = router.tables(0);
  const auto stream = value_of(source.changes(request));
  const Position end = position_of(until);
  for (bool done = false; !done;) {
    const ChangeBatch batch = value_of(stream->next(std::chrono::milliseconds(100)));
    Routed routed;
    for (const ChangeTransaction& transaction : batch.transactions) {
      router.route(0, transaction, true, {}, routed);
      done = done || (transaction.ended && reaches(transaction.end, end));
    }
    done = done || (batch.idle_at && reaches(*batch.idle_at, end));
  }
}

}  // namespace couplet::bench
