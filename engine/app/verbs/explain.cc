#include "engine/app/output/explanation_output.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/session.h"
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

Result<ExitCode> run_explain(const Invocation& invocation, Console& console) {
  SystemClock clock;
  SystemRandom random;
  NamedObject object;
  SessionSettings how;
  how.config = invocation.config;
  how.dry_run = true;
  how.warnings = !invocation.quiet;
  how.check = [&](const BoundDefinition& bound) -> Result<void> {
    COUPLET_ASSIGN(object, parse_object(bound, invocation.words.front()));
    return {};
  };
  COUPLET_ASSIGN(const std::unique_ptr<Session> session, open_session(how, console, random));
  const std::vector<Source*> sources = session->source_pointers();
  Silence silence;
  Syncer syncer(session->bound, *session->state, sources, clock, silence, {true, {}});
  COUPLET_TRY(syncer.recover());
  COUPLET_ASSIGN(const Explanation explanation,
                 Explainer(session->bound, *session->state, sources, syncer).explain(object));
  const std::vector<MappingShown> shown = mappings_shown(*session);
  console.data(invocation.json ? explanation_json(explanation, shown)
                               : explanation_text(explanation, shown));
  return ExitCode::kDone;
}

}  // namespace

VerbSpec explain_verb() {
  VerbSpec verb;
  verb.name = "explain";
  verb.summary = "tell why an object is as it is";
  verb.doc =
      "Decides on the object as `sync --dry-run` would, and shows what it decides from: both "
      "sides'\n"
      "values, what changed since they were last in step, the rule that won each attribute, the\n"
      "link, what it waits for, why it is held or parked. Changes nothing. An object that is gone\n"
      "is explained as long as a link, a tombstone or a worklist knows of it.";
  verb.run = run_explain;
  verb.words = "OBJECT";
  verb.words_least = 1;
  verb.words_most = 1;
  verb.examples = {{{"couplet explain shop.customers/7", "why was it not copied?"},
                    {"couplet explain shop.customers/7 --json", "the same, for a program"}}};
  return verb;
}

}  // namespace couplet
