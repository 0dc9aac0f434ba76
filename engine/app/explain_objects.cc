#include "engine/app/explain_objects.h"

#include "engine/app/output/explanation_output.h"
#include "engine/app/system_clock.h"
#include "engine/sync/explainer.h"

namespace couplet {
namespace {

// An explanation is told at its end, and in one piece.
class Silence final : public Observer {
 public:
  void on_operation(const OperationReport& /*report*/) override {}
  void on_progress(std::size_t /*mapping*/, const char* /*phase*/, std::uint64_t /*done*/,
                   std::uint64_t /*total*/) override {}
  void on_notice(const std::string& /*sentence*/) override {}
};

// How the file calls the mappings and turns their sides.
std::vector<MappingShown> mappings_shown(const Session& session) {
  std::vector<MappingShown> shown;
  for (std::size_t i = 0; i < session.bound.mappings.size(); ++i) {
    const BoundMapping& mapping = session.bound.mappings[i];
    shown.push_back({mapping.name, session.definition.mappings[i].entities[0] !=
                                       session.bound.pairs[mapping.pair].entities[0]});
  }
  return shown;
}

}  // namespace

Result<std::vector<std::string>> explain_objects(const Session& session,
                                                 std::span<const NamedObject> objects, bool json) {
  SystemClock clock;
  Silence silence;
  const std::vector<Source*> sources = session.source_pointers();
  Syncer syncer(session.bound, *session.state, sources, clock, silence, {true, {}});
  COUPLET_TRY(syncer.recover());
  Explainer explainer(session.bound, *session.state, sources, syncer);
  const std::vector<MappingShown> shown = mappings_shown(session);
  std::vector<std::string> explained;
  for (const NamedObject& object : objects) {
    COUPLET_ASSIGN(const Explanation explanation, explainer.explain(object));
    explained.push_back(json ? explanation_json(explanation, shown)
                             : explanation_text(explanation, shown));
  }
  return explained;
}

}  // namespace couplet
