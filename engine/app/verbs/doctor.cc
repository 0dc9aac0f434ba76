#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/app/doctor/checks.h"
#include "engine/app/exit_code.h"
#include "engine/app/system_clock.h"
#include "engine/app/verbs/verbs.h"
#include "engine/app/wiring/definition_file.h"
#include "engine/app/wiring/sources.h"
#include "engine/definition/load.h"
#include "engine/definition/stream_needs.h"

namespace couplet {
namespace {

using Level = Finding::Level;

void append(Findings& to, Findings more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

class Doctor {
 public:
  Doctor(Definition definition, std::string file)
      : definition_(std::move(definition)),
        file_(std::move(file)),
        sources_(make_sources(definition_)),
        identities_(sources_.size()) {}

  void examine(const Diagnostics& of_file) {
    add_diagnostics(of_file);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (auto met = meet(i); !met) {
        note_away(i, met.error());
      }
    }
    std::optional<BoundDefinition> bound;
    Access access;
    if (!away_) {
      auto result = bind_freely();
      if (!result) {
        note_away(definition_.sources.size(), result.error());
      } else {
        bound = std::move(result->definition);
        access = std::move(result->access);
        note_unbound(result->unbound);
      }
    } else {
      findings_.push_back({Level::kNote, "", "not_checked",
                           "tables and mappings were not checked, since a source is away", ""});
    }
    for (Examined& source : examined_) {
      if (!access.empty()) {
        inspect_tables(source, access);
      }
      append(findings_, check_server(definition_, source, access));
      append(findings_, check_access(definition_, source, access, tables_));
      append(findings_, check_keys(definition_, source, access, tables_));
      append(findings_, check_tables(definition_, source, access));
      if (bound) {
        look_at_stream(source, *bound);
      }
    }
    append(findings_, check_marks(definition_, examined_, access));
    append(findings_, check_clocks(definition_, examined_));
    append(findings_, check_state(definition_));
    if (bound && !away_) {
      append(findings_, check_state_owner(definition_, *bound, identities_, marks_exist()));
    }
  }

  [[nodiscard]] const Findings& findings() const { return findings_; }
  [[nodiscard]] bool away() const { return away_; }
  // One line a source: who answered, as whom.
  [[nodiscard]] std::vector<std::string> greetings() const {
    std::vector<std::string> lines;
    for (const Examined& source : examined_) {
      if (!source.found.product.empty()) {
        lines.push_back(fmt::format("{}: {}, database {}, as {}",
                                    definition_.sources[source.index].name, source.found.product,
                                    source.found.database, source.found.role));
      }
    }
    return lines;
  }

 private:
  void note_away(std::size_t index, const Error& error) {
    away_ = true;
    findings_.push_back({Level::kError,
                         index < definition_.sources.size() ? definition_.sources[index].name : "",
                         code_of(error), error.message, error.hint});
  }

  void add_diagnostics(const Diagnostics& found) {
    // Names that a role cannot see are told as what they are, once.
    const bool hidden = std::any_of(examined_.begin(), examined_.end(), [](const Examined& source) {
      return !source.found.hidden_schemas.empty();
    });
    for (const Diagnostic& one : found.items()) {
      if (hidden && one.code == "unknown_table") {
        continue;
      }
      findings_.push_back(
          {one.severity == Severity::kError ? Level::kError : Level::kWarning, "", one.code,
           fmt::format("{}:{}:{}: {}", file_, one.place.line, one.place.column, one.message),
           one.hint});
    }
  }

  // The tables of the file as it names them.
  [[nodiscard]] std::vector<TableName> named_tables(std::size_t source) const {
    std::vector<TableName> names;
    for (const EntityDefinition& entity : definition_.entities) {
      if (entity.source == source) {
        names.push_back(entity.table);
      }
    }
    return names;
  }

  Result<void> meet(std::size_t index) {
    COUPLET_ASSIGN(identities_[index], sources_[index]->identity());
    Examined source;
    source.index = index;
    source.before = clock_.now();
    COUPLET_ASSIGN(source.found, sources_[index]->inspect(named_tables(index)));
    source.after = clock_.now();
    examined_.push_back(std::move(source));
    return {};
  }

  // Without a definition the file does not fit the databases; told.
  Result<BindResult> bind_freely() {
    COUPLET_ASSIGN(BindResult bound, bind_as_if_allowed(definition_, sources_, tables_));
    add_diagnostics(bound.diagnostics);
    return bound;
  }

  // Grants and indexes of what is not bound are not known.
  void note_unbound(const std::vector<std::string>& mappings) {
    if (!mappings.empty()) {
      findings_.push_back(
          {Level::kNote, "", "not_checked",
           fmt::format("what mapping{} {} need{} was not checked, or not all of it, since the file "
                       "does not fit the databases there",
                       mappings.size() == 1 ? "" : "s", fmt::join(mappings, ", "),
                       mappings.size() == 1 ? "s" : ""),
           "mend the errors, then run `couplet doctor` again"});
    }
  }

  void inspect_tables(Examined& source, const Access& access) {
    std::vector<TableName> names;
    for (const auto& [name, table] : access) {
      if (name.first == source.index) {
        names.push_back(name.second);
      }
    }
    auto found = sources_[source.index]->inspect(names);
    if (!found) {
      note_away(source.index, found.error());
      return;
    }
    for (std::string& schema : found->hidden_schemas) {  // On paths, beside those of entities.
      auto& known = source.found.hidden_schemas;
      if (std::find(known.begin(), known.end(), schema) == known.end()) {
        known.push_back(std::move(schema));
      }
    }
    source.found.tables = std::move(found->tables);
  }

  void look_at_stream(const Examined& source, const BoundDefinition& bound) {
    const auto setup = make_stream_setup(definition_, source.index);
    if (!setup) {
      return;
    }
    const auto plan = setup->plan_setup(stream_needs(definition_, bound, source.index));
    if (!plan) {
      note_away(source.index, plan.error());
      return;
    }
    append(findings_, check_stream(definition_, source.index, *plan));
  }

  bool marks_exist() {
    bool found = false;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const auto exists = sources_[i]->mark_exists(
          replication_name(definition_.name, definition_.sources[i].name) + "_0");
      found = found || exists.value_or(false);
    }
    return found;
  }

  Definition definition_;
  std::string file_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::string> identities_;
  std::vector<Examined> examined_;
  DescribedTables tables_;
  SystemClock clock_;
  Findings findings_;
  bool away_ = false;
};

Result<ExitCode> run_doctor(const Invocation& invocation, Console& console) {
  LoadResult loaded = load_definition(invocation.config);
  if (loaded.diagnostics.has_errors()) {
    COUPLET_TRY(print_findings(loaded.diagnostics, invocation.config, true, console));
  }
  Doctor doctor(std::move(*loaded.definition), invocation.config);
  doctor.examine(loaded.diagnostics);
  const Findings& findings = doctor.findings();
  if (invocation.json) {
    console.data(findings_json(findings).dump(-1, ' ', false,
                                              nlohmann::ordered_json::error_handler_t::replace));
  } else {
    if (!invocation.quiet) {
      for (const std::string& line : doctor.greetings()) {
        console.data(line);
      }
    }
    std::string text = findings_text(findings, invocation.quiet);
    text.pop_back();  // Its last line feed comes with the data.
    console.data(text);
  }
  if (doctor.away()) {
    return ExitCode::kEnvironment;
  }
  const bool found = count(findings, Level::kError) + count(findings, Level::kWarning) > 0;
  return invocation.check && found ? ExitCode::kFinding : ExitCode::kDone;
}

}  // namespace

VerbSpec doctor_verb() {
  VerbSpec verb;
  verb.name = "doctor";
  verb.summary = "look for what would be in a run's way, with what mends it";
  verb.doc =
      "Asks every database of the file, reads only, and tells what is missing or could be better:\n"
      "privileges, keys, types, indexes, settings, clocks, crash protection, the state's folder,\n"
      "publication and slot of a change stream (a note as long as none is set up).\n"
      "Each finding comes with the SQL or the setting that mends it. Exits 3 if a database is "
      "away.";
  verb.run = run_doctor;
  verb.flags = {{"--check", &Invocation::check, "Exit 4 if there is an error or a warning."}};
  verb.examples = {{{"couplet doctor", "before the first run, and after a change of the file"},
                    {"couplet doctor --check --json", "for a pipeline"}}};
  return verb;
}

}  // namespace couplet
