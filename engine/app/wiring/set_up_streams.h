#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/app/wiring/sources.h"
#include "engine/definition/definition.h"
#include "engine/model/result.h"
#include "engine/ports/source.h"
#include "engine/ports/stream_setup.h"

// What a deployment's change streams need in its sources: looked at, made, taken away.
namespace couplet {

// A right that our role lacks, and the statement that gives it.
struct LackingGrant {
  std::string message;
  std::string sql;
};

struct StreamSource {
  std::size_t index = 0;  // into Definition::sources
  std::string name;
  SourceType type = SourceType::kPostgres;
  std::string idle;                  // why nothing is streamed: "`stream` is false"; empty: it is
  std::string identity;              // Source::identity
  std::string database;              // its name; of a SQLite source: its file
  std::vector<LackingGrant> grants;  // setup alone
  StreamPlan plan;
  std::unique_ptr<StreamSetup> setup;
  std::vector<bool> done;      // of plan.steps
  std::optional<Error> error;  // what kept us from the rest

  // The first problem that has to be mended before anything is made.
  [[nodiscard]] const StreamProblem* blocker() const;
};

// The sources of these names, all if there are none. Errors: kInvalidArgument: no such source.
Result<std::vector<std::size_t>> chosen_sources(const Definition& definition,
                                                std::span<const std::string> names);

// What is lacking. `bound` is as bind_as_if_allowed gives it. The sources are outlived.
Result<std::vector<StreamSource>> plan_setups(const Definition& definition,
                                              const std::vector<std::unique_ptr<Source>>& sources,
                                              const BindResult& bound,
                                              const DescribedTables& tables,
                                              std::span<const std::size_t> chosen);
// What there is to take away. The tables are not looked at: they may be gone.
Result<std::vector<StreamSource>> plan_teardowns(
    const Definition& definition, const std::vector<std::unique_ptr<Source>>& sources,
    std::span<const std::size_t> chosen);

// Carries out the plan of one source, in order; `before` is called with each step. It ends at the
// first that fails, which is then the source's error. `going`: of what is taken away, one thing
// that belongs to another role does not keep the others.
void carry_out(StreamSource& source, bool going,
               const std::function<void(const SetupStep&)>& before);

}  // namespace couplet
