#include "engine/admin/worklists.h"
#include "engine/app/output/list_json.h"
#include "engine/app/output/list_text.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/list_options.h"
#include "engine/app/verbs/verbs.h"

namespace couplet {
namespace {

Result<ExitCode> run_held_list(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_read(invocation, console));
  COUPLET_ASSIGN(const auto options, list_options(invocation, session->bound, clock.now()));
  const std::size_t width = mapping_width(session->bound, console);
  COUPLET_ASSIGN(const Listed listed,
                 list_held(session->bound, *session->state,
                           {options.mapping, options.situation, {}, options.age}, options.page,
                           [&](const HeldItem& item) {
                             const auto& mapping =
                                 session->bound.mappings[item.subject.mapping].name;
                             if (!invocation.quiet) {
                               console.data(invocation.json ? held_json(item, mapping)
                                                            : held_line(item, mapping, width));
                             }
                             return !console.reader_gone();
                           }));
  console.data(invocation.json ? listed_json(listed) : listed_line(listed, "held", "held"));
  return ExitCode::kDone;
}

}  // namespace

VerbSpec held_list_verb() {
  VerbSpec verb;
  verb.name = "held list";
  verb.summary = "list what a rule has stopped";
  verb.doc =
      "One held object a line, with its situation and the reason, then how many. What is held is\n"
      "decided again at every reconcile.";
  verb.run = run_held_list;
  verb.options = list_option_specs();
  verb.options.push_back(situation_option());
  verb.examples = {{{"couplet held list", "what waits for a decision?"},
                    {"couplet held list --situation duplicate --json", "for a program"}}};
  return verb;
}

}  // namespace couplet
