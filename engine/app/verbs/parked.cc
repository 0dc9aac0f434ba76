// Verbs on parked objects but for trying them again.
#include <fmt/format.h>

#include "engine/admin/worklists.h"
#include "engine/app/output/list_json.h"
#include "engine/app/output/list_text.h"
#include "engine/app/output/operation_json.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/list_options.h"
#include "engine/app/verbs/verbs.h"

namespace couplet {
namespace {

const std::string& mapping_of(const Session& session, const ParkedItem& item) {
  return session.bound.mappings[item.subject.mapping].name;
}

Result<ExitCode> run_parked_list(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_read(invocation, console));
  COUPLET_ASSIGN(const auto options, list_options(invocation, session->bound, clock.now()));
  const std::size_t width = mapping_width(session->bound, console);
  COUPLET_ASSIGN(const Listed listed,
                 list_parked(session->bound, *session->state,
                             {options.mapping, options.situation, {}, options.age}, options.page,
                             [&](const ParkedItem& item) {
                               const std::string& mapping = mapping_of(*session, item);
                               if (!invocation.quiet) {
                                 console.data(invocation.json ? parked_json(item, mapping, false)
                                                              : parked_line(item, mapping, width));
                               }
                               return !console.reader_gone();
                             }));
  console.data(invocation.json ? listed_json(listed) : listed_line(listed, "parked", "parked"));
  return ExitCode::kDone;
}

Result<ExitCode> run_parked_show(const Invocation& invocation, Console& console) {
  COUPLET_ASSIGN(const auto session, open_to_read(invocation, console));
  WorklistSelection selection;
  selection.ids = invocation.words;
  COUPLET_ASSIGN(const auto items, find_parked(session->bound, *session->state, selection));
  for (const ParkedItem& item : items) {
    const std::string& mapping = mapping_of(*session, item);
    console.data(invocation.json ? parked_json(item, mapping, true) : parked_text(item, mapping));
  }
  return ExitCode::kDone;
}

Result<ExitCode> run_parked_discard(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_change(invocation, true, console));
  COUPLET_ASSIGN(const auto options, list_options(invocation, session->bound, clock.now()));
  WorklistSelection selection;
  selection.mapping = options.mapping;
  selection.ids = invocation.words;
  const std::size_t width = mapping_width(session->bound, console);
  COUPLET_ASSIGN(
      const std::uint64_t discarded,
      discard_parked(session->bound, *session->state, selection, [&](const ParkedItem& item) {
        const std::string& mapping = mapping_of(*session, item);
        if (!invocation.quiet) {
          console.data(invocation.json ? parked_json(item, mapping, false)
                                       : parked_line(item, mapping, width));
        }
      }));
  Summary summary;
  summary.objects = discarded;
  for (std::size_t mapping = 0; mapping < session->bound.mappings.size(); ++mapping) {
    COUPLET_ASSIGN(const auto left, session->state->count(mapping, Family::kParked));
    summary.count(Operation::kPark) += left;
  }
  console.data(invocation.json ? summary_json(summary)
                               : fmt::format("{} discarded, {} still parked.", discarded,
                                             summary.count(Operation::kPark)));
  return ExitCode::kDone;
}

}  // namespace

VerbSpec parked_list_verb() {
  VerbSpec verb;
  verb.name = "parked list";
  verb.summary = "list what failed for a reason of its own";
  verb.doc =
      "One parked object a line, with what kind of failure it was and the reason, then how many. "
      "The\n"
      "age is the time since it failed first.";
  verb.run = run_parked_list;
  verb.options = list_option_specs();
  verb.options.push_back(situation_option());
  verb.examples = {{{"couplet parked list", "what could not be written, and why?"},
                    {"couplet parked list --older-than 1d --json", "what is stuck for a day"}}};
  return verb;
}

VerbSpec parked_show_verb() {
  VerbSpec verb;
  verb.name = "parked show";
  verb.summary = "show one parked object, with the server's message";
  verb.doc = "The server's message may quote values of the row.";
  verb.run = run_parked_show;
  verb.words = "ID";
  verb.words_least = verb.words_most = 1;
  verb.examples = {{{"couplet parked show 8f0zk3aq", "what did the database say?"},
                    {"couplet parked show 8f0zk3aq --json", "the same, for a program"}}};
  return verb;
}

VerbSpec parked_discard_verb() {
  VerbSpec verb;
  verb.name = "parked discard";
  verb.summary = "forget that objects are parked";
  verb.doc =
      "Forgets these entries, or all (of a mapping). Nothing is written to the databases. What "
      "still\n"
      "differs is tried again by the next reconcile, as if for the first time, and parked again if "
      "it\n"
      "fails again.";
  verb.run = run_parked_discard;
  verb.words = "[ID...]";
  verb.words_most = kAnyNumber;
  verb.options = {mapping_option()};
  verb.examples = {{{"couplet parked discard 8f0zk3aq", "this one is dealt with"},
                    {"couplet parked discard --mapping customer", "so are all of a mapping"}}};
  return verb;
}

}  // namespace couplet
