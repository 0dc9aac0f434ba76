// Verbs that read links: list, show, export.
#include <algorithm>

#include "engine/admin/link_detail.h"
#include "engine/admin/link_list.h"
#include "engine/app/explain_objects.h"
#include "engine/app/output/list_json.h"
#include "engine/app/output/list_text.h"
#include "engine/app/output/turned.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/list_options.h"
#include "engine/app/verbs/verbs.h"

namespace couplet {
namespace {

LinkSelection selection_of(const Session& session, const ListOptions& options) {
  LinkSelection selection;
  if (options.mapping) {
    selection.pair = session.bound.mappings[*options.mapping].pair;
  }
  selection.by = options.by;
  selection.linked = options.age;
  return selection;
}

Result<ExitCode> run_links_list(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_read(invocation, console));
  COUPLET_ASSIGN(const auto options, list_options(invocation, session->bound, clock.now()));
  const LinkSelection selection = selection_of(*session, options);
  const auto mappings = mappings_shown(session->definition, session->bound);
  COUPLET_ASSIGN(const Listed listed,
                 list_links(session->bound, *session->state, selection, options.page,
                            [&](const LinkItem& link) {
                              if (!invocation.quiet) {
                                const LinkItem shown = as_shown(link, options.mapping, mappings);
                                console.data(invocation.json ? link_json(shown) : link_line(shown));
                              }
                              return !console.reader_gone();
                            }));
  console.data(invocation.json ? listed_json(listed) : listed_line(listed, "link", "links"));
  return ExitCode::kDone;
}

Result<ExitCode> run_links_export(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_read(invocation, console));
  COUPLET_ASSIGN(const auto options, list_options(invocation, session->bound, clock.now()));
  const LinkSelection selection = selection_of(*session, options);
  const auto mappings = mappings_shown(session->definition, session->bound);
  COUPLET_TRY(list_links(session->bound, *session->state, selection, {}, [&](const LinkItem& link) {
    console.data(link_json(as_shown(link, options.mapping, mappings)));
    return !console.reader_gone();
  }));
  return ExitCode::kDone;
}

// The object and who it is linked to: of a target with many contributors the first few.
Result<std::vector<NamedObject>> ends_of(const BoundDefinition& definition,
                                         const ObjectLinks& links) {
  constexpr std::size_t kExplained = 10;
  std::vector<NamedObject> ends;
  COUPLET_ASSIGN(ends.emplace_back(), parse_object(definition, links.object));
  for (const ObjectLinks::One& one : links.links) {
    for (const std::string& name : {one.link.left, one.link.right}) {
      COUPLET_ASSIGN(NamedObject end, parse_object(definition, name));
      if (ends.size() < kExplained && std::find(ends.begin(), ends.end(), end) == ends.end()) {
        ends.push_back(std::move(end));
      }
    }
  }
  return ends;
}

Result<ExitCode> run_links_show(const Invocation& invocation, Console& console) {
  COUPLET_ASSIGN(const auto session, open_to_read(invocation, console));
  COUPLET_ASSIGN(const ObjectLinks links,
                 look_at_links(session->bound, *session->state, session->source_pointers(),
                               invocation.words.front()));
  COUPLET_ASSIGN(const auto ends, ends_of(session->bound, links));
  COUPLET_ASSIGN(const std::vector<std::string> explained,
                 explain_objects(*session, ends, invocation.json));
  if (invocation.json) {
    console.data(links_json(links, explained));
    return ExitCode::kDone;
  }
  console.data(links_text(links));
  for (const std::string& end : explained) {
    console.data("");
    console.data(end);
  }
  return ExitCode::kDone;
}

}  // namespace

VerbSpec links_list_verb() {
  VerbSpec verb;
  verb.name = "links list";
  verb.summary = "list which objects are linked";
  verb.doc =
      "One link a line, then how many. Pairs of entities come in the order of the file, links in "
      "the\n"
      "order of the left object's id; many to one: a line for each contributor, in the order of "
      "its\n"
      "id. The age of a link is the time since it was made.";
  verb.run = run_links_list;
  verb.options = list_option_specs();
  verb.options.push_back(
      {"--by", "HOW", &Invocation::by, "Made that way: matched, created, manual, succeeded."});
  verb.examples = {
      {{"couplet links list --mapping customer", "which customers are linked?"},
       {"couplet links list --by manual --newer-than 1d --json", "made by hand since yesterday"}}};
  return verb;
}

VerbSpec links_show_verb() {
  VerbSpec verb;
  verb.name = "links show";
  verb.summary = "show an object's links, with base and both ends";
  verb.doc =
      "For each link of the object: how and when it was made, whether both ends exist, and which\n"
      "attributes each side has changed since the two were last in step. Then `explain` of both "
      "ends.";
  verb.run = run_links_show;
  verb.words = "OBJECT";
  verb.words_least = verb.words_most = 1;
  verb.examples = {{{"couplet links show shop.customers/7", "what is this customer linked to?"},
                    {"couplet links show shop.customers/7 --json", "the same, for a program"}}};
  return verb;
}

VerbSpec links_export_verb() {
  VerbSpec verb;
  verb.name = "links export";
  verb.summary = "print all links as JSON Lines, for `links import`";
  verb.doc =
      "The lines of `links list --json` without the summary. `links import` makes the same links "
      "of\n"
      "them in another state.";
  verb.run = run_links_export;
  verb.options = {mapping_option()};
  verb.examples = {{{"couplet links export > links.jsonl", "keep the links"},
                    {"couplet links export --mapping customer", "those of one mapping"}}};
  return verb;
}

}  // namespace couplet
