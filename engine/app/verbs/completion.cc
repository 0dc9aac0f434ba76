#include "engine/app/completion.h"

#include "engine/app/verbs/verbs.h"

namespace couplet {
namespace {

Result<ExitCode> run_completion(const Invocation& invocation, Console& console) {
  COUPLET_ASSIGN(std::string script, completion_script(invocation.words.front()));
  script.pop_back();  // Its last line feed comes with the data.
  console.data(script);
  return ExitCode::kDone;
}

}  // namespace

VerbSpec completion_verb() {
  VerbSpec verb;
  verb.name = "completion";
  verb.summary = "print what makes a shell complete couplet's words";
  verb.doc =
      "Prints a script for bash, zsh or fish that completes verbs, options, files and the names "
      "of\n"
      "mappings. It reads nothing but the names of mappings in the file at hand.";
  verb.run = run_completion;
  verb.takes_config = false;
  verb.words = "bash|zsh|fish";
  verb.words_least = 1;
  verb.words_most = 1;
  verb.examples = {{{"couplet completion bash", "to be sourced from ~/.bashrc"},
                    {"couplet completion zsh", "for a file _couplet in a folder of $fpath"}}};
  return verb;
}

}  // namespace couplet
