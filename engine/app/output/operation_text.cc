#include "engine/app/output/operation_text.h"

#include <fmt/format.h>

#include <cctype>

#include <nlohmann/json.hpp>

#include "engine/app/output/printable.h"

namespace couplet {
namespace {

struct Mark {
  const char* symbol;
  const char* color;  // SGR
};

Mark mark_of(Operation operation) {
  switch (operation) {
    case Operation::kCreate:
      return {"+", "32"};
    case Operation::kUpdate:
      return {"~", "33"};
    case Operation::kLink:
      return {"=", "36"};
    case Operation::kDelete:
      return {"-", "31"};
    case Operation::kUnlink:
      return {"/", "31"};
    case Operation::kDefer:
      return {"…", "2"};
    case Operation::kHold:
    case Operation::kPark:
    case Operation::kConflict:
      return {"!", "1;35"};
    case Operation::kReport:
      return {"?", "34"};
  }
  return {"?", "34"};
}

std::string value_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string attributes_text(const OperationReport& report, Values values) {
  std::string text;
  for (const AttributeChange& change : report.attributes) {
    text += text.empty() ? "" : ", ";
    text += change.name;
    if (values == Values::kShown) {
      text += " " + value_text(change.old_value) + " → " + value_text(change.new_value);
    }
  }
  return text;
}

// True if the word stands in the sentence, not as a part of another.
bool names(std::string_view sentence, std::string_view word) {
  const auto part_of_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  for (std::size_t at = sentence.find(word); at != std::string_view::npos;
       at = sentence.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !part_of_word(sentence[at - 1])) &&
        (end == sentence.size() || !part_of_word(sentence[end]))) {
      return true;
    }
  }
  return false;
}

void add_count(std::string& text, std::uint64_t count, std::string_view word) {
  if (count > 0) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  }
}

}  // namespace

std::string parked_reason(const std::vector<std::string>& refused, const std::string& reason) {
  std::string unnamed;
  for (const std::string& attribute : refused) {
    if (!names(reason, attribute)) {
      unnamed += (unnamed.empty() ? "" : ", ") + attribute;
    }
  }
  return unnamed.empty() ? reason : unnamed + ": " + reason;
}

std::string operation_line(const OperationReport& report, std::string_view mapping, Values values,
                           bool colors) {
  const Mark mark = mark_of(report.operation);
  std::string line = colors ? fmt::format("\x1b[{}m{}\x1b[0m ", mark.color, mark.symbol)
                            : fmt::format("{} ", mark.symbol);
  line += fmt::format("{}  {}", mapping, report.from.empty() ? "(gone)" : printable(report.from));
  if (!report.to.empty()) {
    line += " → " + printable(report.to);
  }
  line += fmt::format("  {}", name_of(report.situation));
  if (report.operation == Operation::kPark) {
    line += ", parked";
  }
  std::string why = attributes_text(report, values);
  if (!report.reason.empty()) {
    why += (why.empty() ? "" : "; ") + parked_reason(report.refused, report.reason);
  }
  for (std::size_t i = 0; i < report.waits_for.size(); ++i) {
    why += (i > 0 ? ", " : why.empty() ? "waits for " : "; waits for ") + report.waits_for[i];
  }
  if (!why.empty()) {
    line += ": " + printable(why);
  }
  return line;
}

std::string summary_line(const Summary& summary, bool dry_run) {
  std::string done;
  for (const Operation operation : {Operation::kCreate, Operation::kLink, Operation::kUpdate,
                                    Operation::kDelete, Operation::kUnlink}) {
    add_count(done, summary.count(operation), name_of(operation));
  }
  const std::uint64_t operations = summary.operations();
  std::string text = fmt::format("{} operation{}{}{}{}.", operations, operations == 1 ? "" : "s",
                                 dry_run ? " to do" : "", done.empty() ? "" : ": ", done);
  std::string standing;
  add_count(standing, summary.count(Operation::kDefer), "deferred");
  add_count(standing, summary.count(Operation::kHold), "held");
  add_count(standing, summary.count(Operation::kPark), "parked");
  add_count(standing, summary.count(Operation::kConflict), "in conflict");
  add_count(standing, summary.count(Operation::kReport), "reported");
  if (!standing.empty()) {
    text += " " + standing + ".";
  }
  text += fmt::format(" {} object{} in {} round{}, {:.1f} s.", summary.objects,
                      summary.objects == 1 ? "" : "s", summary.rounds,
                      summary.rounds == 1 ? "" : "s", summary.elapsed_seconds);
  if (!dry_run) {
    text += summary.converged ? " Converged." : " Not converged.";
  }
  return text;
}

}  // namespace couplet
