#include "engine/admin/worklists.h"
#include "engine/app/output/list_json.h"
#include "engine/app/output/list_text.h"
#include "engine/app/output/turned.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/list_options.h"
#include "engine/app/verbs/verbs.h"

namespace couplet {
namespace {

ConflictItem item_shown(const Session& session, ConflictItem item,
                        const std::vector<MappingShown>& mappings) {
  item.conflict = as_shown(std::move(item.conflict), mappings[item.mapping],
                           session.bound.pairs[session.bound.mappings[item.mapping].pair]);
  return item;
}

Result<ExitCode> run_conflicts_list(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_read(invocation, console));
  COUPLET_ASSIGN(const auto options,
                 list_options(invocation, session->bound, clock.now(), kConflictSituations));
  const std::size_t width = mapping_width(session->bound, console);
  const auto mappings = mappings_shown(session->definition, session->bound);
  COUPLET_ASSIGN(const Listed listed,
                 list_conflicts(session->bound, *session->state,
                                {options.mapping, options.situation, {}, options.age}, options.page,
                                [&](const ConflictItem& item) {
                                  const std::string& mapping = mappings[item.mapping].name;
                                  if (!invocation.quiet) {
                                    const ConflictItem shown = item_shown(*session, item, mappings);
                                    console.data(invocation.json
                                                     ? conflict_json(shown, mapping)
                                                     : conflict_line(shown, mapping, width));
                                  }
                                  return !console.reader_gone();
                                }));
  console.data(invocation.json ? listed_json(listed)
                               : listed_line(listed, "conflict", "conflicts"));
  return ExitCode::kDone;
}

Result<ExitCode> run_conflicts_show(const Invocation& invocation, Console& console) {
  COUPLET_ASSIGN(const auto session, open_to_read(invocation, console));
  const auto mappings = mappings_shown(session->definition, session->bound);
  COUPLET_ASSIGN(const Listed listed,
                 list_conflicts(session->bound, *session->state, {{}, {}, invocation.words, {}}, {},
                                [&](const ConflictItem& item) {
                                  const std::string& mapping = mappings[item.mapping].name;
                                  const auto shown = item_shown(*session, item, mappings);
                                  console.data(invocation.json ? conflict_json(shown, mapping)
                                                               : conflict_text(shown, mapping));
                                  return true;
                                }));
  if (listed.items == 0) {
    return fail(Error{ErrorKind::kNotFound,
                      "no conflict has the id \"" + invocation.words.front() + "\"",
                      "`couplet conflicts list` tells the ids",
                      {},
                      "no_such_entry",
                      {}});
  }
  return ExitCode::kDone;
}

}  // namespace

VerbSpec conflicts_list_verb() {
  VerbSpec verb;
  verb.name = "conflicts list";
  verb.summary = "list what was changed on both sides, and who won";
  verb.doc =
      "One conflict a line: both objects with the value that each had, the attribute, the rule, "
      "and\n"
      "the side that won, that it is held, or what has settled it since and when; then how many.\n"
      "`held list` has what waits for a decision. Shows values of rows.";
  verb.run = run_conflicts_list;
  verb.options = list_option_specs();
  verb.options.push_back(situation_option("In this situation only: conflict, matched, moved, ..."));
  verb.examples = {{{"couplet conflicts list --newer-than 1d", "which conflicts came up today?"},
                    {"couplet conflicts list --mapping customer --json", "for a program"}}};
  return verb;
}

VerbSpec conflicts_show_verb() {
  VerbSpec verb;
  verb.name = "conflicts show";
  verb.summary = "show one conflict";
  verb.doc = "Both values with their change times, the rule, and who won. Shows values of rows.";
  verb.run = run_conflicts_show;
  verb.words = "ID";
  verb.words_least = verb.words_most = 1;
  verb.examples = {{{"couplet conflicts show 8f0zk3aq", "what was it about?"},
                    {"couplet conflicts show 8f0zk3aq --json", "the same, for a program"}}};
  return verb;
}

}  // namespace couplet
