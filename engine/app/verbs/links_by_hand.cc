// Verbs that make and remove one link.
#include "engine/admin/link_admission.h"
#include "engine/admin/link_list.h"
#include "engine/admin/link_removal.h"
#include "engine/app/output/list_json.h"
#include "engine/app/output/list_text.h"
#include "engine/app/output/run_reporter.h"
#include "engine/app/output/turned.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/list_options.h"
#include "engine/app/verbs/verbs.h"
#include "engine/sync/object_name.h"

namespace couplet {
namespace {

Result<ExitCode> run_links_add(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_change(invocation, false, console));
  RunReporter reporter(console, clock, {});
  COUPLET_TRY(finish_interrupted(*session, clock, reporter));
  COUPLET_ASSIGN(const auto options, list_options(invocation, session->bound, clock.now()));
  const std::vector<Source*> sources = session->source_pointers();
  const LinkAdmission admission(session->bound, *session->state, sources);
  COUPLET_ASSIGN(const ProposedLink link, propose_link(session->bound, invocation.words[0],
                                                       invocation.words[1], options.mapping));
  COUPLET_ASSIGN(auto verdicts, admission.judge({&link, 1}));
  COUPLET_ASSIGN(const bool made, std::move(verdicts.front()));
  if (made) {
    StateBatch changes;
    COUPLET_TRY(admission.make({&link, 1}, clock.now(), changes));
    COUPLET_TRY(session->state->store().commit(changes, Durability::kSynced));
  } else {
    console.talk("couplet: the two are linked already");
  }
  const Side side = session->bound.pairs[link.pair].many.value_or(Side::kLeft);
  COUPLET_ASSIGN(const auto items,
                 links_of(session->bound, *session->state, link.pair, side, link.end(side), 1));
  const auto mappings = mappings_shown(session->definition, session->bound);
  for (const LinkItem& item : items) {
    const LinkItem shown = as_shown(item, options.mapping, mappings);
    console.data(invocation.json ? link_json(shown) : link_line(shown));
  }
  return ExitCode::kDone;
}

Result<ExitCode> run_links_remove(const Invocation& invocation, Console& console) {
  SystemClock clock;
  COUPLET_ASSIGN(const auto session, open_to_change(invocation, true, console));
  RunReporter reporter(console, clock, {});
  COUPLET_TRY(finish_interrupted(*session, clock, reporter));
  COUPLET_ASSIGN(const auto options, list_options(invocation, session->bound, clock.now()));
  const std::vector<Source*> sources = session->source_pointers();
  LinkRemoval removal(session->bound, *session->state, sources);
  const auto mappings = mappings_shown(session->definition, session->bound);
  const auto tell = [&](const LinkRemoval::Removed& removed) {
    const LinkRemoval::Removed shown = as_shown(removed, options.mapping, mappings);
    console.data(invocation.json ? removed_json(shown) : removed_line(shown));
  };
  if (invocation.words.size() == 2) {
    COUPLET_ASSIGN(const auto removed, removal.remove(invocation.words[0], invocation.words[1],
                                                      options.mapping, clock.now()));
    tell(removed);
    return ExitCode::kDone;
  }
  COUPLET_TRY(removal.remove_all(invocation.words[0], options.mapping, clock.now(), tell));
  return ExitCode::kDone;
}

}  // namespace

VerbSpec links_add_verb() {
  VerbSpec verb;
  verb.name = "links add";
  verb.summary = "link two objects by hand";
  verb.doc =
      "Makes the link, whatever the identity keys of the two are. Nothing is written to the "
      "databases;\n"
      "the next reconcile obeys the link and merges the two as at first contact. Refused if one "
      "of\n"
      "them does not exist or has another link.";
  verb.run = run_links_add;
  verb.words = "LEFT RIGHT";
  verb.words_least = verb.words_most = 2;
  verb.options = {mapping_option()};
  verb.examples = {{{"couplet links add shop.customers/7 crm.clients/12", "these two are one"},
                    {"couplet links add shop.customers/7 crm.clients/12 --mapping customer",
                     "under this mapping"}}};
  return verb;
}

VerbSpec links_remove_verb() {
  VerbSpec verb;
  verb.name = "links remove";
  verb.summary = "remove a link, and keep the two apart";
  verb.doc =
      "Removes the link of the two, or all links of one object. The two are then kept apart: not "
      "linked\n"
      "again, and no second one made for either, until `links add` or until one of them gets "
      "another\n"
      "identity key. No row is changed.";
  verb.run = run_links_remove;
  verb.words = "LEFT RIGHT | OBJECT";
  verb.words_least = 1;
  verb.words_most = 2;
  verb.options = {mapping_option()};
  verb.examples = {{{"couplet links remove shop.customers/7 crm.clients/12", "they are not one"},
                    {"couplet links remove shop.customers/7", "it is none of those"}}};
  return verb;
}

}  // namespace couplet
