#include "engine/definition/json_schema.h"

#include "engine/app/verbs/verbs.h"

namespace couplet {
namespace {

Result<ExitCode> run_schema(const Invocation& invocation, Console& console) {
  console.data(json_schema().dump(invocation.json ? -1 : 2));
  return ExitCode::kDone;
}

}  // namespace

VerbSpec schema_verb() {
  VerbSpec verb;
  verb.name = "schema";
  verb.summary = "print the JSON Schema of couplet.yaml, for editors";
  verb.doc =
      "Prints a JSON Schema (draft 2020-12) that is made from the table which reads the file: "
      "every\n"
      "option with its type, default, bounds and meaning. With --json on one line.";
  verb.run = run_schema;
  verb.takes_config = false;
  verb.examples = {{{"couplet schema", "for a file that an editor is told of"},
                    {"couplet schema --json", "the same, on one line"}}};
  return verb;
}

}  // namespace couplet
