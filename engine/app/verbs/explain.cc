#include "engine/app/explain_objects.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/session.h"

namespace couplet {
namespace {

Result<ExitCode> run_explain(const Invocation& invocation, Console& console) {
  SystemClock clock;
  SystemRandom random;
  NamedObject object;
  SessionSettings how;
  how.config = invocation.config;
  how.dry_run = true;
  how.warnings = false;  // The file is not what is asked for.
  how.check = [&](const BoundDefinition& bound) -> Result<void> {
    COUPLET_ASSIGN(object, parse_object(bound, invocation.words.front()));
    return {};
  };
  COUPLET_ASSIGN(const std::unique_ptr<Session> session, open_session(how, console, random));
  COUPLET_ASSIGN(const std::vector<std::string> explained,
                 explain_objects(*session, {&object, 1}, invocation.json));
  console.data(explained.front());
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
