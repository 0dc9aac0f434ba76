#pragma once

#include <nlohmann/json_fwd.hpp>
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

// How a deployment stands, as of its state: `overview` is missing where there is no state yet.
class StatusReport {
 public:
  StatusReport(const Definition& definition, std::optional<StateOverview> overview);

  [[nodiscard]] bool healthy() const { return problems_.empty(); }
  [[nodiscard]] const std::vector<Problem>& problems() const { return problems_; }  // worst first

  // REFERENCE section 2, "status".
  [[nodiscard]] nlohmann::ordered_json json() const;
  // For people; `brief`: what is wrong, nothing else.
  [[nodiscard]] std::string text(bool brief) const;

 private:
  void find_problems();

  const Definition& definition_;
  std::optional<StateOverview> overview_;
  std::vector<Problem> problems_;
};

}  // namespace couplet
