#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/app/output/json_parts.h"
#include "engine/app/output/setup_output.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/definition_file.h"
#include "engine/app/wiring/set_up_streams.h"

namespace couplet {
namespace {

// Prints a text of whole lines.
void print(Console& console, std::string text) {
  text.pop_back();  // Its last line feed comes with the data.
  console.data(text);
}

void set_up(StreamSource& source, bool told, Console& console) {
  const bool psql = source.type == SourceType::kPostgres;
  carry_out(source, false, [&](const SetupStep& step) {
    if (told) {
      console.data(step_text(step));
      console.flush();  // What follows may take its time.
    }
  });
  if (!told) {
    return;
  }
  if (source.error) {
    console.data(fmt::format("-- {}: what is left, for who may do it:", source.name));
    console.data(script_head({&source, 1}));
  }
  if (source.error) {
    print(console, script_text(source, psql));
  } else if (source.plan.steps.empty()) {
    source.grants.clear();  // Rights on tables are none of a stream's: `doctor` tells them.
    print(console, script_text(source, psql));
  } else if (const std::string notes = notes_text(source); !notes.empty()) {
    print(console, notes);
  }
}

Result<ExitCode> run_setup(const Invocation& invocation, Console& console) {
  COUPLET_ASSIGN(const Definition definition,
                 load_definition_file(invocation.config, false, console));
  COUPLET_ASSIGN(const std::vector<std::size_t> chosen,
                 chosen_sources(definition, invocation.words));
  const auto sources = make_sources(definition);
  DescribedTables tables;
  COUPLET_ASSIGN(const BindResult bound, bind_as_if_allowed(definition, sources, tables));
  COUPLET_TRY(print_findings(bound.diagnostics, invocation.config, false, console));
  COUPLET_ASSIGN(std::vector<StreamSource> found,
                 plan_setups(definition, sources, bound, tables, chosen));

  const bool told = !invocation.json && !invocation.quiet;
  std::vector<Error> errors;
  if (invocation.dry_run && told) {
    console.data(script_head(found));
  }
  for (StreamSource& source : found) {
    if (!invocation.dry_run) {
      set_up(source, told, console);
    } else if (told) {
      print(console, script_text(source, for_psql(found)));
    }
    if (source.error) {
      errors.push_back(*source.error);
    }
  }
  if (invocation.json) {
    console.data(dump(setup_json(found, "")));
  } else if (steps_of(found) == 0) {
    console.data("-- everything is set up");
  } else {
    console.data(invocation.dry_run
                     ? fmt::format("-- statements to run: {}", steps_of(found))
                     : fmt::format("-- statements run: {} of {}", done_of(found), steps_of(found)));
  }
  for (std::size_t i = 0; i + 1 < errors.size(); ++i) {
    console.talk("couplet: " + errors[i].message + "\n  " + errors[i].hint);
  }
  if (!errors.empty()) {
    return fail(errors.back());
  }
  return ExitCode::kDone;
}

}  // namespace

VerbSpec setup_verb() {
  VerbSpec verb;
  verb.name = "setup";
  verb.summary = "make what a change stream needs: publication and slot, or a change log";
  verb.doc =
      "Looks at each source that is streamed, prints each statement that is missing, and runs it:\n"
      "the publication of the tables that mappings read, then the slot; in a SQLite file a table\n"
      "for its changes and triggers that fill it. Run again it does nothing; after a change of\n"
      "the file it brings them up to date. What our role may not do is printed as a script for\n"
      "psql, with the grants that it lacks. Making a slot waits for open transactions, no longer\n"
      "than `statement_timeout`.";
  verb.run = run_setup;
  verb.words = "[SOURCE...]";
  verb.words_most = kAnyNumber;
  verb.flags = {{"--dry-run", &Invocation::dry_run,
                 "Change nothing: print it all as a script for psql, or sqlite3."}};
  verb.examples = {{{"couplet setup", "make what is missing"},
                    {"couplet setup --dry-run crm | psql crm", "as an administrator of crm"}}};
  return verb;
}

}  // namespace couplet
