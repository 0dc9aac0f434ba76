#include "engine/app/output/status_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/app/output/json_parts.h"
#include "engine/model/literal.h"
#include "engine/model/situation.h"

namespace couplet {
namespace {

std::string objects(std::uint64_t count) {
  return count == 1 ? "1 object is" : fmt::format("{} objects are", count);
}

std::string size_text(std::uint64_t bytes) {
  const char* unit = "bytes";
  auto size = static_cast<double>(bytes);
  for (const char* larger : {"KiB", "MiB", "GiB"}) {
    if (size < 1024) {
      break;
    }
    size /= 1024;
    unit = larger;
  }
  return bytes < 1024 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", size, unit);
}

std::uint64_t operations_of(const nlohmann::json& summary) {
  std::uint64_t operations = 0;
  for (const char* name : {"create", "link", "update", "delete", "unlink"}) {
    operations += summary.value(name, std::uint64_t{0});
  }
  return operations;
}

// The state keeps it by name; people and the reference have counts first.
Json summary_in_order(const nlohmann::json& summary) {
  Json ordered = Json::object();
  for (std::size_t i = 0; i < kOperations; ++i) {
    const char* name = name_of(static_cast<Operation>(i));
    ordered[name] = summary.value(name, std::uint64_t{0});
  }
  for (const char* name : {"objects", "rounds", "converged", "elapsed_seconds"}) {
    ordered[name] = summary.contains(name) ? Json(summary[name]) : Json(nullptr);
  }
  return ordered;
}

// A source could not be reached, or went away in the middle: nothing else was in the way.
bool is_away(const std::string& code) {
  return code == "unavailable" || code == "connection_lost" || code == "commit_unknown";
}

// By hand it would be refused: the state is in use.
constexpr const char* kIsAtIt = "`couplet run` is at it, or waits for what `couplet doctor` tells";

// As the source writes it: "1A/16B3748".
Json position_json(const Position& position) {
  const Lsn* lsn = std::get_if<Lsn>(&position);
  return lsn == nullptr
             ? Json(nullptr)
             : Json(fmt::format("{:X}/{:X}", lsn->value >> 32U, lsn->value & 0xFFFFFFFFU));
}

std::string last_run_text(const StateOverview::Mapping& mapping) {
  if (!mapping.last_run) {
    return "never";
  }
  const auto& summary = mapping.last_run->at("summary");
  const std::uint64_t operations = operations_of(summary);
  return fmt::format("{}, {} operation{}{}", mapping.last_run->at("finished").get<std::string>(),
                     operations, operations == 1 ? "" : "s",
                     summary.value("converged", false) ? "" : ", not converged");
}

}  // namespace

StatusReport::StatusReport(const Definition& definition, std::optional<StateOverview> overview,
                           std::optional<Json> live)
    : definition_(definition), overview_(std::move(overview)), live_(std::move(live)) {
  if (overview_ && overview_->format == 0) {
    overview_.reset();  // Made, never used.
  }
  find_problems();
}

void StatusReport::find_problems() {
  const auto add = [&](std::string code, const std::optional<Timestamp>& since, std::string message,
                       std::string fix) {
    problems_.push_back({std::move(code), since ? format_timestamp(*since) : std::string(),
                         std::move(message), std::move(fix)});
  };
  if (live_ && !live_->at("trouble").is_null()) {
    const Json& trouble = live_->at("trouble");
    const auto hint = trouble.at("hint").get<std::string>();
    problems_.push_back({"waiting", trouble.at("since").get<std::string>(),
                         "`couplet run` waits: " + trouble.at("message").get<std::string>(),
                         hint.empty() ? "it is tried again until it passes" : hint});
  }
  if (!overview_) {
    add("never_reconciled", std::nullopt,
        "there is no state in " + definition_.state.string() + ": nothing was reconciled yet",
        "couplet reconcile");
    return;
  }
  if (overview_->failure) {
    const auto text = [&](const char* field) {
      return overview_->failure->at(field).get<std::string>();
    };
    const std::string verb = "couplet " + text("verb");
    std::string hint = text("hint");  // A sentence, which goes on here.
    if (hint.ends_with('.')) {
      hint.pop_back();
    }
    const bool away = is_away(text("code"));
    problems_.push_back(
        {"run_failed", text("at"),
         "the last `" + verb + (away ? "` broke off: " : "` failed: ") + text("message"),
         (hint.empty() ? std::string() : hint + "; ") +
             (away ? "once `couplet doctor` reaches it, `" + verb +
                         "` goes on where this one ended" +
                         (verb == "couplet run" ? ", by itself if it still waits" : "")
                   : "`couplet doctor` tells what else is missing, then `" + verb + "`")});
  }
  if (overview_->intents > 0 && !live_) {  // Else they are what is at hand.
    add("unfinished_writes", std::nullopt,
        fmt::format("{} written batch{} cut off before the result was recorded", overview_->intents,
                    overview_->intents == 1 ? " was" : "es were"),
        "couplet reconcile");
  }
  for (const auto& [source, progress] : overview_->sources) {
    if (!progress.due.empty()) {
      add("gap", std::nullopt,
          "source " + source + ": " + progress.due +
              "; what was changed meanwhile was told by nobody",
          live_ ? kIsAtIt : "couplet run, which begins with a reconcile");
    }
  }
  for (const MappingDefinition& mapping : definition_.mappings) {
    if (overview_->mappings.at(mapping.name).missed) {
      add("changes_missed", std::nullopt,
          "changes went by while mapping " + mapping.name + " could not go on",
          live_ ? "`couplet doctor` tells what is missing; `couplet run` looks again every ten "
                  "minutes, with a reconcile"
                : "`couplet doctor` tells what is missing, then `couplet run`, which begins with a "
                  "reconcile");
    }
  }
  for (const MappingDefinition& mapping : definition_.mappings) {
    const auto& last_run = overview_->mappings.at(mapping.name).last_run;
    if (!last_run) {
      add("never_reconciled", std::nullopt, "mapping " + mapping.name + " was not reconciled yet",
          live_ ? kIsAtIt : "couplet reconcile");
    } else if (!last_run->at("summary").value("converged", false)) {
      problems_.push_back({"not_converged", last_run->at("finished").get<std::string>(),
                           "the last reconcile of mapping " + mapping.name + " did not converge",
                           live_ ? "the next one on schedule, or stop `couplet run` for a "
                                   "`couplet reconcile`"
                                 : "couplet reconcile"});
    }
  }
  for (const MappingDefinition& mapping : definition_.mappings) {
    const StateOverview::Mapping& found = overview_->mappings.at(mapping.name);
    if (found.parked.objects > 0) {
      add("parked", found.parked.since,
          fmt::format("{} parked under mapping {}", objects(found.parked.objects), mapping.name),
          fmt::format("see the reason in `couplet parked list --mapping {0}`, mend it, then "
                      "`couplet parked retry --mapping {0}`",
                      mapping.name));
    }
    if (found.held.objects > 0) {
      add("held", found.held.since,
          fmt::format("{} held under mapping {}", objects(found.held.objects), mapping.name),
          fmt::format("see the reason in `couplet held list --mapping {0}`, or what differs in "
                      "`couplet conflicts list --mapping {0}`, and decide",
                      mapping.name));
    }
  }
}

// A source that is followed where a run says so; else whether it ever was.
std::string StatusReport::stream_state(const std::string& source) const {
  if (live_) {
    return live_->at("streams").value(source, "off");
  }
  return overview_ && overview_->sources.contains(source) ? "stopped" : "off";
}

bool StatusReport::is_connected(const std::string& source) const {
  return live_ && live_->at("trouble").is_null() && live_->at("streams").contains(source) &&
         stream_state(source) != "starting";
}

std::string StatusReport::run_text() const {
  if (!live_) {
    return overview_->sources.empty() ? "" : "run: not running\n";
  }
  std::string text;
  for (const SourceDefinition& source : definition_.sources) {
    text += fmt::format("{}{}: {}", text.empty() ? "run: " : ", ", source.name,
                        stream_state(source.name));
  }
  return text + "\n";
}

Json StatusReport::json() const {
  Json json;
  json["name"] = definition_.name;
  json["running"] = live_.has_value();
  json["healthy"] = healthy();
  Json& problems = json["problems"] = Json::array();
  for (const Problem& problem : problems_) {
    problems.push_back({{"code", problem.code},
                        {"since", problem.since.empty() ? Json(nullptr) : Json(problem.since)},
                        {"message", problem.message},
                        {"fix", problem.fix}});
  }
  Json& sources = json["sources"] = Json::object();
  for (const SourceDefinition& source : definition_.sources) {
    const bool known = overview_ && overview_->sources.contains(source.name);
    sources[source.name] = {
        {"type", name_of(source.type)},
        {"connected", is_connected(source.name)},
        {"stream",
         {{"state", stream_state(source.name)},
          {"position",
           known ? position_json(overview_->sources.at(source.name).done) : Json(nullptr)},
          {"lag_bytes", nullptr},
          {"lag_seconds", nullptr},
          {"slot", nullptr}}}};
  }
  Json& mappings = json["mappings"] = Json::object();
  for (const MappingDefinition& mapping : definition_.mappings) {
    const StateOverview::Mapping found =
        overview_ ? overview_->mappings.at(mapping.name) : StateOverview::Mapping{};
    mappings[mapping.name] = {{"state", found.missed ? "stopped" : "ok"},
                              {"links", found.links},
                              {"deferred", found.deferred.objects},
                              {"held", found.held.objects},
                              {"parked", found.parked.objects},
                              {"conflicts", found.conflicts},
                              {"last_reconcile", nullptr}};
    if (found.last_run) {
      mappings[mapping.name]["last_reconcile"] = {
          {"started", found.last_run->at("started")},
          {"finished", found.last_run->at("finished")},
          {"summary", summary_in_order(found.last_run->at("summary"))}};
    }
  }
  json["state"] = {{"format", overview_ ? Json(overview_->format) : Json(nullptr)},
                   {"links", overview_ ? overview_->links : 0},
                   {"bytes", overview_ ? overview_->bytes : 0}};
  return json;
}

std::string StatusReport::text(bool brief) const {
  std::string text = healthy() ? fmt::format("{}: healthy\n", definition_.name)
                               : fmt::format("{}: {} problem{}\n", definition_.name,
                                             problems_.size(), problems_.size() == 1 ? "" : "s");
  for (const Problem& problem : problems_) {
    text += fmt::format("  {}: {}{}\n    {}\n", problem.code, problem.message,
                        problem.since.empty() ? "" : ", since " + problem.since, problem.fix);
  }
  if (brief || !overview_) {
    return text;
  }
  std::size_t width = std::string_view("mapping").size();
  for (const MappingDefinition& mapping : definition_.mappings) {
    width = std::max(width, mapping.name.size());
  }
  text += fmt::format("\n{:<{}} {:>9} {:>9} {:>6} {:>7} {:>10}  last reconcile\n", "mapping", width,
                      "links", "deferred", "held", "parked", "conflicts");
  for (const MappingDefinition& mapping : definition_.mappings) {
    const StateOverview::Mapping& found = overview_->mappings.at(mapping.name);
    text += fmt::format("{:<{}} {:>9} {:>9} {:>6} {:>7} {:>10}  {}\n", mapping.name, width,
                        found.links, found.deferred.objects, found.held.objects,
                        found.parked.objects, found.conflicts, last_run_text(found));
  }
  text += "\n" + run_text();
  text += fmt::format("state: {} link{}, {}, format {}, in {}\n", overview_->links,
                      overview_->links == 1 ? "" : "s", size_text(overview_->bytes),
                      overview_->format, definition_.state.string());
  return text;
}

}  // namespace couplet
