#include "engine/admin/link_import.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/model/literal.h"
#include "engine/ports/tuning.h"
#include "engine/sync/byte_codec.h"
#include "engine/sync/view.h"

namespace couplet {
namespace {

tl::unexpected<Error> broken(std::string message, const char* code = "invalid_line") {
  return fail(Error{ErrorKind::kInvalidArgument, std::move(message), {}, {}, code, {}});
}

Result<Timestamp> read_time(const char* name, const nlohmann::json& value) {
  Type type;
  type.kind = TypeKind::kTimestampTz;
  std::string bytes;
  if (!value.is_string() || !parse_literal(type, value.get_ref<const std::string&>(), bytes)) {
    return broken(std::string("\"") + name + "\" has to be a time, as 2026-01-31T08:15:30Z");
  }
  const auto time = time_of(Value(bytes));
  if (!time) {
    return broken(std::string("\"") + name + "\" has to be a finite time");
  }
  return *time;
}

// What a line says beside its two ends.
Result<void> read_field(const std::string& name, const nlohmann::json& value, ProposedLink& link) {
  if (name == "left" || name == "right") {
    return value.is_string() ? Result<void>{} : broken("\"" + name + "\" has to be text");
  }
  if (name == "by") {
    const auto by =
        value.is_string() ? linked_by_named(value.get_ref<const std::string&>()) : std::nullopt;
    if (!by) {
      return broken("\"by\" has to be one of matched, created, manual, succeeded");
    }
    link.by = *by;
  } else if (name == "linked_at" && !value.is_null()) {
    COUPLET_ASSIGN(link.linked_at, read_time("linked_at", value));
  } else if (name == "synced_at" && !value.is_null()) {
    COUPLET_ASSIGN(link.synced_at, read_time("synced_at", value));
  } else if (name == "incarnation") {
    if (!value.is_number_unsigned() || value == 0 ||
        value > std::numeric_limits<std::uint32_t>::max()) {
      return broken("\"incarnation\" has to be a whole number from 1");
    }
    link.incarnation = value.get<std::uint32_t>();
  } else if (name != "linked_at" && name != "synced_at") {
    return broken("there is no field \"" + name +
                  "\"; a link has left, right, by, linked_at, synced_at, incarnation");
  }
  return {};
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r") == std::string::npos;
}

}  // namespace

Result<ProposedLink> LinkImport::read_line(const std::string& text) const {
  // Read key by key, as a key that stands twice would hide one of its values.
  bool repeated = false;
  std::vector<std::string> seen;
  const auto json = nlohmann::json::parse(
      text,
      [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
        if (event == nlohmann::json::parse_event_t::key && depth == 1) {
          const auto& key = parsed.get_ref<const std::string&>();
          repeated = repeated || std::find(seen.begin(), seen.end(), key) != seen.end();
          seen.push_back(key);
        }
        return true;
      },
      false);
  if (json.is_discarded() || !json.is_object() || repeated) {
    return broken(repeated
                      ? "the line names a field twice"
                      : R"(the line is no JSON object; {"left": "a.B/1", "right": "c.D/2"} is)");
  }
  if (!json.contains("left") || !json.contains("right")) {
    return broken(std::string("\"") + (json.contains("left") ? "right" : "left") + "\" is missing");
  }
  ProposedLink fields;
  for (const auto& [name, value] : json.items()) {
    COUPLET_TRY(read_field(name, value, fields));
  }
  COUPLET_ASSIGN(ProposedLink link,
                 propose_link(definition_, json["left"].get_ref<const std::string&>(),
                              json["right"].get_ref<const std::string&>(), std::nullopt));
  link.by = fields.by;
  link.linked_at = fields.linked_at;
  link.synced_at = fields.synced_at;
  link.incarnation = fields.incarnation;
  return link;
}

void LinkImport::refuse(std::uint64_t line, Error error) {
  fates_[line] = Fate::kRefused;
  // The first are told, however many there are: a file may be wrong from end to end.
  const auto later = [](const Refusal& a, const Refusal& b) { return a.line < b.line; };
  if (refusals_.size() == kRefusalsTold) {
    if (refusals_.front().line < line + 1) {
      return;
    }
    std::pop_heap(refusals_.begin(), refusals_.end(), later);
    refusals_.pop_back();
  }
  refusals_.push_back({line + 1, std::move(error)});
  std::push_heap(refusals_.begin(), refusals_.end(), later);
}

Result<LinkImport::Report> LinkImport::run(std::istream& in, const Settings& settings) {
  fates_.clear();
  ends_.clear();
  refusals_.clear();
  COUPLET_TRY(judge(in, settings));
  find_repeated();
  Report report;
  for (const Fate fate : fates_) {
    report.imported += fate == Fate::kNew ? 1 : 0;
    report.unchanged += fate == Fate::kThere ? 1 : 0;
    report.refused += fate == Fate::kRefused ? 1 : 0;
  }
  std::sort(refusals_.begin(), refusals_.end(),
            [](const Refusal& a, const Refusal& b) { return a.line < b.line; });
  if (report.refused > 0 && !settings.skip_refused) {
    report.imported = 0;
  } else if (report.imported > 0) {
    COUPLET_TRY(make(in, settings));
  }
  report.refusals = std::move(refusals_);
  return report;
}

Result<void> LinkImport::judge(std::istream& in, const Settings& settings) {
  std::vector<ProposedLink> proposals;
  std::vector<std::uint64_t> lines;
  const auto flush = [&]() -> Result<void> {
    if (settings.stop_requested()) {
      return fail(ErrorKind::kInterrupted, "interrupted; nothing was imported");
    }
    COUPLET_TRY(judge_batch(proposals, lines));
    proposals.clear();
    lines.clear();
    return {};
  };
  for (std::string text; std::getline(in, text);) {
    const std::uint64_t line = fates_.size();
    if (line == settings.lines_most) {
      const std::string most = std::to_string(settings.lines_most);
      return fail(Error{ErrorKind::kInvalidArgument,
                        "there are more than " + most + " lines; nothing was imported",
                        "import them in parts, as `split -l " + most + "` makes them",
                        {},
                        "too_many_lines",
                        {}});
    }
    fates_.push_back(Fate::kEmpty);
    if (is_blank(text)) {
      continue;
    }
    auto proposal = read_line(text);
    if (!proposal) {
      refuse(line, std::move(proposal.error()));
      continue;
    }
    proposals.push_back(std::move(*proposal));
    lines.push_back(line);
    if (proposals.size() == tuning::kBatchRows) {
      COUPLET_TRY(flush());
    }
  }
  return flush();
}

Result<void> LinkImport::judge_batch(std::span<const ProposedLink> proposals,
                                     std::span<const std::uint64_t> lines) {
  COUPLET_ASSIGN(auto verdicts, admission_.judge(proposals));
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    if (!verdicts[i]) {
      refuse(lines[i], std::move(verdicts[i].error()));
      continue;
    }
    fates_[lines[i]] = *verdicts[i] ? Fate::kNew : Fate::kThere;
    const ProposedLink& proposal = proposals[i];
    const std::optional<Side> many = definition_.pairs[proposal.pair].many;
    std::string prefix;
    ByteWriter(prefix).u16(state_.pair_id(proposal.pair));
    const Digester& digester = state_.digester();
    const std::uint64_t link =
        digester.of_bytes(prefix + proposal.left.bytes + proposal.right.bytes).value;
    for (const Side side : {Side::kLeft, Side::kRight}) {
      if (!many || side == *many) {
        const std::string end = prefix + name_of(side) + proposal.end(side).bytes;
        ends_.push_back({digester.of_bytes(end).value, link, lines[i]});
      }
    }
  }
  return {};
}

// Ends that stand in several lines: the first one has it.
void LinkImport::find_repeated() {
  std::sort(ends_.begin(), ends_.end(), [](const End& a, const End& b) {
    return a.end != b.end ? a.end < b.end : a.line < b.line;
  });
  for (std::size_t first = 0, i = 1; i < ends_.size(); ++i) {
    if (ends_[i].end != ends_[first].end) {
      first = i;
      continue;
    }
    if (fates_[ends_[i].line] == Fate::kRefused) {
      continue;  // By its other end.
    }
    const std::string where = "line " + std::to_string(ends_[first].line + 1);
    Error error{ErrorKind::kInvalidArgument, {}, {}, {}, {}, {}};
    if (ends_[i].link == ends_[first].link) {
      error.message = where + " has the same link";
      error.code = "duplicate_link";
    } else {
      error.message = where + " links one of its objects to another";
      error.code = "contradiction";
    }
    refuse(ends_[i].line, std::move(error));
  }
  ends_.clear();
  ends_.shrink_to_fit();
}

Result<void> LinkImport::make(std::istream& in, const Settings& settings) {
  in.clear();
  in.seekg(0);
  std::uint64_t left =
      static_cast<std::uint64_t>(std::count(fates_.begin(), fates_.end(), Fate::kNew));
  std::vector<ProposedLink> proposals;
  std::uint64_t line = 0;
  for (std::string text; left > 0 && std::getline(in, text); ++line) {
    if (line >= fates_.size()) {
      break;
    }
    if (fates_[line] != Fate::kNew) {
      continue;
    }
    COUPLET_ASSIGN(ProposedLink proposal, read_line(text));
    proposals.push_back(std::move(proposal));
    --left;
    if (proposals.size() == tuning::kBatchRows || left == 0) {
      StateBatch changes;
      COUPLET_TRY(admission_.make(proposals, settings.now, changes));
      COUPLET_TRY(
          state_.store().commit(changes, left == 0 ? Durability::kSynced : Durability::kLater));
      proposals.clear();
    }
  }
  if (left > 0) {
    return fail(ErrorKind::kInvalidArgument, "the links became fewer while they were imported",
                "run it again: what is there already stays as it is");
  }
  return {};
}

}  // namespace couplet
