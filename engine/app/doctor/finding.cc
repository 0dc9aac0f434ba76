#include "engine/app/doctor/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/app/output/printable.h"
#include "engine/definition/secret.h"

namespace couplet {
namespace {

constexpr auto kWorstFirst = {Finding::Level::kError, Finding::Level::kWarning,
                              Finding::Level::kNote};

// What servers say may hold anything.
std::string shown(const std::string& text) { return mask(printable(text)); }

}  // namespace

const char* name_of(Finding::Level level) {
  switch (level) {
    case Finding::Level::kError:
      return "error";
    case Finding::Level::kWarning:
      return "warning";
    case Finding::Level::kNote:
      return "note";
  }
  return "";
}

std::size_t count(const Findings& findings, Finding::Level level) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.level == level; }));
}

nlohmann::ordered_json findings_json(const Findings& findings) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const Finding::Level level : kWorstFirst) {
    for (const Finding& finding : findings) {
      if (finding.level == level) {
        list.push_back({{"level", name_of(level)},
                        {"source", finding.source.empty() ? Json(nullptr) : Json(finding.source)},
                        {"code", finding.code},
                        {"message", shown(finding.message)},
                        {"fix", finding.fix.empty() ? Json(nullptr) : Json(mask(finding.fix))}});
      }
    }
  }
  return {{"findings", std::move(list)}};
}

std::string findings_text(const Findings& findings, bool brief) {
  std::string text;
  for (const Finding::Level level : kWorstFirst) {
    for (const Finding& finding : findings) {
      if (finding.level != level || brief) {
        continue;
      }
      text += fmt::format("{}: {}{} ({})\n", name_of(level),
                          finding.source.empty() ? "" : finding.source + ": ",
                          shown(finding.message), finding.code);
      if (!finding.fix.empty()) {
        text += "    " + shown(finding.fix) + "\n";
      }
    }
  }
  std::string counts;
  for (const Finding::Level level : kWorstFirst) {
    if (const std::size_t number = count(findings, level); number > 0) {
      counts += fmt::format("{}{} {}{}", counts.empty() ? "" : ", ", number, name_of(level),
                            number == 1 ? "" : "s");
    }
  }
  return text + (counts.empty() ? "nothing found" : counts) + "\n";
}

}  // namespace couplet
