#include "engine/app/explain_objects.h"

#include "engine/app/output/explanation_output.h"
#include "engine/app/output/turned.h"
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

}  // namespace

Result<std::vector<std::string>> explain_objects(const Session& session,
                                                 std::span<const NamedObject> objects, bool json) {
  SystemClock clock;
  Silence silence;
  const std::vector<Source*> sources = session.source_pointers();
  Syncer syncer(session.bound, *session.state, sources, clock, silence, {true, {}});
  COUPLET_TRY(syncer.recover());
  Explainer explainer(session.bound, *session.state, sources, syncer);
  const std::vector<MappingShown> mappings = mappings_shown(session.definition, session.bound);
  std::vector<std::string> names;
  for (const MappingShown& mapping : mappings) {
    names.push_back(mapping.name);
  }
  std::vector<std::string> explained;
  for (const NamedObject& object : objects) {
    COUPLET_ASSIGN(Explanation found, explainer.explain(object));
    const Explanation explanation = as_shown(std::move(found), mappings, session.bound);
    explained.push_back(json ? explanation_json(explanation, names)
                             : explanation_text(explanation, names));
  }
  return explained;
}

}  // namespace couplet
