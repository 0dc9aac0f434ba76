#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/wiring/state_overview.h"
#include "engine/definition/definition.h"

namespace couplet {

// Something that wants a person.
struct Problem {
  std::string code;
  std::string since;  // RFC 3339; empty: not known
  std::string message;
  std::string fix;
};

// How a deployment stands, as of its state: `overview` is missing where there is no state yet;
// `live`: what a `couplet run` that has the state tells of itself (LiveStatus), if one does.
class StatusReport {
 public:
  StatusReport(const Definition& definition, std::optional<StateOverview> overview,
               std::optional<nlohmann::ordered_json> live = std::nullopt);

  [[nodiscard]] bool healthy() const { return problems_.empty(); }
  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }  // worst first

  // REFERENCE section 2, "status".
  [[nodiscard]] nlohmann::ordered_json json() const;
  // For people; `brief`: what is wrong, nothing else.
  [[nodiscard]] std::string text(bool brief) const;

 private:
  void find_problems();
  [[nodiscard]] std::string stream_state(const std::string& source) const;
  [[nodiscard]] bool is_connected(const std::string& source) const;
  [[nodiscard]] std::string run_text() const;

  const Definition& definition_;
  std::optional<StateOverview> overview_;
  std::optional<nlohmann::ordered_json> live_;
  std::vector<Problem> problems_;
};

}  // namespace couplet
